/** The nginx configuration of docs/scaling.md, and whether it can be run here. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../../src/package-root.ts';

/** Why nginx cannot be run as documented; null: it can. */
export const nginxMissing: string | null = findMissing();

function findMissing(): string | null {
  if (spawnSync('nginx', ['-v']).status !== 0) return 'nginx is not installed';
  if (!existsSync('/usr/lib/nginx/modules/ngx_stream_module.so'))
    return 'libnginx-mod-stream is not installed';
  return process.getuid?.() === 0 ? null : 'transparent binding needs root';
}

/** The configuration in the document, as it stands there. */
export function documentedNginx(): string {
  return blockOf('nginx-sticky');
}

/** The commands that bring answers to clients elsewhere back to nginx, as they stand there: the words of each. */
export function documentedRoutes(): string[][] {
  return blockOf('nginx-routes')
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
}

function blockOf(name: string): string {
  const text = readFileSync(path.join(packageRoot, 'docs/scaling.md'), 'utf8');
  const block = new RegExp(`<!-- ${name}:begin -->\\s+\`\`\`\\w+\\n(.*?)\`\`\``, 's').exec(text)?.[1];
  if (block === undefined) throw new Error(`docs/scaling.md has no ${name}`);
  return block;
}
