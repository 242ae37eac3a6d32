/** How long whoever takes a partition waits for the one before to bring it to a clean end. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { awaitHandOver, type HandOverOptions } from '../../services/scorer/hand-over.ts';
import { ScoredLog } from '../crash/scored-log.ts';

let scored: ScoredLog;
let sleeps: number[];
beforeEach(async () => {
  scored = await ScoredLog.make();
  sleeps = [];
});
afterEach(() => scored.remove());

/** Milliseconds that it takes by a clock that goes on while somebody sleeps. */
async function waited(
  options: Partial<HandOverOptions> = {},
  happens: (passedMs: number) => Promise<void> | void = () => {},
): Promise<number> {
  let passedMs = 0;
  const { nowMs, turn } = scored.clock;
  const sleep = async (ms: number): Promise<void> => {
    sleeps.push(ms);
    passedMs += ms;
    await happens(passedMs);
  };
  const clock: HandOverOptions['clock'] = { nowMs, turn, monotonicMs: () => passedMs, sleep };
  await awaitHandOver({
    log: scored.log,
    partition: 0,
    clock,
    signal: new AbortController().signal,
    handOverMs: 1_000,
    ...options,
  });
  return passedMs;
}

test('whoever died in the middle of its work is waited for as long as was said, and no longer', async () => {
  await scored.append(100);
  await scored.scored();
  expect(await waited()).toBe(1_000);
  expect(await waited({ handOverMs: 0 })).toBe(0);
});

test('a checkpoint that is not at the end of the last block is no clean end', async () => {
  await scored.append(100);
  await (await scored.scored()).stop();
  await scored.append(100);
  await scored.scored();
  expect(await waited()).toBe(1_000);
});

test('a partition that was brought to a clean end, or that nobody had, is not waited for', async () => {
  expect(await waited()).toBe(0);
  await scored.append(100);
  expect(await waited()).toBe(0);
  await (await scored.scored()).stop();
  expect(await waited()).toBe(0);
  expect(sleeps).toEqual([]);
});

test('waiting ends soon after the clean end, and at once for who has to stop', async () => {
  await scored.append(100);
  const before = await scored.scored();
  const tookMs = await waited({}, async (passedMs) => {
    if (passedMs >= 300 && passedMs < 350) await before.stop();
  });
  expect(tookMs).toBeGreaterThanOrEqual(300);
  expect(tookMs).toBeLessThan(400);
  await scored.append(100);
  await scored.scored();
  const stop = new AbortController();
  expect(await waited({ signal: stop.signal }, () => stop.abort())).toBeLessThan(100);
});
