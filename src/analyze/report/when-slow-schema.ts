/** Schema of what is different when the tracker is slow, as it stands in report.json; `WhenSlow` tells what its fields mean. */
import { z } from 'zod';

const number = z.number();
const text = z.string();

export const whenSlowSchema = z
  .object({
    verdict: z.enum(['found', 'none', 'insufficient-data']),
    reason: text,
    slices: z
      .object({
        sliceMs: number,
        count: number,
        slow: number,
        episodes: number,
        slowNsP99: number.nullable(),
        otherNsP99: number.nullable(),
        slowSpans: z.array(z.object({ startMs: number, endMs: number })),
      })
      .nullable(),
    profile: text.nullable(),
    testedFunctions: number,
    functions: z.array(
      z.object({
        functionName: text,
        file: text,
        line: number,
        slowShare: number,
        otherShare: number,
        lift: number,
        liftLow: number,
        liftHigh: number,
      }),
    ),
    conditions: z.array(
      z.object({
        name: text,
        unit: text,
        slow: number,
        other: number,
        ratio: number,
        ratioLow: number,
        ratioHigh: number,
        differs: z.boolean(),
      }),
    ),
  })
  .meta({ id: 'WhenSlow' });
