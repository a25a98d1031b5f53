import { describe, expect, it } from 'vitest';
import { type PerfSample, PerfScriptParser } from '../../../../src/lab/capture/perf/parse-perf-script.ts';

function parse(pieces: readonly string[]) {
  const samples: PerfSample[] = [];
  const parser = new PerfScriptParser((sample) => samples.push(sample));
  for (const piece of pieces) parser.push(piece);
  parser.end();
  return { samples, unreadableLines: parser.unreadableLines, lostSamples: parser.lostSamples };
}

/** The text in pieces of a length, as a pipe hands it over. */
function cut(text: string, length: number): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length; start += length) pieces.push(text.slice(start, start + length));
  return pieces;
}

const symbols = (sample: PerfSample | undefined) => sample?.frames.map((frame) => frame.symbol);

const twoSamples = `node  9677/9680   4728.821666:    1001001 cpu-clock: 
	ffffffff821ed511 do_syscall_64+0x71 ([kernel.kallsyms])
	    7fe9b8025e7a JS:*hot [eval]:1:13+0xfa (/tmp/perf-9677.map)
	          c494db v8::internal::(anonymous namespace)::Invoke+0x12b (/usr/bin/node)

has 19322/19322  5239.066573:    1001001 cpu-clock:u: 
	          10ad0c __libc_sendto+0x6c (/usr/lib/x86_64-linux-gnu/libc.so.6)
`;

