/** Policies as people could write them: every key may be there, be null or be absent. */
import fc from 'fast-check';
import { ACTIONS, CATEGORIES, LIMIT_COSTS, LIMIT_KEYS, MODES, REASONS } from '../../schemas/codes.ts';

/** Text that JSON can hold; `__proto__` and its kind among it. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('__proto__', 'constructor', 'true', '0x10', '*', ''),
);
const some = <T>(values: readonly T[]): fc.Arbitrary<T[]> => fc.array(fc.constantFrom(...values), { maxLength: 4 });
const texts = fc.array(text, { maxLength: 3 });
const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 8 });

/** Keys of `required` are there; the others are there, null or absent. */
function mapping(
  required: Record<string, fc.Arbitrary<unknown>>,
  rest: Record<string, fc.Arbitrary<unknown>>,
): fc.Arbitrary<object> {
  const optional = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, orNull(value)]));
  return fc.record({ ...required, ...optional }, { requiredKeys: Object.keys(required) });
}

const actionsBy = (names: readonly string[]): fc.Arbitrary<object> =>
  fc.dictionary(fc.constantFrom(...names), orNull(fc.constantFrom(...ACTIONS)), { maxKeys: 4, noNullPrototype: true });

const override = mapping(
  {
    match: mapping(
      {},
      {
        reasons: some(REASONS),
        categories: some(CATEGORIES),
        programs: texts,
        classes: texts,
        cohortPercent: fc.double({ min: 0, max: 100, noNaN: true }),
      },
    ),
    mode: fc.constantFrom(...MODES),
  },
  {},
);

const limit = mapping(
  {
    name: text,
    key: some(LIMIT_KEYS),
    count: fc.integer({ min: 1, max: 2000 }),
    per: fc
      .tuple(fc.integer({ min: 1, max: 99_999 }), fc.constantFrom('ms', 's', 'm', 'h', 'd'))
      .map(([n, unit]) => `${n}${unit}`),
    burst: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  },
  {
    match: mapping({}, { categories: some(CATEGORIES), apis: texts, programs: texts, classes: texts, foreground: fc.boolean() }),
    cost: fc.constantFrom(...LIMIT_COSTS),
    shadow: fc.boolean(),
    action: fc.constantFrom(...ACTIONS),
  },
);

export const policyDocuments: fc.Arbitrary<object> = mapping(
  { version: text },
  {
    purposes: fc.constantFrom('required', 'optional'),
    consent: mapping({}, { required: fc.oneof(some(CATEGORIES), fc.constant('*'), fc.constant(['*'])) }),
    restricted: some(CATEGORIES),
    actions: actionsBy(REASONS),
    modes: mapping({}, { default: fc.constantFrom(...MODES), overrides: fc.array(override, { maxLength: 3 }) }),
    limits: fc
      .uniqueArray(limit, { maxLength: 3, selector: (each) => (each as { name: string }).name })
      .map((limits) => limits.filter((each) => (each as { name: string }).name !== '')),
    baselines: mapping({}, { enabled: fc.boolean(), falseAlarmsPerProgramDay: fc.double({ min: 0, max: 1, noNaN: true }) }),
    unavailable: mapping({}, { default: fc.constantFrom(...ACTIONS), categories: actionsBy(CATEGORIES) }),
  },
);
