/**
 * The policy document (contracts.md section 3, exact-rules.md section 7). An unknown key is an error. `null` is the same as
 * absence; what is absent gets its default. The hash is taken over the document as written, not over what comes out here.
 */
import { z } from 'zod';
import { ACTIONS, type Action, CATEGORIES, LIMIT_COSTS, LIMIT_KEYS, MODES, REASONS } from '../codes.ts';
import { optional, optionalOr } from '../fields.ts';
import { durationUs, PER } from './duration.ts';
import { closed } from './problems.ts';
import { give, oneOf, quoted } from './wording.ts';

const PURPOSES = ['required', 'optional'] as const;

const action = z.enum(ACTIONS, { error: oneOf('action', ACTIONS) });
const mode = z.enum(MODES, { error: oneOf('mode', MODES) });
const category = z.enum(CATEGORIES, { error: oneOf('category', CATEGORIES) });
const reason = z.enum(REASONS, { error: oneOf('reason', REASONS) });

/** A string that canonical JSON can hold; only YAML can write another. */
const text = (what: string) =>
  z.string({ error: give(what) }).refine((value) => value.isWellFormed(), { error: give('text without a lone surrogate') });
const list = <T extends z.ZodType>(of: T, what: string) => z.array(of, { error: give(`a list of ${what}`) });
const texts = (what: string) => optional(list(text('a string; put what YAML reads otherwise in quotes'), what));
const wholeFrom1 = (what: string) => {
  const error = give(`${what}: a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`);
  return z.int({ error }).min(1, { error });
};

/** A mapping from any of `names` to actions; a name whose action is null is as good as not there. */
function actionsBy<N extends string>(kind: string, names: readonly N[]) {
  const shape = Object.fromEntries(names.map((name) => [name, optional(action)])) as Record<
    N,
    ReturnType<typeof optional<typeof action>>
  >;
  return closed(kind, shape).transform(
    (actions) =>
      Object.fromEntries(Object.entries(actions).filter(([, given]) => given !== undefined)) as Partial<Record<N, Action>>,
  );
}

const everyCategory = z.union([z.literal('*'), list(z.literal('*'), '*').length(1)]).transform(() => '*' as const);
const requiredConsent = z
  .union([list(category, 'categories'), everyCategory], { error: give("a list of categories, or '*' by itself for all of them") })
  .meta({ description: 'Categories that need consent; `*` or `["*"]` for all.' });

const percent = give('cohortPercent: a number from 0 to 100');
const overrideSchema = closed('key', {
  match: closed('key', {
    reasons: optional(list(reason, 'reasons')),
    categories: optional(list(category, 'categories')),
    programs: texts('program ids'),
    classes: texts('classes'),
    cohortPercent: optional(
      z
        .number({ error: percent })
        .min(0, { error: percent })
        .max(100, { error: percent })
        .describe('Matches a program when fnv1a32(program id as UTF-8) % 10000 < cohortPercent * 100.'),
    ),
  }).describe('All keys must match, of a list any member; an absent key matches everything, an empty list nothing.'),
  mode,
});

const limitSchema = closed('key', {
  name: text('a name that no other limit has')
    .min(1, { error: give('a name that no other limit has') })
    .describe("Unique; the limit's state belongs to it."),
  key: list(z.enum(LIMIT_KEYS, { error: oneOf('limit key', LIMIT_KEYS) }), LIMIT_KEYS.join(', ')).describe(
    'What the limit counts by. The program is always part of it, listed or not.',
  ),
  match: optionalOr(
    closed('key', {
      categories: optional(list(category, 'categories')),
      apis: texts('host APIs'),
      programs: texts('program ids'),
      classes: texts('classes'),
      foreground: optional(z.boolean({ error: give('true or false') })),
    }),
    {},
  ),
  count: wholeFrom1('count').describe('Cost that is allowed in `per`; at most two a microsecond.'),
  per: text('per').regex(PER, { error: give('per: a whole number above 0 and ms, s, m, h or d, without a space, e.g. 10m') }),
  burst: wholeFrom1('burst').describe('Calls that may come at once.'),
  cost: optionalOr(z.enum(LIMIT_COSTS, { error: oneOf('cost', LIMIT_COSTS) }), 'calls'),
  shadow: optionalOr(z.boolean({ error: give('true or false') }).describe('Counts and never acts.'), false),
  action: optional(action.describe('In place of the action of `rate_limited`.')),
})
  .superRefine(refineInterval, { when: always })
  .transform((limit) => ({ ...limit, perUs: Number(durationUs(limit.per)) }));

