/**
 * Several UDP sockets on one port, among which the kernel chooses by a program of ours. The descriptors belong to who
 * opened the group and stay open as long as it does, whatever becomes of the threads that read from them: in a group
 * that loses a socket the kernel moves the last one into the gap, and every hash would belong to another one.
 */
import { LabError } from '../errors.ts';
import type { Bytes } from '../units.ts';
import { type Endpoint, resolveEndpoint } from './endpoint.ts';
import { type Libc, loadLibc, ProgramOption, SocketOption } from './libc.ts';
import { openDescriptor } from './open-descriptor.ts';
import { readPort, SOCKET_ADDRESS_STRIDE } from './socket-address.ts';
import { closedGateProgram, steeringProgram } from './steering-program.ts';
import { systemError } from './system-error.ts';
import type { UdpSocket } from './udp-socket.ts';

export interface SocketGroupOptions {
  /** Address to bind; `::` is dual stack. */
  readonly host: string;
  /** 0: the kernel chooses. */
  readonly port: number;
  readonly sockets: number;
  /** Asked for each socket. */
  readonly receiveBufferBytes: Bytes;
}

export interface SocketGroup {
  readonly address: string;
  readonly port: number;
  /** By shard. */
  readonly descriptors: readonly number[];
  /** Of one socket. */
  readonly receiveBuffer: UdpSocket['receiveBuffer'];
  /** Datagrams that the kernel dropped at all sockets because a receive buffer was full; null where it does not tell. */
  drops(): number | null;
  close(): void;
}

/** Code of the error where this machine cannot steer. */
export const STEERING_UNAVAILABLE = 'STEERING_UNAVAILABLE';

/**
 * Opens the group. Nothing is received before all of it stands: a datagram that came earlier would go by the size of
 * a part.
 *
 * @throws LabError those of binding, and {@link STEERING_UNAVAILABLE} off Linux, without koffi, or where the kernel
 *   takes no program; nothing is left open then
 */
export async function openSocketGroup(options: SocketGroupOptions): Promise<SocketGroup> {
  const loaded = await loadLibc();
  if ('reason' in loaded) {
    throw unavailable(loaded.reason);
  }
  const { libc } = loaded;
  const local = await resolveEndpoint(options.host, options.port, 0);
  const descriptors: number[] = [];
  const close = (): void => {
    for (const fd of descriptors.splice(0)) {
      libc.closeSocket(fd);
    }
  };
  try {
    openAll(libc, local, options, descriptors);
  } catch (error) {
    close();
    throw error;
  }
  const first = descriptors[0] as number;
  let dropsAtClose: number | null = null;
  const drops = (): number | null => (descriptors.length === 0 ? dropsAtClose : sumDrops(libc, descriptors));
  return {
    address: local.address,
    port: portOf(libc, first),
    descriptors,
    receiveBuffer: {
      askedBytes: options.receiveBufferBytes,
      givenBytes: libc.getOption(first, SocketOption.receiveBuffer),
    },
    drops,
    close: () => {
      dropsAtClose = drops();
      close();
    },
  };
}

/** Adds the descriptors to `opened` one by one, so that the caller knows them where one fails. */
function openAll(libc: Libc, local: Endpoint, options: SocketGroupOptions, opened: number[]): void {
  const gate = closedGateProgram();
  const program = steeringProgram(options.sockets);
  for (let shard = 0; shard < options.sockets; shard++) {
    const where = shard === 0 ? local : { ...local, port: portOf(libc, opened[0] as number) };
    opened.push(
      openDescriptor(libc, where, options, (fd) => {
        check(libc.attachProgram(fd, ProgramOption.filter, gate));
        check(libc.setOption(fd, SocketOption.reusePort, 1));
        // A socket that has its program before it is bound joins no other group: a port that is taken is an error.
        if (shard === 0) {
          check(libc.attachProgram(fd, ProgramOption.steering, program));
        }
      }),
    );
  }
  for (const fd of opened) {
    check(libc.setOption(fd, SocketOption.detachFilter, 0));
  }
}

function check(result: number): void {
  if (result < 0) {
    throw unavailable(systemError(-result, 'setsockopt').message);
  }
}

function unavailable(reason: string): LabError {
  return new LabError({
    code: STEERING_UNAVAILABLE,
    message: `datagrams cannot be steered to several sockets: ${reason}`,
    hint: 'run with one worker',
  });
}

function portOf(libc: Libc, fd: number): number {
  const address = new Uint8Array(SOCKET_ADDRESS_STRIDE);
  libc.getAddress(fd, address);
  return readPort(address, 0);
}

function sumDrops(libc: Libc, descriptors: readonly number[]): number | null {
  const drops = descriptors.map((fd) => libc.getDrops(fd));
  return drops.some((count) => count < 0) ? null : drops.reduce((sum, count) => sum + count, 0);
}
