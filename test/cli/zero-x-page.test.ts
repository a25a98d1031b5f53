import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findZeroX, writeZeroXPage } from '../../src/cli/zero-x-page.ts';
import { drawProfile } from '../analyze/profile/draw-profile.ts';
import { writeSyntheticRun } from '../analyze/synthetic-run.ts';
import { browserPath, launchBrowser } from '../page/browser.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'zero-x-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const hostile = '</script><img/src=x/onerror=document.title="owned">';

/** Of one frame. */
const ROW_PIXELS = 16;

/** Lines of the canvas above the root's frame in which frames are painted; none where 0x hides all of them. */
function paintedRows(view: Page): Promise<number> {
  return view.evaluate(() => {
    const canvas = document.querySelector('canvas') as HTMLCanvasElement;
    const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(
      Math.floor(canvas.width / 4),
      0,
      1,
      canvas.height,
    );
    let painted = 0;
    for (let at = 0; at < data.length; at += 4) {
      const [red, green, blue, alpha] = data.slice(at, at + 4);
      // Frames are reddish, the root is white.
      if (alpha !== 0 && red !== undefined && green !== undefined && red > green + 10 && blue !== undefined)
        painted++;
    }
    return painted;
  });
}

describe("0x's page", () => {
  it('is refused before anything is measured where 0x is missing', () => {
    expect(() => findZeroX(root, root)).toThrow(
      expect.objectContaining({ code: 'ZERO_X_MISSING', hint: expect.stringContaining('npm install 0x') }),
    );
  });

  it.skipIf(browserPath === undefined)(
    'shows TypeScript and native frames, and hostile names as text',
    async () => {
      const cpu = drawProfile(`
      3000000000                    2000000000                          1000000000
      onMessage@src/server.ts:40    onMessage@src/server.ts:40          onMessage@src/server.ts:40
      send                          (native addon)                      ${hostile}@src/evil.ts:1
    `);
      const page = await writeZeroXPage(writeSyntheticRun(root, { profiles: { cpu } }), findZeroX(root));
      const text = readFileSync(page, 'utf8');
      expect(text).toContain('onMessage src/server.ts:40');
      expect(text).toContain('[native addon]');
      expect(text).toContain('‹/script>');
      expect(text).not.toContain('</script><img');
      const browser = await launchBrowser();
      try {
        const view = await browser.newPage();
        const errors: string[] = [];
        const requests: string[] = [];
        view.on('pageerror', (error) => errors.push(error.message));
        view.on('request', (request) => requests.push(request.url()));
        await view.goto(pathToFileURL(page).href);
        await view.waitForSelector('canvas');
        await expect.poll(() => paintedRows(view), { timeout: 5_000 }).toBeGreaterThan(ROW_PIXELS);
        expect(await view.title()).not.toBe('owned');
        expect(errors).toEqual([]);
        expect(requests).toEqual([pathToFileURL(page).href]);
      } finally {
        await browser.close();
      }
    },
  );
});
