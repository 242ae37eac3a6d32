/** What is looked up for the metrics: how far scorer and writer are behind, what stands still, how full the state is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BASELINE_REASONS, CATEGORIES, REASONS, TIMINGS } from '../../../schemas/codes.ts';
import { BatchOutcome } from '../../../services/domain/fold/batch-outcome.ts';
import { PartitionState } from '../../../services/domain/fold/partition-state.ts';
import { gapHeader } from '../../../services/domain/results/gap.ts';
import { RowWriter } from '../../../services/domain/results/row-writer.ts';
import { systemClock } from '../../../services/platform/clock.ts';
import { type EventLog, LogError } from '../../../services/platform/log/event-log.ts';
import { openSqliteLog } from '../../../services/platform/log/sqlite/open-sqlite-log.ts';
import type { SqliteEventLog } from '../../../services/platform/log/sqlite/sqlite-event-log.ts';
import { createLogger } from '../../../services/platform/logger.ts';
import { createMetrics, type Metrics } from '../../../services/platform/metrics/metrics.ts';
import { LiveFigures } from '../../../services/console/live/live-figures.ts';
import { ScorerMetrics } from '../../../services/scorer/report-metrics.ts';
import type { Scorer } from '../../../services/scorer/scorer.ts';
import { SystemGauges } from '../../../services/system/running/system-gauges.ts';
import { observers } from '../../../services/system/running/observers.ts';
import { WriterMetrics } from '../../../services/writer/report-metrics.ts';
import { access } from '../../acceptance/records.ts';
import { changed } from '../../crash/interruptions.ts';
import { observedScorer } from './observed-scorer.ts';
import { Scrape } from './scraped-system.ts';

const LIMITS = { programs: 100, consents: 100, limitKeys: 100, baselineKeys: 100 };

let folder: string;
let log: SqliteEventLog;
let registry: Registry;
let metrics: Metrics;
let scorerMetrics: ScorerMetrics;
let nowMs: number;
let scorers: Scorer[];

const clock = { ...systemClock, nowMs: () => nowMs };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ntk-observe-'));
  nowMs = Date.UTC(2026, 2, 1);
  log = await openSqliteLog({ path: join(folder, 'log.db'), create: true, partitions: 2, clock });
  registry = new Registry();
  metrics = createMetrics(registry, { clock });
  scorerMetrics = new ScorerMetrics(metrics, clock);
  scorers = [];
});
afterEach(async () => {
  for (const scorer of scorers) await scorer.stop();
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

function newScorer(partitions: readonly number[], programsMax: number): Scorer {
  const stateLimits = { ...LIMITS, programs: programsMax };
  const scorer = observedScorer({ log, partitions, clock, metrics, scorerMetrics, stateLimits, onRefused: 'park' });
  scorers.push(scorer);
  return scorer;
}

async function append(partition: number, ...subjects: string[]): Promise<void> {
  const values = subjects.map((subject, i) => Buffer.from(access({ id: `${subject} ${nowMs} ${i}`, subject })));
  await log.commit({ appends: [{ stream: 'access', partition, values }] });
}

function gaugesOf(scorer: Scorer | null, through: EventLog = log, by = clock): SystemGauges {
  const system = { scorer, writer: null, log: through };
  return new SystemGauges({ system, metrics, scorerMetrics, stateLimits: { ...LIMITS, programs: 2 }, clock: by });
}

async function seen(gauges: SystemGauges): Promise<Scrape> {
  await gauges.refresh();
  return new Scrape(await registry.metrics());
}

type GaugedSystem = ConstructorParameters<typeof SystemGauges>[0]['system'];

/** What is asked of a scorer or a writer with partition 1: in a trouble that waits for a person or passes by itself, or (null) going on. */
function troubledBy(isParked: boolean | null): unknown {
  return {
    partitions: [1],
    owned: () =>
      new Map(isParked === null ? [[1, { position: 0, state: new PartitionState('log', 1, 2), checkpointAgeMs: () => 0 }]] : []),
    troubles: () => new Map(isParked === null ? [] : [[1, { message: '', isParked }]]),
  };
}

