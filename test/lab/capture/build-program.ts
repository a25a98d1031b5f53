import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { packageRoot } from '../../../src/package-root.ts';

/** Compiles the fixture program with source maps into a fresh folder. Returns that folder; the caller removes it. */
export function buildProgram(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'profiled-program-'));
  cpSync(path.join(import.meta.dirname, 'fixtures/program'), folder, { recursive: true });
  const tsc = path.join(packageRoot, 'node_modules/typescript/bin/tsc');
  const options = ['--module', 'nodenext', '--target', 'es2023', '--sourceMap', '--skipLibCheck'];
  const types = ['--types', 'node', '--typeRoots', path.join(packageRoot, 'node_modules/@types')];
  const folders = ['--rootDir', 'src', '--outDir', 'dist', 'src/main.ts'];
  execFileSync(process.execPath, [tsc, ...options, ...types, ...folders], { cwd: folder });
  return folder;
}
