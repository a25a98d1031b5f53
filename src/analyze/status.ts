/** Gives a figure its status by the tiers of `thresholds.ts`. Pure. */
import type { Condition, Tier, TierName, TierTable } from './tier-tables.ts';

/** A status and why, or no status and why not. */
export interface Status {
  /** Null where the row has no threshold or was not measured. */
  readonly tier: TierName | null;
  /** Words for the reader, with the limits; never empty. */
  readonly reason: string;
}

/** Figures by name; a figure that is absent or null was not measured. */
export type Figures = Readonly<Record<string, number | null | undefined>>;

/**
 * The status of some figures taken together.
 *
 * The critical tier is tried first. Then the tiers from the best; the first whose conditions all hold wins. In a gap,
 * where none holds (for example a P95 between 10 and 50 ms), it is the table's worst tier short of critical: each
 * better tier asked for something that is not so. A condition on a figure that was not measured does not hold; with
 * nothing measured there is no status.
 *
 * @param only - judge by conditions on this figure alone, for a row that shows one figure
 */
export function statusOf(table: TierTable, figures: Figures, only?: string): Status {
  const judged = (tier: Tier): readonly Condition[] =>
    only === undefined ? tier.conditions : tier.conditions.filter((condition) => condition.figure === only);
  const names = new Set(table.tiers.flatMap((tier) => judged(tier).map((condition) => condition.figure)));
  if (names.size === 0) return { tier: null, reason: 'no threshold for this row' };
  const unmeasured = [...names].filter((name) => typeof figures[name] !== 'number');
  if (unmeasured.length === names.size) return { tier: null, reason: 'not measured' };

  const critical = table.critical === null ? [] : judged(table.critical);
  if (table.critical !== null && critical.length > 0 && critical.every((one) => holds(one, figures))) {
    return { tier: table.critical.name, reason: critical.map(describe).join(' and ') };
  }
  for (const tier of table.tiers) {
    const conditions = judged(tier);
    if (conditions.length > 0 && conditions.every((condition) => holds(condition, figures))) {
      return { tier: tier.name, reason: conditions.map(describe).join(' and ') };
    }
  }
  const last = table.tiers[table.tiers.length - 1] as Tier;
  const failed = judged(last).filter((condition) => !holds(condition, figures));
  return { tier: table.worst, reason: `${last.name} would need ${failed.map(describe).join(' and ')}` };
}

/** The worse of some statuses; null where none has a tier. */
export function worstOf(statuses: readonly Status[]): Status | null {
  let worst: Status | null = null;
  for (const status of statuses) {
    if (status.tier === null) continue;
    if (worst?.tier == null || rank(status.tier) > rank(worst.tier)) worst = status;
  }
  return worst;
}

const order: readonly TierName[] = ['Excellent', 'Good', 'Acceptable', 'Poor', 'Concern', 'Critical'];

function rank(tier: TierName): number {
  return order.indexOf(tier);
}

function holds(condition: Condition, figures: Figures): boolean {
  const value = figures[condition.figure];
  if (typeof value !== 'number') return false;
  switch (condition.is) {
    case 'above':
      return value > condition.limit;
    case 'below':
      return value < condition.limit;
    case 'atLeast':
      return value >= condition.limit;
    case 'atMost':
      return value <= condition.limit;
  }
}

const signs = { above: '>', below: '<', atLeast: '≥', atMost: '≤' } as const;

/** Name and limit in a reader's units, by the figure. */
const wordings: Readonly<Record<string, (sign: string, limit: number) => string>> = {
  requestsPerSecond: (sign, limit) => `RPS ${sign} ${limit.toLocaleString('en-US')}`,
  servedShare: (sign, limit) => `served ${sign} ${Number((limit * 100).toFixed(3))} % of the offered rate`,
  successShare: (sign, limit) => `success rate ${sign} ${Number((limit * 100).toFixed(3))} %`,
  errorShare: (sign, limit) => `error rate ${sign} ${Number((limit * 100).toFixed(3))} %`,
  p95Ns: (sign, limit) => `P95 ${sign} ${limit / 1e6} ms`,
  p99Ns: (sign, limit) => `P99 ${sign} ${limit / 1e6} ms`,
  growthBytes: (sign, limit) => `growth ${sign} ${limit / 1e6} MB`,
  continuousGrowth: () => 'no continuous growth',
};

function describe(condition: Condition): string {
  const wording = wordings[condition.figure];
  const sign = signs[condition.is];
  return wording === undefined
    ? `${condition.figure} ${sign} ${condition.limit}`
    : wording(sign, condition.limit);
}
