/** Runs all rules over a run and puts what they say in the order in which to read it. Pure. */
import { classPosition, isSameSubject } from '../cost-shares.ts';
import { cpuProfileOf, type Evidence } from '../evidence.ts';
import { withoutExplained } from '../explained.ts';
import type { Finding, RuleId } from '../finding.ts';
import { logStacks } from '../logging-frames.ts';
import type { Frame } from '../profile/profile.ts';
import { ALLOCATION_COST_FACTOR, STALL_CAUSE_SHARE } from '../thresholds.ts';
import { invalidReason, measurementChecks } from '../validity.ts';
import { cpuHotFunction } from './cpu-hot-function.ts';
import { errorsReturned } from './errors-returned.ts';
import { eventLoopStall, isCollectorStall } from './event-loop-stall.ts';
import { externalWait } from './external-wait.ts';
import { gcPressure, isCollecting } from './gc-pressure.ts';
import { generatorLimited } from './generator-limited.ts';
import { lockContention } from './lock-contention.ts';
import { logging } from './logging.ts';
import { isGrowingHeap, memoryGrowth } from './memory-growth.ts';
import { isDroppedByHold, receiveDrops } from './receive-drops.ts';
import { clear, insufficientData, type Rule } from './rule.ts';
import { isEnteringKernel, syscallBound } from './syscall-bound.ts';

type IsExplained = (stack: readonly Frame[]) => boolean;

/**
 * The rules that divide the CPU profile among them, the most special cause first: what one of them finds is cut out of the
 * evidence of those after it. A log line allocates, locks and writes, so it is judged first; what a lock or an allocation
 * costs includes the kernel's part of it, so system calls come after them; the hot function is what is left.
 */
const costRules: readonly {
  readonly id: RuleId;
  readonly rule: Rule;
  /** The stacks that the finding explains. */
  readonly explains: (evidence: Evidence) => IsExplained;
}[] = [
  { id: 'logging', rule: logging, explains: isLogging },
  {
    id: 'lock-contention',
    rule: lockContention,
    explains: () => (stack) => classPosition(stack, ['lock']) >= 0,
  },
  { id: 'gc-pressure', rule: gcPressure, explains: () => isCollecting },
  { id: 'syscall-bound', rule: syscallBound, explains: isEnteringKernel },
  { id: 'cpu-hot-function', rule: cpuHotFunction, explains: () => () => false },
];

const otherRules: Readonly<Partial<Record<RuleId, Rule>>> = {
  'external-wait': externalWait,
  'memory-growth': memoryGrowth,
  'event-loop-stall': eventLoopStall,
  'receive-drops': receiveDrops,
  'errors-returned': errorsReturned,
};

function isLogging(evidence: Evidence): IsExplained {
  const cpu = cpuProfileOf(evidence);
  if (cpu === null) return () => false;
  const stacks = logStacks(cpu.profile);
  return (stack) => stacks.find(stack) >= 0;
}

/**
 * All findings of a run: the found ones first, ranked by the share they explain, then the clear ones, then those that
 * could not tell. Of an invalid run no rule says anything of the tracker: each answers `insufficient-data`.
 */
export function judge(evidence: Evidence): readonly Finding[] {
  const generator = generatorLimited(evidence);
  const reason = invalidReason(measurementChecks(evidence));
  if (reason !== null) {
    const ids = [...costRules.map(({ id }) => id), ...(Object.keys(otherRules) as RuleId[])];
    const others = ids.map((rule) => insufficientData(rule, `No verdict: ${reason}, so the run is invalid.`));
    return [generator, ...others];
  }
  const findings = [...judgeCosts(evidence), ...Object.values(otherRules).map((rule) => rule(evidence))];
  const ordered = rank(tellOnce(findings, evidence));
  return [...ordered, generator].sort((a, b) => verdictOrder[a.verdict] - verdictOrder[b.verdict]);
}

function judgeCosts(evidence: Evidence): Finding[] {
  let left = evidence;
  return costRules.map(({ rule, explains }) => {
    const finding = rule(left);
    if (finding.verdict === 'found') left = withoutExplained(left, explains(left));
    return finding;
  });
}

