import path from 'node:path';
import type { CliContext } from './context.ts';

/**
 * How the reader started this program, so that a command that is shown to him can be typed as it stands: through npm, npx,
 * a `tracker-lab` on the path, or the file by node. Pure.
 */
export function labCommand({ env, entry, cwd }: Pick<CliContext, 'env' | 'entry' | 'cwd'>): string {
  const event = env['npm_lifecycle_event'];
  if (event === 'lab') return 'npm run lab --';
  if (event === 'npx' || entry.includes(path.join('node_modules', '.bin'))) return 'npx tracker-lab';
  if (path.basename(entry) === 'tracker-lab') return 'tracker-lab';
  const relative = path.relative(cwd, entry);
  return `node ${relative.startsWith('..') ? entry : relative}`;
}

const ownCommand =
  /\btracker-lab (?=(agent|capacity|hashes|init|doctor|analyze|compare|history|open|serve|explain|export|completion|--[a-z][a-z-]*)\b)/g;

/** A text with `tracker-lab COMMAND` as the reader can type it. npm's own lines must not get into a list that is kept. Pure. */
export function withLabCommand(text: string, context: Pick<CliContext, 'env' | 'entry' | 'cwd'>): string {
  const command = labCommand(context);
  return text.replace(ownCommand, (_all, name: string) =>
    name === 'hashes' ? `${command.replace('npm run lab', 'npm run --silent lab')} ` : `${command} `,
  );
}
