import { describe, expect, it } from 'vitest';
import { Interruption } from '../../src/lab/interruption.ts';

describe('Interruption', () => {
  it('lets a wait end by itself where nothing happens', async () => {
    expect(await new Interruption(new AbortController().signal).wait(1)).toBe(true);
  });

  it('ends a wait at once, and every wait after it', async () => {
    const controller = new AbortController();
    const interruption = new Interruption(controller.signal);
    const waiting = interruption.wait(60_000);
    controller.abort('SIGINT');
    expect(await waiting).toBe(false);
    expect(await interruption.wait(60_000)).toBe(false);
    expect(interruption.cause).toEqual({ kind: 'signal', reason: 'stopped by SIGINT' });
  });

  it('keeps the first cause', async () => {
    const controller = new AbortController();
    const interruption = new Interruption(controller.signal);
    interruption.raise({ kind: 'target-exited', reason: 'it died' });
    controller.abort('SIGINT');
    await interruption.raised;
    expect(interruption.cause?.kind).toBe('target-exited');
  });

  it('knows a signal that came before it', () => {
    const controller = new AbortController();
    controller.abort('SIGTERM');
    expect(new Interruption(controller.signal).cause?.reason).toBe('stopped by SIGTERM');
  });
});
