/** Which stacks write a log: to a console, a file or the system's log, by the names of each runtime. Pure. */
import { callerIn, isIdle, stackOf, valueIndexOf } from './cost-shares.ts';
import type { Frame, Profile } from './profile/profile.ts';

/** How a log is written, and by which frames that is known. */
interface Sink {
  readonly name: string;
  readonly isFrame: (frame: Frame) => boolean;
  /** Frames that show that it is something else; absent: none. */
  readonly isOther?: (frame: Frame) => boolean;
}

const named =
  (runtime: readonly Frame['runtime'][], functions: RegExp, files?: RegExp) =>
  (frame: Frame): boolean =>
    runtime.includes(frame.runtime) &&
    functions.test(frame.functionName) &&
    (files === undefined || files.test(frame.file));

const isHttp = named(['v8'], /./, /^node:(?:_http|http|https|internal\/http|tls|internal\/tls)/);
const isSocketWrite = (frame: Frame): boolean =>
  frame.runtime === 'kernel' &&
  /^_?_?(?:sock_write|sock_send|udp|unix_(?:stream|dgram)|tcp)/.test(frame.functionName);

const sinks: readonly Sink[] = [
  { name: 'console', isFrame: named(['v8'], /./, /^node:(?:internal\/)?console(?:\/|$)/) },
  {
    name: 'process.stdout or stderr',
    isFrame: named(['v8'], /./, /^node:(?:internal\/fs\/sync_write_stream|tty)$/),
  },
  // A pipe as standard output is a stream of node:net; a UDP tracker writes to no other.
  {
    name: 'process.stdout or stderr',
    isFrame: named(
      ['v8'],
      /^(?:writeGeneric|writevGeneric|writeUtf8String|writeLatin1String|writeAsciiString)$/,
    ),
    isOther: isHttp,
  },
  {
    name: 'a file',
    isFrame: named(
      ['v8'],
      /^(?:writeSync|writevSync|appendFileSync|appendFile)$/,
      /^node:(?:fs|internal\/fs)/,
    ),
    isOther: isWholeFile,
  },
  {
    name: 'a file',
    isFrame: named(['v8'], /./, /^node:internal\/fs\/streams$/),
    isOther: named(['v8'], /^_read|ReadStream/),
  },
  {
    name: 'a logging library',
    isFrame: named(
      ['v8'],
      /./,
      /(?:^|\/)node_modules\/(?:@[\w.-]+\/)?(?:pino[\w-]*|sonic-boom|thread-stream|winston[\w-]*|logform|triple-beam|bunyan|log4js|loglevel|debug|signale|consola|roarr|tslog|npmlog|morgan|loglayer|caterpillar)\//,
    ),
  },
  {
    name: 'the log package',
    isFrame: named(['go'], /^log(?:\/slog(?:\/internal\/?\w*)?|\/syslog|\/internal)?\./),
  },
  { name: 'fmt.Print', isFrame: named(['go'], /^fmt\.Print(?:f|ln)?$/) },
  {
    name: 'a file',
    isFrame: named(
      ['go'],
      /^os\.\(\*File\)\.(?:Write|WriteString|WriteAt)$|^internal\/poll\.\(\*FD\)\.Write$/,
    ),
    isOther: named(['go'], /^net\./),
  },
  {
    name: 'a logging library',
    isFrame: named(
      ['go'],
      /^(?:github\.com\/(?:sirupsen\/logrus|rs\/zerolog|golang\/glog|go-kit\/(?:kit\/)?log|inconshreveable\/log15|apex\/log|charmbracelet\/log|hashicorp\/go-hclog)|go\.uber\.org\/zap|k8s\.io\/klog)(?:\/|\.)/,
    ),
  },
  {
    name: 'stdio',
    isFrame: named(
      ['native'],
      /^_*(?:GI_+|IO_+)?(?:v?f?printf|v?dprintf|v?fprintf|puts|fputs|fputc|putc|putchar|fwrite|fflush|perror)(?:_unlocked|_chk|_internal)?(?:@.*)?$|^_IO_(?:new_)?(?:file_(?:write|xsputn|overflow|sync)|do_write)|^new_do_write$|^std::(?:ostream|basic_ostream|io::(?:stdio|Write))|^<std::io::(?:stdio|LineWriter)/,
    ),
    isOther: named(['native'], /^_*(?:GI_+|IO_+)?(?:v?sn?|v?as)printf|^_*v?s?n?printf_chk$/),
  },
  {
    name: 'the system log',
    isFrame: named(['native'], /^_*(?:GI_+)?v?syslog(?:_internal)?(?:_chk)?$|^sd_journal_/),
  },
  {
    name: 'a logging library',
    isFrame: named(
      ['native'],
      /(?:^|::|<)(?:spdlog|tracing_subscriber|env_logger|fern|log4rs|g3|glog|google::LogMessage|plog)(?:::|$)|^log::__private/,
    ),
  },
  // A write below no function with a name: what the kernel wrote to tells.
  {
    name: 'a file',
    isFrame: named(['kernel'], /^(?:ksys_write|vfs_write|do_iter_readv_writev)$/),
    isOther: isSocketWrite,
  },
];