/** Cross-field checks look at what is there even if another field is wrong, so that all problems are told at once. */
function always(): boolean {
  return true;
}

/** interval = floor((2 per + count) / (2 count)) in microseconds, exact; 0 would let everything pass. */
function refineInterval(limit: { readonly count?: unknown; readonly per?: unknown } | null, context: z.RefinementCtx): void {
  const { count, per } = limit ?? {};
  const perUs = typeof per === 'string' ? durationUs(per) : undefined;
  if (perUs === undefined) return;
  if (perUs > BigInt(Number.MAX_SAFE_INTEGER)) {
    context.addIssue({
      code: 'custom',
      path: ['per'],
      message: `found ${quoted(per)}: give per: at most 104249d, because 2^53 microseconds are no more`,
    });
  }
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 1) return;
  const intervalUs = (2n * perUs + BigInt(count)) / (2n * BigInt(count));
  if (intervalUs > 0n) return;
  const message = `${count} in ${quoted(per)} leaves less than half a microsecond between two: lower count to at most ${2n * perUs}`;
  context.addIssue({ code: 'custom', path: ['count'], message });
}

function refineUniqueNames(limits: unknown, context: z.RefinementCtx): void {
  if (!Array.isArray(limits)) return;
  const first = new Map<string, number>();
  for (const [index, limit] of (limits as ({ readonly name?: unknown } | null)[]).entries()) {
    const name = limit?.name;
    if (typeof name !== 'string') continue;
    const before = first.get(name);
    if (before === undefined) first.set(name, index);
    else {
      const message = `limits[${before}] is named ${quoted(name)} too: give each limit a name of its own`;
      context.addIssue({ code: 'custom', path: [index, 'name'], message });
    }
  }
}

const budget = give('falseAlarmsPerProgramDay: a number from 0');

export const policySchema = closed('key', {
  version: text('version: a string that no other policy has, in quotes where YAML reads a number, e.g. "2026-11-01.1"'),
  purposes: optionalOr(z.enum(PURPOSES, { error: oneOf('setting', PURPOSES) }), 'optional'),
  consent: optionalOr(closed('key', { required: optionalOr(requiredConsent, []) }), { required: [] }),
  restricted: optionalOr(list(category, 'categories').describe('Need an entitlement.'), []),
  actions: optionalOr(actionsBy('reason', REASONS).describe('A reason that is not listed: flag.'), {}),
  modes: optionalOr(
    closed('key', {
      default: optionalOr(mode, 'observe'),
      overrides: optionalOr(list(overrideSchema, 'overrides').describe('The first match wins.'), []),
    }),
    { default: 'observe', overrides: [] },
  ),
  limits: optionalOr(
    list(limitSchema, 'limits')
      .superRefine(refineUniqueNames, { when: always })
      .describe('Asked in this order. Names are unique, and `per / count` rounds to at least 1 microsecond.'),
    [],
  ),
  baselines: optionalOr(
    closed('key', {
      enabled: optionalOr(z.boolean({ error: give('true or false') }), true),
      falseAlarmsPerProgramDay: optional(z.number({ error: budget }).min(0, { error: budget })),
    }),
    { enabled: true },
  ),
  unavailable: optionalOr(
    closed('key', { default: optionalOr(action, 'allow'), categories: optionalOr(actionsBy('category', CATEGORIES), {}) }),
    { default: 'allow', categories: {} },
  ),
}).describe('A policy. An unknown key is an error; null is the same as absence.');

/** A policy document as it may be written. */
export type PolicyDocument = z.input<typeof policySchema>;
/** A policy with all defaults filled in. */
export type Policy = z.output<typeof policySchema>;
