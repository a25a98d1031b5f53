import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeProfile } from '../../../../src/analyze/profile/decode-profile.ts';
import type { Profile } from '../../../../src/analyze/profile/profile.ts';
import { packageRoot } from '../../../../src/package-root.ts';

function readFixture(name: string): Profile {
  const file = path.join(packageRoot, 'test/fixtures/profiles', name);
  const result = decodeProfile(readFileSync(file), { fileName: name });
  if (!result.ok) throw result.problem;
  return result.profile;
}

/** `runtime class` by function name; a name that has several has all of them. */
function kindsOf(profile: Profile): Map<string, string> {
  const kinds = new Map<string, Set<string>>();
  for (const { functionName, runtime, class: frameClass } of profile.frames) {
    const known = kinds.get(functionName) ?? new Set();
    kinds.set(functionName, known.add(`${runtime} ${frameClass}`));
  }
  return new Map([...kinds].map(([name, set]) => [name, [...set].sort().join(', ')]));
}

describe('a real profile of a C program by perf', () => {
  const kinds = kindsOf(readFixture('c-perf.pb.gz'));
  it.each([
    ['hash_requests', 'native application'],
    ['send_replies', 'native application'],
    ['main', 'native application'],
    ['start_thread', 'native runtime'],
    ['__libc_sendto', 'native syscall'],
    ['do_syscall_64', 'kernel syscall'],
    ['__sys_sendto', 'kernel syscall'],
    ['udp_sendmsg', 'kernel network'],
    ['__alloc_skb', 'kernel network'],
    ['_raw_spin_unlock_irqrestore', 'kernel syscall'],
  ])('has %s as %s', (name, kind) => {
    expect(kinds.get(name)).toBe(kind);
  });
});

describe('a real profile of a Node program by perf', () => {
  const profile = readFixture('node-perf.pb.gz');
  const kinds = kindsOf(profile);
  it.each([
    ['sipHash24', 'v8 application'],
    ['onBatch', 'v8 application'],
    ['[koffi.node]', 'native library'],
    ['node::SpinEventLoopInternal', 'native runtime'],
    ['Builtins_JSEntry', 'native runtime'],
    // perf samples a running processor: time in the poll is work of the loop.
    ['uv__io_poll', 'native runtime'],
    ['__sendmmsg', 'native syscall'],
    ['__x64_sys_sendmmsg', 'kernel syscall'],
    ['udp_sendmsg', 'kernel network'],
  ])('has %s as %s', (name, kind) => {
    expect(kinds.get(name)).toBe(kind);
  });

  it('has source files and lines for JavaScript', () => {
    const frame = profile.frames.find(({ functionName }) => functionName === 'sipHash24');
    expect(frame?.file).toBe('src/tracker/siphash.ts');
    expect(frame?.line).toBeGreaterThan(0);
  });

  it("has no mark of V8's tiers in a name", () => {
    const names = profile.frames
      .filter(({ runtime }) => runtime === 'v8')
      .map(({ functionName }) => functionName);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => /^(?:JS|Script|Eval)?:?[~^+*]/.test(name))).toEqual([]);
  });
});
