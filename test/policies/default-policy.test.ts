/** The default policy and its own tests: they pass, cover every reason of checks 1 to 9, and notice when a line of it changes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ACTIONS, CATEGORIES, REASONS } from '../../schemas/codes.ts';
import type { PolicyDocument } from '../../schemas/policy/policy.ts';
import { parsePolicyYaml } from '../../services/domain/policy/document.ts';
import { runCase } from '../../services/domain/policy-test/run-case.ts';
import { parsePolicyTest } from '../../services/domain/policy-test/test-file.ts';

const FOLDER = join(import.meta.dirname, '../../policies');
const parsed = parsePolicyYaml(readFileSync(join(FOLDER, 'default.yaml'), 'utf8'));
const tests = parsePolicyTest(readFileSync(join(FOLDER, 'default.test.yaml'), 'utf8'));
if (!parsed.ok || !tests.ok) throw new Error(JSON.stringify([parsed, tests]));
const policy = parsed.document as PolicyDocument;
const { value } = tests;

/** Names of the cases that a policy fails. */
function failing(document: unknown): string[] {
  return value.cases
    .map((one) => runCase(document, value, one))
    .flatMap(({ name, differences }) => (differences.length > 0 ? name : []));
}

/** A copy of the policy that `change` was made to. */
function changed(change: (copy: Required<PolicyDocument>) => void): PolicyDocument {
  const copy = structuredClone(policy) as Required<PolicyDocument>;
  change(copy);
  return copy;
}

test('the default policy passes its own tests', () => {
  expect(value.cases.length).toBeGreaterThanOrEqual(30);
  expect(failing(policy)).toEqual([]);
});

const JUDGED = REASONS.slice(0, REASONS.indexOf('rate_limited') + 1);

test('its tests cover every reason of checks 1 to 9', () => {
  const covered = new Set(value.cases.flatMap(({ expect: expected }) => expected.reasons ?? []));
  expect(JUDGED.filter((reason) => !covered.has(reason))).toEqual([]);
});

describe('its tests notice', () => {
  test.each(JUDGED)('another action for %s', (reason) => {
    for (const action of ACTIONS) {
      if (action === (policy.actions?.[reason] ?? 'flag')) continue;
      expect(failing(changed(({ actions }) => (actions![reason] = action)))).not.toEqual([]);
    }
  });

  test('another default mode', () => {
    for (const mode of ['warn', 'enforce'] as const)
      expect(failing(changed(({ modes }) => (modes!.default = mode)))).not.toEqual([]);
  });

  test.each(policy.modes!.overrides!.map((_, i) => i))('that override %i is missing', (i) => {
    expect(failing(changed(({ modes }) => modes!.overrides!.splice(i, 1)))).not.toEqual([]);
  });

  test.each(policy.limits!.map(({ name }) => name).filter((name) => name !== 'program-calls'))(
    'that limit %s is missing',
    (name) => {
      expect(failing(changed((copy) => (copy.limits = copy.limits!.filter((limit) => limit.name !== name))))).not.toEqual([]);
    },
  );

  test('that the shadow limit acts', () => {
    expect(failing(changed(({ limits }) => (limits!.at(-1)!.shadow = false)))).not.toEqual([]);
  });

  test('purposes that nobody asks for, and consents and entitlements that everything needs', () => {
    expect(failing(changed((copy) => (copy.purposes = 'optional')))).not.toEqual([]);
    expect(failing(changed(({ consent }) => (consent!.required = '*')))).not.toEqual([]);
    expect(failing(changed((copy) => (copy.restricted = [...CATEGORIES])))).not.toEqual([]);
  });
});
