/** What baselines cost: an update's time, and the memory of as many as a scorer may have. */
import { join } from 'node:path';
import { measured } from '../process/measured-process.ts';
import type { Benchmark } from '../suite/benchmark.ts';

const PROGRAMS = { tiny: 1_000, small: 12_500, full: 125_000 };
const CATEGORIES = 8;
const ACCESSES = { tiny: 20_000, small: 500_000, full: 2_000_000 };

/** Microseconds an update. */
interface Update {
  readonly wallUs: number;
  readonly processorUs: number;
}

interface Learned {
  readonly baselines: number;
  readonly limits: number;
  readonly rssMb: number;
  readonly peakMb: number;
  readonly baselineBytesAKey: number;
  readonly busy: Update;
  readonly quiet: Update;
  readonly hash: string;
}

export const baselines: Benchmark = {
  name: 'baselines',
  title: 'Baselines alone',
  measures:
    'A process of its own has 125,000 programs use eight categories once each, and then two million accesses, most of them of few programs: all in one hour, when judging is nearly all that is done, and again in three days, with silences, nights and days that end. Microseconds an update of the baselines and nothing else (users are hashed before, which is done once an access for all checks); memory of the whole process, Node and as many limit keys included, when garbage is collected.',
  doesNotShow:
    'Parsing, checks, rows and the log: `scoring` has them all. Programs come in no order, as they do on a platform, so that the time is what memory far apart takes; two million accesses in three days are so few for a million baselines that most of the time goes into hours that end in silence. Priors and reviews.',
  figures: [
    { name: 'busy', what: 'an update, all in an hour', unit: 'µs', better: 'less', targets: [1] },
    { name: 'busyProcessor', what: 'an update, all in an hour, processor', unit: 'µs', better: 'less' },
    { name: 'quiet', what: 'an update, in three days', unit: 'µs', better: 'less' },
    { name: 'quietProcessor', what: 'an update, in three days, processor', unit: 'µs', better: 'less' },
    { name: 'rssMb', what: 'the process with a million baselines and limit keys', unit: 'MB', better: 'less', targets: [512] },
    { name: 'peakMb', what: 'its largest resident set', unit: 'MB', better: 'less' },
    { name: 'bytes', what: 'a baseline', unit: 'bytes', better: 'less' },
  ],
  ratios: [],
  async prepare(stage) {
    const programs = stage.of(PROGRAMS);
    const file = join(import.meta.dirname, 'learning.ts');
    return {
      async round() {
        const learned = await measured<Learned>({ file, args: [programs, stage.of(ACCESSES)], flags: ['--expose-gc'] });
        const { busy, quiet, rssMb, peakMb, baselineBytesAKey: bytes } = learned;
        const expected = programs * CATEGORIES;
        if (learned.baselines !== expected || learned.limits !== expected)
          throw new Error(`${expected} pairs have ${learned.baselines} baselines and ${learned.limits} limit keys`);
        return {
          figures: {
            busy: busy.wallUs,
            busyProcessor: busy.processorUs,
            quiet: quiet.wallUs,
            quietProcessor: quiet.processorUs,
            rssMb,
            peakMb,
            bytes,
          },
          hashes: { scores: learned.hash },
        };
      },
    };
  },
};
