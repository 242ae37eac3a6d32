/** What costs is made for all who ask at the same time, and kept for as long as making it took, many times over. */
import { expect, test } from 'vitest';
import { OnceAWhile } from '../../services/console/http/once-a-while.ts';

interface Made {
  readonly report: OnceAWhile<number>;
  /** Times that it was begun. */
  readonly begun: () => number;
  /** Ends what is under way, after so many milliseconds by the clock. */
  readonly end: (afterMs: number, error?: Error) => Promise<void>;
  readonly pass: (ms: number) => void;
}

function made(keepMs: number): Made {
  let [nowMs, begun] = [0, 0];
  let making = Promise.withResolvers<number>();
  const report = new OnceAWhile(
    () => {
      begun++;
      making = Promise.withResolvers<number>();
      return making.promise;
    },
    keepMs,
    { monotonicMs: () => nowMs },
  );
  const end = async (afterMs: number, error?: Error): Promise<void> => {
    nowMs += afterMs;
    if (error === undefined) making.resolve(begun);
    else making.reject(error);
    await making.promise.catch(() => {});
  };
  return { report, begun: () => begun, end, pass: (ms) => (nowMs += ms) };
}

test('all who ask while it is made get the same one, however long that takes', async () => {
  const { report, begun, end, pass } = made(1_000);
  const first = report.get();
  pass(3_600_000);
  const second = report.get();
  await end(0);
  expect([await first, await second, begun()]).toEqual([1, 1, 1]);
});

test.each([
  ['as long as was said', 10, 1_000],
  ['nine times as long as it took, where that is longer', 500, 4_500],
])('it is kept %s', async (_, tookMs, keptMs) => {
  const { report, begun, end, pass } = made(1_000);
  const first = report.get();
  await end(tookMs);
  await first;
  pass(keptMs - 1);
  expect([await report.get(), begun()]).toEqual([1, 1]);
  pass(1);
  const second = report.get();
  await end(0);
  expect([await second, begun()]).toEqual([2, 2]);
});

test('what fails is told to all who waited for it, and is not kept', async () => {
  const { report, begun, end } = made(1_000);
  const waiting = [report.get(), report.get()];
  const told = Promise.allSettled(waiting);
  await end(10, new Error('away'));
  expect((await told).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const next = report.get();
  await end(10);
  expect([await next, begun()]).toEqual([2, 2]);
});

test('what is forgotten is made anew for whoever asks then, and what was under way is for those who waited for it', async () => {
  const { report, begun, end } = made(1_000);
  const first = report.get();
  await end(10);
  await first;
  report.forget();
  const second = report.get();
  expect(begun()).toBe(2);
  report.forget();
  await end(10);
  expect(await second).toBe(2);
  // It ended, and is not kept.
  const third = report.get();
  expect(begun()).toBe(3);
  await end(10);
  expect([await third, await report.get(), begun()]).toEqual([3, 3, 3]);
});
