import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { median } from '../measured-run.ts';

/** Tiny among the tests, to keep it working; a million keys on request (`npm run bench`). */
const IS_FULL = process.env['NTK_BENCH'] !== undefined;
const PROGRAMS = IS_FULL ? 125_000 : 1_000;
const KEYS = 8 * PROGRAMS;
const ACCESSES = IS_FULL ? 2_000_000 : 20_000;
const RUNS = IS_FULL ? 3 : 1;
/** Of the whole process, Node included, with every baseline and every limit key in it. */
const RSS_MB_MAX = 512;

interface Measured {
  readonly baselines: number;
  readonly limits: number;
  readonly rssMb: number;
  readonly peakMb: number;
  readonly baselineBytesAKey: number;
  /** Microseconds an update of the baselines alone. */
  readonly busy: { readonly wallUs: number; readonly processorUs: number };
  readonly quiet: { readonly wallUs: number; readonly processorUs: number };
  readonly resultHash: string;
}

/** A process of its own, so that its memory is nobody else's. */
async function measured(): Promise<Measured> {
  const args = ['--expose-gc', join(import.meta.dirname, 'learning.ts'), String(PROGRAMS), String(ACCESSES)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(await text(child.stdout)) as Measured;
}

describe(`baselines of ${KEYS.toLocaleString('en-US')} programs and categories`, () => {
  it('fit, with as many limit keys, into one process', { timeout: 600_000 }, async () => {
    const runs: Measured[] = [];
    for (let i = 0; i < RUNS; i++) runs.push(await measured());
    const [{ baselines, limits, baselineBytesAKey, resultHash }] = runs as [Measured];
    const of = (figure: (run: Measured) => number): number => median(runs.map(figure));
    const rssMb = of((run) => run.rssMb);
    console.log(
      JSON.stringify({
        benchmark: 'baselines',
        keys: baselines,
        accesses: ACCESSES,
        runs: RUNS,
        rssMb: Math.round(rssMb),
        peakMb: Math.round(of(({ peakMb }) => peakMb)),
        baselineBytesAKey: Math.round(baselineBytesAKey),
        busyUs: Number(of(({ busy }) => busy.wallUs).toFixed(2)),
        busyProcessorUs: Number(of(({ busy }) => busy.processorUs).toFixed(2)),
        threeDaysUs: Number(of(({ quiet }) => quiet.wallUs).toFixed(2)),
        threeDaysProcessorUs: Number(of(({ quiet }) => quiet.processorUs).toFixed(2)),
        resultHash,
      }),
    );
    expect([baselines, limits]).toEqual([KEYS, KEYS]);
    expect(new Set(runs.map((run) => run.resultHash)).size).toBe(1);
    expect(rssMb).toBeLessThan(RSS_MB_MAX);
  });
});
