/**
 * Open loop at a high rate: a load thread that sleeps in the kernel until replies come or more is due. A metronome beside
 * it would take a tenth of its core for messages (docs/adr/0008).
 */
import type { SocketWait } from '../../wire/socket-wait.ts';
import type { UdpSocket } from '../../wire/udp-socket.ts';
import { monotonicNs } from './monotonic-clock.ts';
import type { Grid } from './pacer.ts';

/** Points of the grid that lie closer share a turn. */
const SHORTEST_PAUSE_NS = 250_000;
/** Timers and messages of the thread wait for the end of a pause; beyond this, ticks of a metronome cost less, too. */
const LONGEST_PAUSE_NS = 1_000_000;

interface PacingOptions {
  readonly grid: Grid;
  readonly wait: SocketWait;
  /** Those that `wait` is for. */
  readonly sockets: readonly UdpSocket[];
  /** @returns whether more is due than it sent */
  readonly sendDue: () => boolean;
  readonly isOver: () => boolean;
}

/** Whether the points of the grid lie so close that a thread should wait for them by {@link pace}. */
export function isWorthWaiting(grid: Grid): boolean {
  return grid.stepNs <= LONGEST_PAUSE_NS;
}

/** Takes turn after turn, one in each turn of the event loop, until it is over. */
export function pace({ grid, wait, sockets, sendDue, isOver }: PacingOptions): void {
  const pauseNs = Math.max(grid.stepNs, SHORTEST_PAUSE_NS);
  let nextSendNs = grid.nextNs;

  function takePacedTurn(): void {
    if (isOver()) return;
    setImmediate(takePacedTurn);
    const nowNs = monotonicNs();
    if (nowNs >= nextSendNs && !sendDue()) {
      nextSendNs += (Math.floor((nowNs - nextSendNs) / pauseNs) + 1) * pauseNs;
    }
    wait.wait(Math.min(nextSendNs - monotonicNs(), pauseNs));
    for (const socket of sockets) socket.poll();
  }

  takePacedTurn();
}
