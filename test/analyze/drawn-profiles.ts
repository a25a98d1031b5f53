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
