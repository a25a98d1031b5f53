import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeProfile } from '../../../src/analyze/profile/decode-profile.ts';
import { classifyFrame, detectRuntime } from '../../../src/analyze/profile/frame-classes.ts';
import type { FrameClass, FrameRuntime } from '../../../src/analyze/profile/profile.ts';
import { packageRoot } from '../../../src/package-root.ts';

type Row = readonly [functionName: string, file: string, expected: FrameClass, mappingFile?: string];

const v8Rows: readonly Row[] = [
  ['encodePeers', 'src/tracker/encode.ts', 'application'],
  ['encodePeers', '/srv/tracker/dist/encode.js', 'application'],
  ['(anonymous:L#36:C#29)', 'src/tracker.ts', 'application'],
  ['set', 'src/tracker/swarm-store.ts', 'application'],
  ['send', 'src/tracker/reply.ts', 'application'],
  ['parse', '/srv/node_modules/bencode/index.js', 'library'],
  ['parse', 'node_modules/bencode/index.js', 'library'],
  ['wasm-function[12]', 'wasm://wasm/8f3e2a', 'library'],
  ['poll', 'src/lab/capture/agent.ts', 'runtime'],
  ['poll', '/opt/lab/dist/lab/capture/agent.js', 'runtime'],
  ['Garbage Collection', '', 'gc'],
  ['(idle)', '', 'idle'],
  ['(program)', '', 'runtime'],
  ['(root)', '', 'runtime'],
  ['(V8 API)', '', 'runtime'],
  ['Node.js', '', 'runtime'],
  ['Non JS threads activity', '', 'runtime'],
  ['wait', '', 'lock'],
  ['wait', 'src/tracker/queue.ts', 'application'],
  ['send', '', 'syscall'],
  ['recvmmsg', '', 'syscall'],
  ['sendmmsg', '', 'syscall'],
  ['getsockname', '', 'syscall'],
  ['writeUtf8String', '', 'syscall'],
  ['Uint8Array', '', 'allocation'],
  ['BigUint64Array', '', 'allocation'],
  ['ArrayBuffer', '', 'allocation'],
  ['Map', '', 'allocation'],
  ['split', '', 'runtime'],
  ['set', '', 'runtime'],
  ['push', '', 'runtime'],
  ['FastBuffer', 'node:internal/buffer', 'allocation'],
  ['allocUnsafe', 'node:buffer', 'allocation'],
  ['concat', 'node:buffer', 'runtime'],
  ['Socket.send', 'node:dgram', 'network'],
  ['lookup4', 'node:internal/dgram', 'network'],
  ['lookup', 'node:dns', 'network'],
  ['processTicksAndRejections', 'node:internal/process/task_queues', 'runtime'],
  ['emit', 'node:events', 'runtime'],
];

