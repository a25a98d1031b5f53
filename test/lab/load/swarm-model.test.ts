import { describe, expect, test } from 'vitest';
import { poolBytes, poolInfoHashes, SwarmModel, workerIdentity } from '../../../src/lab/load/swarm-model.ts';

const options = { seed: 1, swarmHashes: 100, skew: 1, hashesPerWorker: 5 };

describe('the pool of info hashes', () => {
  test('is the same for the same seed and another for another seed', () => {
    expect([...poolInfoHashes(42, 50)]).toEqual([...poolInfoHashes(42, 50)]);
    expect([...poolInfoHashes(43, 50)]).not.toEqual([...poolInfoHashes(42, 50)]);
  });

  test('has distinct hashes of 40 hexadecimal digits', () => {
    const hashes = [...poolInfoHashes(1, 1_000)];
    expect(new Set(hashes).size).toBe(1_000);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{40}$/);
  });

  test('is the same as a list of lines and as bytes', () => {
    const bytes = poolBytes(9, 3, null);
    expect(bytes.length).toBe(60);
    [...poolInfoHashes(9, 3)].forEach((line, index) => {
      expect(Buffer.from(bytes.subarray(20 * index, 20 * index + 20)).toString('hex')).toBe(line);
    });
  });
});

describe('a pool of given hashes', () => {
  test('is their bytes in their order, as many as are asked for, whatever the seed', () => {
    const given = ['00'.repeat(20), `${'ab'.repeat(19)}01`, 'ff'.repeat(20)];
    expect(Buffer.from(poolBytes(9, 2, given)).toString('hex')).toBe(given.slice(0, 2).join(''));
    expect(poolBytes(1, 3, given)).toEqual(poolBytes(2, 3, given));
  });
});

describe('memberships', () => {
  test('are distinct hashes of the pool, the same for the same seed', () => {
    const swarms = new SwarmModel(options);
    for (let worker = 0; worker < 200; worker++) {
      const hashes = [...swarms.hashesOf(worker)];
      expect(new Set(hashes).size).toBe(5);
      expect(Math.max(...hashes)).toBeLessThan(100);
      expect([...new SwarmModel(options).hashesOf(worker)]).toEqual(hashes);
    }
  });

  test('cover the whole pool where a worker takes as many hashes as there are', () => {
    const swarms = new SwarmModel({ seed: 1, swarmHashes: 40, skew: 3, hashesPerWorker: 40 });
    expect([...swarms.hashesOf(0)].sort((one, two) => one - two)).toEqual(
      Array.from({ length: 40 }, (_, index) => index),
    );
  });

  function countMembers(skew: number): number[] {
    const swarms = new SwarmModel({ ...options, skew });
    const members = new Array<number>(100).fill(0);
    for (let worker = 0; worker < 2_000; worker++) {
      for (const index of swarms.hashesOf(worker)) members[index] = (members[index] as number) + 1;
    }
    return members;
  }

  test('make the first hashes the most popular where the pool is skewed', () => {
    const members = countMembers(1);
    expect(members[0]).toBeGreaterThan(5 * (members[20] as number));
    expect(members[20]).toBeGreaterThan(2 * (members[99] as number));
    expect(Math.min(...members)).toBeGreaterThan(0);
  });

  test('spread evenly where the skew is 0', () => {
    const members = countMembers(0);
    expect(Math.max(...members)).toBeLessThan(2 * Math.min(...members));
  });
});

describe('identities', () => {
  test('have distinct peer ids and ports, and some hold the whole file', () => {
    const identities = Array.from({ length: 10_000 }, (_, worker) => workerIdentity(1, worker));
    expect(new Set(identities.map(({ peerId }) => Buffer.from(peerId).toString('hex'))).size).toBe(10_000);
    expect(new Set(identities.map(({ port }) => port)).size).toBe(10_000);
    const seeders = identities.filter(({ seeder }) => seeder).length;
    expect(seeders).toBeGreaterThan(2_700);
    expect(seeders).toBeLessThan(3_300);
    for (const { peerId, port } of identities) {
      expect(peerId.length).toBe(20);
      expect(port).toBeGreaterThanOrEqual(1_024);
    }
  });

  test('keep ports in range beyond the number of ports', () => {
    expect(workerIdentity(1, 64_512).port).toBe(1_024);
    expect(workerIdentity(1, 64_511).port).toBe(65_535);
  });
});
