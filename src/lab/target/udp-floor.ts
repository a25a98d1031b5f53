/** Measures what the kernel takes for one receive and one send of a datagram here: the floor of any UDP tracker's cost. */
import assert from 'node:assert';
import type { Environment } from '../../run.ts';
import { type Libc, loadLibc } from '../../wire/libc.ts';
import { MessageRing } from '../../wire/message-ring.ts';
import { AF_INET, SOCKET_ADDRESS_BYTES_IPV4, writeSocketAddress } from '../../wire/socket-address.ts';

type UdpFloor = NonNullable<Environment['udpFloor']>;

/** Datagrams per call of the batched part: as many as the lab's own socket takes. */
const BATCH = 64;
/** Of the exchange of datagrams, of the same calls without a socket, and of making them fast. */
const PARTS = 2;
const PART_MS = 60;
const CALLS_MS = 30;
const WARM_UP_MS = 20;
/** No descriptor: the kernel refuses it before it looks at anything else. */
const NO_SOCKET = -1;
/** Bytes of payload: between an announce request (98) and its reply with a few peers. */
const PAYLOAD_BYTES = 128;
const BIND_ATTEMPTS = 20;
const FIRST_PORT = 20_000;
const PORTS = 40_000;

/** The floor, or a phrase of why it was not measured. */
export type FloorOrReason = { readonly floor: UdpFloor } | { readonly floor: null; readonly reason: string };

let measuring: Promise<FloorOrReason> | undefined;

/** The floor of this machine, measured on the first call of the process and kept. */
export function udpFloor(): Promise<FloorOrReason> {
  measuring ??= measureUdpFloor();
  return measuring;
}

/**
 * A socket sends to itself over loopback, first a datagram a call and then many, and the CPU time of it is counted. Takes a
 * third of a second of one core, so it belongs before the load.
 *
 * The kernel tells its own part of the CPU time by ticks, of which a part of 120 ms sees thirty: that varied from 1.0 to
 * 4.7 µs a request here, and was now and then none at all. The sum of both parts is exact, so the same calls are made on no
 * socket as well, and what they take is not the kernel's work on datagrams.
 */
async function measureUdpFloor(): Promise<FloorOrReason> {
  const loaded = await loadLibc();
  if (!('libc' in loaded)) return { floor: null, reason: loaded.reason };
  const { libc } = loaded;
  const fd = libc.openSocket(AF_INET);
  if (fd < 0) return { floor: null, reason: `no socket could be opened (error ${-fd})` };
  try {
    const own = bindAnywhere(libc, fd);
    if (own === null) return { floor: null, reason: `none of ${BIND_ATTEMPTS} ports was free` };
    const single = kernelMicros(libc, fd, own, 1);
    const batched = kernelMicros(libc, fd, own, BATCH);
    if (single === null) return { floor: null, reason: 'loopback gave back too few datagrams' };
    return {
      floor: {
        systemMicrosecondsPerRequest: single.microsPerRequest,
        batchedSystemMicrosecondsPerRequest: batched?.microsPerRequest ?? null,
        requests: single.count + (batched?.count ?? 0),
      },
    };
  } finally {
    libc.closeSocket(fd);
  }
}

/** Null where nothing came back. */
function kernelMicros(
  libc: Libc,
  fd: number,
  own: Uint8Array,
  batch: number,
): { readonly count: number; readonly microsPerRequest: number } | null {
  // The first calls are slow until they are compiled.
  exchange(libc, { fd, own, batch, lengthMs: WARM_UP_MS });
  const calls = exchange(libc, { fd: NO_SOCKET, own, batch, lengthMs: CALLS_MS });
  let [count, microsPerRequest] = [0, Number.POSITIVE_INFINITY];
  // The lesser of two: a floor is what is left where nothing came between.
  for (let part = 0; part < PARTS; part++) {
    const work = exchange(libc, { fd, own, batch, lengthMs: PART_MS });
    const micros = work.cpuMicros - (work.turns * calls.cpuMicros) / Math.max(1, calls.turns);
    count += work.received;
    if (work.received > 0 && micros > 0)
      microsPerRequest = Math.min(microsPerRequest, micros / work.received);
  }
  return Number.isFinite(microsPerRequest) ? { count, microsPerRequest } : null;
}

/** The bound address, or null where every port that was tried is in use. The C library's bind has no way to tell the port of 0. */
function bindAnywhere(libc: Libc, fd: number): Uint8Array | null {
  const address = new Uint8Array(SOCKET_ADDRESS_BYTES_IPV4);
  for (let attempt = 0; attempt < BIND_ATTEMPTS; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    writeSocketAddress(address, 0, { socketFamily: 4, address: '127.0.0.1', port, scopeId: 0 });
    if (libc.bind(fd, address, address.length) >= 0) return address;
  }
  return null;
}

interface Exchange {
  readonly fd: number;
  readonly own: Uint8Array;
  readonly batch: number;
  readonly lengthMs: number;
}

/** On {@link NO_SOCKET} every call fails at once, and what is left is the cost of calling. */
function exchange(
  libc: Libc,
  { fd, own, batch, lengthMs }: Exchange,
): { readonly turns: number; readonly received: number; readonly cpuMicros: number } {
  const [out, back] = [ringFor(libc, batch), ringFor(libc, batch)];
  for (let slot = 0; slot < batch; slot++) {
    out.addresses.set(own, (out.addresses.length / batch) * slot);
    out.setSendLength(slot, PAYLOAD_BYTES);
  }
  const [sendAt, receiveAt] = [out.headerAddress(0), back.headerAddress(0)];
  let [turns, received] = [0, 0];
  const before = process.cpuUsage();
  const endMs = performance.now() + lengthMs;
  while (performance.now() < endMs) {
    libc.sendmmsg(fd, sendAt, batch);
    // On a busy machine loopback delivers late, and a later turn takes it.
    received += Math.max(0, libc.recvmmsg(fd, receiveAt, batch));
    turns += 1;
  }
  const { user, system } = process.cpuUsage(before);
  // The kernel was given the addresses of their memory: both must live until here.
  assert(out.slots === back.slots);
  return { turns, received, cpuMicros: user + system };
}

function ringFor(libc: Libc, slots: number): MessageRing {
  const ring = new MessageRing(slots);
  ring.linkPointers(libc.addressOf(ring.memory), SOCKET_ADDRESS_BYTES_IPV4);
  return ring;
}
