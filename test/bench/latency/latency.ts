/** How long hosts wait for verdicts, and analysts for rows, at a steady rate: `ntk scorer` and `ntk writer` as an operator starts them. */
import { join } from 'node:path';
import { deployed, type Deployment, started } from '../process/deployment.ts';
import { measured } from '../process/measured-process.ts';
import type { Benchmark, Figure, Round } from '../suite/benchmark.ts';
import type { Stage } from '../suite/stage.ts';
import { type Backlog, makeBacklog, programsOf, trafficFile } from '../traffic/backlog.ts';
import type { Heard } from './hosts.ts';

interface Rates {
  readonly low: number;
  readonly high: number;
  readonly seconds: number;
  readonly warmUp: number;
}

const RATES: Readonly<Record<'tiny' | 'small' | 'full', Rates>> = {
  tiny: { low: 100, high: 300, seconds: 1, warmUp: 1 },
  small: { low: 2_000, high: 10_000, seconds: 8, warmUp: 4 },
  full: { low: 2_000, high: 10_000, seconds: 30, warmUp: 10 },
};
/** The limits of the traffic's programs are made for so many accesses a second. */
const LIMITS_RATE = 100;
/** Below this the driver, not the product, may be what was slow. */
const OFFERED_SHARE_MIN = 0.98;
const LAG_MS_MAX = 20;

const figuresAt = (name: string, rate: string, targets: Partial<Record<'p50' | 'p99' | 'stored', number>>): readonly Figure[] => {
  const figure = (of: string, what: string, target?: number): Figure => {
    const line = { name: `${name}${of}`, what: `${what} at ${rate}/s`, unit: 'ms', better: 'less' as const };
    return target === undefined ? line : { ...line, targets: [target] };
  };
  return [
    figure('P50', 'produce to verdict, p50', targets.p50),
    figure('P99', 'produce to verdict, p99', targets.p99),
    figure('Max', 'produce to verdict, longest'),
    figure('StoredP50', 'produce to stored row, p50'),
    figure('StoredP99', 'produce to stored row, p99', targets.stored),
    figure('Lag', 'the driver’s own lag, p99'),
    { name: `${name}Offered`, what: `offered, of ${rate}`, unit: '/s', better: 'more' },
  ];
};

export const latency: Benchmark = {
  name: 'latency',
  title: 'How long a verdict and a row take',
  measures:
    'Hosts, a process of their own, write accesses that wait for a verdict at a fixed rate whatever comes back (open loop), every 5 ms with kafkajs’s producer, and read the verdicts with its consumer, which asks anew every 5 ms; an access counts from when it was due. Meanwhile they ask ClickHouse ten times a second what is stored: a row counts with the first answer that covers it. One scorer and one writer in their default settings, four partitions, broker and hosts on the same cores. The driver’s own lag is in all figures.',
  doesNotShow:
    'A broker on another machine, replicas, several scorers. All programs of the traffic are declared; limits are as many times larger as the rate is. The driver takes its share of the cores: with its own lag above some milliseconds the figures are the machine’s and not the product’s.',
  figures: [...figuresAt('low', '2,000', {}), ...figuresAt('high', '10,000', { p50: 15, p99: 60, stored: 2_000 })],
  ratios: [],
  async prepare(stage) {
    const rates = stage.of(RATES);
    // Declarations, consents and the policy, and nobody has done anything yet.
    const facts = trafficFile(stage, 0, rates.high / LIMITS_RATE);
    return { round: async () => roundOf(rates, await heardOf(stage, await makeBacklog(stage, facts), rates)) };
  },
};

type Both = Readonly<Record<'low' | 'high', Heard>>;

async function heardOf(stage: Stage, backlog: Backlog, { seconds, warmUp, low, high }: Rates): Promise<Both> {
  const folder = join(stage.folder, backlog.prefix);
  return deployed({ ...backlog, folder }, async (deployment: Deployment) => {
    await started(deployment.service('writer'));
    await started(deployment.service('scorer'));
    const { broker, prefix, partitions } = backlog;
    const file = join(import.meta.dirname, 'hosts.ts');
    const log = [broker, prefix, partitions, programsOf(stage)];
    const systemFile = join(deployment.dataOf('writer'), 'system.json');
    const hosts = async (name: string, rate: number): Promise<Heard> =>
      measured<Heard>({ file, args: [...log, rate, seconds, warmUp, name, systemFile] });
    return { low: await hosts('low', low), high: await hosts('high', high) };
  });
}

function roundOf(rates: Rates, heard: Both): Round {
  const of = (name: 'low' | 'high'): Record<string, number> => {
    const { p50Ms, p99Ms, maxMs, storedP50Ms, storedP99Ms, lagP99Ms, offered } = heard[name];
    const values = {
      P50: p50Ms,
      P99: p99Ms,
      Max: maxMs,
      StoredP50: storedP50Ms,
      StoredP99: storedP99Ms,
      Lag: lagP99Ms,
      Offered: offered,
    };
    return Object.fromEntries(Object.entries(values).map(([figure, value]) => [`${name}${figure}`, value]));
  };
  const counts = (['low', 'high'] as const).map((name) => {
    const { accesses, unanswered, notStored } = heard[name];
    return `${accesses - unanswered} of ${accesses} answered, ${accesses - notStored} stored`;
  });
  return {
    figures: { ...of('low'), ...of('high') },
    hashes: { low: counts[0]!, high: counts[1]! },
    remarks: (['low', 'high'] as const).flatMap((name) => remarksOf(rates[name], heard[name])),
  };
}

function remarksOf(rate: number, { offered, lagP99Ms, unanswered, notStored }: Heard): string[] {
  const at = `at ${rate.toLocaleString('en-US')}/s`;
  return [
    ...(offered < rate * OFFERED_SHARE_MIN ? [`${at} the driver could offer only ${Math.round(offered)}/s`] : []),
    ...(lagP99Ms > LAG_MS_MAX
      ? [`${at} the driver itself was late by ${Math.round(lagP99Ms)} ms (p99): the machine is too busy`]
      : []),
    ...(unanswered > 0 ? [`${at} ${unanswered} accesses had no verdict after a minute`] : []),
    ...(notStored > 0 ? [`${at} ${notStored} accesses were not stored after a minute`] : []),
  ];
}
