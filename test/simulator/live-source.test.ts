/** The live source in a time of the test's own: minutes pass at once. */
import { expect, it } from 'vitest';
import { eventSchema } from '../../schemas/events/index.ts';
import type { Clock } from '../../services/platform/clock.ts';
import { APPEND_LINES_MAX, type LiveOptions, type LiveProgress, runLiveSource } from '../../services/simulator/live-source.ts';
import { type MadeRecord, recordOf } from './simulated.ts';

/** A Thursday afternoon in China. */
const START_MS = Date.UTC(2026, 10, 26, 7);
const FACTS = ['ntk.declaration', 'ntk.entitlement', 'ntk.standing'];

class PassingTime implements Clock {
  ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
  nowMs(): number {
    return this.ms;
  }
  monotonicMs(): number {
    return this.ms;
  }
  async sleep(ms: number): Promise<void> {
    this.ms += Math.ceil(ms);
  }
  async turn(): Promise<void> {}
}

interface Told {
  readonly records: MadeRecord[];
  /** When each was appended. */
  readonly atMs: number[];
  readonly progress: LiveProgress;
  readonly calls: number[];
}

async function tell(
  seconds: number,
  options: Partial<LiveOptions> = {},
  startMs = START_MS,
  onAppend?: (clock: PassingTime, call: number) => void,
): Promise<Told> {
  const clock = new PassingTime(startMs);
  const stop = new AbortController();
  const records: MadeRecord[] = [];
  const atMs: number[] = [];
  const calls: number[] = [];
  const progress = await runLiveSource({
    clock,
    rate: 100,
    programs: 200,
    signal: stop.signal,
    sink: {
      async append(lines) {
        calls.push(lines.length);
        for (const line of lines) {
          records.push(recordOf(Buffer.from(line).toString('utf8')));
          atMs.push(clock.ms);
        }
        onAppend?.(clock, calls.length);
        if (clock.ms >= startMs + seconds * 1_000) stop.abort();
      },
    },
    ...options,
  });
  return { records, atMs, progress, calls };
}

const accesses = ({ records }: Told): MadeRecord[] => records.filter(({ type }) => type === 'ntk.access');

it('says facts first, then what happens, as the contract has it and at the time it happens', async () => {
  const told = await tell(120);
  const isFact = told.records.map(({ type }) => FACTS.includes(type));
  expect(isFact.indexOf(true)).toBe(0);
  expect(isFact.indexOf(false)).toBeGreaterThanOrEqual(200);
  const schema = eventSchema('ntk.access');
  for (const record of accesses(told)) expect(schema.safeParse(record).error).toBeUndefined();
  const ages = told.records.map(({ type, time }, i) => (type === 'ntk.access' ? told.atMs[i]! - Date.parse(time) : 0));
  expect(ages.filter((ms) => ms < 0 || ms > 10_000).length / ages.length).toBeLessThan(0.05);
  expect(told.progress.records).toBe(told.records.length);
});

it('has people in the middle of their visits from the first second on, who have agreed already', async () => {
  const told = await tell(60, { rate: 50 });
  const those = accesses(told);
  expect(those.filter(({ time }) => Date.parse(time) < START_MS - 5_000).length / those.length).toBeLessThan(0.05);
  const second = (n: number): number =>
    those.filter(({ time }) => Math.floor((Date.parse(time) - START_MS) / 1_000 / 20) === n).length;
  expect(second(0) / second(2)).toBeGreaterThan(0.6);
  const consents = told.records.filter(({ type, time }) => type === 'ntk.consent' && Date.parse(time) < START_MS);
  expect(consents.length).toBeGreaterThan(100);
});

it('keeps the rate on average, with the seasons of a compressed day, and lets some calls wait for a verdict', async () => {
  // Seven days of a minute each.
  const told = await tell(420, { dayMs: 60_000, rate: 40, pendingShare: 0.5 });
  const counted = told.records.filter(({ type, time }) => !FACTS.includes(type) && Date.parse(time) >= START_MS);
  expect(counted.length / 420 / 40).toBeGreaterThan(0.6);
  expect(counted.length / 420 / 40).toBeLessThan(1.5);
  const pending = accesses(told).filter(({ data }) => data['outcome'] === 'pending').length / accesses(told).length;
  expect(pending).toBeGreaterThan(0.4);
  expect(pending).toBeLessThan(0.6);
  const bySecond = new Array<number>(60).fill(0);
  for (const { time } of counted) bySecond[Math.floor(Date.parse(time) / 1_000) % 60]!++;
  const sorted = bySecond.sort((a, b) => a - b);
  expect(sorted[50]! / sorted[10]!).toBeGreaterThan(1.5);
});

it('goes on after a kill without an id of before, and its declarations are no older', async () => {
  const first = await tell(60);
  const second = await tell(60, {}, START_MS + 90_000);
  const ids = new Set(first.records.map(({ id }) => id));
  expect(second.records.filter(({ id }) => ids.has(id))).toEqual([]);
  const versions = new Map<string, number>();
  for (const { type, subject, data } of first.records)
    if (type === 'ntk.declaration') versions.set(subject, data['version'] as number);
  const declared = second.records.filter(({ type }) => type === 'ntk.declaration');
  expect(declared.length).toBeGreaterThan(150);
  for (const { subject, data } of declared) expect(data['version']).toBeGreaterThan((versions.get(subject) ?? 0) - 1);
  // The same people and programs.
  expect(new Set(second.records.map(({ subject }) => subject))).toEqual(
    new Set([...versions.keys(), ...second.records.map(({ subject }) => subject)]),
  );
});

it('ends a story and begins the next, with new facts', async () => {
  // Fourteen days of a minute each, begun a minute before their end.
  const storyMs = 14 * 60_000;
  const startMs = Math.ceil(START_MS / storyMs) * storyMs - 60_000;
  const told = await tell(120, { dayMs: 60_000 }, startMs);
  const versions = Map.groupBy(
    told.records.filter(({ type }) => type === 'ntk.declaration'),
    ({ subject }) => subject,
  );
  const twice = [...versions.values()].filter((those) => those.length >= 2);
  expect(twice.length).toBeGreaterThan(100);
  for (const those of twice) {
    const said = those.map(({ data }) => data['version'] as number);
    expect(said).toEqual([...new Set(said)].sort((a, b) => a - b));
  }
});

it('makes up for a short absence and leaves a long one out', async () => {
  const short = await tell(60, {}, START_MS, (clock, call) => (call === 20 ? (clock.ms += 8_000) : null));
  expect(short.progress.skippedSeconds).toBe(0);
  const long = await tell(7_300, {}, START_MS, (clock, call) => (call === 20 ? (clock.ms += 7_200_000) : null));
  expect(long.progress.skippedSeconds).toBeGreaterThan(7_100);
  expect(long.calls.length).toBeLessThan(200);
});

it('hands over no more at once than it says, and passes on what its sink fails with', async () => {
  const told = await tell(3, { programs: 6_000 });
  expect(Math.max(...told.calls)).toBe(APPEND_LINES_MAX);
  await expect(tell(10, { sink: { append: () => Promise.reject(new Error('disk full')) } })).rejects.toThrow('disk full');
});