/** `writeFileSync` replaces a whole file, which is saving a state; `appendFileSync` calls it and adds to one. */
function isWholeFile(frame: Frame): boolean {
  return frame.runtime === 'v8' && frame.functionName === 'writeFileSync' && frame.file.startsWith('node:fs');
}

const isAppending = named(['v8'], /^appendFileSync$/, /^node:fs/);
const isFormatting = named(['go'], /^fmt\.Fprint(?:f|ln)?$/);

/** Finds the stacks of one profile that write a log. */
export interface LogStacks {
  /** Position of the frame by which a stack (leaf first) is known to; below 0: none. */
  readonly find: (stack: readonly Frame[]) => number;
  /** What it writes to, for a stack that does. */
  readonly sinkOf: (stack: readonly Frame[]) => string;
}

/**
 * How the stacks of a profile that write a log are told. Only frames between a stack's leaf and its first application
 * frame count, but for functions of the application that say in their name or file that they log and do reach a sink:
 * what they do besides is making the text.
 */
export function logStacks(profile: Profile): LogStacks {
  const writers = new Set<string>();
  const loggers = new Set<string>();
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    if (isIdle(profile, sample)) continue;
    const stack = stackOf(profile, sample);
    const found = findSink(stack);
    const caller = callerIn(stack);
    if (found === null || caller === undefined) continue;
    writers.add(keyOf(caller));
    if (isLogName(caller)) loggers.add(keyOf(caller));
  }
  const find = (stack: readonly Frame[]): number => {
    const found = findSink(stack);
    if (found !== null) return found.position;
    const caller = callerIn(stack);
    if (caller === undefined) return -1;
    const at = stack.indexOf(caller);
    if (loggers.has(keyOf(caller))) return 0;
    // Go's fmt.Fprintf has any writer; one whose caller reaches a file has that.
    const formats = stack.findIndex((frame, index) => index < at && isFormatting(frame));
    return formats >= 0 && writers.has(keyOf(caller)) ? formats : -1;
  };
  return { find, sinkOf: (stack) => findSink(stack)?.sink.name ?? 'a log' };
}

function findSink(stack: readonly Frame[]): { readonly sink: Sink; readonly position: number } | null {
  const application = stack.findIndex((frame) => frame.class === 'application');
  const below = application < 0 ? stack : stack.slice(0, application);
  for (const sink of sinks) {
    const position = below.findIndex(sink.isFrame);
    if (position < 0) continue;
    if (sink.isOther !== undefined && below.some(sink.isOther) && !below.some(isAppending)) continue;
    return { sink, position };
  }
  return null;
}

function isLogName({ functionName, file }: Frame): boolean {
  const base = file.slice(file.lastIndexOf('/') + 1);
  return (
    /^(?:log|audit|trace|debug)(?:[A-Z_.]|$)|(?:^|[a-z._)])Log(?:ger|ging|[A-Z_]|$)|_log(?:_|$)|\.(?:log|logf|Logf?)$/.test(
      functionName,
    ) || /^(?:[\w-]*[-_.])?(?:log|logger|logging)\.\w+$/.test(base)
  );
}

function keyOf({ functionName, file }: Frame): string {
  return `${functionName}\0${file}`;
}

/** Share of each sink among the stacks that write a log, greatest first. */
export function sinkShares(
  profile: Profile,
  stacks: LogStacks,
): readonly { readonly name: string; readonly share: number }[] {
  const valueIndex = valueIndexOf(profile, 'cpu');
  const sums = new Map<string, number>();
  let total = 0;
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    if (isIdle(profile, sample)) continue;
    const stack = stackOf(profile, sample);
    if (stacks.find(stack) < 0) continue;
    const value = profile.values[valueIndex]?.[sample] ?? 0;
    const name = stacks.sinkOf(stack);
    sums.set(name, (sums.get(name) ?? 0) + value);
    total += value;
  }
  return [...sums]
    .sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, share: total > 0 ? value / total : 0 }));
}
