import { describe, expect, test } from 'vitest';
import { createLogger } from '../../services/platform/logger.ts';

function lines(short: boolean): { readonly log: ReturnType<typeof createLogger>; readonly written: string[] } {
  const written: string[] = [];
  return { written, log: createLogger({ level: 'debug', short, output: { write: (line) => void written.push(line) } }) };
}

describe('a log line', () => {
  test('is a JSON object for machines', () => {
    const { log, written } = lines(false);
    log.info({ partition: 3, records: 12 }, 'scored');
    expect(JSON.parse(written[0]!)).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      partition: 3,
      records: 12,
      msg: 'scored',
    });
    expect(written[0]!.endsWith('\n')).toBe(true);
  });

  test('is short for people', () => {
    const { log, written } = lines(true);
    log.warn({ code: 'UNREACHABLE', retryInMs: 200 }, 'storing failed');
    expect(written).toEqual([expect.stringMatching(/^\d\d:\d\d:\d\d warn {2}storing failed code=UNREACHABLE retryInMs=200\n$/)]);
  });

  test.each([false, true])('never holds a user, a token or a password (short: %s)', (short) => {
    const { log, written } = lines(short);
    log.info(
      {
        user: 'u_secret',
        token: 'u_secret',
        record: { user: 'u_secret', data: { password: 'u_secret' } },
        headers: { authorization: 'Bearer u_secret' },
      },
      'seen',
    );
    expect(written.join('')).not.toContain('u_secret');
    expect(written.join('')).toContain('[removed]');
  });

  test('tells where an error came from', () => {
    const { log, written } = lines(false);
    log.error({ err: Object.assign(new Error('away', { cause: new Error('refused') }), { code: 'UNREACHABLE' }) }, 'failed');
    expect(JSON.parse(written[0]!)).toMatchObject({
      err: {
        type: 'Error',
        message: 'away',
        code: 'UNREACHABLE',
        cause: 'refused',
        stack: expect.stringContaining('logger.test.ts'),
      },
    });
  });

  test('stays one line and leaves the terminal alone, whatever it quotes', () => {
    const { log, written } = lines(true);
    log.info({ path: 'a\nfatal: made up\u001b[2J\u2028' }, 'read\r\nthis');
    expect(written).toHaveLength(1);
    expect(written[0]!.trimEnd()).toMatch(/^[ -~]+$/);
  });

  test('below the level is none', () => {
    const { log, written } = lines(false);
    log.trace('nothing');
    expect(written).toEqual([]);
  });
});
