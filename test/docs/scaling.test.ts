/**
 * The commands of docs/scaling.md, as they stand there, one block after the other: in namespaces where the addresses, ports and files
 * of the document are free. Those that run the lab take long: they run with DOCUMENT_LABS=1, and else are looked at by --dry-run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';

const text = readFileSync(path.join(packageRoot, 'docs/scaling.md'), 'utf8');
const world = path.join(import.meta.dirname, 'scaling-world.bash');
const missing = missingPart();
const withLabs = process.env['DOCUMENT_LABS'] === '1';

function missingPart(): string | null {
  const needed = ['redis-server', 'nginx', 'ip', 'unshare', 'bash'];
  const absent = needed.find((name) => spawnSync('which', [name]).status !== 0);
  if (absent !== undefined) return `${absent} is not installed`;
  if (!existsSync('/usr/lib/nginx/modules/ngx_stream_module.so'))
    return 'libnginx-mod-stream is not installed';
  return spawnSync('unshare', ['--net', '--mount', '--pid', '--fork', 'true']).status === 0
    ? null
    : 'no namespaces here';
}

/** What stands around a block of commands: what it needs, and how it shows that it did what the document says. */
interface Frame {
  readonly begins: string;
  readonly lab?: true;
  readonly before?: string;
  readonly change?: (block: string) => string;
  readonly after?: string;
}

const inNamespace = (name: string) => (block: string) => block.replace(/^(?=.)/gm, `ip netns exec ${name} `);

const frames: readonly Frame[] = [
  { begins: 'npm run tracker -- --workers', after: 'answers 127.0.0.1 1337; answers 10.0.0.5 1337; end_all' },
  {
    begins: 'npm run tracker -- --store',
    after: 'answers 127.0.0.1 1337; grep -q "the store redis://10.0.0.5:6379 is there" trackers.log; end_all',
  },
  {
    begins: 'mkdir -p /etc/tracker',
    after: 'answers 127.0.0.1 1337; [ "$(stat -c %a /etc/tracker/secret)" = 600 ]; end_all',
  },
  {
    begins: 'npm run tracker -- --host 127.0.0.1 --port 6971',
    before: 'cp /etc/tracker/secret secret',
    after:
      'answers 127.0.0.1 6971; answers 127.0.0.1 6972; answers 127.0.0.1 6969; nginx -p "$PWD" -c nginx.conf -s stop; end_all',
  },
  // What it is for is seen by nginx.test.ts, with clients in another namespace.
  {
    begins: 'ip rule add ipproto udp sport 6971',
    after: '[ "$(ip rule list | grep -c "ipproto udp sport 697[12] lookup 100")" = 2 ]',
  },
  {
    begins: 'ip route replace',
    before: [
      'for name in client balancer instance; do ip netns add $name; ip -n $name link set lo up; done',
      'ip link add eth0 netns client type veth peer name eth0 netns balancer',
      'ip link add eth0 netns instance type veth peer name eth1 netns balancer',
      'ip -n client address add 10.1.0.2/24 dev eth0; ip -n balancer address add 10.1.0.1/24 dev eth0',
      'ip -n instance address add 10.0.0.3/24 dev eth0; ip -n balancer address add 10.0.0.2/24 dev eth1',
      'for name in client balancer instance; do ip -n $name link set eth0 up; done; ip -n balancer link set eth1 up',
    ].join('\n'),
    change: inNamespace('instance'),
  },
  {
    begins: 'ip rule add iif eth1',
    before: [
      'mkdir far; sed -e "s/127.0.0.1:6971/10.0.0.3:6971/" -e "/127.0.0.1:6972/d" nginx.conf >far/nginx.conf',
      'ip netns exec instance node "$root/dist/tracker/main.js" --port 6971 >>trackers.log 2>&1 &',
      'ip netns exec instance bash -c "answers 10.0.0.3 6971"',
      'ip netns exec balancer nginx -p "$PWD/far" -c nginx.conf',
      'if within=1 ip netns exec client bash -c "answers 10.1.0.1 6969" >none.log; then echo "answered without the rule"; exit 1; fi',
    ].join('\n'),
    change: inNamespace('balancer'),
    after: [
      'ip netns exec client bash -c "answers 10.1.0.1 6969"',
      'ip netns exec balancer nginx -p "$PWD/far" -c nginx.conf -s stop; end_all',
    ].join('\n'),
  },
  { begins: 'LAB_REDIS=', lab: true, after: 'ls profiles/*/report.json; end_all' },
  { begins: 'npm run tracker -- --port 7701', lab: true, after: 'wait' },
  {
    begins: 'npm run lab -- --scenario medium ',
    lab: true,
    change: (block) => block.replace('RUN,RUN', '$(ls -d profiles/*-medium | tail -n 2 | paste -sd ,)'),
    after: 'grep -q "users that announce every 45 min" lab.log',
  },
];

