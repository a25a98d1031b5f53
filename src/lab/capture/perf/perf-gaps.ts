import { isNodeProgram } from './node-entry-script.ts';

/** What a recording lacks, apart from the samples themselves. */
export interface PerfGapFacts {
  readonly sampleCount: number;
  readonly userOnlySamples: number;
  readonly kernelFrames: number;
  readonly unnamedKernelFrames: number;
  readonly lostSamples: number;
  readonly unreadableLines: number;
  /** Samples in a native addon whose JavaScript callers are lost, by the addon's file name. */
  readonly orphanedAddonSamples: ReadonlyMap<string, number>;
  /** Processes with machine code that no map names, by program name. */
  readonly unnamedJit: readonly { readonly pid: number; readonly program: string }[];
  /** kernel.perf_event_paranoid; null where it cannot be read. */
  readonly paranoid: number | null;
}

/** Share of lost samples under which no figure of a table changes visibly. */
const NOTEWORTHY_LOSS = 0.01;

/** Reasons for a report, one for each thing that the written profile does not show; empty where it is whole. */
export function perfGaps(facts: PerfGapFacts): string[] {
  const gaps: string[] = [];
  if (facts.userOnlySamples > 0) {
    const setting =
      facts.paranoid === null ? '' : `: kernel.perf_event_paranoid is ${facts.paranoid} for this user`;
    gaps.push(`no kernel frames${setting} (as root: sysctl kernel.perf_event_paranoid=1)`);
  }
  // One unnamed frame is a module or a trampoline; all of them are a setting.
  if (facts.kernelFrames > 0 && facts.unnamedKernelFrames === facts.kernelFrames) {
    gaps.push('kernel frames have no names (as root: sysctl kernel.kptr_restrict=0)');
  }
  if (facts.lostSamples > facts.sampleCount * NOTEWORTHY_LOSS) {
    gaps.push(`the kernel dropped ${facts.lostSamples} samples beside ${facts.sampleCount}`);
  }
  if (facts.unreadableLines > 0) gaps.push(`${facts.unreadableLines} lines of perf script could not be read`);
  for (const [addon, samples] of facts.orphanedAddonSamples) {
    if (samples <= facts.sampleCount * NOTEWORTHY_LOSS) continue;
    const share = ((samples / facts.sampleCount) * 100).toFixed(1);
    gaps.push(
      `${share} % of the samples are in ${addon} without the JavaScript that called it: the addon keeps no frame pointers ` +
        "or calls on a stack of its own, so perf cannot walk further; the runtime's own CPU profile names the callers",
    );
  }
  for (const { pid, program } of facts.unnamedJit) {
    const remedy = isNodeProgram(program)
      ? 'start it with node --perf-basic-prof --interpreted-frames-native-stack'
      : 'its runtime has to write /tmp/perf-PID.map';
    gaps.push(`compiled code of ${program} (process ${pid}) has no names: ${remedy}`);
  }
  return gaps;
}
