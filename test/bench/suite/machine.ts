/** What was measured on, and how busy it was with other things. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, getPriority, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import packageJson from '../../../package.json' with { type: 'json' };

export interface Machine {
  readonly cores: number;
  readonly model: string;
  readonly memoryGb: number;
  readonly system: string;
  /** 0 is ordinary, 19 gives way to everybody. */
  readonly nice: number;
  readonly node: string;
  readonly kafka: string;
  readonly kafkajs: string;
  readonly chdb: string;
  readonly commit: string;
}

const ROOT = join(import.meta.dirname, '../../..');
const WATCH_MS = 1_000;
/** Of all cores together: above it somebody else is at work. */
export const BUSY_SHARE = 0.1;

export function machine(): Machine {
  const pom = readFileSync(join(ROOT, 'test/kafka/pom.xml'), 'utf8');
  return {
    cores: availableParallelism(),
    model: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()} ${process.arch}`,
    nice: getPriority(),
    node: process.version,
    kafka: /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([\d.]+)</.exec(pom)?.[1] ?? 'unknown',
    kafkajs: packageJson.dependencies.kafkajs,
    chdb: packageJson.dependencies.chdb,
    commit: commitOf(),
  };
}

function commitOf(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return 'unknown';
  }
}

/** Runnable processes, averaged over a minute; what a benchmark itself does counts. */
export function loadNow(): number {
  return Number(loadavg()[0]!.toFixed(2));
}

/** Share of the processor time of all cores that is in use, watched for a second in which the suite does nothing: what others do. */
export async function busyShare(watchMs = WATCH_MS): Promise<number> {
  const before = times();
  await pause(watchMs);
  const after = times();
  const total = after.total - before.total;
  return total === 0 ? 0 : Number((1 - (after.idle - before.idle) / total).toFixed(2));
}

function times(): { readonly idle: number; readonly total: number } {
  let [idle, total] = [0, 0];
  for (const { times: each } of cpus()) {
    idle += each.idle;
    total += each.idle + each.user + each.sys + each.nice + each.irq;
  }
  return { idle, total };
}