/** The document's shell blocks in their order. */
function blocks(): string[] {
  return [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block as string);
}

/** Servers stay in the foreground of terminals of their own; here they get a background. */
function inBackground(block: string): string {
  return block.replace(/^(?:\w+=\S+ )?npm run (?:tracker|lab -- agent)\b.*$/gm, (line) =>
    line.includes('&') ? line : `${line.replace(/ +#.*$/, '')} &`,
  );
}

function scriptOf(labs: boolean): string {
  const parts = blocks().map((block, index) => {
    const { lab, before = '', change = (same: string) => same, after = '' } = frames[index] as Frame;
    return lab === true && !labs
      ? ''
      : [`echo "block ${index + 1}"`, before, inBackground(change(block)), after].join('\n');
  });
  return ['. "$world"', ...parts, 'echo "all ran"'].join('\n');
}

describe('the commands of docs/scaling.md', () => {
  it('are all known here, in their order', () => {
    expect(blocks().map((block, index) => block.startsWith(frames[index]?.begins ?? '?'))).toEqual(
      frames.map(() => true),
    );
  });

  it('have flags that the lab knows', () => {
    const lines = blocks()
      .join('')
      .split('\n')
      .flatMap((line) => /npm run lab -- (.*?)(?: +#.*)?$/.exec(line)?.[1] ?? [])
      .filter((args) => !/^(?:agent|capacity)\b/.test(args));
    expect(lines.length).toBeGreaterThan(2);
    for (const args of lines) {
      const run = spawnSync(
        process.execPath,
        [path.join(packageRoot, 'dist/cli/main.js'), ...args.split(' '), '--dry-run'],
        { encoding: 'utf8', env: { ...process.env, LAB_REDIS: 'redis://127.0.0.1' } },
      );
      expect(run.status, `${args}: ${run.stderr}`).toBe(0);
    }
  });

  it.skipIf(missing !== null)(
    `run as written${missing === null ? '' : ` (${missing})`}`,
    () => {
      const scratch = mkdtempSync(path.join(os.tmpdir(), 'scaling-document-'));
      try {
        const nginx = /```nginx\n(.*?)```/s.exec(text)?.[1];
        writeFileSync(path.join(scratch, 'nginx.conf'), nginx ?? '');
        writeFileSync(path.join(scratch, 'script.bash'), scriptOf(withLabs));
        // With the process namespace ends whatever was started in it.
        const run = spawnSync(
          'unshare',
          [
            ...['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'],
            ...['bash', path.join(scratch, 'script.bash')],
          ],
          {
            encoding: 'utf8',
            timeout: withLabs ? 300_000 : 80_000,
            env: {
              ...process.env,
              root: packageRoot,
              scratch,
              world,
              LAB_DURATION: '1s',
              LAB_WARMUP: '300ms',
              LAB_PROFILE_DURATION: '1s',
            },
          },
        );
        expect(run.stdout, `${run.stderr}`).toMatch(/^all ran$/m);
        expect(run.status).toBe(0);
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
    },
    withLabs ? 320_000 : 90_000,
  );
});
