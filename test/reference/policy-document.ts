/** The policy document: what makes it valid, and what it says (contracts.md section 3, exact-rules.md section 7). */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { parseDocument } from 'yaml';
import { ACTIONS, CATEGORIES, LIMIT_COSTS, LIMIT_KEYS, MODES, REASONS } from '../../schemas/codes.ts';
import type { Action, LimitCost, LimitKey, Mode } from '../../schemas/codes.ts';
import { arrayOf, closedShape, filledText, integer, isObject, oneOf, shape, text, truth, withoutNulls } from './shapes.ts';
import type { Check, JsonObject } from './shapes.ts';

export interface Override {
  readonly match: {
    readonly reasons?: readonly string[];
    readonly categories?: readonly string[];
    readonly programs?: readonly string[];
    readonly classes?: readonly string[];
    readonly cohortPercent?: number;
  };
  readonly mode: Mode;
}
export interface Limit {
  readonly name: string;
  readonly key: readonly LimitKey[];
  readonly match?: {
    readonly categories?: readonly string[];
    readonly apis?: readonly string[];
    readonly programs?: readonly string[];
    readonly classes?: readonly string[];
    readonly foreground?: boolean;
  };
  readonly count: number;
  readonly per: string;
  readonly burst: number;
  readonly cost?: LimitCost;
  readonly shadow?: boolean;
  readonly action?: Action;
}
/** A valid document as it was written, nulls left out. */
export interface PolicyDocument {
  readonly version: string;
  readonly purposes?: 'required' | 'optional';
  readonly consent?: { readonly required?: '*' | readonly string[] };
  readonly restricted?: readonly string[];
  readonly actions?: Readonly<Record<string, Action>>;
  readonly modes?: { readonly default?: Mode; readonly overrides?: readonly Override[] };
  readonly limits?: readonly Limit[];
}
export interface Policy {
  readonly document: PolicyDocument;
  /** First 16 hex digits of SHA-256 over the canonical JSON of the document as written. */
  readonly hash: string;
}

const UNIT_MICROS: Readonly<Record<string, bigint>> = {
  ms: 1_000n,
  s: 1_000_000n,
  m: 60_000_000n,
  h: 3_600_000_000n,
  d: 86_400_000_000n,
};
const PER = /^([1-9][0-9]*)(ms|s|m|h|d)$/;

/** `per` in microseconds. */
export function perMicros(per: string): bigint {
  const match = PER.exec(per);
  if (match === null) throw new Error(`not a period: ${per}`);
  return BigInt(match[1]!) * UNIT_MICROS[match[2]!]!;
}

/** Microseconds of one unit of cost: per / count, halves up. */
export const intervalMicros = (limit: Pick<Limit, 'per' | 'count'>): bigint =>
  (2n * perMicros(limit.per) + BigInt(limit.count)) / (2n * BigInt(limit.count));

const categories = arrayOf(oneOf(CATEGORIES));
const texts = arrayOf(text);
const percent: Check = (value) => typeof value === 'number' && value >= 0 && value <= 100;
/** An object from any of `names` to actions. */
const actionsBy = (names: readonly string[]): Check =>
  closedShape({}, Object.fromEntries(names.map((name) => [name, oneOf(ACTIONS)])));

const override = closedShape(
  {
    match: closedShape(
      {},
      { reasons: arrayOf(oneOf(REASONS)), categories, programs: texts, classes: texts, cohortPercent: percent },
    ),
    mode: oneOf(MODES),
  },
  {},
);
const limit = closedShape(
  {
    name: filledText,
    key: arrayOf(oneOf(LIMIT_KEYS)),
    count: integer(1),
    per: (value) => typeof value === 'string' && PER.test(value),
    burst: integer(1),
  },
  {
    match: closedShape({}, { categories, apis: texts, programs: texts, classes: texts, foreground: truth }),
    cost: oneOf(LIMIT_COSTS),
    shadow: truth,
    action: oneOf(ACTIONS),
  },
);

const MEMBERS: Readonly<Record<string, Check>> = {
  version: text,
  purposes: oneOf(['required', 'optional']),
  consent: closedShape({}, { required: (value) => value === '*' || arrayOf(oneOf(['*', ...CATEGORIES]))(value) }),
  restricted: categories,
  actions: actionsBy(REASONS),
  modes: closedShape({}, { default: oneOf(MODES), overrides: arrayOf(override) }),
  limits: arrayOf(limit),
  // More keys may be added to baselines (contracts.md), and none of them concerns this judge.
  baselines: shape({}, { enabled: truth, falseAlarmsPerProgramDay: (value) => typeof value === 'number' }),
  unavailable: closedShape({}, { default: oneOf(ACTIONS), categories: actionsBy(CATEGORIES) }),
};

/** What is wrong with a document, nulls already left out; empty when it is valid. */
export function policyProblems(document: unknown): string[] {
  if (!isObject(document)) return ['not an object'];
  const problems = Object.keys(document)
    .filter((name) => !Object.hasOwn(MEMBERS, name) || !MEMBERS[name]!(document[name]))
    .map((name) => `${name} is unknown or wrong`);
  if (!Object.hasOwn(document, 'version')) problems.push('version is missing');
  if (problems.length > 0) return problems;
  const { limits = [] } = document as unknown as PolicyDocument;
  if (new Set(limits.map((each) => each.name)).size < limits.length) problems.push('two limits have one name');
  if (limits.some((each) => intervalMicros(each) === 0n)) problems.push('a limit has no interval');
  return problems;
}

/** `raw` is the document as written, already known to be valid. */
export function policyFrom(raw: JsonObject): Policy {
  const canonical = canonicalize(raw);
  if (canonical === undefined) throw new Error('a policy is JSON');
  const hash = createHash('sha256').update(canonical, 'utf8').digest('hex').slice(0, 16);
  return { document: withoutNulls(raw) as PolicyDocument, hash };
}

/** @throws Error for text that is no valid policy: whoever writes a test must notice. */
export function policyFromYaml(yamlText: string): Policy {
  const parsed = parseDocument(yamlText, { version: '1.2', schema: 'core', uniqueKeys: true });
  if (parsed.errors.length > 0) throw new Error(`policy is not YAML: ${parsed.errors[0]!.message}`);
  const raw: unknown = parsed.toJS();
  const problems = policyProblems(withoutNulls(raw));
  if (problems.length > 0) throw new Error(`policy is wrong: ${problems.join('; ')}`);
  return policyFrom(raw as JsonObject);
}
