/** Profiles of a healthy Node tracker, drawn once for several tests. */
import type { Profile, ValueType } from '../../src/analyze/profile/profile.ts';
import { drawProfile } from './profile/draw-profile.ts';

const allocations: readonly ValueType[] = [
  { type: 'alloc_objects', unit: 'count' },
  { type: 'alloc_space', unit: 'bytes' },
];
const inUse: readonly ValueType[] = [
  { type: 'inuse_objects', unit: 'count' },
  { type: 'inuse_space', unit: 'bytes' },
];

/** 5 s of CPU: 40 % encodePeers, 24 % sending, 4 % GC. */
export const healthyCpu: Profile = drawProfile(
  `
  2000000000                            1200000000                          1000000000                          200000000           600000000
  onMessage@src/tracker/server.ts:40    onMessage@src/tracker/server.ts:40  onMessage@src/tracker/server.ts:40  Node.js             readBatch@node:dgram:10
  encodePeers@src/tracker/encode.ts:12  sendReply@src/tracker/server.ts:90  touchPeer@src/tracker/store.ts:55   Garbage Collection
                                        send
  `,
  { durationNs: 6e9 },
);

/** 60 MB: two thirds through encodePeers. */
export const healthyAllocations: Profile = drawProfile(
  `
  400000                                20000
  40000000                              20000000
  onMessage@src/tracker/server.ts:40    onMessage@src/tracker/server.ts:40
  encodePeers@src/tracker/encode.ts:12  touchPeer@src/tracker/store.ts:55
  Uint8Array
  `,
  { valueTypes: allocations, durationNs: 6e9 },
);

export const healthyLiveHeap: Profile = drawProfile(
  `
  10                                    20
  8000000                               1000000
  createStore@src/tracker/store.ts:20   onMessage@src/tracker/server.ts:40
  Uint8Array
  `,
  { valueTypes: inUse, durationNs: 3e9 },
);

const delay: readonly ValueType[] = [
  { type: 'contentions', unit: 'count' },
  { type: 'delay', unit: 'nanoseconds' },
];

/** CPU of a Go tracker: half of it in the kernel, 30 % in the allocator and the collector, 10 % in a mutex. */
export const goCpu: Profile = drawProfile(
  `
  5000000000                                              2000000000                              1000000000                               1000000000                              1000000000
  main.serve@/app/main.go:50                              main.serve@/app/main.go:50              runtime.gcBgMarkWorker@runtime/mgc.go:1  main.serve@/app/main.go:50              main.serve@/app/main.go:50
  net.(*UDPConn).WriteToUDP@net/udpsock.go:1              main.(*store).announce@/app/main.go:24  runtime.gcDrain@runtime/mgcmark.go:1     main.(*store).announce@/app/main.go:24  main.mix@/app/main.go:37
  syscall.sendto@syscall/zsyscall.go:1                    runtime.growslice@runtime/slice.go:1                                             sync.(*Mutex).Lock@sync/mutex.go:1
  internal/runtime/syscall/linux.Syscall6@internal/a.s:1  runtime.mallocgc@runtime/malloc.go:1
  `,
  { durationNs: 6e9, runtime: 'go' },
);

/** 9 s of waiting in 6 s, two thirds of it until announce unlocked. */
export const goMutex: Profile = drawProfile(
  `
  400                                     200
  6000000000                              3000000000
  main.serve@/app/main.go:50              main.expire@/app/main.go:80
  main.(*store).announce@/app/main.go:24  sync.(*RWMutex).Unlock@sync/rwmutex.go:1
  sync.(*Mutex).Unlock@sync/mutex.go:1
  `,
  { valueTypes: delay, durationNs: 6e9, runtime: 'go' },
);

/** The live heap 3 MB larger for new peers and 1 MB smaller for expired ones. */
export const goGrowth: Profile = drawProfile(
  `
  3000                                   -1000
  3145728                                -1048576
  main.serve@/app/main.go:50             main.expire@/app/main.go:80
  main.(*store).announce@/app/main.go:24 runtime.growslice@runtime/slice.go:1
  runtime.newobject@runtime/malloc.go:1
  `,
  {
    valueTypes: [
      { type: 'inuse_objects', unit: 'count' },
      { type: 'inuse_space', unit: 'bytes' },
    ],
    durationNs: 6e9,
    runtime: 'go',
  },
);

/** 6 s of waiting for a mutex in 6 s, and 60 s of waiting for work. */
export const goBlock: Profile = drawProfile(
  `
  100                                   10
  6000000000                            60000000000
  main.serve@/app/main.go:50            main.worker@/app/main.go:90
  main.(*store).scrape@/app/main.go:31  runtime.chanrecv1@runtime/chan.go:1
  sync.(*Mutex).Lock@sync/mutex.go:1
  `,
  { valueTypes: delay, durationNs: 6e9, runtime: 'go' },
);

export const goGoroutines: Profile = drawProfile(
  `
  2                                 8
  main.serve@/app/main.go:50        main.worker@/app/main.go:90
  runtime.gopark@runtime/proc.go:1  runtime.gopark@runtime/proc.go:1
  `,
  { valueTypes: [{ type: 'goroutine', unit: 'count' }], runtime: 'go' },
);

/** A C tracker as perf sees it: 60 % below the kernel's entry, 20 % in malloc, 20 % in a mutex. */
export const nativePerf: Profile = drawProfile(
  `
  600                       200                       200
  1200000000                400000000                 400000000
  main@/src/main.c:9        main@/src/main.c:9        main@/src/main.c:9
  reply@/src/udp.c:40       announce@/src/peer.c:20   announce@/src/peer.c:20
  sendto                    malloc                    pthread_mutex_lock
  do_syscall_64@[kernel]    _int_malloc
  udp_sendmsg@[kernel]
  `,
  {
    valueTypes: [
      { type: 'samples', unit: 'count' },
      { type: 'cpu', unit: 'nanoseconds' },
    ],
    durationNs: 6e9,
    runtime: 'native',
  },
);
