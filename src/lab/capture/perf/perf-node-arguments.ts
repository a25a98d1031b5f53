/**
 * Arguments of Node, before the script, with which perf can name JavaScript functions.
 *
 * The first makes V8 write `/tmp/perf-PID.map`; it costs some hundred KB of disk and grows with the code that is
 * compiled. The second gives each interpreted function code of its own, without which all of them are one function of
 * the interpreter. The others put V8's log, which the first switches on, into a file without a name instead of into the
 * working directory; it holds a line for each piece of memory that V8 takes.
 *
 * @see https://nodejs.org/en/learn/diagnostics/poor-performance/using-linux-perf
 */
export const perfNodeArguments: readonly string[] = [
  '--perf-basic-prof',
  '--interpreted-frames-native-stack',
  '--no-logfile-per-isolate',
  '--logfile=+',
];
