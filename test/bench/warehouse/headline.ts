/** How long ClickHouse takes for the figures of a report over many rows, in the ways they are asked. */
import { join } from 'node:path';
import { measured } from '../process/measured-process.ts';
import type { Benchmark } from '../suite/benchmark.ts';
import { median } from '../suite/median.ts';
import { FROM_BLOCKS, type Question } from './questions.ts';

const ROWS = { tiny: 20_000, small: 1_000_000, full: 10_000_000 };
/** Each question in a process of its own, so often: the first answer of a process waits for the disk. */
const TIMES = { tiny: 1, small: 3, full: 3 };
const BY_MONTH = 'headline, months by themselves';

interface Made {
  readonly physicalRows: number;
  /** Of the rows' table. */
  readonly bytes: number;
}

interface Asked {
  readonly milliseconds: readonly number[];
  readonly processorMs: readonly number[];
  readonly peakMb: number;
  readonly resultHash: string;
  readonly result: readonly [Readonly<Record<string, string>>];
}

export const headline: Benchmark = {
  name: 'headline',
  title: 'The headline over ten million accesses',
  measures:
    'The report’s headline as `ntk report` asks it, of rows that the engine made itself as real ones are: four partitions, 2,400 programs, 300,000 users, ids and user hashes that do not compress, ninety days, and a hundredth of the rows twice, which FINAL has to see. Each question in a process of its own that has the embedded ClickHouse. The same counts from rows and from counts that were made when blocks were stored.',
  doesNotShow:
    'A server with many cores or disks that are slow: the engine uses all cores of this machine, and the rows lie in its memory after the first answer. Rows of real traffic, whose bytes `run` and `rows` have; here only their table counts.',
  figures: [
    { name: 'headline', what: 'the headline', unit: 'ms', better: 'less', targets: [1_000] },
    { name: 'headlineProcessor', what: 'the headline, processor time', unit: 'ms', better: 'less' },
    { name: 'headlineMb', what: 'memory of the headline over that of the engine', unit: 'MB', better: 'less' },
    { name: 'byMonth', what: 'the headline, each month merged by itself', unit: 'ms', better: 'less' },
    { name: 'fromRows', what: 'counts from rows, processor time', unit: 'ms', better: 'less' },
    { name: 'fromBlocks', what: 'counts from blocks, processor time', unit: 'ms', better: 'less' },
    { name: 'bytes', what: 'bytes a made row', unit: 'bytes', better: 'less', targets: [60] },
  ],
  ratios: [
    { name: 'counts rows/blocks', what: 'counts from rows over from blocks, processor time', of: 'fromRows', to: 'fromBlocks' },
  ],
  async prepare(stage) {
    const file = join(import.meta.dirname, 'asking.ts');
    const rows = stage.of(ROWS);
    const made = await measured<Made>({ file, args: [stage.folder, 'make', rows] });
    const ask = (question: Question): Promise<Asked> =>
      measured<Asked>({ file, args: [stage.folder, 'ask', question, stage.of(TIMES)] });
    return {
      async round() {
        const nothing = await ask('nothing');
        const whole = await ask('headline');
        const byMonth = await ask(BY_MONTH);
        const fromRows = await ask('counts from rows');
        const fromBlocks = await ask(FROM_BLOCKS);
        checkAnswers(rows, { whole, byMonth, fromRows, fromBlocks });
        return {
          figures: {
            headline: median(whole.milliseconds),
            headlineProcessor: median(whole.processorMs),
            headlineMb: whole.peakMb - nothing.peakMb,
            byMonth: median(byMonth.milliseconds),
            fromRows: median(fromRows.processorMs),
            fromBlocks: median(fromBlocks.processorMs),
            bytes: made.bytes / made.physicalRows,
          },
          hashes: { headline: whole.resultHash },
        };
      },
    };
  },
};

/** Every row once, and the same however it is asked; from blocks without a look at rows. */
function checkAnswers(rows: number, { whole, byMonth, fromRows, fromBlocks }: Readonly<Record<string, Asked>>): void {
  const [headlineRow] = whole!.result;
  if (Number(headlineRow['accesses']) !== rows || Number(headlineRow['intercept']) === 0)
    throw new Error(`the headline of ${rows} rows is ${JSON.stringify(headlineRow)}`);
  if (byMonth!.resultHash !== whole!.resultHash) throw new Error('months by themselves have another headline');
  const [{ accesses, cells }] = fromRows!.result;
  const [counted] = fromBlocks!.result;
  if (counted['accesses'] !== accesses || counted['cells'] !== cells || counted['fromBlocks'] !== accesses)
    throw new Error(`counts from blocks are ${JSON.stringify(counted)}, from rows ${String(accesses)} in ${String(cells)} cells`);
}
