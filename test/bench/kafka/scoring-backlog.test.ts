/**
 * The scorer against the floor on the same topic of the same broker: exactly-once scoring of a backlog, from the first fetch until the
 * last record is judged, stored and committed, and kafkajs's consumer with JSON.parse and nothing else, from the first fetch until
 * the last record is parsed. One process each, one after the other, in turns.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker, type TestBroker } from '../../kafka/broker.ts';
import { median } from '../measured-run.ts';
import { type Backlog, makeBacklog } from './backlog.ts';

/** Tiny among the tests, to keep it working; a million accesses on request (`npm run bench`). */
const IS_FULL = process.env['NTK_BENCH'] !== undefined;
const ACCESSES = IS_FULL ? 1_000_000 : 5_000;
const RUNS = IS_FULL ? 5 : 1;
const PARTITIONS = 4;
const RATIO_MIN = 0.4;
const BENCH_MS_MAX = IS_FULL ? 3_600_000 : 120_000;
const RUN_MS_MAX = 600_000;
/** As `bin/ntk.mjs` starts the scorer; the floor gets it too. */
const NODE_OPTIONS = ['--max-semi-space-size=32', '--disable-warning=TimeoutNegativeWarning'];

interface Measured {
  readonly records: number;
  readonly seconds: number;
  /** Of all threads of the process. */
  readonly cpuSeconds: number;
  readonly peakMb: number;
  readonly hash: string;
}

async function measure(file: string, ...args: readonly string[]): Promise<Measured> {
  const path = join(import.meta.dirname, file);
  const { stdout } = await promisify(execFile)(process.execPath, [...NODE_OPTIONS, path, ...args], { timeout: RUN_MS_MAX });
  return JSON.parse(stdout) as Measured;
}

const bare = ({ broker, topic, records }: Backlog) => measure('bare-consumer.ts', broker, topic, `${records}`);
const scored = ({ broker, prefix, records }: Backlog) => measure('scorer-process.ts', broker, prefix, `${records}`);

/** Medians. */
function figures(runs: readonly Measured[]) {
  return {
    recordsPerSecond: Math.round(median(runs.map(({ records, seconds }) => records / seconds))),
    cpuSecondsPerMillion: Number(median(runs.map(({ records, cpuSeconds }) => (cpuSeconds / records) * 1e6)).toFixed(2)),
    peakMb: Math.round(median(runs.map(({ peakMb }) => peakMb))),
  };
}

describe('scoring a backlog on Kafka', () => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await startBroker();
  }, BENCH_MS_MAX);
  afterAll(() => broker.stop());

  it(
    `exactly once comes to ${RATIO_MIN} or more of a bare consumer`,
    async () => {
      const floor: Measured[] = [];
      const ours: Measured[] = [];
      let backlog: Backlog | null = null;
      for (let run = 0; run < RUNS; run++) {
        // A log of its own for each run, with the same traffic: a backlog is scored once.
        backlog = await makeBacklog({
          broker: broker.address,
          prefix: `bench-${run}`,
          partitions: PARTITIONS,
          accesses: ACCESSES,
        });
        if (run % 2 === 0) floor.push(await bare(backlog));
        ours.push(await scored(backlog));
        if (run % 2 === 1) floor.push(await bare(backlog));
      }
      const [bareConsumer, scorer] = [figures(floor), figures(ours)];
      const ratio = scorer.recordsPerSecond / bareConsumer.recordsPerSecond;
      const cpuRatio = bareConsumer.cpuSecondsPerMillion / scorer.cpuSecondsPerMillion;
      console.log(
        JSON.stringify({
          benchmark: 'scoring-backlog',
          records: backlog!.records,
          partitions: PARTITIONS,
          bytesPerRecord: Math.round(backlog!.bytesPerRecord),
          runs: RUNS,
          bareConsumer,
          scorer,
          ratio: Number(ratio.toFixed(3)),
          cpuRatio: Number(cpuRatio.toFixed(3)),
          resultHash: ours[0]!.hash,
        }),
      );
      for (const each of [...floor, ...ours]) expect(each.records).toBe(backlog!.records);
      expect(new Set(ours.map(({ hash }) => hash)).size).toBe(1);
      expect(new Set(floor.map(({ hash }) => hash)).size).toBe(1);
      if (IS_FULL) expect(ratio).toBeGreaterThanOrEqual(RATIO_MIN);
    },
    BENCH_MS_MAX,
  );
});
