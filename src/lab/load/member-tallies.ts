/** What each of several trackers did with the requests of one load thread. Pure. */
import { phaseNames } from '../../run.ts';
import type { UdpSocket } from '../../wire/udp-socket.ts';
import { PhaseTally } from './phase-tally.ts';
import type { ThreadMember } from './thread-messages.ts';

export class MemberTallies {
  /** By socket; a client speaks through the socket of its number modulo theirs. */
  readonly #ofSocket: readonly number[];
  /** By phase and tracker. */
  readonly #tallies: readonly (readonly PhaseTally[])[];

  constructor(
    members: { readonly count: number; readonly ofSocket: (socket: number) => number },
    { sockets, openLoop }: { readonly sockets: readonly UdpSocket[]; readonly openLoop: boolean },
  ) {
    this.#ofSocket = sockets.map((_, socket) => members.ofSocket(socket));
    this.#tallies = phaseNames.map(() =>
      Array.from({ length: members.count }, () => new PhaseTally(openLoop)),
    );
  }

  /** @param phase - its place in the order of a run */
  of(phase: number, client: number): PhaseTally {
    const member = this.#ofSocket[client % this.#ofSocket.length] as number;
    return (this.#tallies[phase] as readonly PhaseTally[])[member] as PhaseTally;
  }

  report(): ThreadMember[] {
    return phaseNames.flatMap((phase, index) =>
      (this.#tallies[index] as readonly PhaseTally[]).map((tally, member) => ({
        member,
        phase,
        tally: tally.report(),
        histograms: tally.histograms(phase),
      })),
    );
  }
}
