import type { Share } from '../units.ts';
import type { Evidence } from './evidence.ts';
import { phaseLoad } from './series.ts';
import { pinnedCores } from './used-capacity.ts';

export interface GeneratorCpu {
  /** Of one core by the busiest load thread, or of the cores that they share by all of them: the fuller of the two. */
  readonly share: Share;
  /** It is the second. */
  readonly isShared: boolean;
  /** Cores that the generator is pinned to; null: not pinned. */
  readonly cores: number | null;
  /** The CPU of every load thread is known. */
  readonly isWhole: boolean;
}

/**
 * How full the generator's CPU was in the clean phase. Two load threads pinned to one core fill it at half a core each. Null
 * where it is not known of any thread. Pure.
 */
export function generatorCpu(evidence: Evidence): GeneratorCpu | null {
  const threads = phaseLoad(evidence, 'clean')?.threads ?? [];
  const shares = threads.map((thread) => thread.cpuShare).filter((share) => share !== null);
  if (shares.length === 0) return null;
  const cores = pinnedCores(evidence.run.environment.pinning?.generator ?? null);
  const ofOne = Math.max(...shares);
  const ofAll = cores === null ? 0 : shares.reduce((sum, share) => sum + share, 0) / cores;
  const isShared = ofAll > ofOne;
  return { share: isShared ? ofAll : ofOne, isShared, cores, isWhole: shares.length === threads.length };
}