const goRows: readonly Row[] = [
  ['main.(*store).announce', '/home/me/tracker/main.go', 'application'],
  ['example.com/tracker/internal/swarm.(*Swarm).Peers', '/home/me/tracker/swarm.go', 'application'],
  ['mytracker/swarm.Peers', '/home/me/tracker/swarm.go', 'application'],
  ['main.main.gowrap2', 'example.com/tracker/main.go', 'application'],
  ['main.(*swarm).pick.func1', 'example.com/tracker/swarms.go', 'application'],
  ['main.pick[go.shape.int]', '/home/me/tracker/pick.go', 'application'],
  [
    'github.com/anacrolix/torrent.Foo',
    '/root/go/pkg/mod/github.com/anacrolix/torrent@v1.2.0/x.go',
    'library',
  ],
  ['github.com/anacrolix/torrent.Foo', 'github.com/anacrolix/torrent@v1.2.0/x.go', 'library'],
  [
    'github.com/anacrolix/torrent.Foo',
    '/home/me/tracker/vendor/github.com/anacrolix/torrent/x.go',
    'library',
  ],
  ['fmt.Sprintf', '/usr/local/go/src/fmt/print.go', 'library'],
  ['encoding/binary.bigEndian.Uint32', 'encoding/binary/binary.go', 'library'],
  ['time.Now', 'time/time.go', 'library'],
  ['runtime.gcBgMarkWorker', 'runtime/mgc.go', 'gc'],
  ['runtime.gcDrain', 'runtime/mgcmark.go', 'gc'],
  ['runtime.scanobject', 'runtime/mgcmark.go', 'gc'],
  ['runtime.greyobject', 'runtime/mgcmark.go', 'gc'],
  ['runtime.gcAssistAlloc', 'runtime/mgcmark.go', 'gc'],
  ['runtime.bgsweep', 'runtime/mgcsweep.go', 'gc'],
  ['runtime.GC', 'runtime/mgc.go', 'gc'],
  ['runtime.(*scavChunkFlags).setNonEmpty', 'runtime/mgcscavenge.go', 'gc'],
  ['runtime.pollFractionalWorkerExit', 'runtime/mgc.go', 'gc'],
  ['runtime.(*mheap).nextSpanForSweep', 'runtime/mgcsweep.go', 'gc'],
  ['runtime.scanObject', 'runtime/mgcmark_greenteagc.go', 'gc'],
  ['runtime.gcmarknewobject', 'runtime/mgcmark.go', 'gc'],
  ['runtime.gcUsesSpanInlineMarkBits', 'runtime/mgcmark_greenteagc.go', 'gc'],
  ['runtime.gcstopm', 'runtime/proc.go', 'runtime'],
  ['runtime.ready', 'runtime/proc.go', 'runtime'],
  ['runtime.readyWithTime', 'runtime/sema.go', 'runtime'],
  ['runtime.read', 'runtime/sys_linux_amd64.s', 'syscall'],
  ['runtime.(*gcWork).tryGet', 'runtime/mgcwork.go', 'gc'],
  ['gcWriteBarrier', 'runtime/asm_amd64.s', 'gc'],
  ['runtime.mallocgc', 'runtime/malloc.go', 'allocation'],
  ['runtime.mallocgcSmallNoscan', 'runtime/malloc.go', 'allocation'],
  ['runtime.growslice', 'runtime/slice.go', 'allocation'],
  ['runtime.(*mcache).refill', 'runtime/mcache.go', 'allocation'],
  ['runtime.slicebytetostring', 'runtime/string.go', 'allocation'],
  ['sync.(*Mutex).Lock', 'sync/mutex.go', 'lock'],
  ['internal/sync.(*Mutex).lockSlow', 'internal/sync/mutex.go', 'lock'],
  ['sync.(*RWMutex).RLock', 'sync/rwmutex.go', 'lock'],
  ['runtime.semacquire1', 'runtime/sema.go', 'lock'],
  ['runtime.lock2', 'runtime/lock_futex.go', 'lock'],
  ['runtime.(*rwmutex).rlock', 'runtime/rwmutex.go', 'lock'],
  ['runtime.(*semaRoot).queue', 'runtime/sema.go', 'lock'],
  ['runtime.findRunnable', 'runtime/proc.go', 'idle'],
  ['runtime.futexsleep', 'runtime/os_linux.go', 'idle'],
  ['runtime.futex', 'runtime/sys_linux_amd64.s', 'runtime'],
  ['syscall.recvfrom', 'syscall/zsyscall_linux_amd64.go', 'syscall'],
  ['internal/runtime/syscall.Syscall6', 'internal/runtime/syscall/asm_linux_amd64.s', 'syscall'],
  ['internal/runtime/syscall/linux.Syscall6', 'internal/runtime/syscall/linux/asm_linux_amd64.s', 'syscall'],
  ['net.(*UDPConn).ReadFromUDP', 'net/udpsock.go', 'network'],
  ['internal/poll.(*FD).ReadFromInet4', 'internal/poll/fd_unix.go', 'network'],
  ['internal/poll.(*fdMutex).rwlock', 'internal/poll/fd_mutex.go', 'lock'],
  ['runtime.asyncPreempt', 'runtime/preempt_amd64.s', 'runtime'],
  ['internal/runtime/maps.ctrlGroup.matchH2', 'internal/runtime/maps/group.go', 'runtime'],
  ['memeqbody', 'internal/bytealg/equal_amd64.s', 'runtime'],
];

