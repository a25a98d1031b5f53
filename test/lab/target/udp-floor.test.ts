import { describe, expect, it } from 'vitest';
import { udpFloor } from '../../../src/lab/target/udp-floor.ts';
import { loadLibc } from '../../../src/wire/libc.ts';

describe('the floor of UDP on this machine', () => {
  it('is measured where the calls can be made, once a process', async () => {
    const hasCalls = 'libc' in (await loadLibc());
    const measured = await udpFloor();
    const { floor } = measured;
    expect(floor !== null).toBe(hasCalls);
    expect(await udpFloor()).toBe(measured);
    if (floor === null) {
      expect(measured).toHaveProperty('reason');
      return;
    }
    expect(floor.requests).toBeGreaterThan(100);
    expect(floor.systemMicrosecondsPerRequest).toBeGreaterThan(0);
    expect(floor.batchedSystemMicrosecondsPerRequest).toBeGreaterThan(0);
  });
});
