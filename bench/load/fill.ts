/** Puts peers into a tracker over the wire, as fast as it takes them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { poolBytes } from '../../src/lab/load/swarm-model.ts';
import {
  Action,
  ANNOUNCE_REQUEST_BYTES,
  AnnounceEvent,
  CONNECT_REQUEST_BYTES,
  INFO_HASH_BYTES,
  PROTOCOL_ID_HIGH,
  PROTOCOL_ID_LOW,
  RequestOffset,
  ResponseOffset,
  readUint32,
  writeUint16,
  writeUint32,
} from '../../src/wire/bep15.ts';
import { openUdpSocket } from '../../src/wire/open-udp-socket.ts';
import type { ReceivedBatch, UdpSocket } from '../../src/wire/udp-socket.ts';
import type { FillSpec } from './load-messages.ts';

/** Announces in flight: the receive buffer that Linux gives by default holds twice as many. */
const WINDOW = 128;
/** Without any answer for so long, what is unanswered is sent again. */
const RESEND_MS = 300;
/** Without any answer for so long, the tracker is given up. */
const GIVE_UP_MS = 5_000;
/** Below it are the ports of the system; a swarm has fewer peers than there are ports above. */
const FIRST_PORT = 1024;
const SEED = 1;

/**
 * Announces the peers, all of them leechers from one address, known by their ports; one peer is wanted back, since most
 * trackers give many where none are wanted.
 *
 * @throws Error where the tracker refuses one, or answers nothing for 5 s
 */
export async function fill(spec: FillSpec): Promise<void> {
  const filling = new Filling(spec);
  await filling.run();
}

class Filling {
  readonly #spec: FillSpec;
  readonly #hashes: Uint8Array;
  readonly #answered: Uint8Array;
  #answers = 0;
  #sent = 0;
  #idHigh = 0;
  #idLow = 0;
  #isConnected = false;
  #refusal: string | undefined;

  constructor(spec: FillSpec) {
    this.#spec = spec;
    const swarms = Math.ceil((spec.firstPeer + spec.peers) / spec.swarmPeers);
    this.#hashes = poolBytes(SEED, swarms, null);
    this.#answered = new Uint8Array(spec.peers);
  }

  async run(): Promise<void> {
    const socket = await openUdpSocket({
      kind: 'auto',
      host: '127.0.0.1',
      port: 0,
      receiveBufferBytes: 4 * 1024 * 1024,
      remote: { host: '127.0.0.1', port: this.#spec.port },
      onBatch: (batch) => this.#receive(batch, socket),
      onError: () => {},
    });
    try {
      this.#connect(socket);
      await this.#untilFilled(socket);
    } finally {
      await socket.close();
    }
  }

  async #untilFilled(socket: UdpSocket): Promise<void> {
    let seen = -1;
    let silentMs = 0;
    while (this.#answers < this.#spec.peers) {
      await sleep(20);
      if (this.#refusal !== undefined) throw new Error(this.#refusal);
      silentMs = this.#answers === seen ? silentMs + 20 : 0;
      seen = this.#answers;
      if (silentMs >= GIVE_UP_MS) throw new Error(`no answer for ${GIVE_UP_MS} ms, after ${seen} peers`);
      if (silentMs > 0 && silentMs % RESEND_MS === 0) this.#resend(socket);
    }
  }

  #resend(socket: UdpSocket): void {
    if (!this.#isConnected) this.#connect(socket);
    for (let peer = 0; peer < this.#sent; peer++) {
      if (this.#answered[peer] === 0) this.#announce(socket, peer);
    }
    socket.flush();
  }

  #connect(socket: UdpSocket): void {
    const at = socket.slot();
    writeUint32(socket.sendBytes, at, PROTOCOL_ID_HIGH);
    writeUint32(socket.sendBytes, at + 4, PROTOCOL_ID_LOW);
    writeUint32(socket.sendBytes, at + RequestOffset.action, Action.connect);
    writeUint32(socket.sendBytes, at + RequestOffset.transactionId, 0xffff_ffff);
    socket.send(at, CONNECT_REQUEST_BYTES);
    socket.flush();
  }

  #receive(batch: ReceivedBatch, socket: UdpSocket): void {
    const { bytes } = batch;
    for (let index = 0; index < batch.count; index++) {
      const at = batch.offset(index);
      const action = readUint32(bytes, at + ResponseOffset.action);
      if (action === Action.connect) {
        if (this.#isConnected) continue;
        this.#isConnected = true;
        this.#idHigh = readUint32(bytes, at + ResponseOffset.connectionId);
        this.#idLow = readUint32(bytes, at + ResponseOffset.connectionId + 4);
        for (let slot = 0; slot < WINDOW; slot++) this.#announceNext(socket);
      } else if (action === Action.announce && batch.length(index) >= 20) {
        const peer = readUint32(bytes, at + ResponseOffset.transactionId);
        if (this.#answered[peer] !== 0) continue;
        this.#answered[peer] = 1;
        this.#answers++;
        this.#announceNext(socket);
      } else {
        const text = Buffer.from(bytes.subarray(at + 8, at + batch.length(index))).toString('latin1');
        this.#refusal ??= `an announce was refused: ${text || 'a short answer (is the hash not in its whitelist?)'}`;
      }
    }
  }

  #announceNext(socket: UdpSocket): void {
    if (this.#sent < this.#spec.peers) this.#announce(socket, this.#sent++);
  }

  #announce(socket: UdpSocket, index: number): void {
    const { firstPeer, swarmPeers, blockSwarms } = this.#spec;
    const peer = firstPeer + index;
    const blockPeers = blockSwarms * swarmPeers;
    const inBlock = peer % blockPeers;
    const swarm = Math.floor(peer / blockPeers) * blockSwarms + (inBlock % blockSwarms);
    const bytes = socket.sendBytes;
    const at = socket.slot();
    bytes.fill(0, at, at + ANNOUNCE_REQUEST_BYTES);
    writeUint32(bytes, at, this.#idHigh);
    writeUint32(bytes, at + 4, this.#idLow);
    writeUint32(bytes, at + RequestOffset.action, Action.announce);
    writeUint32(bytes, at + RequestOffset.transactionId, index);
    const hashAt = swarm * INFO_HASH_BYTES;
    for (let byte = 0; byte < INFO_HASH_BYTES; byte++) {
      bytes[at + RequestOffset.infoHash + byte] = this.#hashes[hashAt + byte] as number;
    }
    bytes.fill(0x2d, at + RequestOffset.peerId, at + RequestOffset.peerId + 16);
    writeUint32(bytes, at + RequestOffset.peerId + 16, peer);
    writeUint32(bytes, at + RequestOffset.left + 4, 1000);
    writeUint32(bytes, at + RequestOffset.event, AnnounceEvent.started);
    writeUint32(bytes, at + RequestOffset.key, peer);
    writeUint32(bytes, at + RequestOffset.numWant, 1);
    writeUint16(bytes, at + RequestOffset.port, FIRST_PORT + Math.floor(inBlock / blockSwarms));
    socket.send(at, ANNOUNCE_REQUEST_BYTES);
  }
}