/** Programs of partition 1 of two. */
const [A, B, C] = ['wx1', 'wx2', 'wx5'];

describe('what is looked up', () => {
  test('says that a partition stands still, and that it falls behind', async () => {
    const scorer = newScorer([0, 1], 2);
    await append(0, 'elsewhere-is-a-reject');
    await scorer.start();
    const gauges = gaugesOf(scorer);
    await vi.waitFor(async () => expect((await seen(gauges)).value('ntk_lag_records{partition="0"}')).toBe(0), 10_000);
    expect((await seen(gauges)).value('ntk_partition_stopped{partition="1"}')).toBe(0);
    const full = [A, B, C, 'wx7', 'wx8', 'wx9', 'wx10', 'wx11', 'wx12'];
    await append(0, ...full);
    await append(1, ...full);
    await vi.waitFor(async () => {
      const now = await seen(gauges);
      expect(Math.max(...now.samples('ntk_partition_stopped').values())).toBe(1);
    }, 10_000);
    const [stopped] = [...scorer.troubles()].find(([, { isParked }]) => isParked)!;
    nowMs += 5_000;
    await append(stopped, 'wx13', 'wx14');
    nowMs += 2_000;
    const later = await seen(gauges);
    expect(later.value(`ntk_lag_records{partition="${stopped}"}`)).toBe(2);
    expect(later.value('ntk_oldest_unscored_seconds')).toBe(2);
  });

  test('says that a partition stands still that waits for a person in one of scorer and writer, and for time in the other', async () => {
    const stopped = async (scorer: boolean | null, writer: boolean | null): Promise<number> => {
      const system = { scorer: troubledBy(scorer), writer: troubledBy(writer), log } as unknown as GaugedSystem;
      const gauges = new SystemGauges({ system, metrics, scorerMetrics, stateLimits: LIMITS, clock });
      return (await seen(gauges)).value('ntk_partition_stopped{partition="1"}');
    };
    expect(await stopped(true, false)).toBe(1);
    expect(await stopped(false, true)).toBe(1);
    expect(await stopped(true, null)).toBe(1);
    expect(await stopped(null, true)).toBe(1);
    expect(await stopped(false, false)).toBe(0);
    expect(await stopped(null, null)).toBe(0);
  });

  test('says how much of what is judged is not stored, and for how long the first of it has been waiting', async () => {
    const scorer = newScorer([1], 100);
    await scorer.start();
    await append(1, A, B, C);
    await vi.waitFor(() => expect(scorer.owned().get(1)?.position).toBe(3), 10_000);
    nowMs += 4_000;
    const system = { scorer: null, writer: troubledBy(true), log } as unknown as GaugedSystem;
    const storing = await seen(new SystemGauges({ system, metrics, scorerMetrics, stateLimits: LIMITS, clock }));
    expect(storing.value('ntk_unwritten_records{partition="1"}')).toBe(3);
    expect(storing.value('ntk_oldest_unwritten_seconds')).toBe(4);
  });

  test('is asked again only when the log has answered, and for what people set only now and then', async () => {
    const gate = Promise.withResolvers<void>();
    const asked: string[] = [];
    const slow = changed(log, {
      async retentionMs(stream) {
        asked.push(stream);
        await gate.promise;
        return null;
      },
    });
    const gauges = gaugesOf(null, slow, { ...clock, sleep: async () => {} });
    await gauges.refresh();
    await gauges.refresh();
    expect(asked).toEqual(['access']);
    gate.resolve();
    await vi.waitFor(() => expect(asked).toEqual(['access', 'results']), 10_000);
    await gauges.refresh();
    expect(asked).toEqual(['access', 'results']);
  });

  test('says nothing any more of a partition that was handed over', async () => {
    const scorer = newScorer([0, 1], 100);
    await scorer.start();
    const gauges = gaugesOf(scorer);
    const told = async (): Promise<string[]> => [...(await seen(gauges)).samples('ntk_lag_records').keys()].toSorted();
    await vi.waitFor(async () => expect(await told()).toHaveLength(2), 10_000);
    scorer.assign([1]);
    await vi.waitFor(async () => expect(await told()).toEqual(['ntk_lag_records{partition="1"}']), 10_000);
    expect([...(await seen(gauges)).samples('ntk_partition_stopped').keys()]).toEqual(['ntk_partition_stopped{partition="1"}']);
  });

  test('counts how full the fullest partition is', async () => {
    const state = new PartitionState('log', 0, 2);
    state.programs.of('wx1');
    scorerMetrics.observe([state, new PartitionState('log', 1, 2)], [0, 12_000], { ...LIMITS, programs: 4 });
    const scrape = new Scrape(await registry.metrics());
    expect(scrape.value('ntk_state_fullest_ratio{kind="programs"}')).toBe(0.25);
    expect(scrape.value('ntk_state_keys_limit{kind="programs"}')).toBe(8);
    expect(scrape.value('ntk_checkpoint_age_seconds')).toBe(12);
    expect(scrape.text).not.toMatch(/^ntk_baseline_budget_alarms_per_program_day /m);
  });

  test('does not wait for a log that is away, and keeps what it said last', async () => {
    const scorer = newScorer([0, 1], 100);
    await scorer.start();
    await vi.waitFor(() => expect(scorer.owned().size).toBe(2), 10_000);
    metrics.lagRecords.set({ partition: '0' }, 7);
    const never = new Promise<never>(() => {});
    const waits: number[] = [];
    const hurried = { ...clock, sleep: async (ms: number): Promise<void> => void waits.push(ms) };
    const silent = gaugesOf(scorer, { bounds: () => never } as unknown as EventLog, hurried);
    expect((await seen(silent)).value('ntk_lag_records{partition="0"}')).toBe(7);
    expect(waits).toEqual([2_000]);
    const failing = gaugesOf(scorer, {
      bounds: () => Promise.reject(new LogError('log_unreachable', 'away')),
    } as unknown as EventLog);
    expect((await seen(failing)).value('ntk_lag_records{partition="0"}')).toBe(7);
  });

  test('says that partitions which were added to the topic stand still, also while the log says nothing more', async () => {
    let isAway = false;
    const more = changed(log, {
      async partitionsNow() {
        if (isAway) throw new LogError('log_unreachable', 'away');
        return { topic: 'ntk.access.v1', partitions: 4 };
      },
    });
    const scorer = newScorer([0, 1], 100);
    await scorer.start();
    await vi.waitFor(() => expect(scorer.owned().size).toBe(2), 10_000);
    const gauges = gaugesOf(scorer, more);
    const stopped = async (): Promise<number[]> => [...(await seen(gauges)).samples('ntk_partition_stopped').values()];
    // What the log says is known when somebody asks the next time.
    await stopped();
    expect(await stopped()).toEqual([0, 0, 1, 1]);
    isAway = true;
    expect(await stopped()).toEqual([0, 0, 1, 1]);
  });

  test('says how long the log keeps its records, and nothing where it keeps them for good', async () => {
    expect((await seen(gaugesOf(null))).samples('ntk_log_retention_seconds').size).toBe(0);
    const kept = { retentionMs: async (stream: string) => (stream === 'access' ? 3_000_000 : null) };
    const scrape = await seen(gaugesOf(null, kept as unknown as EventLog));
    expect([...scrape.samples('ntk_log_retention_seconds')]).toEqual([['ntk_log_retention_seconds{log="access"}', 3_000]]);
  });
});

