/** The page docs/accuracy.md. Pure. */
import { markdownTable } from 'markdown-table';
import { type AccuracyRun, ratesByRun, runsOf } from './accuracy-runs.ts';
import {
  confusionTable,
  plantTable,
  rateTable,
  variantTable,
  withoutVariantsTable,
  wrongTable,
} from './accuracy-table.ts';
import type { Plant } from './plant.ts';
import type { Outcome } from './score.ts';
import { CLEAR_FACTOR } from './variant-expectation.ts';

interface PageOptions {
  readonly plants: readonly Plant[];
  readonly outcomes: readonly Outcome[];
  /** CPU, cores, kernel and Node.js, in one line. */
  readonly machine: string;
}

export function accuracyPage({ plants, outcomes, machine }: PageOptions): string {
  const variants = variantTable(plants, outcomes);
  const wrong = wrongTable(plants, outcomes);
  const notRun = plants.filter(({ id }) => !outcomes.some((outcome) => outcome.plant === id));
  const mistakes = plants.map(({ id, runtime, mistake }) => [id, runtime, mistake]);
  return `# Accuracy

Is the lab right about what limits a tracker? [test/planted/](../test/planted/) holds ${plants.filter(({ expected }) => expected !== null).length} small
trackers with one known mistake each, and ${plants.filter(({ expected }) => expected === null).length} healthy ones. The lab runs on each as it would on yours, with short phases
(1 s of warm-up, 4 s clean, 4 s profiled), and this page tells what it said: failures included.

\`\`\`sh
npm run accuracy                                    # all of them once, about eight minutes
npm run accuracy -- --only json-peers,journal-lock  # some of them
npm run accuracy -- --repeat 3 --variants --run first --json first.json   # three passes; half and double the cost in the first
npm run accuracy -- --no-run --json first.json --json second.json --write docs/accuracy.md
npm run accuracy -- --json first.json --rejudge     # the same runs by the rules as they are now
\`\`\`

It ends with code 1 where a goal was missed in a run, or where nothing of what was asked for was run.

Measured on: ${machine}.

## Reached

${rateTable(ratesByRun(plants, outcomes))}

The goals are those of each run by itself. The runs:

${markdownTable([['run', 'from (UTC)', 'to', 'commit measured', 'judged again by', 'passes', 'runs of the lab'], ...runsOf(outcomes).map(runRow)])}

A first finding is right where its rule is the planted one, or one of the plant's \`also\` in its manifest, each with its reason (a tracker
that makes garbage spends more on making than on collecting it: the function that does both may be told as hot); a function is right where it is the one that was planted. On a healthy
tracker, whatever asks to act (a warning, or worse) is a false alarm. A run that others disturbed is made once more; one that
is disturbed again counts as not right, and of a healthy tracker it says nothing. What cannot be run on a machine (no Go, no gcc) is skipped and counted apart.

Known limit: V8's heap profiler books what an inlined function allocates on the one that it was inlined into. The lab names the
inner one by what it kept before V8 inlined it, where that is enough to tell; else it names the caller, and beside it those that may be meant.

What the lab says of real trackers, and how that was checked by other tools: [diagnosis-checked.md](diagnosis-checked.md).

## What was not right

${wrong === '' ? 'Every outcome was right.' : wrong}

## Each plant

The last run's answer; the last two columns count the runs whose rule and whose function were right.

${plantTable(plants, outcomes)}
${notRun.length === 0 ? '' : `\nNot run: ${notRun.map(({ id }) => id).join(', ')}.\n`}
## What was planted against what was found first, in runs

${confusionTable(plants, outcomes)}
${variants === '' ? '' : `\n## Variants\n\n${variantText}\n\n${variants}\n`}${withoutVariants(plants)}
## What the plants are

${markdownTable([['plant', 'runtime', 'mistake'], ...mistakes])}

\`PLANT_SCALE\` in the environment makes a mistake that many times as costly. Each threshold of a rule has a reason of its own in
[src/analyze/thresholds.ts](../src/analyze/thresholds.ts). These programs have been read while rules were written, and some of them
showed where a rule was wrong; so the table says how the rules do on known mistakes, not on mistakes that they have never met.
`;
}

const variantText = `What a variant must be told as follows from the figure that the plant as written was measured at (the median of its right
answers), from what twice or half of the mistake makes of it, and from the published limits of its rule. A share \`s\` of the CPU becomes
\`k s / (1 + (k - 1) s)\` at \`k\` times the cost; waits, stalls, drops and errors change in step. A severity whose limit the expected
figure passes by ${CLEAR_FACTOR} times must be reached, one whose limit is as far above it must not be; between them either is right (both runs are
off by up to the 10 % by which equal runs differ). At double cost the finding must stay first and be no milder too.
\`nothing\`: the finding may, or must, be lost.`;

function withoutVariants(plants: readonly Plant[]): string {
  const table = withoutVariantsTable(plants);
  return table === ''
    ? ''
    : `\nPlants without both variants; what is left out counts in no rate:\n\n${table}\n`;
}

function runRow({ name, from, to, commits, judges, passes, outcomes }: AccuracyRun): string[] {
  const again = judges.filter((commit) => !commits.includes(commit));
  const orNone = (texts: readonly string[], none: string) => (texts.length === 0 ? none : texts.join(', '));
  return [
    name,
    minute(from),
    minute(to),
    orNone(commits, 'not recorded'),
    orNone(again, '-'),
    String(passes),
    String(outcomes.filter(({ kind }) => kind !== 'skipped').length),
  ];
}

function minute(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}
