/**
 * Hosts of a test's own: network namespaces, each with its own address on one bridge. They have no names, so that nothing has to be
 * removed: a namespace goes with the last process in it, and the one that keeps it open ends all others once this process is gone,
 * however it ended.
 */
import { spawn, spawnSync } from 'node:child_process';
import { type Child, startChild } from '../child.ts';

/** Reads until the test is gone; then ends whatever else is in the namespace, and itself. */
const KEEPER = `
  ip link set dev lo up && echo ready
  read -r _
  mine=$(readlink /proc/self/ns/net)
  case "$mine" in net:*) ;; *) exit 1 ;; esac
  for process in /proc/[0-9]*; do
    [ "$process" = /proc/$$ ] && continue
    [ "$(readlink "$process/ns/net" 2>/dev/null)" = "$mine" ] && kill -9 "\${process#/proc/}" 2>/dev/null
  done
  exit 0`;

/** The hub is 10.77.0.1, the others follow from 11 on: nobody else sees them, so they need not be free elsewhere. */
const NETWORK = '10.77.0';

/** Whether such hosts can be made here; else the reason, for the tests' names. */
export const hostsMissing: string | null = findMissing();

function findMissing(): string | null {
  if (process.platform !== 'linux') return 'network namespaces are of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const tried = spawnSync(
    'unshare',
    [
      '--net',
      'sh',
      '-c',
      'ip link add name one type bridge && ip link add name two type veth peer name three && nsenter --version',
    ],
    { encoding: 'utf8' },
  );
  if (tried.status === 0) return null;
  return `no network namespace with a bridge can be made (${tried.error?.message ?? tried.stderr.trim()})`;
}

/** A host with an address. */
export interface Host {
  readonly address: string;
  /** Words before a command that is to run there; the process is the command's own. */
  readonly before: readonly string[];
  /** Pulls its cable: datagrams and connections go nowhere from now on, and nobody is told. */
  cut(): void;
}

/** Hosts that see each other. */
export interface Hosts {
  /** Where the bridge is. */
  readonly hub: Host;
  /** Those that were named, in that order. */
  readonly others: readonly Host[];
  /** Ends all that runs there. */
  close(): Promise<void>;
}

/** Makes a hub and `count` hosts around it. */
export async function openHosts(count: number): Promise<Hosts> {
  const keepers: Child[] = [];
  async function keep(): Promise<Child> {
    const keeper = startChild(spawn('unshare', ['--net', 'sh', '-c', KEEPER]));
    keepers.push(keeper);
    await keeper.line((line) => line === 'ready');
    return keeper;
  }
  async function close(): Promise<void> {
    for (const { process: keeper } of keepers) keeper.stdin?.end();
    await Promise.all(keepers.map(({ exitCode }) => exitCode));
  }
  try {
    const all = await Promise.all(Array.from({ length: count + 1 }, keep));
    const [hub, ...others] = all.map(enter) as [readonly string[], ...(readonly string[])[]];
    ip(hub, ['link add name hub type bridge', `addr add ${NETWORK}.1/24 dev hub`, 'link set dev hub up']);
    return {
      hub: { address: `${NETWORK}.1`, before: hub, cut: () => ip(hub, ['link set dev hub down']) },
      others: others.map((before, index) => {
        const address = `${NETWORK}.${11 + index}`;
        const port = `port${index}`;
        ip(hub, [
          `link add name ${port} type veth peer name eth0 netns ${all[index + 1]?.process.pid}`,
          `link set dev ${port} master hub up`,
        ]);
        ip(before, [`addr add ${address}/24 dev eth0`, 'link set dev eth0 up']);
        return { address, before, cut: () => ip(hub, [`link set dev ${port} down`]) };
      }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function enter({ process: { pid } }: Child): readonly string[] {
  return ['nsenter', `--net=/proc/${pid}/ns/net`, '--'];
}

/** Has iproute2 carry out some commands, in the namespace that the words lead into. */
function ip([program = '', ...words]: readonly string[], commands: readonly string[]): void {
  const done = spawnSync(program, [...words, 'ip', '-batch', '-'], {
    input: `${commands.join('\n')}\n`,
    encoding: 'utf8',
  });
  if (done.status !== 0) throw new Error(`ip, ${commands.join('; ')}: ${done.error?.message ?? done.stderr}`);
}
