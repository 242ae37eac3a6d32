/** Episodes as the warehouse finds them are those that the rules describe, row by row. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BASELINE_REASONS } from '../../../schemas/codes.ts';
import { type Column, ROW_COLUMNS } from '../../../schemas/results/columns.ts';
import { OPEN } from '../../../services/domain/authority/authority.ts';
import { TIME_END_US } from '../../../services/domain/record/time.ts';
import { openChdbWarehouse } from '../../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import { migrate } from '../../../services/platform/warehouse/migrations.ts';
import { encodeRow } from '../../../services/platform/warehouse/row-binary.ts';
import type { Warehouse } from '../../../services/platform/warehouse/warehouse.ts';
import { AlarmView, type EpisodeFilter } from '../../../services/system/questions/episodes.ts';
import { plainRow } from '../../platform/warehouse/hostile-rows.ts';
import { temporaryFolder } from '../../platform/warehouse/temporary-folder.ts';

const COLUMNS: readonly Column[] = ROW_COLUMNS;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 2, 1);
const EVERYTHING: EpisodeFilter = { fromUs: 0, toUs: TIME_END_US, program: null };

interface Result {
  readonly partition: number;
  readonly offset: number;
  readonly program: string;
  readonly atMs: number;
  readonly reasons: readonly string[];
  readonly score: number;
}

let folder: ReturnType<typeof temporaryFolder>;
let warehouse: Warehouse;
beforeAll(async () => {
  folder = temporaryFolder();
  warehouse = openChdbWarehouse({ path: join(folder.path, 'clickhouse'), spoolDir: join(folder.path, 'spool') });
  await migrate(warehouse);
});
afterAll(async () => {
  await warehouse.close();
  folder.remove();
});

/** Each row twice, as after a crash; in a log of its own, stored up to offset `ends`. Answers its id. */
async function stored(results: readonly Result[], ends = 1_000_000): Promise<string> {
  const logId = randomUUID();
  for (const [partition, own] of Map.groupBy(results, (result) => result.partition)) {
    const rows = own.map(({ offset, program, atMs, reasons, score }) =>
      encodeRow(
        COLUMNS,
        plainRow({
          offset,
          program,
          event_time: atMs,
          reasons,
          effective: reasons.map(() => 'flag'),
          score,
          contributions: new Map([['users', score]]),
        }),
      ),
    );
    const expressions = { log_id: `toUUID('${logId}')`, partition: String(partition), scored_at: 'toDateTime64(0, 3)' };
    for (const copy of [1, 2])
      await warehouse.insertRows({
        table: 'access_results',
        columns: COLUMNS,
        bytes: rows,
        expressions,
        token: `${logId}-${partition}-${copy}`,
      });
    await warehouse.command(
      `INSERT INTO ntk.blocks (log_id, partition, first, next) VALUES ('${logId}', ${partition}, 0, ${ends})`,
    );
  }
  return logId;
}

const viewOf = async (logId: string): Promise<AlarmView> => AlarmView.at({ log: null, logId, warehouse });

interface Found {
  readonly id: string;
  readonly program: string;
  readonly startMs: number;
  readonly lastMs: number;
  readonly results: number;
  readonly reasons: readonly string[];
  readonly score: number;
}

/** Asked for two at a time, so that several questions are one answer. */
async function episodesOf(logId: string, filter: Partial<EpisodeFilter> = {}): Promise<Found[]> {
  const found: Found[] = [];
  for await (const { episode } of (await viewOf(logId)).episodes({ ...EVERYTHING, ...filter }, 2)) {
    const { id, program, startMs, lastMs, results, reasons, score } = episode;
    found.push({ id, program, startMs, lastMs, results, reasons, score });
  }
  return found;
}

const isBaseline = (reason: string): boolean => BASELINE_REASONS.some((known) => known === reason);

/** Word for word from the rules: results of one program with a baseline reason, by event time; a gap of an hour or more begins another one. */
function byTheRules(results: readonly Result[]): Found[] {
  const episodes: Result[][] = [];
  for (const own of Map.groupBy(
    results.filter(({ reasons }) => reasons.some(isBaseline)),
    ({ program }) => program,
  ).values()) {
    let lastMs = Number.NEGATIVE_INFINITY;
    for (const result of own.toSorted((a, b) => a.atMs - b.atMs)) {
      if (result.atMs - lastMs >= HOUR_MS) episodes.push([]);
      episodes.at(-1)!.push(result);
      lastMs = result.atMs;
    }
  }
  return episodes.map((rows) => ({
    id: `${rows[0]!.partition}-${Math.min(...rows.map(({ offset }) => offset))}`,
    program: rows[0]!.program,
    startMs: rows[0]!.atMs,
    lastMs: rows.at(-1)!.atMs,
    results: rows.length,
    reasons: BASELINE_REASONS.filter((reason) => rows.some(({ reasons }) => reasons.includes(reason))),
    score: Math.max(...rows.map(({ score }) => score)),
  }));
}

