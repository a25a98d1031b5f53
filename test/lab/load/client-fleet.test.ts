import { describe, expect, test } from 'vitest';
import { ClientFleet, CONNECTION_ID_LIFE_NS } from '../../../src/lab/load/client-fleet.ts';
import { planSession } from '../../../src/lab/load/session-plan.ts';
import { poolBytes, workerIdentity } from '../../../src/lab/load/swarm-model.ts';
import { readUint16, readUint32 } from '../../../src/wire/bep15.ts';

interface FleetChoices {
  readonly seeder?: boolean;
  readonly openLoop?: boolean;
  readonly firstStep?: number;
  readonly firstIdAgeNs?: number;
  readonly mix?: { connect: number; announce: number; scrape: number };
}

const HASHES = 2;

function fleetOf(choices: FleetChoices = {}): ClientFleet {
  const { seeder = false, openLoop = false, firstStep = 0, firstIdAgeNs = 0, mix } = choices;
  return new ClientFleet({
    plan: planSession(mix ?? { connect: 1, announce: 8, scrape: 2 }, HASHES),
    numWant: 50,
    pool: poolBytes(1, 10, null),
    memberships: [Uint32Array.of(3, 7), Uint32Array.of(1, 2)],
    identities: [0, 1].map((worker) => ({ ...workerIdentity(1, worker), seeder })),
    firstSteps: [firstStep, 0],
    firstIdAgesNs: [firstIdAgeNs, 0],
    openLoop,
  });
}

interface Sent {
  readonly action: number;
  readonly hash: string;
  readonly event: number;
  readonly left: number;
  readonly downloaded: number;
  readonly uploaded: number;
  readonly repeats: boolean;
}

const CLIENT = 0;

/** Sends the client's next request and gives back what a tracker would read. */
function send(fleet: ClientFleet, nowNs = 0): Sent {
  const bytes = new Uint8Array(256);
  const action = fleet.nextAction(CLIENT, nowNs);
  fleet.write(CLIENT, action, 99, bytes, 0);
  const uint64 = (at: number): number => readUint32(bytes, at) * 2 ** 32 + readUint32(bytes, at + 4);
  return {
    action: readUint32(bytes, 8),
    hash: Buffer.from(bytes.subarray(16, 36)).toString('hex'),
    event: action === 1 ? readUint32(bytes, 80) : -1,
    downloaded: uint64(56),
    left: uint64(64),
    uploaded: uint64(72),
    repeats: fleet.sent(CLIENT, action),
  };
}

function exchange(fleet: ClientFleet, nowNs = 0): Sent {
  const sent = send(fleet, nowNs);
  if (sent.action === 0) fleet.connected(CLIENT, 0xaabbccdd, 0x11223344, nowNs);
  fleet.answered(CLIENT, sent.action);
  return sent;
}

function exchanges(fleet: ClientFleet, count: number): Sent[] {
  return Array.from({ length: count }, () => exchange(fleet));
}

describe('a session', () => {
  test('connects first and then sends the mix', () => {
    const sent = exchanges(fleetOf(), 11);
    expect(sent[0]?.action).toBe(0);
    expect([0, 1, 2].map((action) => sent.filter((one) => one.action === action).length)).toEqual([1, 8, 2]);
  });

  test('of a leecher announces started, none, completed and stopped for each hash in turn', () => {
    const announces = exchanges(fleetOf(), 11).filter(({ action }) => action === 1);
    expect(announces.map(({ event }) => event)).toEqual([2, 2, 0, 0, 1, 1, 3, 3]);
    expect(new Set(announces.map(({ hash }) => hash)).size).toBe(HASHES);
  });

  test('of a leecher has left go down to 0 while downloaded and uploaded grow', () => {
    const announces = exchanges(fleetOf(), 11).filter(({ action }) => action === 1);
    const ofOneHash = announces.filter(({ hash }) => hash === announces[0]?.hash);
    const [started, middle, completed, stopped] = ofOneHash as [Sent, Sent, Sent, Sent];
    expect(started.downloaded).toBe(0);
    expect(started.left).toBeGreaterThan(0);
    expect(middle.left).toBe(started.left / 2);
    expect(completed.left).toBe(0);
    expect(stopped.left).toBe(0);
    for (const { left, downloaded } of ofOneHash) expect(left + downloaded).toBe(started.left);
    expect(middle.uploaded).toBeGreaterThan(started.uploaded);
    expect(completed.uploaded).toBeGreaterThan(middle.uploaded);
  });

  test('of a seeder has nothing left and completes nothing', () => {
    const announces = exchanges(fleetOf({ seeder: true }), 11).filter(({ action }) => action === 1);
    expect(announces.map(({ event }) => event)).toEqual([2, 2, 0, 0, 0, 0, 3, 3]);
    expect(announces.every(({ left }) => left === 0)).toBe(true);
    expect(announces.at(-1)?.uploaded).toBeGreaterThan(0);
  });

  test('is followed by a new one with a new connect', () => {
    const fleet = fleetOf();
    exchanges(fleet, 11);
    const again = exchanges(fleet, 11);
    expect(again[0]?.action).toBe(0);
    expect(again.filter(({ action }) => action === 1).map(({ event }) => event)).toEqual([
      2, 2, 0, 0, 1, 1, 3, 3,
    ]);
  });

  test('that begins in the middle still starts every hash before it stops it', () => {
    for (let firstStep = 0; firstStep < 11; firstStep++) {
      const running = new Set<string>();
      for (const { action, event, hash } of exchanges(fleetOf({ firstStep }), 40)) {
        if (action !== 1) continue;
        expect(running.has(hash)).toBe(event !== 2);
        if (event === 2) running.add(hash);
        if (event === 3) running.delete(hash);
      }
    }
  });
});

