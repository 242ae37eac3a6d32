import { describe, expect, test } from 'vitest';
import { foldSaid, type Said } from './said.ts';

const POLICY = {
  version: 'p',
  modes: {
    default: 'enforce',
    overrides: [
      { match: { reasons: ['undeclared_category'] }, mode: 'observe' },
      { match: { reasons: ['download_link'] }, mode: 'warn' },
      { match: { reasons: ['rate_limited'], categories: ['clipboard'] }, mode: 'observe' },
    ],
  },
  actions: { undeclared_category: 'intercept', download_link: 'intercept', rate_limited: 'throttle', reveals_friends: 'allow' },
  limits: [{ name: 'calls', key: ['user'], match: { apis: ['limited'] }, count: 1, per: '1m', burst: 1 }],
};
const DECLARED = { version: 1, purposes: [{ id: 'map', categories: [{ category: 'location' }] }] };
const DECIDED_AT = Date.UTC(2026, 4, 3);

const call = (data: object): Said => ['wx1', 'access', { user: 'u1', api: 'a', category: 'location', ...data }];

/** What hosts read of these accesses, each with the program that is its key. */
function published(...said: readonly Said[]): [program: string, verdict: Readonly<Record<string, unknown>>][] {
  const { verdicts, verdictPrograms } = foldSaid(POLICY, [['wx1', 'declaration', DECLARED], ...said], DECIDED_AT);
  expect(verdictPrograms).toHaveLength(verdicts.length);
  return verdicts.map((text, i) => [verdictPrograms[i]!, JSON.parse(text) as Record<string, unknown>]);
}

describe('a verdict for hosts', () => {
  test('says what was decided of whom, when, under which policy, and how to do better', () => {
    const [[program, verdict]] = published(call({ link: { kind: 'download', host: 'h' } })) as [ReturnType<typeof published>[0]];
    expect(program).toBe('wx1');
    expect(verdict).toEqual({
      eventId: '2',
      source: 's',
      program: 'wx1',
      user: 'u1',
      category: 'location',
      verdict: 'flag',
      reasons: ['download_link'],
      remedy: expect.stringMatching(/./) as string,
      decidedAt: '2026-05-03T00:00:00.000Z',
      policyHash: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    });
  });

  test('is given above allow, and always to a host that waits', () => {
    const outcomes = ['pending', 'performed', 'refused'];
    const fine = published(...outcomes.map((outcome) => call({ outcome })));
    expect(fine.map(([, { eventId, verdict, reasons, remedy }]) => [eventId, verdict, reasons, remedy])).toEqual([
      ['2', 'allow', [], ''],
    ]);
    const flagged = published(...outcomes.map((outcome) => call({ outcome, link: { kind: 'download' } })));
    expect(flagged.map(([, { eventId, verdict }]) => [eventId, verdict])).toEqual(['2', '3', '4'].map((id) => [id, 'flag']));
  });

  test('names only the reasons whose action is in effect, and for these alone says how to do better', () => {
    const observed = { category: 'photos', outcome: 'pending' };
    const [[, allowed], [, flagged]] = published(
      call(observed),
      call({ ...observed, link: { kind: 'download', reveals: ['friends'] } }),
    ) as [ReturnType<typeof published>[0], ReturnType<typeof published>[0]];
    expect(allowed).toMatchObject({ verdict: 'allow', reasons: [], remedy: '' });
    const remedy = expect.stringContaining('download link') as string;
    expect(flagged).toMatchObject({ verdict: 'flag', reasons: ['download_link'], remedy });
  });

  test('says how to do better about the gravest that is in effect, of several about the first', () => {
    // Nobody declared what it is for, and the link leads out: both are flagged. The download would be intercepted.
    const both = { purpose: 'ads', link: { kind: 'external', host: 'h' } };
    const graver = { purpose: 'ads', link: { kind: 'download', host: 'h' } };
    expect(published(call(both), call(graver)).map(([, { reasons, remedy }]) => [reasons, remedy])).toEqual([
      [['purpose_unknown', 'external_link'], expect.stringContaining('"ads"')],
      [['purpose_unknown', 'download_link'], expect.stringContaining('download link')],
    ]);
  });

  test('of a refused limit says when to come again', () => {
    const limited = { api: 'limited' };
    const verdicts = published(call(limited), call(limited), call({ ...limited, user: 'u2', outcome: 'pending' }));
    expect(verdicts.map(([, { user, verdict, reasons, retryAfterMs }]) => [user, verdict, reasons, retryAfterMs])).toEqual([
      ['u1', 'throttle', ['rate_limited'], 59_000],
      ['u2', 'allow', [], undefined],
    ]);
  });

  test('makes no host wait for a limit that is only observed', () => {
    const observed = { api: 'limited', category: 'clipboard', outcome: 'pending' };
    const verdicts = published(call(observed), call({ ...observed, link: { kind: 'download' } }), call(observed));
    expect(verdicts.map(([, { verdict, reasons, retryAfterMs }]) => [verdict, reasons, retryAfterMs])).toEqual([
      ['allow', [], undefined],
      ['flag', ['download_link'], undefined],
      ['allow', [], undefined],
    ]);
  });
});
