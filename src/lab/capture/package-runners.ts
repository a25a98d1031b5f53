import path from 'node:path';

/**
 * Whether a script is npm or one of its kind, which starts a program and never is the tracker. Pure.
 *
 * @param script - path of the script that Node runs; undefined: there is none
 */
export function isPackageRunner(script: string | undefined): boolean {
  return /^(npm|npx|pnpm|pnpx|yarn|yarnpkg|corepack)(-cli)?(\.[cm]?js)?$/.test(path.basename(script ?? ''));
}
