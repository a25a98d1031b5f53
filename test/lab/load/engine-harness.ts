/** A load engine with a clock and a socket that a test moves by hand. */
import { ClientFleet } from '../../../src/lab/load/client-fleet.ts';
import { LoadEngine, type PhaseReport } from '../../../src/lab/load/load-engine.ts';
import { planSession } from '../../../src/lab/load/session-plan.ts';
import { poolBytes, workerIdentity } from '../../../src/lab/load/swarm-model.ts';
import { TransactionTable } from '../../../src/lab/load/transaction-table.ts';
import type { OperationCounts } from '../../../src/run.ts';
import type { ReceivedBatch, UdpSocket } from '../../../src/wire/udp-socket.ts';

export const TIMEOUT_MS = 100;
export const MS = 1e6;

/** A socket that keeps what is sent. */
class KeptSocket implements UdpSocket {
  readonly kind = 'dgram';
  readonly descriptor = null;
  readonly localAddress = '127.0.0.1';
  readonly localPort = 1;
  readonly receiveBuffer = { askedBytes: 0, givenBytes: 0 };
  readonly counters = { receivedDatagrams: 0, sentDatagrams: 0, sendErrors: 0, receiveDrops: 0 };
  readonly dropsKnown = true;
  readonly sendBytes = new Uint8Array(2048);
  readonly sent: Buffer[] = [];

  slot(): number {
    return 0;
  }
  reply(): void {
    throw new Error('a client does not reply');
  }
  copySender(): void {}
  replyTo(): void {
    throw new Error('a client does not reply');
  }
  send(at: number, length: number): void {
    this.sent.push(Buffer.from(this.sendBytes.subarray(at, at + length)));
  }
  flush(): void {}
  poll(): void {}
  async close(): Promise<void> {}
}

export function batchOf(datagrams: readonly Buffer[]): ReceivedBatch {
  const starts = datagrams.map((_, index) =>
    datagrams.slice(0, index).reduce((sum, one) => sum + one.length, 0),
  );
  return {
    count: datagrams.length,
    bytes: Buffer.concat(datagrams),
    offset: (index) => starts[index] as number,
    length: (index) => (datagrams[index] as Buffer).length,
    sentLength: (index) => (datagrams[index] as Buffer).length,
    family: () => 4,
    copyAddress: () => undefined,
    port: () => 1,
  };
}

/** A valid reply to a request, announces with two peers. */
export function replyTo(request: Buffer): Buffer {
  const action = request.readUInt32BE(8);
  const lengths = [16, 20 + 12, 8 + 12 * ((request.length - 16) / 20)];
  const reply = Buffer.alloc(lengths[action] as number);
  reply.writeUInt32BE(action, 0);
  request.copy(reply, 4, 12, 16);
  return reply;
}

export function setUp(openLoop = false) {
  const clock = { nowNs: 0 };
  const socket = new KeptSocket();
  const clients = 2;
  const engine = new LoadEngine({
    fleet: new ClientFleet({
      plan: planSession({ connect: 1, announce: 8, scrape: 2 }, 2),
      numWant: 50,
      pool: poolBytes(1, 4, null),
      memberships: [Uint32Array.of(0, 1), Uint32Array.of(2, 3)],
      identities: [workerIdentity(1, 0), workerIdentity(1, 1)],
      firstSteps: [0, 0],
      firstIdAgesNs: [0, 0],
      openLoop,
    }),
    table: new TransactionTable(1_000),
    sockets: [socket],
    clients,
    peerBytes: 6,
    timeoutMs: TIMEOUT_MS,
    openLoop,
    now: () => clock.nowNs,
  });
  engine.beginPhase('clean');
  const last = (): Buffer => socket.sent.at(-1) as Buffer;
  const total = (field: keyof OperationCounts): number => {
    const [clean] = engine.report().phases as [PhaseReport];
    const { operations } = clean.tally;
    return operations.connect[field] + operations.announce[field] + operations.scrape[field];
  };
  return { clock, socket, engine, last, total };
}
