/** Finds the package clinic, which is none of this package's dependencies. Nothing of it is loaded into this process. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { LabError } from '../../errors.ts';
import { packageRoot } from '../../package-root.ts';

/** Where clinic is installed. */
export interface ClinicInstall {
  readonly version: string;
  /** The file of its command. */
  readonly command: string;
  /** Entry file of @clinic/doctor, the one that this clinic uses. */
  readonly doctorEntry: string;
}

/**
 * Looks below `cwd` first, then where this package is installed.
 *
 * @param beside - a folder of this package. Default: its own
 * @throws LabError `CLINIC_MISSING`
 */
export function findClinic(cwd: string, beside = packageRoot): ClinicInstall {
  for (const folder of [cwd, beside]) {
    const require = createRequire(path.join(folder, 'package.json'));
    try {
      const manifestFile = require.resolve('clinic/package.json');
      const { version } = JSON.parse(readFileSync(manifestFile, 'utf8')) as { version: string };
      return {
        version,
        command: path.join(path.dirname(manifestFile), 'bin.js'),
        doctorEntry: createRequire(manifestFile).resolve('@clinic/doctor'),
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new LabError({
    code: 'CLINIC_MISSING',
    message: `the package clinic is not installed in ${cwd} nor beside tracker-lab`,
    hint: 'npm install --no-save clinic@13 installs it (some 700 packages), or leave out --clinic',
  });
}