test('requests carry the id, the identity and the hashes of the client', () => {
  const fleet = fleetOf();
  exchange(fleet);
  const bytes = new Uint8Array(256);
  const length = fleet.write(CLIENT, 1, 99, bytes, 0);
  const identity = workerIdentity(1, CLIENT);
  expect(length).toBe(98);
  expect([readUint32(bytes, 0), readUint32(bytes, 4), readUint32(bytes, 12)]).toEqual([
    0xaabbccdd, 0x11223344, 99,
  ]);
  expect(bytes.subarray(16, 36)).toEqual(poolBytes(1, 10, null).subarray(60, 80));
  expect(Buffer.from(bytes.subarray(36, 56))).toEqual(Buffer.from(identity.peerId));
  expect(readUint32(bytes, 88)).toBe(identity.key);
  expect(readUint32(bytes, 92)).toBe(50);
  expect(readUint16(bytes, 96)).toBe(identity.port);
  expect(fleet.write(CLIENT, 2, 99, bytes, 0)).toBe(16 + 20 * HASHES);
});

describe('the connection id', () => {
  test('is used for 60 s from its request and then renewed, out of turn', () => {
    const fleet = fleetOf({ mix: { connect: 0, announce: 8, scrape: 0 } });
    expect(exchange(fleet, 0).action).toBe(0);
    expect(exchange(fleet, 1).event).toBe(2);
    expect(exchange(fleet, CONNECTION_ID_LIFE_NS - 1).action).toBe(1);
    expect(exchange(fleet, CONNECTION_ID_LIFE_NS).action).toBe(0);
    expect(exchange(fleet, CONNECTION_ID_LIFE_NS + 1)).toMatchObject({ action: 1, event: 0 });
  });

  test('is renewed earlier the first time, so that renewals are spread from the start', () => {
    const age = CONNECTION_ID_LIFE_NS / 4;
    const fleet = fleetOf({ mix: { connect: 0, announce: 8, scrape: 0 }, firstIdAgeNs: age });
    const renewedNs = CONNECTION_ID_LIFE_NS - age;
    expect(exchange(fleet, 0).action).toBe(0);
    expect(exchange(fleet, renewedNs - 1).action).toBe(1);
    expect(exchange(fleet, renewedNs).action).toBe(0);
    expect(exchange(fleet, renewedNs + CONNECTION_ID_LIFE_NS - 1).action).toBe(1);
    expect(exchange(fleet, renewedNs + CONNECTION_ID_LIFE_NS).action).toBe(0);
  });

  test('is asked for once where the mix has no connects', () => {
    const fleet = fleetOf({ mix: { connect: 0, announce: 8, scrape: 0 } });
    expect(exchanges(fleet, 100).filter(({ action }) => action === 0).length).toBe(1);
  });

  test('is asked for again after a tracker refused it', () => {
    const fleet = fleetOf();
    exchanges(fleet, 3);
    fleet.forgetId(CLIENT);
    expect(fleet.nextAction(CLIENT, 0)).toBe(0);
  });
});

describe('a request that timed out', () => {
  test('is sent again in closed loop, with the same event, and counts as a repeat once', () => {
    const fleet = fleetOf();
    exchange(fleet);
    const lost = send(fleet);
    expect(lost).toMatchObject({ action: 1, event: 2, repeats: false });
    fleet.timedOut(CLIENT, lost.action);
    expect(send(fleet)).toEqual({ ...lost, repeats: true });
    fleet.answered(CLIENT, lost.action);
    expect(exchange(fleet)).toMatchObject({ event: 2, repeats: false });
  });

  test('makes the client ask for a new id when it happens twice in a row, and is then repeated', () => {
    const fleet = fleetOf();
    exchange(fleet);
    for (let loss = 0; loss < 2; loss++) fleet.timedOut(CLIENT, send(fleet).action);
    expect(exchange(fleet)).toMatchObject({ action: 0, repeats: false });
    expect(exchange(fleet)).toMatchObject({ action: 1, event: 2, repeats: true });
  });

  test('is not repeated in open loop, where the session goes on with every request sent', () => {
    const fleet = fleetOf({ openLoop: true });
    exchange(fleet);
    const first = send(fleet);
    const second = send(fleet);
    expect(second.hash).not.toBe(first.hash);
    fleet.timedOut(CLIENT, first.action);
    expect(send(fleet)).toMatchObject({ hash: first.hash, event: 0, repeats: false });
  });
});

test('the clients of a fleet do not change each other', () => {
  const fleet = fleetOf();
  exchanges(fleet, 5);
  expect(fleet.nextAction(1, 0)).toBe(0);
});
