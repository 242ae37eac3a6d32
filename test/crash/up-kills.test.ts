/** `ntk up` killed at random moments while a host sends events: what was acknowledged is stored exactly once. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EventLog } from '../../services/platform/log/event-log.ts';
import { readBatches } from '../../services/platform/log/read-batches.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import { Random } from '../reference/random.ts';
import { ntk, NtkProcess, SMALL_STEPS } from './ntk-process.ts';
import { clock, storedState, toldTwice } from './stored-state.ts';

/** A third of what `ntk run` gets: a life lasts longer here. */
const KILLS = Math.ceil(Number(process.env['NTK_CRASH_KILLS'] ?? 12) / 3);
const SEED = Number(process.env['NTK_CRASH_SEED'] ?? 20_260_301);
const TIMEOUT_MS = 60_000 + KILLS * 15_000;
const BATCH_RECORDS = 40;
/** Of a life, after it is ready. */
const LIFE_MS_MAX = 700;
const POLL_MS = 5;
const PROGRAMS = 30;
const ALL = { maxRecords: 10_000, maxBytes: 64 * 1024 * 1024 };

interface Door {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
}

describe('ntk up, killed at random moments', () => {
  /** Apart, so that batches do not depend on how fast they are sent. */
  const moments = new Random(SEED);
  const contents = new Random(SEED + 1);
  let folder: string;
  let data: string;
  let running: NtkProcess;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ntk-crash-up-'));
    data = join(folder, 'data');
    mkdirSync(data);
  });
  afterAll(async () => {
    running.child.kill('SIGKILL');
    await running.ended;
    rmSync(folder, { recursive: true, force: true });
  });

  /** Where the process that runs now listens; null while it does not. A killed one leaves its file behind. */
  function door(): Door | null {
    const file = join(data, 'system.json');
    if (!existsSync(file)) return null;
    const found = JSON.parse(readFileSync(file, 'utf8')) as Door;
    return found.pid === running.child.pid ? found : null;
  }

  async function readyDoor(): Promise<Door> {
    for (;;) {
      const found = door();
      if (found !== null) return found;
      if (running.child.exitCode !== null) throw new Error(`it ended by itself: ${(await running.ended).stderr}`);
      await pause(POLL_MS);
    }
  }

  function start(): void {
    running = new NtkProcess(['up', '--data', data, '--port', '0'], {
      ...SMALL_STEPS,
      NTK_LOG_LEVEL: 'warn',
      NTK_HEARTBEAT_SECONDS: '1',
    });
  }

  /** Sends a batch again and again until one answer is 202; answers how often it was sent. */
  async function sent(body: string): Promise<number> {
    for (let attempts = 1; ; attempts++) {
      const { url, token } = await readyDoor();
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' };
      const status = await fetch(`${url}/v1/events`, { method: 'POST', headers, body }).then(
        async (response) => {
          await response.arrayBuffer();
          return response.status;
        },
        () => null,
      );
      if (status === 202) return attempts;
      // A killed process gives no answer, or the port went to somebody who does not know the token.
      if (status !== null && status !== 401 && status !== 503) throw new Error(`the door answered ${status}`);
      await pause(POLL_MS);
    }
  }

  /** Records of all kinds that a host sends; one is no JSON. */
  function batchOf(batch: number): { readonly body: string; readonly accesses: string[] } {
    const accesses: string[] = [];
    const lines: string[] = [];
    for (let i = 0; i < BATCH_RECORDS; i++) {
      const id = `b${batch}-${i}`;
      const subject = `program-${contents.below(PROGRAMS)}`;
      const common = {
        specversion: '1.0',
        id,
        source: 'host/test',
        subject,
        time: new Date(1_790_000_000_000 + batch).toISOString(),
      };
      const user = `u${contents.below(50)}`;
      if (i === 0) {
        lines.push(
          JSON.stringify({
            ...common,
            type: 'ntk.consent',
            data: { user, state: 'granted', categories: ['*'], basis: 'explicit' },
          }),
        );
      } else if (i === 1) {
        lines.push(`{"id":"${id}"`);
      } else {
        accesses.push(id);
        lines.push(
          JSON.stringify({
            ...common,
            type: 'ntk.access',
            data: { user, api: 'wx.getLocation', outcome: i % 2 === 0 ? 'pending' : 'performed' },
          }),
        );
      }
    }
    return { body: lines.join('\n'), accesses };
  }

  async function kills(): Promise<number> {
    let whileStarting = 0;
    for (let killed = 0; killed < KILLS; killed++) {
      start();
      const isEarly = moments.chance(0.2);
      const delayMs = moments.next() * LIFE_MS_MAX;
      if (!isEarly) await Promise.race([readyDoor(), running.ended]);
      const { signal, stderr } = await running.killedAfter(delayMs);
      if (signal !== 'SIGKILL') throw new Error(`it ended by itself: ${stderr}`);
      if (isEarly) whileStarting++;
    }
    start();
    return whileStarting;
  }

  /** Everything that is in the log is judged and stored; answers how many records hosts have sent. */
  async function settled(): Promise<number> {
    const log = await openSqliteLog({ path: join(data, 'log.db'), create: false, clock });
    try {
      for (;;) {
        let [records, waiting] = [0, 0];
        const ends: number[] = [];
        for (let partition = 0; partition < log.partitions; partition++) {
          const { end } = await log.bounds('access', partition);
          const position = await log.position('writer', partition);
          records += end;
          ends.push(end);
          waiting += end - (JSON.parse(position?.note ?? '{"next":0}') as { next: number }).next;
        }
        if (waiting === 0) return records - (await heartbeatsIn(log, ends));
        await pause(POLL_MS);
      }
    } finally {
      await log.close();
    }
  }

  /** Below these ends; no figure of a report counts them. */
  async function heartbeatsIn(log: EventLog, ends: readonly number[]): Promise<number> {
    let heartbeats = 0;
    for (const [partition, end] of ends.entries()) {
      for await (const { bytes, starts, offsets, count } of readBatches(log, 'access', partition, ALL)) {
        for (let i = 0; i < count && offsets[i]! < end; i++)
          if (bytes.toString('latin1', starts[i], starts[i + 1]).includes('"type":"ntk.heartbeat"')) heartbeats++;
      }
    }
    return heartbeats;
  }

  test('stores what was acknowledged exactly once, and nobody is told twice', { timeout: TIMEOUT_MS }, async () => {
    const accesses: string[] = [];
    let [batches, requests, isOver] = [0, 0, false];
    const killing = kills().finally(() => {
      isOver = true;
    });
    const sending = async (): Promise<void> => {
      while (!isOver) {
        const batch = batchOf(batches++);
        requests += await sent(batch.body);
        accesses.push(...batch.accesses);
      }
    };
    const [whileStarting] = await Promise.all([killing, sending()]);
    const records = await settled();
    running.child.kill('SIGTERM');
    const { code, stderr } = await running.ended;
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });

    const { rows, ledger, verdicts } = await storedState(data);
    const ids = rows.map((row) => (JSON.parse(row) as [number, string, string])[2]);
    const [wanted, found] = [new Set(accesses), new Set(ids)];
    const missing = accesses.filter((id) => !found.has(id)).length;
    const doubled = ids.length - found.size;
    const unexpected = ids.filter((id) => !wanted.has(id)).length;
    writeSync(
      1,
      `ntk up: ${KILLS} kills (${whileStarting} while starting), ${batches} batches in ${requests} requests, ${accesses.length} accesses: missing ${missing}, doubled ${doubled}, unexpected ${unexpected}; seed ${SEED}\n`,
    );
    expect({ missing, doubled, unexpected }).toEqual({ missing: 0, doubled: 0, unexpected: 0 });
    expect(toldTwice(verdicts)).toEqual([]);
    expect(verdicts.flat().length).toBeGreaterThanOrEqual(accesses.length / 2);
    const sums = ledger.map(
      (line) =>
        JSON.parse(line) as {
          accesses: string;
          duplicates: string;
          facts: Record<string, string>;
          rejects: Record<string, string>;
        },
    );
    const total = sums.reduce(
      (sum, { accesses: judged, duplicates, facts, rejects }) =>
        sum + [judged, duplicates, ...Object.values(facts), ...Object.values(rejects)].map(Number).reduce((a, b) => a + b),
      0,
    );
    expect(total).toBe(records);
    const duplicates = sums.reduce((sum, one) => sum + Number(one.duplicates), 0);
    // A batch that came in twice is recognised but for its line that is no JSON.
    expect(records).toBe(batches * BATCH_RECORDS + (duplicates / (BATCH_RECORDS - 1)) * BATCH_RECORDS);
    await ntk(['verify', '--data', data]);
  });
});
