/**
 * Tests of a policy (`ntk policy test`): given these records, expect this verdict. Written as YAML by whoever owns the policy; an
 * unknown key is an error, so that a slip of the pen does not test something else.
 */
import { z } from 'zod';
import { ACTIONS, REASONS } from '../codes.ts';
import { accessSchema } from '../events/access.ts';
import { consentSchema } from '../events/consent.ts';
import { declarationSchema } from '../events/declaration.ts';
import { entitlementSchema } from '../events/entitlement.ts';
import { erasureSchema } from '../events/erasure.ts';
import { standingSchema } from '../events/standing.ts';
import { filledText, instant, optional, optionalOr, user } from '../fields.ts';
import { PER } from './duration.ts';
import { closed } from './problems.ts';
import { give, oneOf, quoted, unknownName } from './wording.ts';

/** Cases of one file, and records of one case with their repetitions. */
const TEST_CASES_MAX = 2_000;
export const CASE_RECORDS_MAX = 20_000;

/** Where nothing else is said. */
const TEST_PROGRAM = 'wx-test';
const TEST_USER = 'u_test';

const RECORD_KINDS = ['declaration', 'entitlement', 'consent', 'standing', 'erasure', 'access'] as const;
export type TestRecordKind = (typeof RECORD_KINDS)[number];

const span = (what: string) =>
  z.string({ error: give(what) }).regex(PER, { error: give(`${what}: a whole number above 0 and ms, s, m, h or d, e.g. 10m`) });
const testUser = optionalOr(user, TEST_USER);
const action = z.enum(ACTIONS, { error: oneOf('action', ACTIONS) });
const reason = z.enum(REASONS, { error: oneOf('reason', REASONS) });

const recordSchema = closed('key', {
  declaration: optional(closed('field', declarationSchema.shape)),
  entitlement: optional(closed('field', entitlementSchema.shape)),
  consent: optional(closed('field', { ...consentSchema.shape, user: testUser })),
  standing: optional(closed('field', standingSchema.shape)),
  erasure: optional(closed('field', { ...erasureSchema.shape, user: testUser })),
  access: optional(closed('field', { ...accessSchema.shape, user: testUser })),
  program: optionalOr(filledText.describe('Whose record it is.'), TEST_PROGRAM),
  time: optional(
    instant.meta({ description: 'When; otherwise a second after the record before, the first at 2026-01-01T00:00:00Z.' }),
  ),
  after: optional(span('after').describe('How long after the record before, in place of a second.')),
  times: optional(
    z
      .int({ error: give('times: a whole number from 1') })
      .min(1)
      .max(CASE_RECORDS_MAX),
  ),
  every: optional(span('every').describe('How far apart the records of `times` are; otherwise a second.')),
}).superRefine((record, context) => {
  const kinds = RECORD_KINDS.filter((kind) => record[kind] !== undefined);
  if (kinds.length === 1) return;
  const found = kinds.length === 0 ? 'none' : kinds.join(' and ');
  context.addIssue({ code: 'custom', message: `found ${found}: give exactly one of ${RECORD_KINDS.join(', ')}` });
});
export type TestRecord = z.output<typeof recordSchema>;

const records = z.array(recordSchema, { error: give('a list of records') });
const step = z.union([z.string(), recordSchema], { error: give('the name of some facts, or a record') });

const expectSchema = closed('key', {
  verdict: optional(action.describe('What is in effect.')),
  proposed: optional(action.describe('What would be, were every mode enforce.')),
  reasons: optional(z.array(reason, { error: give('a list of reasons') }).describe('All of them, in any order.')),
  effective: optional(z.partialRecord(reason, action).describe("Some reasons' own actions in effect.")),
  limit: optional(z.string().describe('Name of the limit that refused; empty: none did.')),
  remedy: optional(z.string().describe('Text that the remedy contains.')),
});
export type TestExpectation = z.output<typeof expectSchema>;

const caseSchema = closed('key', {
  name: z.string({ error: give('name: a sentence that says what is tested') }).min(1),
  given: z.array(step, { error: give('a list of records; the last one is the access that is judged') }).min(1),
  expect: expectSchema.refine((expected) => Object.values(expected).some((value) => value !== undefined), {
    error: 'expects nothing: give verdict, proposed, reasons, effective, limit or remedy',
  }),
});
export type TestCase = z.output<typeof caseSchema>;

export const policyTestSchema = closed('key', {
  policy: optional(
    filledText.describe('The policy file, from the folder of this one; otherwise NAME.yaml beside NAME.test.yaml.'),
  ),
  facts: optionalOr(z.record(z.string(), records).describe('Records that cases name instead of writing them out.'), {}),
  cases: z
    .array(caseSchema, { error: give('a list of cases with name, given and expect') })
    .min(1)
    .max(TEST_CASES_MAX),
})
  .superRefine(refineNames)
  .describe('Tests of a policy: given these records, expect this verdict on the last one.');
export type PolicyTest = z.output<typeof policyTestSchema>;

/** Names that cases give must be there, case names must tell cases apart, and what is judged is an access. */
function refineNames(
  { facts, cases }: { facts: Readonly<Record<string, TestRecord[]>>; cases: TestCase[] },
  context: z.RefinementCtx,
): void {
  const first = new Map<string, number>();
  for (const [i, { name, given }] of cases.entries()) {
    const before = first.get(name);
    if (before === undefined) first.set(name, i);
    else {
      const message = `cases[${before}] is named ${quoted(name)} too: give each case a name of its own`;
      context.addIssue({ code: 'custom', path: ['cases', i, 'name'], message });
    }
    for (const [j, one] of given.entries()) {
      if (typeof one === 'string' && !Object.hasOwn(facts, one)) {
        const message = unknownName('facts', one, Object.keys(facts));
        context.addIssue({ code: 'custom', path: ['cases', i, 'given', j], message });
      }
    }
    const last = recordsOf(facts, given).at(-1);
    if (last !== undefined && last.access === undefined) {
      const message = 'ends with a fact: give the access that is judged as the last record';
      context.addIssue({ code: 'custom', path: ['cases', i, 'given', given.length - 1], message });
    }
  }
}

/** The records of a case, those it names among them; unknown names give none. */
export function recordsOf(
  facts: Readonly<Record<string, readonly TestRecord[]>>,
  given: TestCase['given'],
): readonly TestRecord[] {
  return given.flatMap((one) => (typeof one !== 'string' ? [one] : Object.hasOwn(facts, one) ? facts[one]! : []));
}
