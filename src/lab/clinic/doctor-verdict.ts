/**
 * A program of its own: `node doctor-verdict.js DOCTOR_ENTRY DATA_FOLDER` prints doctor's analysis of its data as one line
 * of JSON. It runs apart so that nothing of clinic is ever loaded into the lab.
 */
import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Readable, Transform } from 'node:stream';

/** Shaped by `@clinic/doctor` 11; `issues` may hold objects of issues. */
export interface DoctorAnalysis {
  readonly issueCategory: string;
  readonly issues: Readonly<Record<string, unknown>>;
}

type Decoder = new (systemInfo?: Readable) => Transform;

const [entry, dataFolder] = process.argv.slice(2) as [string, string];
const doctor = path.dirname(entry);
const require = createRequire(entry);
const Analysis = require(path.join(doctor, 'analysis/index.js')) as new (
  systemInfo: Readable,
  traceEvents: Readable,
  processStats: Readable,
) => Readable;
const SystemInfoDecoder = require(path.join(doctor, 'format/system-info-decoder.js')) as Decoder;
const TraceEventDecoder = require(path.join(doctor, 'format/trace-event-decoder.js')) as Decoder;
const ProcessStatDecoder = require(path.join(doctor, 'format/process-stat-decoder.js')) as Decoder;

/** Its files are named after their folder. */
function read(name: string): Readable {
  return createReadStream(path.join(dataFolder, `${path.basename(dataFolder)}-${name}`));
}

const systemInfo = read('systeminfo').pipe(new SystemInfoDecoder());
const traceEvents = read('traceevent').pipe(new TraceEventDecoder(systemInfo));
const processStats = read('processstat').pipe(new ProcessStatDecoder());
for await (const analysis of new Analysis(systemInfo, traceEvents, processStats)) {
  const { issueCategory, issues } = analysis as DoctorAnalysis;
  process.stdout.write(`${JSON.stringify({ issueCategory, issues })}\n`);
  break;
}
process.exit();
