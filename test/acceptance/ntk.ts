/** Runs the real command line in a process of its own, as a person would. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment } from '../environment.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import type { SqliteEventLog } from '../../services/platform/log/sqlite/sqlite-event-log.ts';
import { openChdbWarehouse } from '../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import type { Warehouse } from '../../services/platform/warehouse/warehouse.ts';

export const ROOT = join(import.meta.dirname, '../..');
const LAUNCHER = join(ROOT, 'bin/ntk.mjs');
const PEAK_MEMORY = join(import.meta.dirname, 'peak-memory.mjs');

/** A command that hangs is killed after this many milliseconds. */
const COMMAND_MS_MAX = 110_000;

export interface NtkOptions {
  readonly cwd?: string;
  /** What comes in on standard input. */
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

export interface NtkResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Most memory that the process ever held, in bytes; NaN when it was killed. */
  readonly peakBytes: number;
}

export async function ntk(args: readonly string[], { cwd = ROOT, input, env = {} }: NtkOptions = {}): Promise<NtkResult> {
  const folder = mkdtempSync(join(tmpdir(), 'ntk-peak-'));
  const peakFile = join(folder, 'peak');
  try {
    const child = spawn(process.execPath, ['--import', PEAK_MEMORY, LAUNCHER, ...args], {
      cwd,
      env: environment({ ...env, TEST_PEAK_MEMORY_FILE: peakFile }),
      timeout: COMMAND_MS_MAX,
      killSignal: 'SIGKILL',
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // It may end without having read everything.
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return {
      code,
      stdout: Buffer.concat(stdout).toString('utf8'),
      stderr: Buffer.concat(stderr).toString('utf8'),
      peakBytes: existsSync(peakFile) ? Number(readFileSync(peakFile, 'utf8')) : Number.NaN,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of a command that has to succeed. @throws Error with what it said otherwise */
export async function ntkOk(args: readonly string[], options?: NtkOptions): Promise<NtkResult> {
  const result = await ntk(args, options);
  if (result.code !== 0) throw new Error(`ntk ${args.join(' ')} ended with ${result.code}:\n${result.stderr}${result.stdout}`);
  return result;
}

/** What a command that has to succeed printed as JSON. */
export async function ntkJson<T>(args: readonly string[], options?: NtkOptions): Promise<T> {
  return JSON.parse((await ntkOk([...args, '--json'], options)).stdout) as T;
}

/** Rows of a query. */
export async function rowsOf<Row>(data: string, sql: string): Promise<Row[]> {
  const { stdout } = await ntkOk(['query', '--data', data, '--format', 'JSONEachRow', sql]);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}

/** A folder for one test, with a data folder in it that is not there yet. */
export class Desk {
  readonly path: string = mkdtempSync(join(tmpdir(), 'ntk-acceptance-'));
  readonly data: string = join(this.path, 'data');

  write(name: string, content: string | Uint8Array): string {
    const path = join(this.path, name);
    writeFileSync(path, content);
    return path;
  }

  clear(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Works on the stored results behind the system's back. */
export async function behindItsBack<T>(data: string, work: (warehouse: Warehouse) => Promise<T>): Promise<T> {
  const warehouse = openChdbWarehouse({ path: join(data, 'clickhouse'), spoolDir: join(data, 'spool') });
  try {
    return await work(warehouse);
  } finally {
    await warehouse.close();
  }
}

export async function withLog<T>(data: string, work: (log: SqliteEventLog) => Promise<T>): Promise<T> {
  const log = await openSqliteLog({ path: join(data, 'log.db'), create: false, clock: { nowMs: () => Date.now() } });
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}

/** One error, in one line, without a stack trace. */
export const ONE_LINE_ERROR: RegExp = /^error: [^\n]+\n$/;
