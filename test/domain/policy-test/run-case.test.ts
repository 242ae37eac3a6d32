import { describe, expect, test } from 'vitest';
import { runCase } from '../../../services/domain/policy-test/run-case.ts';
import { parsePolicyTest } from '../../../services/domain/policy-test/test-file.ts';

const POLICY = { version: 'p', modes: { default: 'enforce' }, actions: { undeclared_program: 'intercept' } };

function run(cases: string): ReturnType<typeof runCase> {
  const parsed = parsePolicyTest(cases);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return runCase(POLICY, parsed.value, parsed.value.cases[0]!);
}

describe('a case', () => {
  test('is judged as the scorer judges it', () => {
    const { differences, found } = run(
      'cases: [{ name: a, given: [access: { api: wx.getLocation }], expect: { verdict: intercept } }]',
    );
    expect(differences).toEqual([]);
    expect(found).toMatchObject({
      verdict: 'intercept',
      proposed: 'intercept',
      reasons: ['undeclared_program'],
      effective: { undeclared_program: 'intercept' },
      limit: '',
    });
  });

  test('says everything that is otherwise', () => {
    const { differences } = run(`cases:
      - name: a
        given: [access: { api: wx.getLocation }]
        expect:
          verdict: allow
          proposed: flag
          reasons: [consent_missing, program_banned]
          effective: { undeclared_program: allow, consent_missing: flag }
          limit: some
          remedy: something else`);
    expect(differences.map(({ what, expected, found }) => `${what}: ${expected} | ${found}`)).toEqual([
      'verdict: allow | intercept',
      'proposed: flag | intercept',
      'limit: some | none',
      'reasons: program_banned consent_missing | undeclared_program',
      'effective: undeclared_program allow | undeclared_program intercept',
      'effective: consent_missing flag | no consent_missing',
      expect.stringMatching(/^remedy: … something else … \| Submit a privacy declaration/),
    ]);
  });

  test('has programs of its own, whatever they are called, and an erasure reaches them all', () => {
    const { found } = run(`cases:
      - name: a
        given:
          - { program: "*x", declaration: { version: 1, purposes: [{ id: p, categories: [{ category: location }] }] } }
          - { program: other, standing: { state: banned } }
          - erasure: {}
          - { program: "*x", access: { api: wx.getLocation, purpose: p } }
        expect: { verdict: allow }`);
    expect(found?.reasons).toEqual([]);
  });

  test('whose records cannot be read says which', () => {
    const { differences } = run(`cases:
      - name: a
        given: [{ program: "*", declaration: { version: 1, purposes: [] } }, access: { api: x }]
        expect: { verdict: allow }`);
    expect(differences[0]).toEqual({
      what: 'records',
      expected: 'readable records',
      found: 'record 1 is rejected (not_cloudevent)',
    });
  });

  test('with more records than allowed is not run', () => {
    const { differences, found } = run(`cases:
      - { name: a, given: [{ times: 15000, access: { api: x } }, { times: 15000, access: { api: x } }], expect: { verdict: allow } }`);
    expect([found, differences.length]).toEqual([null, 1]);
  });

  test('counts time as it is written: a second each, or after, at, every', () => {
    const lapses = (when: string): string | undefined =>
      run(`cases:
      - name: a
        given:
          - declaration: { version: 1, purposes: [{ id: p, categories: [{ category: location }] }] }
          - standing: { state: banned, until: "2026-01-01T00:10:00Z" }
          - { ${when}, access: { api: wx.getLocation } }
        expect: { verdict: allow }`).found?.reasons[0];
    expect(lapses('after: 598s')).toBe('program_banned');
    expect(lapses('after: 599s')).toBeUndefined();
    expect(lapses('times: 598')).toBe('program_banned');
    expect(lapses('times: 599')).toBeUndefined();
    expect(lapses('times: 2, every: 10m')).toBeUndefined();
    expect(lapses('time: "2026-01-01T00:09:59.999999Z"')).toBe('program_banned');
    expect(lapses('time: "2026-01-01T00:10:00Z"')).toBeUndefined();
  });
});

describe('a file of tests', () => {
  const problems = (text: string): string[] => {
    const parsed = parsePolicyTest(text);
    return parsed.ok ? [] : parsed.problems.map(({ line, path, message }) => `${line} ${path}: ${message}`);
  };

  test('has all its problems said at once, with their lines', () => {
    expect(
      problems(`polcy: default.yaml
facts:
  declared:
    - declaration: { version: 0, purposes: [] }
cases:
  - name: one
    given: [declard, access: { api: x, purpos: y }]
    expect: { verdict: block }
  - name: two
    given: [consent: { state: granted, categories: [] }, standing: { state: banned }]
    expect: {}
  - name: three
    given: [{ access: { api: x }, consent: { state: granted, categories: [] } }]
    expect: { reasons: [consent_mising] }
`),
    ).toEqual([
      "1 polcy: unknown key 'polcy'; did you mean 'policy'?",
      '4 facts.declared[0].declaration.version: Too small: expected number to be >=1',
      "7 cases[0].given[1].access.purpos: unknown field 'purpos'; did you mean 'purpose'?",
      "8 cases[0].expect.verdict: unknown action 'block'; known are allow, flag, throttle, intercept",
      '11 cases[1].expect: expects nothing: give verdict, proposed, reasons, effective, limit or remedy',
      '13 cases[2].given[0]: found consent and access: give exactly one of declaration, entitlement, consent, standing, erasure, access',
      "14 cases[2].expect.reasons[0]: unknown reason 'consent_mising'; did you mean 'consent_missing'?",
    ]);
  });

  test('knows the names of its facts, tells cases apart, and judges an access', () => {
    expect(
      problems(`facts: { declared: [declaration: { version: 1, purposes: [] }] }
cases:
  - { name: one, given: [declard, access: { api: x }], expect: { verdict: allow } }
  - { name: one, given: [declared], expect: { verdict: allow } }
`),
    ).toEqual([
      "3 cases[0].given[0]: unknown facts 'declard'; did you mean 'declared'?",
      "4 cases[1].name: cases[0] is named 'one' too: give each case a name of its own",
      '4 cases[1].given[0]: ends with a fact: give the access that is judged as the last record',
    ]);
  });
});
