import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../src/package-root.ts';

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
}

const text = readFileSync(path.join(packageRoot, 'package-lock.json'), 'utf8');
const packages = Object.entries((JSON.parse(text) as { packages: Record<string, Locked> }).packages).filter(
  ([name]) => name !== '',
);

it('the lockfile names no host: whoever installs decides where packages come from', () => {
  expect(packages.length).toBeGreaterThan(100);
  expect(text.match(/"resolved"/g)).toBeNull();
  expect(
    text.match(/(?:https?|git\+ssh|git):\/\/(?:[\w-]+\.)*(?:registry|npm|yarn|artifact)[\w.-]*/gi),
  ).toBeNull();
});

it('the lockfile pins every package by its hash', () => {
  expect(
    packages.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? '')).map(([name]) => name),
  ).toEqual([]);
});
