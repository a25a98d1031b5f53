import { isIPv6 } from 'node:net';
import { LabError } from '../../errors.ts';
import type { Target } from './open-target.ts';

/**
 * Some trackers as one target: what is said of it is said of all of them together. Its process is known where each one's is.
 *
 * @param members - two or more that run already
 * @throws LabError `MIXED_TARGETS` where some are reached by IPv4 and others by IPv6
 */
export function severalTargets(members: readonly Target[]): Target {
  const [first] = members as readonly [Target, ...Target[]];
  if (members.some(({ address }) => isIPv6(address) !== isIPv6(first.address))) {
    throw new LabError({
      code: 'MIXED_TARGETS',
      message: `expected targets of one address family, found ${members.map(({ address }) => address).join(', ')}`,
      hint: 'name all by IPv4 or all by IPv6 addresses',
    });
  }
  const isKnown = members.every(({ pid }) => pid !== null);
  return {
    record: {
      ...first.record,
      name: `${members.length} trackers: ${members.map(({ record }) => record.name).join(', ')}`,
      network: members.every(({ record }) => record.network === 'local') ? 'local' : 'remote',
      pid: null,
    },
    address: first.address,
    port: first.port,
    pid: isKnown ? first.pid : null,
    pids: () => (isKnown ? members.flatMap((member) => member.pids()) : []),
    notes: members.flatMap((member) => member.notes.map((note) => `${member.record.address}: ${note}`)),
    agent: null,
    exited: null,
    members,
    stop: () => Promise.resolve(null),
  };
}
