/** Every check of a stored access in words, from its row alone: the same checks as folding the log again finds. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { APPLE_REPORT_SOURCE } from '../../../schemas/catalogue/index.ts';
import { Desk, ntkJson, ntkOk } from '../../acceptance/ntk.ts';
import { type StoredRow, storedChecks } from '../../../services/domain/wording/stored-checks.ts';

const ROW: StoredRow = {
  source: 'host/test',
  category: 'location',
  purpose: '',
  foreground: true,
  rows: '1',
  bytes: '48',
  link_kind: '',
  verdict: 'allow',
  reasons: [],
  effective: [],
  limit: '',
  retry_after_ms: '0',
  evidence: '',
  declaration_version: 3,
  notes: [],
};

describe('the checks of a stored access', () => {
  test('say of what was fine what was looked at', () => {
    const texts = storedChecks({ ...ROW, purpose: 'nearby' }).map(({ name, status, text }) => `${name} ${status}: ${text}`);
    expect(texts).toEqual([
      'standing passed: The program is neither suspended nor banned.',
      'declaration passed: Version 3 of its declaration is in force.',
      'category passed: The declaration lists location.',
      'purpose passed: Purpose “nearby” was declared and lists location.',
      'entitlement passed: The platform does not restrict location, or has opened it to this program.',
      'scope passed: On screen; 1 row and 48 bytes are within what was declared.',
      'consent passed: The user agreed to location, or the policy does not ask for consent to it.',
      'link skipped: The access is no link.',
      'limits passed: Within every limit of the policy.',
      'baselines passed: Nothing out of the ordinary, as far as this program was known by then. What came late, or under a policy without baselines, was not held against it.',
    ]);
  });

  test('say of an App Privacy Report that it does not know what was on screen', () => {
    expect(storedChecks({ ...ROW, source: APPLE_REPORT_SOURCE })[5]!.text).toBe(
      'The report does not say whether on screen; 1 row and 48 bytes are within what was declared.',
    );
  });

  test('say what was found in a sentence, with what it was and what would have been ordinary', () => {
    const evidence = JSON.stringify({
      findings: [
        {
          reason: 'undeclared_category',
          action: 'intercept',
          mode: 'observe',
          effect: 'allow',
          observed: { category: 'location' },
          expected: { categories: ['photos', 'camera'] },
        },
      ],
      remedy: 'x',
    });
    const checks = storedChecks({ ...ROW, reasons: ['undeclared_category'], effective: ['allow'], evidence });
    expect(checks[2]).toEqual({
      check: 3,
      name: 'category',
      status: 'found',
      text: 'The declaration of this program lists this kind of data under none of its purposes. It was: category location. Ordinary would be: categories photos / camera. The policy would intercept; its mode, observe, makes it allow.',
    });
    expect(checks[3]).toMatchObject({ status: 'skipped', text: 'No purpose lists this kind of data.' });
  });

  test('end with what is not ordinary for the program, and what the score is made of', () => {
    const observed = { category: 'location', feature: 'rhythm', intervalSeconds: 300, intervalsInARow: 7 };
    const expected = { intervals: 'irregular, as people are' };
    const evidence = JSON.stringify({
      findings: [{ reason: 'periodic_polling', action: 'flag', mode: 'observe', effect: 'allow', observed, expected }],
      baseline: { score: 9.5, threshold: 8.28, contributions: { rhythm: 9.5 } },
      remedy: '',
    });
    const checks = storedChecks({ ...ROW, reasons: ['periodic_polling'], effective: ['allow'], evidence });
    expect(checks.map(({ check }) => check)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(checks[9]).toEqual({
      check: 10,
      name: 'baselines',
      status: 'found',
      text: 'The calls come at even intervals, as a machine makes them and no person does. For one user, 7 calls in a row came 5 minutes apart; people come at irregular times. The policy would flag; its mode, observe, makes it allow. Score 9.5, and 8.3 is an alarm: 9.5 for the even intervals.',
    });
  });

  test('say why limits and baselines were not asked', () => {
    const last = (row: Partial<StoredRow>): string[] =>
      storedChecks({ ...ROW, ...row })
        .slice(8)
        .map(({ status, text }) => `${status}: ${text}`);
    expect(last({ notes: ['imported'] })).toEqual([
      'skipped: What was imported is not held against limits.',
      'skipped: What was imported is not held against what is ordinary, nor learned from.',
    ]);
    expect(last({ reasons: ['consent_missing'], effective: ['intercept'], verdict: 'intercept' })).toEqual([
      'skipped: What the checks above intercept uses up no limit.',
      'skipped: What checks 1-8 intercept is not learned from.',
    ]);
    const [late, ordinary] = last({ notes: ['late_for_limit'] });
    expect(late).toBe(
      'skipped: It came more than five minutes behind later accesses: a limit that had seen those was not asked.',
    );
    expect(ordinary).toMatch(/^passed: Nothing out of the ordinary/);
    expect(last({ category: 'navigation' })[1]).toMatch(/^skipped: /);
    // What the baselines themselves intercept had been held against the limits before.
    const intercepted = { reasons: ['periodic_polling'], effective: ['intercept'], verdict: 'intercept' };
    expect(last(intercepted)[0]).toBe('passed: Within every limit of the policy.');
  });

  test('say it too where what was compared did not fit', () => {
    const evidence = JSON.stringify({
      findings: [{ reason: 'consent_missing', action: 'flag', mode: 'enforce', effect: 'flag' }],
      remedy: '',
      cut: true,
    });
    expect(storedChecks({ ...ROW, reasons: ['consent_missing'], effective: ['flag'], evidence })[6]).toMatchObject({
      status: 'found',
      text: 'The user has never agreed that this program may have this kind of data. The policy says flag.',
    });
  });
});

interface Explained extends StoredRow {
  readonly evidence: never;
  readonly event_id: string;
  readonly checks: readonly { readonly check: number; readonly status: string }[];
}

const statuses = (checks: Explained['checks']): string[] =>
  checks.filter(({ check }) => check <= 9).map(({ check, status }) => `${check} ${status}`);

describe('the checks of all accesses of the worked example', () => {
  const desk = new Desk();
  beforeAll(async () => {
    await ntkOk([
      'run',
      '--data',
      desk.data,
      '--policy',
      'test/conformance/policy.yaml',
      '--input',
      'test/conformance/events.ndjson.gz',
    ]);
  }, 120_000);
  afterAll(() => desk.clear());

  test('are found, passed and skipped as folding the log again says', { timeout: 120_000 }, async () => {
    const programs = ['wx264353c7411fe534', 'wx34c5889495341d39', 'wx0a7e59e82a278532'];
    let compared = 0;
    for (const program of programs) {
      const accesses = await ntkJson<Explained[]>(['explain', '--data', desk.data, '--program', program, '--recompute']);
      for (const { checks, evidence, ...row } of accesses) {
        const stored = storedChecks({ ...row, evidence: evidence === null ? '' : JSON.stringify(evidence) });
        // That the policy has no baselines stands in no row.
        expect([row.event_id, statuses(stored)]).toEqual([row.event_id, statuses(checks)]);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(100);
  });
});
