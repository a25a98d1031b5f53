import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { poolInfoHashes } from '../../src/lab/load/swarm-model.ts';
import type { BenchContext } from '../context.ts';
import { endChild, startChild } from './child.ts';
import { freePort, untilServing } from './probe.ts';
import type { Candidate } from './server.ts';

export const OPENTRACKER = 'opentracker';
const SEED = 1;

/** Debian's build, which serves what is on its list and changes its root folder to where that lies. */
export function opentracker({ scratch, pinning }: BenchContext): Candidate {
  const version = packageVersion();
  if (version === null) {
    return { subject: OPENTRACKER, reason: 'opentracker is not installed (apt-get install opentracker)' };
  }
  return {
    name: OPENTRACKER,
    version,
    async start(hashes) {
      const folder = mkdtempSync(path.join(scratch, 'opentracker-'));
      // It gives its privileges away before it reads the list.
      chmodSync(folder, 0o755);
      writeFileSync(path.join(folder, 'whitelist.txt'), `${[...poolInfoHashes(SEED, hashes)].join('\n')}\n`);
      const port = await freePort();
      const child = startChild({
        file: 'opentracker',
        args: ['-i', '127.0.0.1', '-p', `${port}`, '-P', `${port}`, '-d', folder, '-w', '/whitelist.txt'],
        cpus: pinning?.server ?? null,
      });
      await untilServing(child, port);
      return { port, pid: child.pid as number, stop: () => endChild(child) };
    },
  };
}

/** null: there is no such program. */
function packageVersion(): string | null {
  try {
    execFileSync('opentracker', ['-h'], { stdio: 'pipe' });
  } catch (error) {
    // It ends with an error after its help, too.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  }
  try {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own form.
    return `Debian ${execFileSync('dpkg-query', ['-W', '-f=${Version}', 'opentracker'], { stdio: 'pipe' })}`;
  } catch {
    return 'version not known';
  }
}
