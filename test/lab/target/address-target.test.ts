import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { LabError } from '../../../src/errors.ts';
import { addressTarget, isLoopback, parseTargetAddress } from '../../../src/lab/target/address-target.ts';

describe('a target address', () => {
  it.each([
    ['udp://127.0.0.1:6969', { host: '127.0.0.1', port: 6969 }],
    ['udp://[::1]:80', { host: '::1', port: 80 }],
    ['udp://tracker.example:1337/announce', { host: 'tracker.example', port: 1337 }],
    ['UDP://localhost:65535', { host: 'localhost', port: 65_535 }],
  ])('%s is read', (text, expected) => {
    expect(parseTargetAddress(text)).toEqual(expected);
  });

  it.each([
    ['127.0.0.1:6969', 'expected udp://HOST:PORT, got'],
    ['http://127.0.0.1:6969/announce', 'scheme is http'],
    ['udp://:6969', 'host is missing'],
    ['udp://127.0.0.1', 'port is missing'],
    ['udp://127.0.0.1:', 'port is missing'],
    ['udp://127.0.0.1:0', 'port is 0'],
    ['udp://127.0.0.1:65536', 'port is 65536'],
    ['udp://127.0.0.1:1e3', 'port is 1e3'],
    ['udp://::1:6969', 'stands in brackets'],
    ['udp://[127.0.0.1]:1', 'no IPv6 address'],
    ['', 'expected udp://HOST:PORT, got'],
  ])('%s is refused', (text, message) => {
    expect(() => parseTargetAddress(text)).toThrow(LabError);
    expect(() => parseTargetAddress(text)).toThrow(message);
  });
});

describe('an address target', () => {
  it('is local on loopback, and knows no process', async () => {
    const target = await addressTarget('udp://[::1]:6969');
    expect(target).toMatchObject({ address: '::1', port: 6969 });
    expect(target.record).toMatchObject({
      kind: 'address',
      address: 'udp://[::1]:6969',
      network: 'local',
      pid: null,
      version: null,
    });
  });

  it('is remote elsewhere', async () => {
    expect((await addressTarget('udp://192.0.2.1:80')).record.network).toBe('remote');
  });
});

describe.runIf(process.platform === 'linux')('an address target with a process', () => {
  it('knows its name and its processes, and says nothing where it serves the port', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    const target = await addressTarget(`udp://127.0.0.1:${port}`, process.pid);
    expect(target.pid).toBe(process.pid);
    expect(target.pids()[0]).toBe(process.pid);
    expect(target.record.pid).toBe(process.pid);
    expect(target.record.name).toMatch(new RegExp(`^\\S.* at 127\\.0\\.0\\.1:${port}$`));
    expect(target.notes).toEqual([]);
    socket.close();
  });

  it('has its child processes among its own', async () => {
    const child = spawn('sleep', ['60']);
    const target = await addressTarget('udp://127.0.0.1:6969', process.pid);
    expect(target.pids()).toContain(child.pid);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(target.pids()).not.toContain(child.pid);
    expect(target.pids()).toContain(process.pid);
  });

  it('warns where the process serves another port, or none', async () => {
    const child = spawn('sleep', ['60']);
    const { notes } = await addressTarget('udp://127.0.0.1:6969', child.pid);
    expect(notes).toEqual([expect.stringContaining('does not serve UDP port 6969 (its UDP ports: none)')]);
    child.kill('SIGKILL');
    await once(child, 'close');
  });

  it('is refused where there is no such process', async () => {
    await expect(addressTarget('udp://127.0.0.1:6969', 2 ** 22 + 1)).rejects.toMatchObject({
      code: 'NO_SUCH_PROCESS',
      exitCode: 2,
    });
  });
});

describe('loopback', () => {
  it.each(['127.0.0.1', '127.9.8.7', '::1', '::ffff:127.0.0.1'])('holds %s', (address) => {
    expect(isLoopback(address)).toBe(true);
  });
  it.each(['128.0.0.1', '10.127.0.1', '::2', '::ffff:10.0.0.1', 'fe80::1'])('does not hold %s', (address) => {
    expect(isLoopback(address)).toBe(false);
  });
});
