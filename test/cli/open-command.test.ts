import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openerOf } from '../../src/cli/opener.ts';
import { writeSyntheticRun } from '../analyze/synthetic-run.ts';
import { command } from './command.ts';

describe('lab open', () => {
  const out = mkdtempSync(path.join(tmpdir(), 'open-'));
  const older = writeSyntheticRun(out);
  const newer = writeSyntheticRun(out, { run: { runId: '20260103-030405-light' } });

  it('prints the path of the newest page, made where it was missing', async () => {
    rmSync(path.join(newer, 'report.html'), { force: true });
    const { exitCode, stdout, stderr } = await command(['open', '--out', out]);
    expect([exitCode, stdout]).toEqual([0, `${path.join(newer, 'report.html')}\n`]);
    expect(stderr).toContain('There is no desktop here');
    expect(existsSync(path.join(newer, 'report.html'))).toBe(true);
  });

  it('takes the id of a run or its folder', async () => {
    const page = `${path.join(older, 'report.html')}\n`;
    expect((await command(['open', path.basename(older), '--out', out])).stdout).toBe(page);
    expect((await command(['open', older])).stdout).toBe(page);
  });

  it('names the newest runs where it does not know one', async () => {
    const { exitCode, stderr } = await command(['open', 'nonesuch', '--out', out]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('NO_SUCH_RUN');
    expect(stderr).toContain('20260103-030405-light');
    expect((await command(['open', '--out', path.join(out, 'none')])).stderr).toContain('NO_SUCH_RUN');
  });

  it('knows the opener of each desktop', () => {
    expect(openerOf('linux', { DISPLAY: ':0' })?.command).toBe('xdg-open');
    expect(openerOf('linux', { WAYLAND_DISPLAY: 'wayland-0' })?.command).toBe('xdg-open');
    expect(openerOf('linux', { DISPLAY: '' })).toBeNull();
    expect(openerOf('darwin', {})?.command).toBe('open');
    expect(openerOf('win32', {})).toEqual({ command: 'cmd', arguments: ['/c', 'start', ''] });
  });
});
