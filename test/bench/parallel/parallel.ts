/** What a second core adds: the fold by itself, and scorers on Kafka. */
import { createHash } from 'node:crypto';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { partitionOf } from '../../../services/domain/partitioning/murmur2.ts';
import { measuredTogether, type ProcessOptions } from '../process/measured-process.ts';
import type { Taken } from '../process/measured.ts';
import { type Scored, SCORER_PROCESS } from '../scoring/scoring.ts';
import type { Benchmark } from '../suite/benchmark.ts';
import type { Stage } from '../suite/stage.ts';
import { makeBacklog, type TrafficFile, trafficFile } from '../traffic/backlog.ts';
import type { Folded } from './folding.ts';
import { halves } from './halves.ts';

const ACCESSES = { tiny: 2_000, small: 200_000, full: 2_000_000 };
/** Enough that two shares of them are about as large; each costs a topic more to make. */
const PARTITIONS = { tiny: 2, small: 8, full: 8 };

/** Millions of turns of the machine's own loop, some hundred million a second. */
const TURNS = { tiny: 20, small: 1_000, full: 3_000 };

type Share = readonly number[];

export const parallel: Benchmark = {
  name: 'parallel',
  title: 'One and two processes',
  measures:
    'The same eight partitions, by one process that may run on core 0 only (taskset), and by two on core 0 and core 1 that begin together, with four partitions or so each, shared out so that both have about as many records; until the last one is done. First a loop that only counts, which says what the machine’s two cores are to each other. Then the fold alone, of records that lie in memory: judging with all checks, limits and baselines, and rows and their hashes. At last scorers on Kafka, exactly once, with the broker on the same two cores.',
  doesNotShow:
    'The fold has no log: what reading and committing cost is not in it, and neither is anything that processes would wait for each other for. The scorers have it all, and no core that is free: the broker takes its share of both, so that their ratio says what this machine has left and not what another scorer adds on a machine of its own. Where counting alone does not come to twice as much the cores of a virtual machine share one of the host’s, or neighbours use it, and no fold can.',
  figures: [
    { name: 'countOne', what: 'one loop that counts, turns', unit: '/s', better: 'more' },
    { name: 'countTwo', what: 'two loops that count, turns', unit: '/s', better: 'more' },
    { name: 'foldOne', what: 'one fold on a core, records', unit: '/s', better: 'more' },
    { name: 'foldTwo', what: 'two folds on a core each, records', unit: '/s', better: 'more' },
    { name: 'scorerOne', what: 'one scorer on a core, broker on both, records', unit: '/s', better: 'more' },
    { name: 'scorerTwo', what: 'two scorers on a core each, broker on both, records', unit: '/s', better: 'more' },
  ],
  ratios: [
    { name: 'machine two/one', what: 'two loops over one: what the machine gives', of: 'countTwo', to: 'countOne' },
    { name: 'folds two/one', what: 'two folds over one', of: 'foldTwo', to: 'foldOne', targets: [1.7] },
    { name: 'scorers two/one', what: 'two scorers over one, no core free', of: 'scorerTwo', to: 'scorerOne' },
  ],
  async prepare(stage) {
    const traffic = trafficFile(stage, stage.of(ACCESSES));
    writeFileSync(policyFileOf(stage), traffic.policyYaml);
    const counts = await recordsOf(traffic, stage.of(PARTITIONS));
    const shares = halves(counts);
    const all: Share = shares.flat().toSorted((a, b) => a - b);
    return {
      async round(isReversed) {
        const one: readonly Share[] = [all];
        const order = isReversed ? [shares, one] : [one, shares];
        const rates = new Map<readonly Share[], number>();
        const hashes: Record<string, string> = {};
        for (const each of order) {
          const folded = await measuredTogether<Folded>(each.map((own, core) => foldOf(stage, traffic, own, core)));
          rates.set(each, rateOf(folded));
          hashes[each === one ? 'one fold' : 'two folds'] = hashOf(folded);
        }
        if (hashes['one fold'] !== hashes['two folds']) throw new Error('two folds judged otherwise than one');
        const [foldOne, foldTwo] = [rates.get(one)!, rates.get(shares)!];
        for (const each of order) rates.set(each, await counting(stage, each.length));
        const [countOne, countTwo] = [rates.get(one)!, rates.get(shares)!];
        for (const each of order) rates.set(each, await scorers(stage, traffic, each, counts));
        const [scorerOne, scorerTwo] = [rates.get(one)!, rates.get(shares)!];
        return { figures: { countOne, countTwo, foldOne, foldTwo, scorerOne, scorerTwo }, hashes };
      },
    };
  },
};

const policyFileOf = ({ folder }: Stage): string => join(folder, 'policy.yaml');

function foldOf(stage: Stage, { file }: TrafficFile, own: Share, core: number): ProcessOptions {
  const args = [file, policyFileOf(stage), stage.of(PARTITIONS), own.join()];
  return { file: join(import.meta.dirname, 'folding.ts'), args, cores: [core] };
}

/** Turns a second of so many processes on a core each. */
async function counting(stage: Stage, processes: number): Promise<number> {
  const file = join(import.meta.dirname, 'counting.ts');
  const options = Array.from(
    { length: processes },
    (_, core): ProcessOptions => ({ file, args: [stage.of(TURNS)], cores: [core] }),
  );
  return rateOf(await measuredTogether<Taken & { readonly records: number }>(options));
}

/** Records a second of scorers with these shares, one on each core. Each scores a log that nobody has scored. */
async function scorers(stage: Stage, traffic: TrafficFile, shares: readonly Share[], counts: readonly number[]): Promise<number> {
  const { broker, prefix } = await makeBacklog(stage, traffic, stage.of(PARTITIONS));
  const options = shares.map((own, core): ProcessOptions => {
    // Each partition has a copy of the policy.
    const records = own.reduce((sum, partition) => sum + counts[partition]! + 1, 0);
    return { file: SCORER_PROCESS, args: [broker, prefix, records, own.join()], cores: [core] };
  });
  return rateOf(await measuredTogether<Scored>(options));
}

/** From when the first one began until the last one was done. */
function rateOf(results: readonly (Taken & { readonly records: number })[]): number {
  const beganMs = Math.min(...results.map((result) => result.beganMs));
  const endedMs = Math.max(...results.map((result) => result.endedMs));
  return results.reduce((sum, { records }) => sum + records, 0) / ((endedMs - beganMs) / 1000);
}

function hashOf(results: readonly Folded[]): string {
  const hashes = Object.assign({}, ...results.map((result) => result.hashes)) as Record<string, string>;
  const text = Object.keys(hashes)
    .toSorted((a, b) => Number(a) - Number(b))
    .map((partition) => hashes[partition])
    .join();
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** By partition, without policies. */
async function recordsOf({ file }: TrafficFile, partitions: number): Promise<number[]> {
  const counts = new Array<number>(partitions).fill(0);
  for await (const line of createInterface({ input: createReadStream(file) }))
    counts[partitionOf(/"subject":"([^"]+)"/.exec(line)![1]!, partitions)]!++;
  return counts;
}