const nativeRows: readonly Row[] = [
  ['handle_announce', '/src/tracker.c', 'application', '/usr/bin/opentracker'],
  ['malloc', '', 'allocation', '/usr/lib/libc.so.6'],
  ['_int_malloc', '', 'allocation', '/usr/lib/libc.so.6'],
  ['cfree', '', 'allocation', '/usr/lib/libc.so.6'],
  ['operator new(unsigned long)', '', 'allocation', '/usr/lib/libstdc++.so.6'],
  ['pthread_mutex_lock', '', 'lock', '/usr/lib/libc.so.6'],
  ['___pthread_mutex_lock', '', 'lock', '/usr/lib/libc.so.6'],
  ['__lll_lock_wait', '', 'lock', '/usr/lib/libc.so.6'],
  ['epoll_wait', '', 'syscall', '/usr/lib/libc.so.6'],
  ['epoll_pwait@@GLIBC_2.6', '', 'syscall', '/usr/lib/libc.so.6'],
  ['clock_nanosleep', '', 'syscall', '/usr/lib/libc.so.6'],
  ['uv__io_poll', '', 'runtime', '/usr/bin/node'],
  ['__libc_recvfrom', '', 'syscall', '/usr/lib/libc.so.6'],
  ['sendmsg', '', 'syscall', '/usr/lib/libc.so.6'],
  ['memcpy', '', 'library', '/usr/lib/libc.so.6'],
  ['v8::internal::ScavengerCollector::CollectGarbage', '', 'gc', '/usr/bin/node'],
  ['v8::internal::Runtime_StackGuard', '', 'runtime', '/usr/bin/node'],
  ['node::UDPWrap::DoSend', '', 'network', '/usr/bin/node'],
  ['EVP_DigestUpdate', '', 'runtime', '/usr/bin/node'],
  ['std::_Function_handler<void ()>::_M_invoke', '', 'runtime', '/usr/bin/node'],
  ['[koffi.node]', '', 'library', '/srv/node_modules/koffi/koffi.node'],
  ['__vdso_clock_gettime', '', 'library', '[vdso]'],
  ['std::collections::HashMap<K,V>::get', '', 'library', '/usr/bin/tracker'],
  ['<alloc::vec::Vec<T> as core::clone::Clone>::clone', '', 'library', '/usr/bin/tracker'],
  ['aquatic_udp::workers::swarm::announce', '', 'application', '/usr/bin/tracker'],
  ['sendto@plt', '', 'syscall', '/usr/bin/tracker'],
  ['io_canread@plt', '', 'library', '/usr/bin/tracker'],
  ['[opentracker]', '', 'application', '/usr/bin/opentracker'],
  ['[unknown]', '', 'runtime'],
  ['__sendmmsg', '', 'syscall', '/usr/lib/libc.so.6'],
];

const kernelRows: readonly Row[] = [
  ['do_syscall_64', '', 'syscall', '[kernel.kallsyms]'],
  ['__sys_sendmsg', '', 'syscall', '[kernel.kallsyms]'],
  ['__x64_sys_recvfrom', '', 'syscall', '[kernel.kallsyms]'],
  ['udp_sendmsg', '', 'network', '[kernel.kallsyms]'],
  ['__netif_receive_skb_core', '', 'network', '[kernel.kallsyms]'],
  ['futex_wait', '', 'lock', '[kernel.kallsyms]'],
  ['__futex_wait', '', 'lock', '[kernel.kallsyms]'],
  ['native_queued_spin_lock_slowpath', '', 'lock', '[kernel.kallsyms]'],
  ['ep_poll', '', 'syscall', '[kernel.kallsyms]'],
  ['poll_idle', '', 'syscall', '[kernel.kallsyms]'],
  ['__alloc_skb', '', 'network', '[kernel.kallsyms]'],
  ['process_backlog', '', 'network', '[kernel.kallsyms]'],
  ['udpv6_sendmsg', '', 'network', '[kernel.kallsyms]'],
  ['_raw_spin_lock_irqsave', '', 'lock', '[kernel.kallsyms]'],
  ['_raw_spin_unlock_irqrestore', '', 'syscall', '[kernel.kallsyms]'],
  ['__alloc_frozen_pages_noprof', '', 'allocation', '[kernel.kallsyms]'],
  ['nf_conntrack_in', '[nf_conntrack]', 'network', '[kernel.kallsyms]'],
  ['copy_user_generic', '', 'syscall', '[kernel.kallsyms]'],
];

