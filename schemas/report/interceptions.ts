/** The interception report as JSON (contracts.md section 6, exact-rules.md section 8). */
import { z } from 'zod';
import { count, instant } from '../fields.ts';
import { RFC3339 } from '../instant.ts';

const TOP_PROGRAMS_MAX = 10;
export const CLASSES_MAX = 1_000;
/** Of a class's name; the rest of a longer one is cut off. */
export const CLASS_CHARACTERS_MAX = 1_000;

/** Of a breakdown: rows with at least one attempt, most attempts first, then by name in the order of UTF-8 bytes. */
const counted = { attempts: count, programs: count };

/** `to` is not included, so it may be the first moment that no event can have. */
const bound = z.string().regex(RFC3339);

const acceptedGap = z.object({
  partition: count,
  from: count.describe('First source offset without a verdict.'),
  to: count.describe('One past the last; equals `from` where only the state lost something.'),
  stateFrom: count.describe('First record that the state behind the gap lacks.'),
  stateTo: count,
  acceptedAt: instant,
  by: z.string(),
  reason: z.string(),
  arrivedAfter: instant.nullable().describe('When the last stored access before it arrived.'),
  arrivedBefore: instant.nullable().describe('When the first stored access behind it arrived.'),
});

export const interceptionReportSchema = z
  .object({
    from: bound.describe('Included; event time, RFC 3339.'),
    to: bound.describe('Not included; event time, RFC 3339.'),
    asOf: instant.meta({ description: 'When the figures were taken.' }),
    settled: z.boolean().describe('Nothing can come in any more for the range; until then the figures are preliminary.'),
    intercepted: z
      .object({ attempts: count, programs: count, users: count, prevented: count, alreadyRefused: count, late: count })
      .describe('Attempts whose verdict is `intercept`, each counted once; prevented + alreadyRefused + late = attempts.'),
    wouldHaveBeenIntercepted: z
      .object({ attempts: count, programs: count })
      .describe('Proposed `intercept`, but the mode let it pass.'),
    accesses: count,
    byVerdict: z.object({ allow: count, flag: count, throttle: count, intercept: count }),
    byReason: z.array(z.object({ reason: z.string(), ...counted })),
    byCategory: z.array(z.object({ category: z.string(), ...counted })),
    byClass: z
      .array(z.object({ class: z.string(), ...counted }))
      .max(CLASSES_MAX)
      .describe(
        `Of more classes, those with most attempts. A name of more than ${CLASS_CHARACTERS_MAX} characters is cut and ends with \`…\`.`,
      ),
    topPrograms: z.array(z.object({ program: z.string(), attempts: count })).max(TOP_PROGRAMS_MAX),
    quality: z
      .object({
        recordsRead: count.describe('Rejects, duplicates, facts and accesses of the whole log.'),
        duplicates: count,
        rejected: count,
        rowsStored: count,
        unwritten: count.describe('Records of the log, as it was when the report began, that are not stored yet.'),
        complete: z.boolean().describe('Everything is scored and stored, and no gap was accepted in the log.'),
        gaps: z
          .array(acceptedGap)
          .optional()
          .describe('Records that were lost outside and accepted as lost; absent when there are none.'),
      })
      .describe('Over the whole log, whatever the range.'),
  })
  .describe('How many attempts were intercepted, by how many programs.');
export type InterceptionReport = z.infer<typeof interceptionReportSchema>;
