/** From a backlog on Kafka to rows that ClickHouse answers queries on: `ntk scorer` and `ntk writer`, beside inserting and nothing else. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Warehouse } from '../../../services/platform/warehouse/warehouse.ts';
import { administrate } from '../../kafka/topics.ts';
import { deployed, type Deployment, started } from '../process/deployment.ts';
import { type TakenBy, takenBy } from '../process/taken-by.ts';
import type { Benchmark, Round } from '../suite/benchmark.ts';
import type { Stage } from '../suite/stage.ts';
import { type Backlog, makeBacklog, trafficFile } from '../traffic/backlog.ts';
import { insertOnly, type Inserted, type NativeFiles, nativeFiles } from './floor.ts';
import { storedBytes, storedOffsets, type StoredRows, storedRows } from './stored.ts';

const ACCESSES = { tiny: 4_000, small: 200_000, full: 2_000_000 };
const POLL_MS = 50;
const STORED_MS_MAX = 600_000;

interface Stored extends StoredRows {
  readonly seconds: number;
  readonly scorer: TakenBy;
  readonly writer: TakenBy;
  /** That all tables take. */
  readonly bytes: number;
  readonly data: string;
}

export const rowsOverKafka: Benchmark = {
  name: 'rows',
  title: 'From Kafka to rows that answer queries',
  measures:
    '`ntk scorer` and `ntk writer`, one process each in their default settings, with ClickHouse inside the writer, from the scorer’s word that it runs until the ledger covers the whole backlog; the writer runs before and waits. The floor (c) inserts the same rows into the same table of another ClickHouse, Native from files of up to 500,000 rows, and nothing else.',
  doesNotShow:
    'ClickHouse on a server, several scorers or writers. Scorer, writer, ClickHouse and broker share the machine’s cores, so that the figure is what one machine does in all, not what each could do by itself. The floor has no Kafka, no ledger and no judging, and uses the fastest format there is.',
  figures: [
    { name: 'accesses', what: 'accesses from Kafka to stored rows', unit: '/s', better: 'more', targets: [80_000, 150_000] },
    { name: 'inserting', what: 'floor (c), rows', unit: '/s', better: 'more' },
    { name: 'scorerCpu', what: 'scorer, processor seconds a million accesses', unit: 's', better: 'less' },
    { name: 'writerCpu', what: 'writer and ClickHouse, the same', unit: 's', better: 'less' },
    { name: 'insertingCpu', what: 'floor (c), the same', unit: 's', better: 'less' },
    { name: 'scorerPeakMb', what: 'scorer, largest resident set', unit: 'MB', better: 'less', targets: [400] },
    { name: 'writerPeakMb', what: 'writer and ClickHouse, largest resident set', unit: 'MB', better: 'less' },
    { name: 'bytes', what: 'bytes a stored access, compressed, all tables', unit: 'bytes', better: 'less', targets: [60] },
  ],
  ratios: [
    { name: 'rows/inserting', what: 'Kafka to rows over floor (c), by the clock', of: 'accesses', to: 'inserting' },
    { name: 'rows/inserting core', what: 'writer and ClickHouse over floor (c), a core', of: 'insertingCpu', to: 'writerCpu' },
  ],
  async prepare(stage) {
    const traffic = trafficFile(stage, stage.of(ACCESSES));
    let files: NativeFiles | null = null;
    return {
      async round(isReversed) {
        const backlog = await makeBacklog(stage, traffic);
        // The rows of the round before: they are the same.
        const before = isReversed && files !== null ? await insertOnly(files, stage.folder) : null;
        const stored = await stores(stage, backlog);
        files = await nativeFiles(stored.data, stage.folder);
        const floor = before ?? (await insertOnly(files, stage.folder));
        return roundOf(backlog, stored, floor);
      },
    };
  },
};

async function stores(stage: Stage, backlog: Backlog): Promise<Stored> {
  const ends = await endsOf(backlog);
  const folder = join(stage.folder, backlog.prefix);
  return deployed({ ...backlog, folder }, async (deployment: Deployment) => {
    const writer = await started(deployment.service('writer'));
    const warehouse = deployment.warehouseOf(writer);
    const scorer = await started(deployment.service('scorer'));
    const startedMs = performance.now();
    const before = { scorer: takenBy(scorer.pid), writer: takenBy(writer.pid) };
    await untilStored(warehouse, ends);
    const seconds = (performance.now() - startedMs) / 1000;
    const taken = { scorer: takenBy(scorer.pid, before.scorer), writer: takenBy(writer.pid, before.writer) };
    const bytes = await storedBytes(warehouse);
    return { seconds, ...taken, bytes, ...(await storedRows(warehouse)), data: deployment.dataOf('writer') };
  });
}

async function endsOf({ broker, topic }: Backlog): Promise<ReadonlyMap<number, number>> {
  const offsets = await administrate({ address: broker }, (admin) => admin.fetchTopicOffsets(topic));
  return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
}

async function untilStored(warehouse: Warehouse, ends: ReadonlyMap<number, number>): Promise<void> {
  const deadline = performance.now() + STORED_MS_MAX;
  for (;;) {
    const stored = await storedOffsets(warehouse);
    if ([...ends].every(([partition, end]) => (stored.get(partition) ?? 0) >= end)) return;
    if (performance.now() > deadline) throw new Error(`after ${STORED_MS_MAX} ms only this is stored: ${[...stored].join('; ')}`);
    await pause(POLL_MS);
  }
}

function roundOf({ accesses }: Backlog, stored: Stored, floor: Inserted): Round {
  // What was inserted alone is what was judged and stored.
  if (floor.hash !== stored.hash) throw new Error('the floor has other rows than were stored');
  for (const { rows } of [stored, floor])
    if (rows !== accesses) throw new Error(`${rows} rows of ${accesses} accesses are stored`);
  const aMillion = ({ cpuSeconds }: { readonly cpuSeconds: number }): number => (cpuSeconds / accesses) * 1e6;
  return {
    figures: {
      accesses: accesses / stored.seconds,
      inserting: accesses / floor.seconds,
      scorerCpu: aMillion(stored.scorer),
      writerCpu: aMillion(stored.writer),
      insertingCpu: aMillion(floor),
      scorerPeakMb: stored.scorer.peakMb,
      writerPeakMb: stored.writer.peakMb,
      bytes: stored.bytes / accesses,
    },
    hashes: { rows: stored.hash },
  };
}
