/** Whether a tracker takes all hashes of a load, asked of a few of them. */
import { AnnounceEvent } from '../../wire/bep15.ts';
import { type AnnounceContent, announceRequest } from './preflight-requests.ts';
import type { NoReply, QuestionSocket } from './question-socket.ts';
import { isWhitelistRefusal, readAnnounceReply } from './reply-reading.ts';

/** Enough that a list with half of the load's hashes is found out 65,535 times in 65,536. */
const MOST_TRIED = 16;

/** Numbers of the hashes to try besides the first: the last, and some spread between. Pure. */
export function sampledHashes(poolSize: number): number[] {
  const tried = Math.min(poolSize, MOST_TRIED);
  return Array.from({ length: tried - 1 }, (_, index) =>
    Math.round(((index + 1) * (poolSize - 1)) / (tried - 1)),
  );
}

/** How an announce was answered. */
type HashAnswer =
  | { readonly kind: 'taken' | 'silent' }
  /** `text`: what the tracker says; null: the short reply of a whitelist. */
  | { readonly kind: 'refused'; readonly text: string | null };

/** What became of a few hashes. */
export interface HashTrial {
  /** Hashes that were answered. */
  readonly tried: number;
  readonly refused: number;
  /** A hash that is refused, and in which words; null: none is. */
  readonly example: { readonly infoHash: Uint8Array; readonly text: string | null } | null;
}

interface TryHashesOptions extends AnnounceContent {
  readonly connectionId: Uint8Array;
  /** The answer to the announce of {@link AnnounceContent.infoHash}. */
  readonly firstAnswer: Uint8Array;
  /** To be tried besides, 20 bytes each. */
  readonly others: readonly Uint8Array[];
  readonly timeoutMs: number;
}

/** Announces further hashes, all at once, and takes their peers back. */
export async function tryHashes(client: QuestionSocket, options: TryHashesOptions): Promise<HashTrial> {
  const { connectionId, firstAnswer, infoHash, numWant, others, timeoutMs } = options;
  const announce = (hash: Uint8Array, event: AnnounceEvent) =>
    announceRequest(connectionId, { infoHash: hash, numWant }, event);
  const answers = await Promise.all(
    others.map(async (hash) => {
      const reply = await client.ask(announce(hash, AnnounceEvent.started), timeoutMs);
      const answer = answerOf(reply);
      if (answer.kind === 'taken') client.tell(announce(hash, AnnounceEvent.stopped));
      return { hash, answer };
    }),
  );
  const all = [{ hash: infoHash, answer: answerOf(firstAnswer) }, ...answers];
  const refused = all.flatMap(({ hash, answer }) =>
    answer.kind === 'refused' ? [{ infoHash: hash, text: answer.text }] : [],
  );
  const tried = all.filter(({ answer }) => answer.kind !== 'silent').length;
  return { tried, refused: refused.length, example: refused[0] ?? null };
}

function answerOf(reply: Uint8Array | NoReply): HashAnswer {
  if (!(reply instanceof Uint8Array)) return { kind: 'silent' };
  if (isWhitelistRefusal(reply)) return { kind: 'refused', text: null };
  const reading = readAnnounceReply(reply, 4);
  return 'refusal' in reading ? { kind: 'refused', text: reading.refusal } : { kind: 'taken' };
}
