/** A service that starts while its log is away waits for it, says so, and hands its port over. */
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../services/platform/clock.ts';
import { LogError, type LogErrorCode } from '../../../services/platform/log/event-log.ts';
import { createLogger } from '../../../services/platform/logger.ts';
import { whenLogAnswers } from '../../../services/system/running/await-log.ts';
import { freePort } from '../../free-ports.ts';

interface Waiting {
  readonly slept: readonly number[];
  /** What `/health` answered while it slept. */
  readonly told: readonly { readonly status: number; readonly log: unknown }[];
  readonly port: number;
  /** `opens` is asked with the number of the attempt, from 1. */
  readonly answer: (opens: (attempt: number) => string) => Promise<string | null>;
}

/** @param whileAsleep with how often it has slept */
async function waiting(whileAsleep: (times: number, stop: AbortController) => void = () => {}): Promise<Waiting> {
  const port = await freePort();
  const stop = new AbortController();
  const slept: number[] = [];
  const told: { status: number; log: unknown }[] = [];
  const sleep: Clock['sleep'] = async (ms) => {
    slept.push(ms);
    const response = await fetch(`http://127.0.0.1:${port}/health`);
    const { checks } = (await response.json()) as { checks: Record<string, unknown> };
    told.push({ status: response.status, log: checks['log'] });
    whileAsleep(slept.length, stop);
  };
  const options = { logger: createLogger({ level: 'silent' }), registry: new Registry(), host: '127.0.0.1', signal: stop.signal };
  let attempts = 0;
  return {
    slept,
    told,
    port,
    answer: (opens) => whenLogAnswers(async () => opens(++attempts), { ...options, port, clock: { ...systemClock, sleep } }),
  };
}

const away = (code: LogErrorCode, words: string): never => {
  throw new LogError(code, words);
};

test('it is tried again with pauses that grow to ten seconds, while health says what it waits for, and then the port is free', async () => {
  const { slept, told, port, answer } = await waiting();
  expect(
    await answer((attempt) => (attempt <= 7 ? away(attempt < 4 ? 'log_unreachable' : 'log_busy', `no. ${attempt}`) : 'open')),
  ).toBe('open');
  expect(slept).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  expect(told).toEqual(slept.map((_, i) => ({ status: 503, log: { ok: false, detail: `no. ${i + 1}` } })));
  await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow('fetch failed');
});

test.each(['log_corrupt', 'log_wrong_partitions', 'log_newer_format', 'log_disk_full'] as const)(
  'what waiting cannot mend ends it at once: %s',
  async (code) => {
    const { slept, answer } = await waiting();
    await expect(answer(() => away(code, 'for a person'))).rejects.toThrow('for a person');
    expect(slept).toEqual([]);
  },
);

test('who is told to stop meanwhile opens nothing any more', async () => {
  const { slept, port, answer } = await waiting((times, stop) => {
    if (times === 2) stop.abort();
  });
  expect(await answer(() => away('log_unreachable', 'away'))).toBeNull();
  expect(slept).toEqual([500, 1_000]);
  await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow('fetch failed');
});
