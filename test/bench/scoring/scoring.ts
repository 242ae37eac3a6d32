/** Exactly-once scoring of a backlog on Kafka, beside the two floors that read the same topic. */
import { join } from 'node:path';
import { BASELINE_REASONS } from '../../../schemas/codes.ts';
import { administrate } from '../../kafka/topics.ts';
import type { Benchmark, Round } from '../suite/benchmark.ts';
import { measured } from '../process/measured-process.ts';
import type { Taken } from '../process/measured.ts';
import { type Backlog, makeBacklog, trafficFile } from '../traffic/backlog.ts';

const ACCESSES = { tiny: 4_000, small: 200_000, full: 2_000_000 };

export interface Read extends Taken {
  readonly records: number;
  readonly hash: string;
}

export interface Scored extends Read {
  readonly accesses: number;
  /** Told to hosts. */
  readonly verdicts: number;
  readonly findings: Readonly<Record<string, number>>;
  readonly limitKeys: number;
  readonly baselineKeys: number;
  readonly longestPauseMs: number;
  readonly pauseP99Ms: number;
}

const floor = (file: string, args: readonly string[]) => measured<Read>({ file: join(import.meta.dirname, file), args });

const bare = ({ broker, topic, records }: Backlog) => floor('bare-consumer.ts', [broker, topic, String(records)]);

async function transactional({ broker, prefix, topic, records, partitions }: Backlog): Promise<Read> {
  const output = `${prefix}.floor`;
  await administrate({ address: broker }, (admin) =>
    admin.createTopics({ topics: [{ topic: output, numPartitions: partitions, replicationFactor: 1 }] }),
  );
  return floor('transactional-consumer.ts', [broker, topic, output, String(records)]);
}

export const SCORER_PROCESS = join(import.meta.dirname, 'scorer-process.ts');

const scored = ({ broker, prefix, records }: Backlog) =>
  measured<Scored>({ file: SCORER_PROCESS, args: [broker, prefix, records] });

/** Records a second, and a second of its processor time. */
const rates = ({ records, seconds, cpuSeconds }: Read): readonly [number, number] => [records / seconds, records / cpuSeconds];

export const scoring: Benchmark = {
  name: 'scoring',
  title: 'Exactly-once scoring of a backlog on Kafka',
  measures:
    'Three processes read the same topic of four partitions one after the other, from their first fetch to the last record, with fetches, heap and zstd of the same settings. The floors are kafkajs consumers with `JSON.parse` on each record: (a) does nothing else; (b) keeps a moving mean for each program and API in a Map and commits, every 100 ms, an output record for 18 in 100 records and the offsets in a transaction. The scorer judges with all checks, limits and baselines on and commits rows, verdicts and positions in transactions, checkpoints included.',
  doesNotShow:
    'A broker on another machine: here its work for the scorer’s transactions is in the scorer’s time on the wall, and in neither processor time. Metrics and the HTTP server of `ntk scorer`. Records that are not ASCII or have escapes, which are parsed in the general way. Traffic of other shapes: few accesses in it have findings.',
  figures: [
    { name: 'bare', what: 'floor (a), records', unit: '/s', better: 'more' },
    { name: 'bareCore', what: 'floor (a), records a processor second', unit: '/s', better: 'more' },
    { name: 'transactional', what: 'floor (b), records', unit: '/s', better: 'more' },
    { name: 'transactionalCore', what: 'floor (b), records a processor second', unit: '/s', better: 'more' },
    { name: 'scorer', what: 'scorer, records', unit: '/s', better: 'more' },
    { name: 'scorerCore', what: 'scorer, records a processor second', unit: '/s', better: 'more' },
    { name: 'scorerPeakMb', what: 'scorer, largest resident set', unit: 'MB', better: 'less', targets: [400] },
    { name: 'told', what: 'accesses of which hosts are told a verdict', unit: '%', better: 'more' },
    { name: 'alarms', what: 'findings of baselines in a hundred accesses', unit: '%', better: 'more' },
    { name: 'baselineKeys', what: 'baselines at the end', unit: '', better: 'more' },
  ],
  ratios: [
    { name: 'scorer/bare', what: 'scorer over floor (a), by the clock', of: 'scorer', to: 'bare', targets: [0.5, 0.7, 1] },
    { name: 'scorer/bare core', what: 'scorer over floor (a), a core', of: 'scorerCore', to: 'bareCore', targets: [0.5, 0.7, 1] },
    { name: 'scorer/transactional', what: 'scorer over floor (b), by the clock', of: 'scorer', to: 'transactional' },
    { name: 'scorer/transactional core', what: 'scorer over floor (b), a core', of: 'scorerCore', to: 'transactionalCore' },
  ],
  async prepare(stage) {
    const traffic = trafficFile(stage, stage.of(ACCESSES));
    return {
      async round(isReversed) {
        const backlog = await makeBacklog(stage, traffic);
        const turns = { a: bare, b: transactional, ours: scored };
        const found: { a?: Read; b?: Read; ours?: Read } = {};
        const order = isReversed ? (['ours', 'b', 'a'] as const) : (['a', 'b', 'ours'] as const);
        for (const name of order) found[name] = await turns[name](backlog);
        return roundOf(backlog, found.a!, found.b!, found.ours as Scored);
      },
    };
  },
};

function roundOf({ records }: Backlog, a: Read, b: Read, ours: Scored): Round {
  for (const each of [a, b, ours])
    if (each.records !== records) throw new Error(`${records} records are in the topic and ${each.records} were read`);
  const [bareRate, bareCore] = rates(a);
  const [transactionalRate, transactionalCore] = rates(b);
  const [scorer, scorerCore] = rates(ours);
  const alarms = BASELINE_REASONS.reduce((sum, reason) => sum + (ours.findings[reason] ?? 0), 0);
  return {
    figures: {
      bare: bareRate,
      bareCore,
      transactional: transactionalRate,
      transactionalCore,
      scorer,
      scorerCore,
      scorerPeakMb: ours.peakMb,
      told: (ours.verdicts / ours.accesses) * 100,
      alarms: (alarms / ours.accesses) * 100,
      baselineKeys: ours.baselineKeys,
    },
    hashes: { bare: a.hash, transactional: b.hash, scorer: ours.hash },
  };
}
