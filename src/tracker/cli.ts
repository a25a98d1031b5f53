/** The tracker's command line. Pure: arguments in, options out. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { LabError } from '../errors.ts';
import { MOST_PEERS_PER_ADDRESS } from './address-counts.ts';
import { MOST_CONNECTS_PER_MINUTE } from './connect-rate-limit.ts';
import { type LogLevel, logLevels } from './log.ts';
import type { StoreOutage } from './store-policy-handler.ts';
import { parseStoreUrl } from './store-target.ts';

/** Code of the error for flags that cannot be understood. */
export const USAGE_CODE = 'USAGE';

const MOST_PEERS = 20_000_000;
/** Times of peers are kept modulo 18 hours; 9/8 of this is well within. */
const LONGEST_INTERVAL_S = 4 * 3600;
const MOST_WORKERS = 64;

/** What the flags say. */
export interface TrackerFlags {
  readonly port: number;
  /** Absent: IPv6 and IPv4, or IPv4 alone where the system has no IPv6. */
  readonly host?: string;
  readonly socket: 'auto' | 'dgram' | 'batched';
  /** Threads that serve; more than one never with dgram. */
  readonly workers: number;
  readonly logLevel: LogLevel;
  /** Peers kept for each address family. */
  readonly maxPeers: number;
  /** Swarms kept for each address family; absent: as many as peers. */
  readonly maxTorrents?: number;
  /** Of one IPv4 address or IPv6 /64 in one swarm; absent: no bound. */
  readonly maxPeersPerAddress?: number;
  readonly whitelist?: string;
  readonly secret?: string;
  /** File of which the secret is the first line; never beside `secret`. */
  readonly secretFile?: string;
  /** A URL that {@link parseStoreUrl} takes. */
  readonly store?: string;
  readonly storeOutage: StoreOutage;
  readonly connectLimit?: number;
  /** Seconds. */
  readonly interval?: number;
}

/** Flags, or a text that is all there is to say (`--help`, `--version`). */
export type ParsedFlags = { readonly flags: TrackerFlags } | { readonly text: string };

/**
 * Reads the arguments after the program's name.
 *
 * @throws LabError `USAGE`
 */
export function parseFlags(argv: readonly string[], version: string): ParsedFlags {
  let text = '';
  const command = createCommand(version)
    .exitOverride()
    .configureOutput({
      writeOut: (written) => {
        text += written;
      },
      writeErr: () => {},
    });
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      return { text };
    }
    throw new LabError({
      code: USAGE_CODE,
      message:
        error instanceof Error ? error.message.replace(/^error: /, '').replaceAll('\n', ' ') : String(error),
      hint: 'see --help for the flags and their values',
    });
  }
  const flags = command.opts<TrackerFlags>();
  if (flags.workers > 1 && flags.socket === 'dgram') {
    throw new LabError({
      code: USAGE_CODE,
      message: `--workers ${flags.workers} needs batched sockets, and --socket dgram was given`,
      hint: 'leave out --socket, or run with one worker',
    });
  }
  if (flags.secret !== undefined && flags.secretFile !== undefined) {
    throw new LabError({
      code: USAGE_CODE,
      message:
        'a secret and a file of it were given (--secret, --secret-file, TRACKER_SECRET, TRACKER_SECRET_FILE)',
      hint: 'give one of them',
    });
  }
  if (flags.store !== undefined) {
    parseStoreUrl(flags.store);
  }
  return { flags };
}

function createCommand(version: string): Command {
  return new Command('tracker')
    .description('A BitTorrent tracker over UDP (BEP 15, BEP 41) for IPv4 and IPv6.')
    .version(version)
    .option('--port <port>', 'UDP port; 0: the system chooses', integer(0, 65_535), 1337)
    .option(
      '--host <address>',
      'address to listen on; :: is IPv6 and IPv4 (default: ::, or 0.0.0.0 without IPv6)',
    )
    .option('--whitelist <file>', 'serve only the info hashes in this file: 40 hex digits a line, # comments')
    .addOption(
      new Option(
        '--secret <text>',
        'key for connection ids, which then are good over a restart and on every tracker that has it',
      )
        .env('TRACKER_SECRET')
        .argParser(nonEmpty),
    )
    .addOption(
      new Option(
        '--secret-file <file>',
        'the same, from the first line of a file: 16 characters or more; a second line is a secret whose ids are taken as well. Read again when it changes',
      )
        .env('TRACKER_SECRET_FILE')
        .argParser(nonEmpty),
    )
    .addOption(
      new Option(
        '--store <url>',
        'keep swarms in Redis, for several trackers: redis://, rediss:// or redis+cluster:// (see docs/scaling.md)',
      )
        .env('TRACKER_STORE')
        .argParser(nonEmpty),
    )
    .addOption(
      new Option('--store-outage <policy>', 'while Redis is away: answer from own clients, or with an error')
        .choices(['serve-cache', 'refuse'])
        .default('serve-cache'),
    )
    .option(
      '--connect-limit <n>',
      'connect requests a minute for each address (default: no limit)',
      integer(1, MOST_CONNECTS_PER_MINUTE),
    )
    .option(
      '--interval <seconds>',
      'time between two announces, as peers are told; one is forgotten after 9/8 of it (default: 1800)',
      integer(1, LONGEST_INTERVAL_S),
    )
    .option(
      '--max-peers <n>',
      'peers kept for each address family; beyond, new ones are answered and not taken in',
      integer(1, MOST_PEERS),
      4_000_000,
    )
    .option(
      '--max-torrents <n>',
      'swarms kept for each address family; beyond, no new one is made (default: as many as peers)',
      integer(1, MOST_PEERS),
    )
    .option(
      '--max-peers-per-address <n>',
      'peers of one IPv4 address or IPv6 /64 in one swarm (default: no bound)',
      integer(1, MOST_PEERS_PER_ADDRESS),
    )
    .addOption(
      new Option('--socket <kind>', 'how datagrams are moved')
        .choices(['auto', 'dgram', 'batched'])
        .default('auto'),
    )
    .option(
      '--workers <n>',
      'threads that serve, each with a socket and the swarms that the kernel steers to it (Linux with koffi)',
      integer(1, MOST_WORKERS),
      1,
    )
    .addOption(new Option('--log-level <level>', 'what goes to stderr').choices(logLevels).default('info'))
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  tracker --port 1337                          serve every info hash, IPv4 and IPv6',
        '  tracker --host 127.0.0.1 --port 0            on loopback; the port is printed',
        '  tracker --workers 4                          on four cores; a swarm belongs to one worker',
        '  tracker --store redis://10.0.0.5 --secret-file s   one of several with the same swarms',
        '  tracker --whitelist list.txt                 serve what the list has; it is read again when it changes',
        '',
        'Exit codes: 0 stopped by SIGINT or SIGTERM, 1 internal error, 2 usage, 12 the port or the store cannot be had,',
        '130 or 143 ended by a second signal.',
      ].join('\n'),
    );
}

function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It is not an integer from ${least} to ${most}.`);
    }
    return value;
  };
}

function nonEmpty(text: string): string {
  if (text === '') {
    throw new InvalidArgumentError('It is empty.');
  }
  return text;
}
