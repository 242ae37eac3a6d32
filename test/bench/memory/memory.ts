/** A scorer with a million pairs of program and category: its memory, its pauses with checkpoints and without, and its restart. */
import { join } from 'node:path';
import { measured } from '../process/measured-process.ts';
import { restart } from '../restart/first-verdict.ts';
import { type Scored, SCORER_PROCESS } from '../scoring/scoring.ts';
import type { Benchmark } from '../suite/benchmark.ts';
import { type Backlog, makeBacklog, partitionsOf } from '../traffic/backlog.ts';
import { keysFile } from '../traffic/keys.ts';

const KEYS = { tiny: 4_000, small: 100_000, full: 1_000_000 };
/** Of each partition, so that some are written of every size of state. */
const CHECKPOINTS = 8;
/** Share of the records after which pauses are watched. */
const WATCHED_FROM = 0.3;
const NEVER = { NTK_CHECKPOINT_RECORDS: '100000000', NTK_CHECKPOINT_INTERVAL_MS: '3600000' };

export const memory: Benchmark = {
  name: 'memory',
  title: 'A scorer with a million programs and categories',
  measures:
    'The scorer of four partitions, a process of its own, judges a backlog in which 125,000 programs declare eight categories and use each once: a limit key and a baseline for each of a million pairs. Its largest resident set over the whole run; pauses of its event loop (a timer of a millisecond, how late it is) when a third is judged, with so many checkpoints that each partition writes eight, and in turn without any. Then `ntk scorer` takes the partitions from their checkpoints, is killed, and started again.',
  doesNotShow:
    'Pauses of what each pair costs when it is used more than once. A scorer that works off a backlog has no idle time in which to collect garbage: pauses without checkpoints are the floor that those with checkpoints have to be compared with. Consents and reviews, which take memory of their own.',
  figures: [
    // 400 MB of a scorer at ordinary sizes and 512 MB more.
    { name: 'peakMb', what: 'largest resident set', unit: 'MB', better: 'less', targets: [912] },
    { name: 'pause', what: 'longest pause, with checkpoints', unit: 'ms', better: 'less', targets: [20] },
    { name: 'pauseP99', what: 'pauses with checkpoints, p99', unit: 'ms', better: 'less' },
    { name: 'pauseWithout', what: 'longest pause, without checkpoints', unit: 'ms', better: 'less' },
    { name: 'pauseWithoutP99', what: 'pauses without checkpoints, p99', unit: 'ms', better: 'less' },
    { name: 'first', what: 'start to the first new verdict after a kill', unit: 's', better: 'less', targets: [10] },
    { name: 'keys', what: 'baselines, and as many limit keys', unit: '', better: 'more' },
  ],
  ratios: [
    { name: 'pauses without/with', what: 'pauses without checkpoints over with, p99', of: 'pauseWithoutP99', to: 'pauseP99' },
  ],
  async prepare(stage) {
    const traffic = keysFile(stage, stage.of(KEYS));
    return {
      async round(isReversed) {
        const backlogs = { with: await makeBacklog(stage, traffic), without: await makeBacklog(stage, traffic) };
        const often = { NTK_CHECKPOINT_RECORDS: String(checkpointRecords(traffic.records / partitionsOf(stage))) };
        const found: { with?: Scored; without?: Scored } = {};
        for (const which of isReversed ? (['without', 'with'] as const) : (['with', 'without'] as const))
          found[which] = await scored(backlogs[which], which === 'with' ? often : NEVER);
        const [ours, without] = [found.with!, found.without!];
        if (ours.baselineKeys !== traffic.accesses || ours.limitKeys !== traffic.accesses)
          throw new Error(`${traffic.accesses} pairs have ${ours.baselineKeys} baselines and ${ours.limitKeys} limit keys`);
        if (ours.hash !== without.hash) throw new Error('with checkpoints it is judged otherwise than without');
        const { firstSeconds } = await restart(backlogs.with, join(stage.folder, backlogs.with.prefix));
        return {
          figures: {
            peakMb: ours.peakMb,
            pause: ours.longestPauseMs,
            pauseP99: ours.pauseP99Ms,
            pauseWithout: without.longestPauseMs,
            pauseWithoutP99: without.pauseP99Ms,
            first: firstSeconds,
            keys: ours.baselineKeys,
          },
          hashes: { scorer: ours.hash },
        };
      },
    };
  },
};

/** The configuration takes no fewer than a thousand. */
function checkpointRecords(recordsAPartition: number): number {
  return Math.max(1_000, Math.floor(recordsAPartition / CHECKPOINTS));
}

async function scored({ broker, prefix, records }: Backlog, settings: Readonly<Record<string, string>>): Promise<Scored> {
  const env = { ...settings, PAUSES_AFTER: String(Math.floor(records * WATCHED_FROM)) };
  return measured<Scored>({ file: SCORER_PROCESS, args: [broker, prefix, records], env });
}
