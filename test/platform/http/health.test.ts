import { describe, expect, it } from 'vitest';
import { Health } from '../../../services/platform/http/health.ts';

describe('health', () => {
  it('asks all checks at once, so that it takes as long as the slowest and not as long as all', async () => {
    const health = new Health();
    const { promise: secondAsked, resolve: second } = Promise.withResolvers<void>();
    // Answers only when the one behind it was asked, too.
    health.register('first', async () => {
      await secondAsked;
      return { ok: true, detail: 'well' };
    });
    health.register('second', () => {
      second();
      return { ok: true, detail: 'well' };
    });
    expect(await health.report()).toEqual({
      status: 'ok',
      checks: { first: { ok: true, detail: 'well' }, second: { ok: true, detail: 'well' } },
    });
  });

  it('fails with a check that throws, and still says what all others found, in the order of their names’ first mention', async () => {
    const health = new Health();
    health.register('log', () => {
      throw new Error('the log is away');
    });
    health.register('writer', () => ({ ok: true, detail: 'well' }));
    const { status, checks } = await health.report();
    expect(status).toBe('failing');
    expect(Object.entries(checks)).toEqual([
      ['log', { ok: false, detail: 'the check failed: the log is away' }],
      ['writer', { ok: true, detail: 'well' }],
    ]);
  });
});