const byName = (a: Found, b: Found): number => (a.id < b.id ? -1 : 1);

describe('episodes', { timeout: 120_000 }, () => {
  const PROGRAMS = ['wx1', "wx'); DROP TABLE ntk.blocks; --", 'a\u2028b\n"c', ''.padEnd(300, 'ä')];
  const result = fc.record({
    program: fc.nat({ max: PROGRAMS.length - 1 }),
    // Often a gap of an hour to the millisecond, or one less.
    atMs: fc
      .tuple(fc.nat({ max: 12 }), fc.constantFrom(0, 1, -1, 30 * MINUTE_MS))
      .map(([hours, more]) => START_MS + hours * HOUR_MS + more),
    reasons: fc.subarray([...BASELINE_REASONS, 'consent_missing', 'rate_limited'], { maxLength: 3 }),
    score: fc.integer({ min: 0, max: 40 }).map((quarters) => quarters / 4),
  });

  test('are what the rules say, whatever the order in which results came', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(result, { minLength: 1, maxLength: 40, size: 'max' }), async (made) => {
        const results = made.map(({ program, ...rest }, offset) => ({
          ...rest,
          program: PROGRAMS[program]!,
          partition: program % 3,
          offset: 3 * offset,
        }));
        expect((await episodesOf(await stored(results))).toSorted(byName)).toEqual(byTheRules(results).toSorted(byName));
      }),
      { numRuns: 40 },
    );
  });

  const at = (minutes: number, offset: number, more: Partial<Result> = {}): Result => ({
    partition: 1,
    offset,
    program: 'wx1',
    atMs: START_MS + minutes * MINUTE_MS,
    reasons: ['periodic_polling'],
    score: 1,
    ...more,
  });

  test('come newest first, of the range in which they begin, of the program that is asked for', async () => {
    const logId = await stored([at(0, 5), at(59, 6), at(119, 7), at(600, 8, { program: 'wx2' }), at(700, 9)]);
    expect((await episodesOf(logId)).map(({ id }) => id)).toEqual(['1-9', '1-8', '1-7', '1-5']);
    const fromUs = (START_MS + MINUTE_MS) * 1000;
    expect((await episodesOf(logId, { fromUs })).map(({ id }) => id)).toEqual(['1-9', '1-8', '1-7']);
    expect((await episodesOf(logId, { toUs: fromUs })).map(({ id, results }) => [id, results])).toEqual([['1-5', 2]]);
    expect((await episodesOf(logId, { program: 'wx2' })).map(({ id }) => id)).toEqual(['1-8']);
  });

  test('are known by any of their results, and by nothing else', async () => {
    const view = await viewOf(await stored([at(0, 5), at(30, 4), at(31, 6, { reasons: ['consent_missing'] }), at(200, 7)]));
    for (const offset of [4, 5]) expect((await view.episodeAt({ partition: 1, offset }))?.episode.id).toBe('1-4');
    expect((await view.episodeAt({ partition: 1, offset: 7 }))?.episode.id).toBe('1-7');
    for (const place of [
      { partition: 1, offset: 6 },
      { partition: 1, offset: 99 },
      { partition: 0, offset: 5 },
    ])
      expect(await view.episodeAt(place)).toBeNull();
  });

  test('are told with what the highest score is made of, of the earliest place where several are as high', async () => {
    const logId = await stored([at(0, 5, { score: 2 }), at(10, 6, { score: 9.5 }), at(69, 8, { score: 9.5 }), at(75, 9)]);
    const view = await viewOf(logId);
    const { episode } = (await view.episodeAt({ partition: 1, offset: 9 }))!;
    expect(episode).toMatchObject({
      id: '1-5',
      score: 9.5,
      topOffset: 6,
      contributions: [{ feature: 'users', amount: 9.5 }],
      className: 'retail',
    });
  });

  test('count as far as the ledger reached when somebody began to look', async () => {
    expect((await episodesOf(await stored([at(0, 5), at(10, 6)], 6))).map(({ results }) => results)).toEqual([1]);
  });

  test('are set against programs times days on which they had an access', async () => {
    const quiet = { reasons: [] };
    const logId = await stored([
      at(0, 1),
      at(5, 2, quiet),
      at(1_440, 3, quiet),
      at(1_441, 4, { ...quiet, program: 'wx2' }),
      at(90_000, 5, quiet),
    ]);
    const rate = await (await viewOf(logId)).rate({ fromUs: 0, toUs: (START_MS + 2 * 24 * HOUR_MS) * 1000 }, OPEN);
    expect(rate).toMatchObject({ programDays: 3, unreviewed: 1, budget: null, atLeast: { rate: 0, low: 0 }, precision: null });
    expect(rate.atMost!.rate).toBeCloseTo(1000 / 3, 6);
  });
});
