import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeTraffic, measureRun, median } from './measured-run.ts';

/** Tiny among the tests, to keep it working; a million accesses on request (`npm run bench`). */
const IS_FULL = process.env['NTK_BENCH'] !== undefined;
const ACCESSES = IS_FULL ? 1_000_000 : 20_000;
const RUNS = IS_FULL ? 3 : 1;
const RATE_MIN = 50_000;
const PEAK_MB_MAX = 1_500;

describe('ntk run', () => {
  it(`brings ${ACCESSES.toLocaleString('en-US')} accesses from a file to stored rows`, async () => {
    const traffic = makeTraffic(ACCESSES);
    try {
      const runs = [];
      for (let i = 0; i < RUNS; i++) runs.push(await measureRun(traffic));
      const rate = median(runs.map(({ accessesPerSecond }) => accessesPerSecond));
      const peakMb = median(runs.map((run) => run.peakMb));
      console.log(
        JSON.stringify({
          benchmark: 'run-to-rows',
          accesses: ACCESSES,
          runs: RUNS,
          accessesPerSecond: Math.round(rate),
          peakMb: Math.round(peakMb),
          resultHash: runs[0]!.resultHash,
        }),
      );
      expect(new Set(runs.map(({ resultHash }) => resultHash)).size).toBe(1);
      expect(runs[0]!.report).toMatchObject({ accesses: ACCESSES, quality: { complete: true, rowsStored: ACCESSES } });
      expect(peakMb).toBeLessThan(PEAK_MB_MAX);
      if (IS_FULL) expect(rate).toBeGreaterThan(RATE_MIN);
    } finally {
      rmSync(traffic.folder, { recursive: true, force: true });
    }
  }, 600_000);
});
