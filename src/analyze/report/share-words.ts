import type { RuleId } from '../finding.ts';
import type { Report } from './report-schema.ts';

/** What a finding's share is a share of, by rule. */
const wholes: Readonly<Record<RuleId, string>> = {
  'gc-pressure': 'of the CPU',
  'lock-contention': 'of the capacity',
  'syscall-bound': 'of the CPU',
  'cpu-hot-function': 'of the CPU',
  'memory-growth': 'of the growth',
  'event-loop-stall': 'of the time',
  logging: 'of the CPU',
  'receive-drops': 'of the failed requests',
  'external-wait': 'of the latency',
  'errors-returned': 'of the failed requests',
  'generator-limited': 'of the load',
};

/** What the share of a finding means, for example `56.0 % of the failed requests`; null where it has none. */
export function shareWords({ rule, share }: Report['findings'][number]): string | null {
  return share === null ? null : `${(share * 100).toFixed(1)} % ${wholes[rule]}`;
}
