import { describe, expect, test } from 'vitest';
import { chargedTable } from '../../../src/analyze/profile/charged-table.ts';
import type { Profile } from '../../../src/analyze/profile/profile.ts';
import { drawProfile } from './draw-profile.ts';

function charges(profile: Profile): (readonly [string, string, number])[] {
  return chargedTable(profile).rows.map((row) => [row.functionName, row.class, row.value]);
}

describe('chargedTable', () => {
  test('charges a sample to the application frame nearest to its leaf, by way of the leaf', () => {
    const profile = drawProfile(`
      50                     30                     20
      onMessage@src/a.ts:10  onMessage@src/a.ts:10  onMessage@src/a.ts:10
      encode@src/b.ts:5      encode@src/b.ts:6      Socket.send@node:dgram:600
      split                                         send
    `);
    const { rows, total } = chargedTable(profile);
    expect(total).toBe(100);
    expect(rows).toEqual([
      {
        functionName: 'encode',
        file: 'src/b.ts',
        line: 5,
        class: 'application',
        value: 80,
        percent: 80,
        via: [
          { functionName: 'split', percent: 62.5 },
          { functionName: 'self', percent: 37.5 },
        ],
      },
      {
        functionName: 'onMessage',
        file: 'src/a.ts',
        line: 10,
        class: 'application',
        value: 20,
        percent: 20,
        via: [{ functionName: 'send', percent: 100 }],
      },
    ]);
  });

  test('charges calls of this package’s own sockets to who asked for them, never to the binding', () => {
    const { rows } = chargedTable(
      drawProfile(`
        700                                   200                                    100
        #deliver@src/wire/batched-socket.ts   #onWake@src/wire/batched-socket.ts     onBatch@src/tracker/server.ts:87
        transmit@src/wire/batched-socket.ts   #receive@src/wire/batched-socket.ts    send@src/wire/batched-socket.ts
        sendmmsg@src/wire/libc.ts             recvmmsg@src/wire/libc.ts              sendmmsg@src/wire/libc.ts
        (native addon)                        (native addon)                         (native addon)
      `),
    );
    expect(rows.map((row) => [row.functionName, row.class, row.value, row.via[0]?.functionName])).toEqual([
      ['transmit', 'application', 700, 'sendmmsg'],
      ['#receive', 'application', 200, 'recvmmsg'],
      ['onBatch', 'application', 100, 'sendmmsg'],
    ]);
  });

  test('keeps functions of one name in two files apart', () => {
    const profile = drawProfile(`
      3               2
      start@src/a.ts  start@src/b.ts
    `);
    expect(chargedTable(profile).rows.map((row) => row.file)).toEqual(['src/a.ts', 'src/b.ts']);
  });

  test('gives garbage collection, idling and native threads rows of their own', () => {
    const profile = drawProfile(`
      40                  30                       20      10
      Node.js             Node.js                  (idle)  (program)
      Garbage Collection  Non JS threads activity
    `);
    expect(charges(profile)).toEqual([
      ['Garbage Collection', 'gc', 40],
      ['Non JS threads activity', 'runtime', 30],
      ['(idle)', 'idle', 20],
      ['(program)', 'runtime', 10],
    ]);
  });

  test('groups what the runtime does by itself, and names its native calls', () => {
    const profile = drawProfile(`
      5                                                    4                         3
      processTicksAndRejections@node:internal/process/x:9  onMessage@node:dgram:945  afterDns@node:dgram:1
      afterDns@node:dgram:1                                                          send
    `);
    expect(charges(profile)).toEqual([
      ['(runtime)', 'runtime', 9],
      ['send', 'syscall', 3],
    ]);
  });

  test('charges a library where no application function called it', () => {
    const profile = drawProfile(`
      5                                       4
      onMessage@node:dgram:945                main@src/a.ts:1
      parse@/srv/node_modules/tracker/x.js:3  parse@/srv/node_modules/tracker/x.js:3
      split
    `);
    expect(charges(profile)).toEqual([
      ['parse', 'library', 5],
      ['main', 'application', 4],
    ]);
  });

  test("sets the lab's own frames apart, with the libraries that they call", () => {
    const profile = drawProfile(`
      5                               4                              1
      tick@dist/lab/capture/agent.js  tick@src/lab/capture/agent.ts  main@src/a.ts
      encode@/x/node_modules/p/p.js   memoryUsage
    `);
    expect(charges(profile)).toEqual([
      ['(lab agent)', 'runtime', 9],
      ['main', 'application', 1],
    ]);
  });

  test('names a Go collector by its outermost frame and an assist by the function that allocated', () => {
    const profile = drawProfile(`
      6                                      5                                         4
      runtime.gcBgMarkWorker@runtime/mgc.go  main.serve@main.go:9                      runtime.mcall@runtime/asm.s
      runtime.gcDrain@runtime/mgcmark.go     runtime.mallocgc@runtime/malloc.go        runtime.findRunnable@runtime/proc.go
      runtime.scanobject@runtime/mgcmark.go  runtime.gcAssistAlloc@runtime/mgcmark.go  runtime.futex@runtime/sys.s
    `);
    expect(charges(profile)).toEqual([
      ['runtime.gcBgMarkWorker', 'gc', 6],
      ['main.serve', 'application', 5],
      ['runtime.findRunnable', 'idle', 4],
    ]);
  });

  test('leaves out what is beyond the first N and says how much', () => {
    const profile = drawProfile(`
      3           2           1
      a@src/a.ts  b@src/a.ts  c@src/a.ts
    `);
    expect(chargedTable(profile, { count: 2 })).toMatchObject({
      omittedRows: 1,
      rows: [{ value: 3 }, { value: 2 }],
    });
    expect(chargedTable(profile, { count: 0 }).rows).toHaveLength(3);
  });

  test('has no rows where there are no samples', () => {
    expect(chargedTable(drawProfile(''))).toMatchObject({ total: 0, rows: [] });
  });
});
