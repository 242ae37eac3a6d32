/** A policy in the form that the fold asks: sets for lists, numbers for names, microseconds for durations. */
import { ACTIONS, CATEGORIES, MODES, REASONS } from '../../../schemas/codes.ts';
import type { Policy } from '../../../schemas/policy/policy.ts';
import { BUDGET_DEFAULT } from '../baselines/tuning.ts';
import type { Subject } from '../checks/subject.ts';
import { type CompiledLimit, compileLimit, matchSet } from '../limits/compiled-limit.ts';

export interface CompiledOverride {
  /** Null: the key is absent and matches everything. An empty set matches nothing. */
  readonly reasons: ReadonlySet<number> | null;
  readonly categories: ReadonlySet<string> | null;
  readonly programs: ReadonlySet<string> | null;
  readonly classes: ReadonlySet<string> | null;
  /** Cohort buckets below this match; null without `cohortPercent`. */
  readonly bucketsBelow: number | null;
  /** Index in MODES. */
  readonly mode: number;
}

export interface CompiledPolicy {
  readonly version: string;
  /** First 16 hex digits of SHA-256 over the canonical document as written. */
  readonly hash: string;
  /** As written; what a checkpoint keeps. */
  readonly document: unknown;
  readonly purposesRequired: boolean;
  /** Null: every category. */
  readonly consentRequired: ReadonlySet<string> | null;
  readonly restricted: ReadonlySet<string>;
  /** Index in ACTIONS for each index in REASONS. */
  readonly actions: Uint8Array;
  readonly defaultMode: number;
  readonly overrides: readonly CompiledOverride[];
  readonly limits: readonly CompiledLimit[];
  /** Bytes of the longest name of a limit. */
  readonly longestLimitName: number;
  /** By index in CATEGORIES: of `limits`, in file order, those that can match it at all. */
  readonly limitsByCategory: readonly (readonly CompiledLimit[])[];
  /** Alarms of the baselines that are allowed a program and day; null where the policy says nothing or has no baselines. */
  readonly falseAlarmsPerProgramDay: number | null;
  /** The budget that the baselines keep to; null: they are off. */
  readonly baselineBudget: number | null;
}

const DEFAULT_ACTION = ACTIONS.indexOf('flag');

export function compilePolicy(policy: Policy, hash: string, document: unknown): CompiledPolicy {
  const actions = new Uint8Array(REASONS.length).fill(DEFAULT_ACTION);
  REASONS.forEach((reason, index) => {
    const action = policy.actions[reason];
    if (action !== undefined) actions[index] = ACTIONS.indexOf(action);
  });
  const limits = policy.limits.map(compileLimit);
  const limitsByCategory = CATEGORIES.map((category) => limits.filter((limit) => limit.categories?.has(category) ?? true));
  return {
    version: policy.version,
    hash,
    document,
    purposesRequired: policy.purposes === 'required',
    consentRequired: policy.consent.required === '*' ? null : new Set<string>(policy.consent.required),
    restricted: new Set<string>(policy.restricted),
    actions,
    defaultMode: MODES.indexOf(policy.modes.default),
    overrides: policy.modes.overrides.map(compileOverride),
    limits,
    longestLimitName: Math.max(0, ...limits.map(({ name }) => Buffer.byteLength(name))),
    limitsByCategory,
    baselineBudget: policy.baselines.enabled ? (policy.baselines.falseAlarmsPerProgramDay ?? BUDGET_DEFAULT) : null,
    falseAlarmsPerProgramDay: policy.baselines.enabled ? (policy.baselines.falseAlarmsPerProgramDay ?? null) : null,
  };
}

function compileOverride({ match, mode }: Policy['modes']['overrides'][number]): CompiledOverride {
  return {
    reasons: match.reasons ? new Set(match.reasons.map((reason) => REASONS.indexOf(reason))) : null,
    categories: matchSet(match.categories),
    programs: matchSet(match.programs),
    classes: matchSet(match.classes),
    bucketsBelow: match.cohortPercent === undefined ? null : match.cohortPercent * 100,
    mode: MODES.indexOf(mode),
  };
}

/** Index in MODES for a finding about an access: the first override whose keys all match, else the default. */
export function modeOf(policy: CompiledPolicy, reason: number, { category, program, className }: Subject): number {
  for (const override of policy.overrides) {
    if (
      (override.reasons === null || override.reasons.has(reason)) &&
      (override.categories === null || override.categories.has(category)) &&
      (override.programs === null || override.programs.has(program.id)) &&
      (override.classes === null || override.classes.has(className)) &&
      (override.bucketsBelow === null || program.cohortBucket < override.bucketsBelow)
    ) {
      return override.mode;
    }
  }
  return policy.defaultMode;
}

const [OBSERVE, WARN] = [MODES.indexOf('observe'), MODES.indexOf('warn')];
const FLAG = ACTIONS.indexOf('flag');

/** The action that is in effect: `observe` lets everything pass, `warn` at most flags, `enforce` does as proposed. */
export function actionInEffect(action: number, mode: number): number {
  if (mode === OBSERVE) return 0;
  return mode === WARN ? Math.min(action, FLAG) : action;
}
