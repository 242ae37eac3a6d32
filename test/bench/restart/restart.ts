/** How long hosts are without verdicts when a scorer was killed. */
import { join } from 'node:path';
import type { Benchmark } from '../suite/benchmark.ts';
import { makeBacklog, trafficFile } from '../traffic/backlog.ts';
import { restart as restarted } from './first-verdict.ts';

const ACCESSES = { tiny: 2_000, small: 100_000, full: 1_000_000 };

export const restart: Benchmark = {
  name: 'restart',
  title: 'From killing a scorer to its next verdict',
  measures:
    '`ntk scorer` judges a backlog of ordinary traffic in its default settings and is killed (SIGKILL) when it is done; then one access in each of the four partitions waits for a verdict, and the scorer is started again. From starting the process until a host reads the first of these verdicts, and the last: Node, fencing, the checkpoint, and folding again what came after it.',
  doesNotShow:
    'How long it takes until somebody starts it. What is folded again depends on the moment: at most what comes in between two checkpoints, 250,000 records or 30 s of each partition. A scorer with a million keys: `memory` has that.',
  figures: [
    { name: 'first', what: 'start to the first new verdict', unit: 's', better: 'less', targets: [10] },
    { name: 'last', what: 'start to a new verdict in every partition', unit: 's', better: 'less' },
  ],
  ratios: [],
  async prepare(stage) {
    const traffic = trafficFile(stage, stage.of(ACCESSES));
    return {
      async round() {
        const backlog = await makeBacklog(stage, traffic);
        const { firstSeconds, lastSeconds } = await restarted(backlog, join(stage.folder, backlog.prefix));
        return { figures: { first: firstSeconds, last: lastSeconds }, hashes: {} };
      },
    };
  },
};
