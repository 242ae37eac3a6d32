import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { median } from '../measured-run.ts';
import { FROM_BLOCKS, QUESTIONS } from './questions.ts';

/** Tiny among the tests, to keep it working; ten million rows on request (`npm run bench`). */
const IS_FULL = process.env['NTK_BENCH'] !== undefined;
const ROWS = IS_FULL ? 10_000_000 : 20_000;
const TIMES = IS_FULL ? 3 : 1;
const SOME = ['nothing', 'headline', 'headline, months by themselves', 'counts from rows'];
const ASKED = [...(IS_FULL ? Object.keys(QUESTIONS) : SOME), FROM_BLOCKS];
/** Of all threads together, so that a busy machine does not fail it. */
const HEADLINE_PROCESSOR_MS_MAX = 10_000;
const HEADLINE_MB_MAX = 1_024;
const MAKE_MS_MAX = 1_200_000;

interface Made {
  readonly seconds: number;
  readonly countingProcessorSeconds: number;
  readonly parts: number;
  readonly physicalRows: number;
  readonly bytes: number;
}

interface Asked {
  readonly milliseconds: readonly number[];
  readonly processorMs: readonly number[];
  readonly peakMb: number;
  readonly resultHash: string;
  readonly result: readonly [Readonly<Record<string, string>>];
}

describe(`the headline over ${ROWS.toLocaleString('en-US')} rows`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ntk-bench-'));
  const asked = new Map<string, Asked>();
  let made: Made;

  beforeAll(async () => {
    made = await asking(folder, ['make', String(ROWS)]);
    // A process each, so that the memory of one is not that of another.
    for (const name of ASKED) asked.set(name, await asking(folder, ['ask', name, String(TIMES)]));
  }, MAKE_MS_MAX);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('counts every row once, and the same however it is asked', () => {
    const { result, resultHash } = asked.get('headline')!;
    expect(Number(result[0]['accesses'])).toBe(ROWS);
    expect(Number(result[0]['intercept'])).toBeGreaterThan(0);
    expect(asked.get('headline, months by themselves')!.resultHash).toBe(resultHash);
  });

  it('gives the same counts from blocks as from rows, all of them from blocks', () => {
    const [{ accesses, cells }] = asked.get('counts from rows')!.result;
    expect(asked.get(FROM_BLOCKS)!.result).toEqual([{ accesses, cells, fromBlocks: accesses }]);
  });

  it('is measured', () => {
    const nothing = asked.get('nothing')!;
    for (const [question, { milliseconds, processorMs, peakMb, resultHash }] of asked) {
      const times = { milliseconds: Math.round(median(milliseconds)), processorMs: Math.round(median(processorMs)) };
      const memory = { peakMb: Math.round(peakMb), overTheEngine: Math.round(peakMb - nothing.peakMb) };
      console.log(JSON.stringify({ benchmark: 'warehouse-headline', question, rows: ROWS, ...times, ...memory, resultHash }));
    }
    const cost = (question: string): number => median(asked.get(question)!.processorMs);
    const ratio = Number((cost('counts from rows') / cost(FROM_BLOCKS)).toFixed(1));
    console.log(JSON.stringify({ benchmark: 'warehouse-headline', rowsOverBlocks: ratio, made }));
    expect(asked.get('headline')!.peakMb).toBeLessThan(HEADLINE_MB_MAX);
    expect(cost('headline')).toBeLessThan(HEADLINE_PROCESSOR_MS_MAX);
  });
});

async function asking<Answer>(folder: string, args: readonly string[]): Promise<Answer> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'asking.ts'), folder, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(await text(child.stdout)) as Answer;
}
