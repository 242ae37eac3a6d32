/** Runs `ntk run` as a process of its own on bulk traffic and measures it from outside. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeBulkTraffic } from '../reference/bulk-traffic.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
/** Says the process's largest resident set when it ends, in kilobytes. */
const REPORT_PEAK = `data:text/javascript,process.on('exit',()=>process.stderr.write('peak='+process.resourceUsage().maxRSS+'\\n'))`;

export interface MeasuredRun {
  readonly accesses: number;
  readonly seconds: number;
  readonly accessesPerSecond: number;
  /** Of the whole process, the embedded ClickHouse included. */
  readonly peakMb: number;
  /** SHA-256 over the report's figures: the same traffic must give the same result. */
  readonly resultHash: string;
  readonly report: { readonly accesses: number; readonly quality: { readonly complete: boolean; readonly rowsStored: number } };
}

export interface Traffic {
  readonly folder: string;
  readonly accesses: number;
}

export function makeTraffic(accesses: number): Traffic {
  const folder = mkdtempSync(join(tmpdir(), 'ntk-bench-'));
  const { policyYaml } = writeBulkTraffic(join(folder, 'events.ndjson'), { accesses });
  writeFileSync(join(folder, 'policy.yaml'), policyYaml);
  return { folder, accesses };
}

/** From starting the process on a new data folder to its end, when every row is stored: what a user waits for. */
export async function measureRun({ folder, accesses }: Traffic): Promise<MeasuredRun> {
  const data = join(folder, 'data');
  rmSync(data, { recursive: true, force: true });
  const args = [
    '--import',
    REPORT_PEAK,
    join(ROOT, 'bin/ntk.mjs'),
    'run',
    '--json',
    '--data',
    data,
    '--policy',
    join(folder, 'policy.yaml'),
    '--input',
    join(folder, 'events.ndjson'),
  ];
  const started = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`ntk run ended with ${code}: ${stderr}`);
  const { report } = JSON.parse(stdout) as { report: MeasuredRun['report'] & { asOf: string } };
  const { asOf: _, ...figures } = report;
  return {
    accesses,
    seconds,
    accessesPerSecond: accesses / seconds,
    peakMb: Number(/peak=(\d+)/.exec(stderr)?.[1] ?? Number.NaN) / 1024,
    resultHash: createHash('sha256').update(JSON.stringify(figures)).digest('hex').slice(0, 16),
    report,
  };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