describe('the output of perf script', () => {
  it('is read into samples, leaf first', () => {
    expect(parse([twoSamples])).toEqual({
      unreadableLines: 0,
      lostSamples: 0,
      samples: [
        {
          comm: 'node',
          pid: 9677,
          tid: 9680,
          atNs: 4_728_821_666_000,
          event: 'cpu-clock',
          period: 1001001,
          frames: [
            { address: 'ffffffff821ed511', symbol: 'do_syscall_64', mapping: '[kernel.kallsyms]' },
            { address: '7fe9b8025e7a', symbol: 'JS:*hot [eval]:1:13', mapping: '/tmp/perf-9677.map' },
            {
              address: 'c494db',
              symbol: 'v8::internal::(anonymous namespace)::Invoke',
              mapping: '/usr/bin/node',
            },
          ],
        },
        {
          comm: 'has',
          pid: 19322,
          tid: 19322,
          atNs: 5_239_066_573_000,
          event: 'cpu-clock:u',
          period: 1001001,
          frames: [
            { address: '10ad0c', symbol: '__libc_sendto', mapping: '/usr/lib/x86_64-linux-gnu/libc.so.6' },
          ],
        },
      ],
    });
  });

  it('gives the same samples in pieces of any size', () => {
    const whole = parse([twoSamples]);
    for (const size of [1, 2, 7, 64]) {
      expect(parse(cut(twoSamples, size))).toEqual(whole);
    }
  });

  it('makes one object of frames at the same place', () => {
    const { samples } = parse([twoSamples, '\n', twoSamples]);
    expect(samples[2]?.frames[1]).toBe(samples[0]?.frames[1]);
  });

  const headers: readonly [line: string, comm: string, tid: number][] = [
    ['pool/1 2 10/11 1.5: 5 cpu-clock:', 'pool/1 2', 11],
    ['  right aligned 10/11     1.500000:          5 cpu-clock: ', 'right aligned', 11],
    ['a: b 10/11 1.5: 5 cpu-clock:u:', 'a: b', 11],
    ['tokio-runtime-w 10/11 1.5: 5 cpu-clock:', 'tokio-runtime-w', 11],
  ];
  it.each(headers)('tells the name of a thread from its ids in "%s"', (line, comm, tid) => {
    expect(parse([`${line}\n`]).samples).toMatchObject([{ comm, pid: 10, tid, period: 5, frames: [] }]);
  });

  const frames: readonly [line: string, symbol: string | null, mapping: string][] = [
    ['1f [unknown] (/usr/bin/dash)', null, '/usr/bin/dash'],
    ['1f [unknown] ([unknown])', null, '[unknown]'],
    ['1f f+0x0 (/opt/a (b)/c d)', 'f', '/opt/a (b)/c d'],
    ['1f f+0x0 (/opt/c (deleted))', 'f', '/opt/c'],
    ['1f std::operator() (int)+0x1 (/bin/x)', 'std::operator() (int)', '/bin/x'],
    ['1f <T as core::fmt::Debug>::fmt+0x1 (/bin/x)', '<T as core::fmt::Debug>::fmt', '/bin/x'],
    ['1f f (/bin/x)', 'f', '/bin/x'],
    ['1f nf_hook+0x1 ([nf_conntrack])', 'nf_hook', '[nf_conntrack]'],
  ];
  it.each(frames)('tells name from mapping in "%s"', (line, symbol, mapping) => {
    const { samples } = parse([`x 1/1 1.0: 5 cpu-clock:\n\t${line}\n`]);
    expect(samples[0]?.frames).toEqual([{ address: '1f', symbol, mapping }]);
  });

  it('takes a single frame from the line of the header', () => {
    const { samples } = parse(['x 1/1 1.0: 5 cpu-clock:  1f f+0x2 (/bin/x)\n\n']);
    expect(symbols(samples[0])).toEqual(['f']);
  });

  it('begins a sample at a header without a blank line before it', () => {
    const { samples } = parse([
      'x 1/1 1.0: 5 cpu-clock:\n\t1f f+0x2 (/bin/x)\ny 2/2 1.0: 5 cpu-clock:\n\t1f g+0x2 (/bin/x)\n',
    ]);
    expect(samples.map(symbols)).toEqual([['f'], ['g']]);
  });

  it('adds up the losses that perf tells', () => {
    const text = 'x 1/1 1.0: PERF_RECORD_LOST lost 12\nx 1/1 1.1: PERF_RECORD_LOST_SAMPLES lost 3\n';
    expect(parse([text])).toEqual({ samples: [], unreadableLines: 0, lostSamples: 15 });
  });

  const hostile: readonly [what: string, text: string, samples: number, unreadable: number][] = [
    ['nothing', '', 0, 0],
    ['blank lines', '\n\n \n', 0, 0],
    ['no header', '\t1f f+0x2 (/bin/x)\n', 0, 1],
    ['a frame without a mapping', 'x 1/1 1.0: 5 cpu-clock:\n\t1f f+0x2\n', 1, 1],
    ['a frame without an address', 'x 1/1 1.0: 5 cpu-clock:\n\tf (/bin/x)\n', 1, 1],
    ['a name with a line break in it', 'a\nb 1/1 1.0: 5 cpu-clock:\n\t1f f+0x2 (/bin/x)\n', 1, 1],
    ['a line without an end', `x 1/1 1.0: 5 cpu-clock:\n\t1f ${'f'.repeat(1e6)}`, 1, 1],
    ['a long line', `x 1/1 1.0: 5 cpu-clock:\n\t1f ${'f'.repeat(20_000)} (/bin/x)\n\t1f f (/bin/x)\n`, 1, 1],
    ['blanks without an end', `x${' '.repeat(15_000)}1/1\n`, 0, 1],
    ['brackets without an end', `x 1/1 1.0: 5 cpu-clock:\n\t1f ${' ('.repeat(7000)})\n`, 1, 0],
    ['bytes of another kind', '\u0000\u0001\ufffd\n\ufffd\n', 0, 2],
  ];
  it.each(hostile)('survives %s', (_what, text, samples, unreadable) => {
    const result = parse(cut(text, 4096));
    expect([result.samples.length, result.unreadableLines]).toEqual([samples, unreadable]);
  });

  it('keeps the frames around a line that is too long', () => {
    const long = `\t1f ${'f'.repeat(40_000)} (/bin/x)\n`;
    const { samples } = parse([
      'x 1/1 1.0: 5 cpu-clock:\n\t1f a (/bin/x)\n',
      ...cut(long, 5000),
      '\t1f b (/bin/x)\n',
    ]);
    expect(samples.map(symbols)).toEqual([['a', 'b']]);
  });

  it('cuts a stack that is deeper than any kernel gives', () => {
    const { samples } = parse(['x 1/1 1.0: 5 cpu-clock:\n', '\t1f a (/bin/x)\n'.repeat(10_000)]);
    expect(samples[0]?.frames.length).toBe(4096);
  });
});
