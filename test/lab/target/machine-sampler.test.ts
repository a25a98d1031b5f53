import { describe, expect, it } from 'vitest';
import { readMachine } from '../../../src/lab/target/machine-sampler.ts';

describe.runIf(process.platform === 'linux')('the machine', () => {
  it('is busy at least as long as this process, which counts itself', () => {
    const first = readMachine();
    // CPU time and not the wall clock: on a busy machine this process has a part of a core.
    const spentUs = (): number => process.cpuUsage().user + process.cpuUsage().system;
    for (const enough = spentUs() + 100_000; spentUs() < enough; );
    const second = readMachine();
    if (first === null || second === null) throw new Error('there is no /proc/stat');
    expect(first.kind).toBe('machine');
    expect(second.labMs - first.labMs).toBeGreaterThan(50);
    // A reading of the kernel is up to two ticks of 10 ms behind.
    expect(second.busyMs - first.busyMs).toBeGreaterThan(30);
    expect(second.stolenMs).toBeGreaterThanOrEqual(first.stolenMs);
  });
});
