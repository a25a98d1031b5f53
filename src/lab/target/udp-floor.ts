/** Measures what the kernel takes for one receive and one send of a datagram here: the floor of any UDP tracker's cost. */

import type { Environment } from '../../run.ts';
import { type Libc, loadLibc } from '../../wire/libc.ts';
import { MessageRing } from '../../wire/message-ring.ts';
import { AF_INET, SOCKET_ADDRESS_BYTES_IPV4, writeSocketAddress } from '../../wire/socket-address.ts';

type UdpFloor = NonNullable<Environment['udpFloor']>;

/** Datagrams per call of the batched part: as many as the lab's own socket takes. */
const BATCH = 64;
/** Of each part. At 100 ms the kernel's ticks of 1 to 10 ms err by less than the tenth by which runs differ. */
const PART_MS = 120;
/** Bytes of payload: between an announce request (98) and its reply with a few peers. */
const PAYLOAD_BYTES = 128;
const BIND_ATTEMPTS = 20;
/** Turns in a row without a datagram after which the measurement is given up. */
const MOST_FAILURES = 1_000;
const FIRST_PORT = 20_000;
const PORTS = 40_000;

let measuring: Promise<UdpFloor | null> | undefined;

/** The floor of this machine, measured on the first call of the process and kept. */
export function udpFloor(): Promise<UdpFloor | null> {
  measuring ??= measureUdpFloor();
  return measuring;
}

/**
 * A socket sends to itself over loopback, first a datagram a call and then many, and the CPU time in the kernel is counted.
 * Takes a quarter of a second of one core, so it belongs before the load.
 *
 * @returns null where the calls cannot be made (not Linux, no koffi, no free port)
 */
async function measureUdpFloor(): Promise<UdpFloor | null> {
  const loaded = await loadLibc();
  if (!('libc' in loaded)) return null;
  const { libc } = loaded;
  const fd = libc.openSocket(AF_INET);
  if (fd < 0) return null;
  try {
    const own = bindAnywhere(libc, fd);
    if (own === null) return null;
    const single = exchange(libc, fd, own, 1);
    const batched = exchange(libc, fd, own, BATCH);
    if (single === null) return null;
    return {
      systemMicrosecondsPerRequest: single.systemMicros / single.count,
      batchedSystemMicrosecondsPerRequest: batched === null ? null : batched.systemMicros / batched.count,
      requests: single.count + (batched?.count ?? 0),
    };
  } finally {
    libc.closeSocket(fd);
  }
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

function exchange(
  libc: Libc,
  fd: number,
  own: Uint8Array,
  batch: number,
): { readonly count: number; readonly systemMicros: number } | null {
  const [out, back] = [ringFor(libc, batch), ringFor(libc, batch)];
  for (let slot = 0; slot < batch; slot++) {
    out.addresses.set(own, (out.addresses.length / batch) * slot);
    out.setSendLength(slot, PAYLOAD_BYTES);
  }
  const [sendAt, receiveAt] = [out.headerAddress(0), back.headerAddress(0)];
  let count = 0;
  let failures = 0;
  const before = process.cpuUsage();
  const endMs = performance.now() + PART_MS;
  while (performance.now() < endMs) {
    const sent = libc.sendmmsg(fd, sendAt, batch);
    const received = libc.recvmmsg(fd, receiveAt, batch);
    // On a busy machine loopback delivers late, and the next turn takes it.
    failures = sent > 0 && received > 0 ? 0 : failures + 1;
    if (failures > MOST_FAILURES) return null;
    count += Math.max(0, received);
  }
  const systemMicros = process.cpuUsage(before).system;
  // The kernel was given the addresses of their memory: both must live until here.
  if (out.slots !== back.slots) return null;
  return systemMicros > 0 && count > 0 ? { count, systemMicros } : null;
}

function ringFor(libc: Libc, slots: number): MessageRing {
  const ring = new MessageRing(slots);
  ring.linkPointers(libc.addressOf(ring.memory), SOCKET_ADDRESS_BYTES_IPV4);
  return ring;
}
