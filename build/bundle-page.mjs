/** Bundles the browser code of the report page into dist/page/: one script and one style, which the page carries in itself. */
import path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');

await build({
  absWorkingDir: root,
  entryPoints: [
    { in: 'src/page/main.ts', out: 'page' },
    { in: 'src/page/page.css', out: 'page' },
  ],
  outdir: 'dist/page',
  bundle: true,
  minify: true,
  format: 'iife',
  // What light-dark() and the rest of the style need, too.
  target: ['chrome123', 'firefox120', 'safari17.5'],
  charset: 'ascii',
  legalComments: 'inline',
  logLevel: 'warning',
});
