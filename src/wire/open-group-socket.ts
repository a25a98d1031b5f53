import { LabError } from '../errors.ts';
import type { BatchedSocket } from './batched-socket.ts';
import { bindError, resolveEndpoint } from './endpoint.ts';
import { loadLibc } from './libc.ts';
import { adoptDescriptor } from './open-batched-socket.ts';
import { systemError } from './system-error.ts';
import type { UdpSocketOptions } from './udp-socket.ts';

/**
 * Reads from, and sends through, one socket of a group, on the calling thread. It takes a descriptor of its own, which
 * goes with it; the socket stays with the group.
 *
 * @param descriptor - the group's
 * @param options - `host` and `port` are those of the group
 * @throws LabError where that fails
 */
export async function openGroupSocket(
  descriptor: number,
  options: Omit<UdpSocketOptions, 'kind' | 'remote'>,
): Promise<BatchedSocket> {
  const loaded = await loadLibc();
  if ('reason' in loaded) {
    throw new LabError({
      code: 'BATCHED_UNAVAILABLE',
      message: `the socket kind batched cannot be had: ${loaded.reason}`,
      hint: 'run with one worker',
    });
  }
  const { libc } = loaded;
  const local = await resolveEndpoint(options.host, options.port, 0);
  const own = libc.duplicate(descriptor);
  if (own < 0) {
    throw bindError(local, systemError(-own, 'fcntl'));
  }
  return adoptDescriptor(libc, own, local, undefined, { ...options, kind: 'batched' });
}