const tables: Readonly<Record<FrameRuntime, readonly Row[]>> = {
  v8: v8Rows,
  go: goRows,
  native: nativeRows,
  kernel: kernelRows,
};

for (const [runtime, rows] of Object.entries(tables)) {
  describe(`a frame of ${runtime}`, () => {
    const program = runtime === 'kernel' ? 'native' : (runtime as FrameRuntime);
    for (const [functionName, file, expected, mappingFile = ''] of rows) {
      test(`${functionName} in "${file}" is ${expected}`, () => {
        const kind = classifyFrame({ functionName, file, mappingFile }, program);
        expect(kind).toEqual({ runtime, class: expected });
      });
    }
  });
}

describe('detectRuntime', () => {
  const info = (functionName: string, file = '', mappingFile = '') => ({ functionName, file, mappingFile });

  test('knows V8 by files and by its pseudo-functions', () => {
    expect(detectRuntime([info('onMessage', 'src/server.ts'), info('send')])).toBe('v8');
    expect(detectRuntime([info('Uint8Array'), info('(V8 API)')])).toBe('v8');
  });

  test('knows Go by files and by its runtime package', () => {
    expect(detectRuntime([info('main.serve', '/src/main.go')])).toBe('go');
    expect(detectRuntime([info('runtime.mallocgc'), info('memeqbody')])).toBe('go');
  });

  test('takes the rest as native', () => {
    expect(detectRuntime([info('main', '/src/main.c'), info('malloc')])).toBe('native');
    expect(detectRuntime([])).toBe('native');
  });
});

describe('a program seen by perf', () => {
  test('has native and kernel frames beside those of its language', () => {
    const node = { functionName: 'uv__udp_recvmsg', file: '', mappingFile: '/usr/bin/node' };
    expect(classifyFrame(node, 'v8')).toMatchObject({ runtime: 'native' });
    const kernel = { functionName: 'udp_sendmsg', file: '[kernel.kallsyms]', mappingFile: '' };
    expect(classifyFrame(kernel, 'v8')).toEqual({ runtime: 'kernel', class: 'network' });
  });
});

describe('the profiles of a real Go tracker', () => {
  const classes = new Map<string, FrameClass>();
  const runtimes = new Set<FrameRuntime>();
  for (const kind of ['cpu', 'allocations', 'live-heap', 'mutex', 'block', 'goroutine']) {
    const file = path.join(packageRoot, `test/fixtures/profiles/go-tracker-${kind}.pb.gz`);
    const result = decodeProfile(readFileSync(file), { fileName: file });
    if (!result.ok) throw result.problem;
    for (const frame of result.profile.frames) {
      classes.set(frame.functionName, frame.class);
      runtimes.add(frame.runtime);
    }
  }
  const classesOf = (name: RegExp) => [
    ...new Set([...classes].filter(([one]) => name.test(one)).map(([, c]) => c)),
  ];

  test.each<[RegExp, FrameClass]>([
    [/^main\./, 'application'],
    [/^runtime\.(?:mallocgc|growslice|newobject|makeslice)/, 'allocation'],
    [/^runtime\.(?:gc[A-Z]|scan|bgsweep|markroot)/, 'gc'],
    [/^sync\.\(\*Mutex\)\./, 'lock'],
    [/^runtime\.(?:un)?lock2?$/, 'lock'],
    [/^internal\/poll\.\(\*fdMutex\)/, 'lock'],
    [/^(?:syscall|internal\/runtime\/syscall\/linux)\.(?:Raw)?Syscall6$/, 'syscall'],
    [/^net\./, 'network'],
    [/^(?:crypto|fmt|bytes|encoding)\b/, 'library'],
    [/^runtime\.(?:findRunnable|gopark|netpoll)$/, 'idle'],
  ])('have %s as %s, and as nothing else', (name, expected) => {
    expect(classesOf(name)).toEqual([expected]);
  });

  test('are of Go throughout', () => {
    expect([...runtimes]).toEqual(['go']);
  });

  test('have no function of the tracker elsewhere', () => {
    const application = [...classes].filter(([, frameClass]) => frameClass === 'application');
    expect(application.map(([name]) => name).filter((name) => !name.startsWith('main.'))).toEqual([]);
    expect(application.length).toBeGreaterThan(8);
  });
});
