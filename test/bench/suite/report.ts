/** What a run of the suite found, as it is kept in a file: everything that was measured, and what follows from it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { SIZES } from './benchmark.ts';

const numbers = z.record(z.string(), z.number());
const texts = z.record(z.string(), z.string());

const resultSchema = z.strictObject({
  name: z.string(),
  rounds: z.array(z.strictObject({ figures: numbers, hashes: texts, remarks: z.array(z.string()) })),
  medians: numbers,
  /** Medians of the ratios of each round, not ratios of medians. */
  ratios: numbers,
  hashes: texts,
  /** Null: it was measured, and every result was the same each time. */
  problem: z.string().nullable(),
  seconds: z.number(),
  loadBefore: z.number(),
  loadAfter: z.number(),
  /** Of all cores, before it began. */
  busyShareBefore: z.number(),
});
export type BenchmarkResult = z.infer<typeof resultSchema>;

const reportSchema = z.strictObject({
  suite: z.literal(1),
  size: z.enum(SIZES),
  rounds: z.int(),
  startedAt: z.iso.datetime(),
  machine: z.strictObject({
    cores: z.int(),
    model: z.string(),
    memoryGb: z.number(),
    system: z.string(),
    nice: z.int(),
    node: z.string(),
    kafka: z.string(),
    kafkajs: z.string(),
    chdb: z.string(),
    commit: z.string(),
  }),
  loadAtStart: z.number(),
  loadAtEnd: z.number(),
  benchmarks: z.array(resultSchema),
});
export type Report = z.infer<typeof reportSchema>;

export function writeReport(path: string, report: Report): void {
  writeFileSync(path, `${JSON.stringify(report, null, 1)}\n`);
}

/** @throws Error in one line when the file is none of ours */
export function readReport(path: string): Report {
  const parsed = reportSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new Error(`${path} is not what \`npm run bench -- --json\` writes: ${parsed.error.issues[0]?.path.join('.') ?? ''}`);
}
