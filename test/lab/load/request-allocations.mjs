/** Drives a load engine against a socket that answers itself, and prints how many bytes of heap each request took. */
import { ClientFleet } from '../../../dist/lab/load/client-fleet.js';
import { LoadEngine } from '../../../dist/lab/load/load-engine.js';
import { monotonicNs } from '../../../dist/lab/load/monotonic-clock.js';
import { Grid } from '../../../dist/lab/load/pacer.js';
import { planSession } from '../../../dist/lab/load/session-plan.js';
import { poolBytes, workerIdentity } from '../../../dist/lab/load/swarm-model.js';
import { TransactionTable } from '../../../dist/lab/load/transaction-table.js';

const CLIENTS = 64;
const HASHES = 8;
const TURNS = 2_000;
const ROUNDS = 6;
const PEERS = 50;
const SLOT = 512;
/** More than an engine sends in one turn. */
const SLOTS = 512;
const ANNOUNCE = 1;
const isOpenLoop = process.argv[2] === 'open';

/** What was sent in a turn; its replies make the batch of the next one. */
class EchoSocket {
  sendBytes = new Uint8Array(SLOTS * SLOT);
  counters = { receivedDatagrams: 0, sentDatagrams: 0, sendErrors: 0, receiveDrops: 0 };
  count = 0;
  slot() {
    return this.count * SLOT;
  }
  send() {
    this.count++;
  }
  flush() {}
}

class EchoBatch {
  bytes = new Uint8Array(SLOTS * SLOT);
  count = 0;
  lengths = new Uint16Array(SLOTS);
  offset(index) {
    return index * SLOT;
  }
  length(index) {
    return this.lengths[index];
  }
  fill(socket) {
    this.count = socket.count;
    for (let index = 0; index < this.count; index++) {
      const at = index * SLOT;
      const action = socket.sendBytes[at + 11];
      for (let byte = 0; byte < 4; byte++) {
        this.bytes[at + byte] = socket.sendBytes[at + 8 + byte];
        this.bytes[at + 4 + byte] = socket.sendBytes[at + 12 + byte];
        // An id as large as they come.
        if (action === 0) this.bytes[at + 8 + byte] = this.bytes[at + 12 + byte] = 0xff;
      }
      this.lengths[index] = action === ANNOUNCE ? 20 + 6 * PEERS : 16;
    }
    socket.count = 0;
  }
}

const plan = planSession({ connect: 0, announce: 100, scrape: 0 }, HASHES);
const clients = Array.from({ length: CLIENTS }, (_, client) => client);
const socket = new EchoSocket();
const batch = new EchoBatch();
const engine = new LoadEngine({
  fleet: new ClientFleet({
    plan,
    numWant: PEERS,
    pool: poolBytes(1, HASHES, null),
    memberships: clients.map(() => Uint32Array.from({ length: HASHES }, (_, hash) => hash)),
    identities: clients.map((client) => workerIdentity(1, client)),
    firstSteps: clients.map((client) => client % plan.steps),
    firstIdAgesNs: clients.map(() => 0),
    openLoop: isOpenLoop,
  }),
  table: new TransactionTable(0xc000_0000),
  sockets: [socket],
  clients: CLIENTS,
  peerBytes: 6,
  timeoutMs: 100_000,
  openLoop: isOpenLoop,
  now: monotonicNs,
});
engine.beginPhase('clean');
// More than can be sent: every turn sends its share.
const grid = new Grid({ ratePerSecond: 2e7, threads: 1, thread: 0, startNs: monotonicNs() });
if (!isOpenLoop) for (const client of clients) engine.startClient(client);

let requests = 0;
function runMany() {
  for (let turn = 0; turn < TURNS; turn++) {
    if (isOpenLoop && socket.count === 0) engine.sendDue(grid);
    requests += socket.count;
    batch.fill(socket);
    engine.receive(batch);
  }
}

runMany();
runMany();
const bytesPerRequest = [];
for (let round = 0; round < ROUNDS; round++) {
  globalThis.gc();
  const requestsBefore = requests;
  const before = process.memoryUsage().heapUsed;
  runMany();
  bytesPerRequest.push((process.memoryUsage().heapUsed - before) / (requests - requestsBefore));
}
const { succeeded } = engine.report().phases[0].tally.operations.announce;
process.stdout.write(JSON.stringify({ bytesPerRequest, succeeded, requests }));
