import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AppendStream, EventLog } from '../../../services/platform/log/event-log.ts';
import { openSqliteLog } from '../../../services/platform/log/sqlite/open-sqlite-log.ts';

const CHILD = join(import.meta.dirname, 'append-until-killed.ts');
const clock = { nowMs: () => 1_700_000_000_000 };

async function textsOf(log: EventLog, stream: AppendStream, partition: number): Promise<string[]> {
  const texts: string[] = [];
  for (let next = 0; ; ) {
    const batch = await log.read(stream, partition, next, { maxRecords: 10_000, maxBytes: 1e9 });
    if (batch.count === 0) return texts;
    for (let i = 0; i < batch.count; i++) texts.push(batch.bytes.toString('latin1', batch.starts[i], batch.starts[i + 1]));
    next = batch.nextOffset;
  }
}

/** `a:7:0`, `a:7:1` ... as `a:7 x 2`: what lies together was appended together. */
function runsOf(texts: readonly string[]): string[] {
  const runs: { head: string; count: number }[] = [];
  for (const text of texts) {
    const head = text.slice(0, text.lastIndexOf(':'));
    const index = Number(text.slice(head.length + 1));
    const last = runs.at(-1);
    if (last?.head === head && last.count === index) last.count++;
    else runs.push({ head, count: index === 0 ? 1 : Number.NaN });
  }
  return runs.map(({ head, count }) => `${head} x ${count}`);
}

const expectedRun = (name: string, n: number): string => `${name}:${n} x ${n % 7 === 0 ? 1_500 : (n % 5) + 1}`;

describe('a log that several processes use', () => {
  let folder: string;
  let path: string;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ntk-log-'));
    path = join(folder, 'log.db');
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await ended(child);
    rmSync(folder, { recursive: true, force: true });
  });

  function start(...args: string[]): ChildProcess {
    const child = spawn(process.execPath, [CHILD, path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return child;
  }
  async function ended(child: ChildProcess): Promise<void> {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  /** Kills the child when it has said that transaction `n` is committed; answers the last one that it said is. */
  async function killAfter(child: ChildProcess, n: number): Promise<number> {
    let acknowledged = 0;
    for await (const line of createInterface({ input: child.stdout! })) {
      acknowledged = Number(line);
      if (acknowledged >= n) child.kill('SIGKILL');
    }
    return acknowledged;
  }

  test('has only whole transactions, and all that were acknowledged, after its writer was killed', {
    timeout: 60_000,
  }, async () => {
    const runs: string[] = [];
    const results: string[] = [];
    for (const [name, killedAt] of [
      ['a', 5],
      ['b', 23],
      ['c', 42],
      ['d', 70],
    ] as const) {
      const acknowledged = await killAfter(start(name), killedAt);
      expect(acknowledged).toBeGreaterThanOrEqual(killedAt);
      const log = await openSqliteLog({ path, create: false, clock });
      const position = await log.position('writer', 1);
      const committed = position?.offset ?? 0;
      expect(position?.note).toBe(name);
      expect(committed).toBeGreaterThanOrEqual(acknowledged);
      for (let n = 1; n <= committed; n++) {
        runs.push(expectedRun(name, n));
        results.push(`${name}:${n}`);
      }
      expect(runsOf(await textsOf(log, 'access', 0))).toEqual(runs);
      expect(await textsOf(log, 'results', 1)).toEqual(results);
      expect((await log.getKeyed('checkpoints', 1, name))?.toString()).toBe(`${committed}`);
      await log.close();
    }
  });

  test('is made once when two processes begin at once, and has every transaction of both', { timeout: 60_000 }, async () => {
    const count = 120;
    const both = ['a', 'b'].map((name) => start(name, `${count}`));
    const codes = await Promise.all(
      both.map(async (child) => {
        child.stdout!.resume();
        const [code] = (await once(child, 'exit')) as [number | null];
        return code;
      }),
    );
    expect(codes).toEqual([0, 0]);
    const log = await openSqliteLog({ path, create: false, clock });
    const runs = runsOf(await textsOf(log, 'access', 0));
    for (const name of ['a', 'b']) {
      const own = Array.from({ length: count }, (_, i) => expectedRun(name, i + 1));
      expect(runs.filter((run) => run.startsWith(`${name}:`))).toEqual(own);
    }
    expect(runs).toHaveLength(2 * count);
    expect(await textsOf(log, 'results', 1)).toHaveLength(2 * count);
    await log.close();
  });

  test('wakes who waits for records of another process', { timeout: 60_000 }, async () => {
    const log = await openSqliteLog({ path, create: true, clock });
    start('a', '3');
    let seen = 0;
    while (seen < 3) {
      await log.waitForAppend('results', 100_000);
      seen = (await log.bounds('results', 1)).end;
    }
    expect(seen).toBe(3);
    await log.close();
  });
});