describe('what is counted', () => {
  test('is an interception by category, reason and timing, and one that would have been', async () => {
    const state = new PartitionState('log', 0, 1);
    const outcome = new BatchOutcome(state, '', nowMs, new RowWriter());
    const places = CATEGORIES.flatMap((_, category) => REASONS.map((_reason, reason) => [category, reason] as const));
    const some = places.filter((_, i) => i % 97 === 5);
    for (const [i, [category, reason]] of some.entries()) {
      for (let n = 0; n <= i % 3; n++) outcome.tally.intercepted(category, reason, i % TIMINGS.length);
      outcome.tally.wouldHaveIntercepted(category, reason);
    }
    scorerMetrics.scored(outcome, state);
    const scrape = new Scrape(await registry.metrics());
    for (const [i, [category, reason]] of some.entries()) {
      const labels = `category="${CATEGORIES[category]}",reason="${REASONS[reason]}"`;
      const timing = TIMINGS[i % TIMINGS.length];
      expect(scrape.value(`ntk_interceptions_total{${labels},timing="${timing}"}`)).toBe((i % 3) + 1);
      expect(scrape.value(`ntk_would_intercept_total{${labels}}`)).toBe(1);
    }
    expect(scrape.samples('ntk_interceptions_total').size).toBe(some.length);
    expect(scrape.samples('ntk_would_intercept_total').size).toBe(some.length);
  });

  test('is an alarm of the baselines for each finding of theirs', async () => {
    const state = new PartitionState('log', 0, 1);
    const outcome = new BatchOutcome(state, '', nowMs, new RowWriter());
    for (const [i, reason] of BASELINE_REASONS.entries()) outcome.tally.findings[REASONS.indexOf(reason) * 4 + 1] = i + 1;
    scorerMetrics.scored(outcome, state);
    const scrape = new Scrape(await registry.metrics());
    for (const [i, reason] of BASELINE_REASONS.entries())
      expect(scrape.value(`ntk_baseline_alarms_total{reason="${reason}"}`)).toBe(i + 1);
  });

  test('is an episode of the baselines once, by the reason that it began with, and what came too late for one', async () => {
    const state = new PartitionState('log', 0, 1);
    const outcome = new BatchOutcome(state, '', nowMs, new RowWriter());
    for (const [i, reason] of BASELINE_REASONS.entries()) outcome.tally.episodes[REASONS.indexOf(reason)] = i + 2;
    outcome.tally.lateForBaseline = 7;
    scorerMetrics.scored(outcome, state);
    const scrape = new Scrape(await registry.metrics());
    for (const [i, reason] of BASELINE_REASONS.entries())
      expect(scrape.value(`ntk_baseline_episodes_total{reason="${reason}"}`)).toBe(i + 2);
    expect(scrape.value('ntk_baseline_late_total')).toBe(7);
  });

  test('is a position that was shown otherwise, and an accepted gap', async () => {
    const writerMetrics = new WriterMetrics(metrics, clock);
    const logger = createLogger({ level: 'silent' });
    const told = observers({ metrics, scorerMetrics, writerMetrics, logger, figures: new LiveFigures(clock) });
    told.scorerObserver.taken(0, 10, 0, true);
    const gap = { stateFrom: 0, stateTo: 5, by: 'somebody', reason: 'a disk was lost' };
    const hashes = { rowsHashBefore: '00', entryHashBefore: '00', authority: 'open' };
    const header = gapHeader({ logId: log.logId, partition: 1, first: 0, next: 5, gap, acceptedAtMs: nowMs, ...hashes });
    const group = { partition: 1, from: 0, to: 1, rows: [], rowCount: 0, byteCount: 0 };
    writerMetrics.written({ ...group, headers: [header, { ...header, heartbeats: 1 }] });
    const scrape = new Scrape(await registry.metrics());
    expect(scrape.value('ntk_position_mismatch_total')).toBe(1);
    expect(scrape.value('ntk_gaps_accepted_total')).toBe(2);
    expect(scrape.value('ntk_heartbeat_stored_timestamp_seconds{partition="1"}')).toBe(nowMs / 1000);
    // Whoever has the partition now tells of it.
    told.writerObserver.lost(1, null);
    expect(new Scrape(await registry.metrics()).samples('ntk_heartbeat_stored_timestamp_seconds').size).toBe(0);
  });
});
