import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

describe('the charts of points', () => {
  beforeAll(() => {
    vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
  });
  afterAll(() => {
    vi.unstubAllGlobals();
  });

  it('draw the fitted curve on the axis of the rate that was measured', async () => {
    const { scalingChart } = await import('../../src/page/point-chart.ts');
    const point = (concurrency: number) => ({
      label: 'x',
      concurrency,
      requestsPerSecond: 1000,
      p95Ms: 1,
    });
    const { options } = scalingChart({
      points: [point(10), point(100)],
      fit: { label: 'Fitted', points: [[10, 1000]] },
    });
    expect(options.series.slice(1).map(({ label, scale }) => `${String(label)}: ${scale}`)).toEqual([
      'Requests per second: rate',
      'P95: ms',
      'Fitted: rate',
    ]);
  });
});
