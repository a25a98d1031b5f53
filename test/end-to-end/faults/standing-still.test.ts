/** A tracker that stands still for a second under an open loop: the whole lab must show it, with nothing left out. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { reportSchema } from '../../../src/analyze/report/report-schema.ts';
import { keepFigure } from './figures.ts';
import { LabUnderFault, trackers } from './lab-under-fault.ts';

describe
  .skipIf(process.platform !== 'linux')
  .concurrent('SIGSTOP for 1 s within 10 s at 200 requests/s', () => {
    it.for(trackers.map((tracker) => ({ tracker })))(
      'of the $tracker tracker is 500 ms at P95 and 900 ms at P99',
      { timeout: 60_000 },
      async ({ tracker }) => {
        const lab = await LabUnderFault.start({
          tracker,
          point: 'report',
          more: [...['--duration', '10s', '--profile-duration', '0', '--timeout', '5s'], '--json'],
        });
        await lab.reach('clean');
        await delay(4_000);
        const pid = lab.tracker();
        process.kill(pid, 'SIGSTOP');
        await delay(1_000);
        process.kill(pid, 'SIGCONT');
        const { exitCode, stdout } = await lab.lab.ended();
        expect([0, 11]).toContain(exitCode);
        const { latency, requests } =
          reportSchema.parse(JSON.parse(stdout)).phases.clean ?? expect.unreachable();
        expect(requests.succeeded).toBe(requests.sent);
        const { p95Ns, p99Ns } = latency ?? expect.unreachable();
        keepFigure('SIGSTOP for 1 s within 10 s at 200 requests/s', 'P95', p95Ns / 1e6, 'ms');
        keepFigure('SIGSTOP for 1 s within 10 s at 200 requests/s', 'P99', p99Ns / 1e6, 'ms');
        expect(p95Ns / 1e6).toBeGreaterThan(475);
        expect(p95Ns / 1e6).toBeLessThan(525);
        expect(p99Ns / 1e6).toBeGreaterThan(855);
        expect(p99Ns / 1e6).toBeLessThan(945);
      },
    );
  });
