import type { Share } from '../../units.ts';
import type { Finding } from '../finding.ts';
import { CRITICAL_COST_SHARE, WARNING_COST_SHARE } from '../thresholds.ts';

/** The severity of a cause by the share of the cost that it explains: a remark below a fifth, critical from a third. */
export function costSeverity(share: Share): Finding['severity'] {
  if (share >= CRITICAL_COST_SHARE) return 'critical';
  return share >= WARNING_COST_SHARE ? 'warning' : 'info';
}
