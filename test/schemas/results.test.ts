import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { interceptionReportSchema } from '../../schemas/report/interceptions.ts';
import { rejectSchema } from '../../schemas/results/reject.ts';
import { heartbeatAnswerSchema, verdictSchema } from '../../schemas/results/verdict.ts';
import { REPORT } from '../conformance/example.ts';

const VERDICT = {
  eventId: 'e1',
  source: 'host/wechat-ios',
  program: 'wx9c78850b22aca528',
  user: 'u_8f3a9c12',
  category: 'location',
  verdict: 'throttle',
  reasons: ['rate_limited'],
  remedy: 'Call less often.',
  retryAfterMs: 1200,
  decidedAt: '2026-03-01T00:00:00.000Z',
  policyHash: '99ced69bc22c29e0',
};

describe('a published verdict', () => {
  test.each([
    ['that a limit gave', VERDICT],
    [
      'on a pending access that is let through',
      { ...VERDICT, verdict: 'allow', reasons: [], remedy: '', retryAfterMs: undefined },
    ],
    ['with a field of a later release', { ...VERDICT, score: 0.5 }],
  ])('%s is accepted', (_, verdict) => {
    expect(verdictSchema.safeParse(verdict).success).toBe(true);
  });

  test.each([
    { verdict: 'block' },
    { category: 'telepathy' },
    { reasons: ['popup'] },
    { policyHash: '99CED69BC22C29E0' },
    { eventId: '' },
    { retryAfterMs: -1 },
  ])('is refused with %j', (wrong) => {
    expect(verdictSchema.safeParse({ ...VERDICT, ...wrong }).success).toBe(false);
  });

  test('is told from the answer to a heartbeat by its type', () => {
    const answer = { type: 'ntk.heartbeat', eventId: 'h1', source: 'host/probe', decidedAt: '2026-03-01T00:00:00Z' };
    expect(heartbeatAnswerSchema.safeParse(answer).success).toBe(true);
    expect(verdictSchema.safeParse(answer).success).toBe(false);
    expect(heartbeatAnswerSchema.safeParse(VERDICT).success).toBe(false);
  });
});

test('a reject says where it lies, why it was refused and what its bytes were', () => {
  const raw = Buffer.from('{"specversion":\xff', 'latin1');
  const reject = {
    partition: 3,
    offset: 17,
    reason: 'invalid_json',
    bytes: raw.length,
    sha256: createHash('sha256').update(raw).digest('hex'),
    raw: raw.toString('base64'),
    truncated: false,
  };
  expect(rejectSchema.parse(reject)).toEqual(reject);
  for (const field of Object.keys(reject)) expect(rejectSchema.safeParse({ ...reject, [field]: undefined }).success).toBe(false);
});

test('the report of the worked example has the published form', () => {
  const report = { ...REPORT, asOf: '2026-11-23T10:00:00Z', settled: true };
  expect(interceptionReportSchema.parse(report)).toEqual(report);
  expect(interceptionReportSchema.safeParse({ ...report, intercepted: { attempts: 1 } }).success).toBe(false);
});
