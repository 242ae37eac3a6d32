import { afterEach, beforeEach, expect, it } from 'vitest';
import { LogError } from '../../services/platform/log/event-log.ts';
import { systemClock, type Clock } from '../../services/platform/clock.ts';
import { gatewaySink, SinkRefused } from '../../services/simulator/gateway-sink.ts';
import { RunningGateway, SYSTEM_TOKEN } from '../gateway/running-gateway.ts';

const LINES = [1, 2].map((n) =>
  Buffer.from(
    `{"specversion":"1.0","id":"${n}","source":"host/simulated-ios","type":"ntk.access","subject":"wx1","time":"2026-03-01T00:00:00Z","data":{"user":"u","api":"wx.getLocation"}}`,
  ),
);
/** Pauses are over at once. */
const impatient: Clock = { ...systemClock, sleep: async () => {} };

let gateway: RunningGateway;
let isBusy = false;
beforeEach(async () => {
  isBusy = false;
  gateway = await RunningGateway.open({
    before: (log) => ({
      partitions: log.partitions,
      commit: (transaction) => (isBusy ? Promise.reject(new LogError('log_busy', 'busy')) : log.commit(transaction)),
    }),
  });
});
afterEach(() => gateway.stop());

const sinkOf = (token: string, onRetry?: (why: string, inMs: number) => void) =>
  gatewaySink({
    url: new URL(gateway.url),
    token,
    clock: impatient,
    signal: new AbortController().signal,
    ...(onRetry === undefined ? {} : { onRetry }),
  });

it('records that were appended are in the log', async () => {
  await sinkOf(SYSTEM_TOKEN).append(LINES);
  expect((await gateway.records()).flat()).toEqual(LINES.map((line) => line.toString()));
});

it('what a busy system refuses is sent again until it is taken, less and less often', async () => {
  isBusy = true;
  const refusals: string[] = [];
  const pauses: number[] = [];
  await sinkOf(SYSTEM_TOKEN, (why, inMs) => {
    refusals.push(why);
    pauses.push(inMs);
    isBusy = refusals.length < 8;
  }).append(LINES);
  expect(refusals[0]).toMatch(/^503 /);
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  expect(await gateway.count()).toBe(2);
});

it('a token that may not send this ends it with the reason', async () => {
  await expect(sinkOf('unknown').append(LINES)).rejects.toThrow(SinkRefused);
  gateway.allow('somebody-else');
  await expect(sinkOf('somebody-else').append(LINES)).rejects.toThrow(/may not send source/);
  expect(await gateway.count()).toBe(0);
});