const verdictOrder = { found: 0, clear: 1, 'insufficient-data': 2 } as const;
const severityOrder = { critical: 0, warning: 1, info: 2 } as const;

/**
 * By severity, and within one by the share that they explain, the greatest first. Shares of different rules are of different
 * wholes (CPU, time, requests), so that they cannot set a warning before what is critical. What has no share, such as memory that
 * nothing gives back, is a limit of its own and stands before the others of its severity.
 */
function rank(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort(
    (a, b) =>
      verdictOrder[a.verdict] - verdictOrder[b.verdict] ||
      severityOrder[a.severity] - severityOrder[b.severity] ||
      (b.share ?? 1) - (a.share ?? 1),
  );
}

/** Rules whose finding is the cause of another general one about the same function, the most special first. */
const specialRules: readonly RuleId[] = [
  'logging',
  'lock-contention',
  'gc-pressure',
  'event-loop-stall',
  'syscall-bound',
];

/**
 * Leaves out a general finding whose cause a special one names already, and gives its evidence to that one: the rest of a
 * function that is hot because it allocates, logs or waits for a lock; the stall that is a collection; the collections of a
 * heap that only grows; the wait that is for a lock; and what one function does by holding the thread: requests that wait or are lost.
 */
function tellOnce(findings: readonly Finding[], evidence: Evidence): readonly Finding[] {
  let told = [...findings];
  const found = (rule: RuleId): Finding | undefined =>
    told.find((finding) => finding.rule === rule && finding.verdict === 'found');
  const fold = (general: Finding | undefined, special: Finding | undefined): void => {
    if (general === undefined || special === undefined) return;
    const why = clear(
      general.rule,
      `Told by \`${special.rule}\`, which is its cause: ${general.summary}`,
      general.evidence,
    );
    told = told.map((finding) => {
      if (finding === general) return why;
      return finding === special
        ? { ...special, evidence: [...special.evidence, ...general.evidence] }
        : finding;
    });
  };
  const foldSame = (general: RuleId, special: RuleId): void => {
    const [one, other] = [found(general), found(special)];
    if (isSameSubject(one?.subject ?? null, other?.subject ?? null)) fold(one, other);
  };
  if (isCollectorStall(evidence)) fold(found('event-loop-stall'), found('gc-pressure'));
  if (isGrowingHeap(evidence)) fold(found('gc-pressure'), found('memory-growth'));
  for (const rule of ['lock-contention', 'logging'] as const) fold(found('external-wait'), found(rule));
  // A write or a wait that blocks the loop is told by what it is.
  for (const rule of ['logging', 'lock-contention'] as const) foldSame('event-loop-stall', rule);
  foldSame('external-wait', 'event-loop-stall');
  // One function that holds the thread makes both: the worse of them is told, by equal severity the stall.
  const isWorse = (one: RuleId, other: RuleId): boolean =>
    severityOrder[found(one)?.severity ?? 'info'] < severityOrder[found(other)?.severity ?? 'info'];
  if (isWorse('receive-drops', 'event-loop-stall')) foldSame('event-loop-stall', 'receive-drops');
  else foldSame('receive-drops', 'event-loop-stall');
  // With CPU left it is no limit; what asking outside makes is collected on its account.
  foldSame('gc-pressure', 'external-wait');
  for (const rule of specialRules) {
    const hot = found('cpu-hot-function');
    const special = found(rule);
    if (hot === undefined || special === undefined || !isSameSubject(hot.subject, special.subject)) continue;
    if ((hot.share ?? 0) <= ALLOCATION_COST_FACTOR * (special.share ?? 0)) fold(hot, special);
    // What a function makes is collected on its account: as a remark it adds nothing to what the function is hot by.
    else if (rule === 'gc-pressure' && special.severity === 'info') fold(special, hot);
  }
  // The greater part of what the function takes of the CPU, it takes while the loop stands still.
  const stalled = found('event-loop-stall')?.share ?? 0;
  if (stalled >= STALL_CAUSE_SHARE * (found('cpu-hot-function')?.share ?? 1)) {
    foldSame('cpu-hot-function', 'event-loop-stall');
  }
  if (isDroppedByHold(evidence)) foldSame('cpu-hot-function', 'receive-drops');
  return told;
}
