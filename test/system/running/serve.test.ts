import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { EVENTS, POLICY_PATH } from '../../conformance/example.ts';
import { ntkHereOk } from '../../acceptance/in-process.ts';
import { ntk, ntkJson, ntkOk, ROOT, rowsOf } from '../../acceptance/ntk.ts';
import { splitLines } from '../../domain/fold/partitioned.ts';

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly token: string;
}

async function eventually<T extends object>(ask: () => Promise<T> | T, isRight: (answer: T) => boolean): Promise<T> {
  for (let i = 0; i < 600; i++) {
    const answer = await Promise.try(ask).catch(() => undefined);
    if (answer !== undefined && isRight(answer)) return answer;
    await pause(50);
  }
  throw new Error('it did not happen within 30 seconds');
}

async function start(args: readonly string[], data: string): Promise<Running> {
  const child = spawn(process.execPath, [join(ROOT, 'bin/ntk.mjs'), ...args, '--data', data, '--port', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.resume();
  const file = await eventually(
    () => JSON.parse(readFileSync(join(data, 'system.json'), 'utf8')) as { url: string; token: string; pid: number },
    ({ pid }) => pid === child.pid,
  );
  return { child, url: file.url, token: file.token };
}

async function stop({ child }: Running): Promise<number | null> {
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  return code;
}

/** A process of its own on a folder that another one answers for; what it said when it was ready. */
async function beside(
  role: string,
  data: string,
): Promise<{ readonly child: ChildProcess; readonly url: string; readonly said: string }> {
  const child = spawn(process.execPath, [join(ROOT, 'bin/ntk.mjs'), role, '--data', data, '--port', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (piece: Buffer) => (said += piece.toString()));
  await eventually(
    () => ({ said }),
    () => /running on .*\n/.test(said),
  );
  return { child, url: /(http:\S+)\/health/.exec(said)![1]!, said };
}

const systemFileOf = (data: string): unknown => JSON.parse(readFileSync(join(data, 'system.json'), 'utf8'));

const post = (running: Running, body: string | Buffer, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${running.url}/v1/events`, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${running.token}`, 'content-type': 'application/x-ndjson', ...headers },
  });

describe('a running system', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ntk-serve-'));
  const data = join(folder, 'data');
  const lines = splitLines(EVENTS).slice(0, 3_000);
  let running: Running;

  beforeAll(async () => {
    running = await start(['up'], data);
  }, 60_000);

  afterAll(async () => {
    if (running.child.exitCode === null) await stop(running);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('takes a policy and events, judges and stores them, and answers commands beside it', async () => {
    await ntkOk(['policy', 'apply', POLICY_PATH, '--data', data]);
    const response = await post(running, Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])));
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ accepted: lines.length });
    const report = await eventually(
      () =>
        ntkJson<{ accesses: number; settled: boolean; quality: { recordsRead: number; unwritten: number; complete: boolean } }>([
          'report',
          'interceptions',
          '--data',
          data,
        ]),
      ({ quality }) => quality.unwritten === 0 && quality.recordsRead >= lines.length,
    );
    expect(report.quality.complete).toBe(true);
    expect(report.settled).toBe(false);
    expect((await ntkOk(['verify', '--data', data])).stdout).toContain('Proved');
  }, 90_000);

  it('waits with a report for what is in the log, so that one under traffic is complete, too', async () => {
    for (let i = 0; i < 3; i++) {
      const record = {
        specversion: '1.0',
        source: 'test',
        type: 'ntk.access',
        subject: 'wxbusy',
        time: new Date().toISOString(),
      };
      const called = { user: 'u', api: 'wx.getLocation' };
      const sent = Array.from({ length: 200 }, (_, j) => JSON.stringify({ ...record, id: `busy-${i}-${j}`, data: called }));
      expect((await post(running, sent.join('\n'))).status).toBe(202);
      const { stdout } = await ntkHereOk(['report', '--data', data, '--json']);
      expect((JSON.parse(stdout) as { quality: unknown }).quality).toMatchObject({ unwritten: 0, complete: true });
    }
  }, 60_000);

  it('is copied while it runs by a copy of its log, of which the rows are made again', async () => {
    const copy = join(folder, 'copy');
    mkdirSync(copy);
    const log = new DatabaseSync(join(data, 'log.db'));
    log.exec(`VACUUM INTO '${join(copy, 'log.db')}'`);
    log.close();
    for (const file of ['user-key', 'stored-user']) copyFileSync(join(data, file), join(copy, file));
    await ntkHereOk(['repair', '--data', copy]);
    expect((await ntkHereOk(['verify', '--data', copy])).stdout).toContain('Proved');
    const figures = async (of: string): Promise<object> => {
      const { asOf: _, ...rest } = JSON.parse((await ntkHereOk(['report', '--data', of, '--json'])).stdout) as { asOf: string };
      return rest;
    };
    expect(await figures(copy)).toEqual(await figures(data));
  }, 90_000);

  it('counts what the report counts, with no user or program in a label', async () => {
    const metrics = await (await fetch(`${running.url}/metrics`)).text();
    const report = await ntkJson<{ accesses: number; intercepted: { attempts: number } }>([
      'report',
      'interceptions',
      '--data',
      data,
    ]);
    const sum = (name: string): number =>
      [...metrics.matchAll(new RegExp(`^${name}\\{[^}]*\\} (\\d+)$`, 'gm'))].reduce((total, [, n]) => total + Number(n), 0);
    expect(sum('ntk_access_events_total')).toBe(report.accesses);
    expect(sum('ntk_verdicts_total')).toBe(report.accesses);
    expect(sum('ntk_intercepted_attempts_total')).toBe(report.intercepted.attempts);
    const labels = new Set([...metrics.matchAll(/(\w+)="/g)].map(([, label]) => label));
    expect([...labels].filter((label) => ['user', 'program', 'purpose', 'subject'].includes(label!))).toEqual([]);
    for (const users of [
      ...new Set([...EVENTS.toString('utf8').matchAll(/"user"\s*:\s*"(u_[0-9a-f]{6,})"/g)].map(([, user]) => user!)),
    ].slice(0, 200)) {
      expect(metrics).not.toContain(users);
    }
  }, 60_000);

  it('says that it is well while its loops make progress', async () => {
    const response = await fetch(`${running.url}/health`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: 'ok', checks: { scorer: { ok: true }, writer: { ok: true } } });
  });

  it.each(['/v1/events', '/v1/imports', '/clickhouse/?query=SELECT+1'])('refuses POST %s without its token', async (path) => {
    for (const authorization of ['', 'Bearer nonsense', `Basic ${running.token}`]) {
      const response = await fetch(`${running.url}${path}`, {
        method: 'POST',
        body: '{}',
        headers: { authorization, 'content-type': 'application/cloudevents+json' },
      });
      expect(response.status).toBe(401);
    }
  });

  it('brings in once a file that is sent three times at once', async () => {
    const send = async (): Promise<{ status: string }> => {
      const headers = { authorization: `Bearer ${running.token}`, 'content-type': 'application/octet-stream' };
      const response = await fetch(`${running.url}/v1/imports?name=twice.ndjson`, {
        method: 'POST',
        body: '\n\n',
        headers,
      });
      return (await response.json()) as { status: string };
    };
    const statuses = (await Promise.all([send(), send(), send()])).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual(['already_complete', 'already_complete', 'complete']);
  });

  it('does the work of a batch on its folder, unasked', async () => {
    const before = await ntkJson<{ quality: { recordsRead: number } }>(['report', 'interceptions', '--data', data]);
    const line = JSON.stringify({
      specversion: '1.0',
      id: 'batch-1',
      source: 'test',
      type: 'ntk.access',
      subject: 'wxbatch',
      time: '2020-02-02T00:00:00Z',
      data: { user: 'u', api: 'wx.getLocation' },
    });
    await ntkOk(['run', '--data', data, '--input', '-'], { input: `${line}\n` });
    const rows = await ntkJson<{ quality: { recordsRead: number } }>([
      'report',
      'interceptions',
      '--data',
      data,
      '--from',
      '2020-02-02',
      '--to',
      '2020-02-03',
    ]);
    expect(rows).toMatchObject({ accesses: 1 });
    expect(rows.quality.recordsRead).toBe(before.quality.recordsRead + 1);
  }, 60_000);

  it('imports a file that is sent to its URL', async () => {
    const line = JSON.stringify({
      specversion: '1.0',
      id: 'sent-1',
      source: 'test',
      type: 'ntk.access',
      subject: 'wxsent',
      time: new Date().toISOString(),
      data: { user: 'u', api: 'wx.getLocation' },
    });
    const [summary] = await ntkJson<{ status: string; appended: number }[]>(
      ['ingest', '-', '--to', running.url, '--token', running.token],
      { input: `${line}\n` },
    );
    expect(summary).toMatchObject({ status: 'complete', appended: 1 });
    const file = join(folder, 'sent.ndjson');
    writeFileSync(file, `${line}\n`);
    const sent = await ntkOk(['ingest', file, '--to', running.url, '--token', running.token]);
    expect(sent.stderr).toBe('sent.ndjson: imported before, nothing to do\n');
    const old = join(folder, 'old.ndjson');
    writeFileSync(old, line.replace('sent-1', 'old-1').replace(/"time":"[^"]*"/, '"time":"2026-03-01T08:00:00+08:00"'));
    expect((await ntkOk(['ingest', old, '--to', running.url, '--token', running.token])).stderr).toContain(
      'accesses of more than 7 days ago, such as 2026-03-01T00:00:00.000Z, are taken as 7 days old; for history: ntk run on a folder of its own\n',
    );
    writeFileSync(file, '{}\n');
    const here = await ntkOk(['ingest', file, '--data', data]);
    expect(here.stderr).toContain(`what cannot be read is rejected: ntk rejects list --data ${data}\n`);
    const lacking = await ntk(['ingest', file, join(folder, 'lacking.ndjson'), '--data', data, '--json']);
    expect([lacking.code, JSON.parse(lacking.stdout)]).toMatchObject([1, [{ name: 'sent.ndjson', status: 'already_complete' }]]);
    expect(lacking.stderr).toMatch(/^error: .*lacking\.ndjson: no such file\n/);
    const wrong = await ntk(['ingest', '-', '--to', running.url, '--token', 'nonsense'], { input: `${line}\n` });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/^error: .*401/);
  }, 60_000);

  it('reads the times of a file that is sent with the offset that is sent with it', async () => {
    // A day ago, so that the time is taken as it is; in a file it stands without an offset.
    const sentMs = Date.now() - 86_400_000;
    const local = new Date(sentMs + 8 * 3_600_000).toISOString().slice(0, -1).replace('T', ' ');
    const dump = ['Uid u0a1:', 'Package sent.dump:', 'CAMERA (allow):', `Access: [top-s] ${local} (-1d0h0m0s0ms)`].join('\n');
    const to = ['--to', running.url, '--token', running.token];
    const args = ['ingest', '-', '--format', 'android-appops', '--utc-offset', '+08:00', ...to];
    const [summary] = await ntkJson<{ format: string; appended: number }[]>(args, { input: dump });
    expect(summary).toMatchObject({ format: 'android-appops', appended: 1 });
    await vi.waitFor(
      async () => {
        const sql = "SELECT toUnixTimestamp64Milli(event_time) AS ms FROM ntk.access_results FINAL WHERE program = 'sent.dump'";
        expect(await rowsOf<{ ms: string }>(data, sql)).toMatchObject([{ ms: expect.anything() }]);
        expect(Number((await rowsOf<{ ms: string }>(data, sql))[0]!.ms)).toBe(sentMs);
      },
      { timeout: 30_000, interval: 500 },
    );
  }, 60_000);

  it('lets nobody else score its folder, and says who has it', async () => {
    const second = await ntk(['up', '--data', data, '--port', '0']);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`held by process ${running.child.pid}`);
  }, 60_000);

  it('keeps its place in the folder while a gateway beside it starts, takes its token, and stops', async () => {
    const { child, url } = await beside('gateway', data);
    try {
      const taken = await post({ ...running, url }, lines[0]!);
      expect([taken.status, await taken.json()]).toEqual([202, { accepted: 1 }]);
      expect(systemFileOf(data)).toMatchObject({ url: running.url, token: running.token });
    } finally {
      await stop({ ...running, child });
    }
    expect(systemFileOf(data)).toMatchObject({ url: running.url, token: running.token });
    expect((await ntkOk(['query', '--data', data, 'SELECT 1'])).stdout).toContain('1');
  }, 60_000);

  it('stops cleanly when asked, and goes on from a checkpoint without folding anything again', async () => {
    expect(await stop(running)).toBe(0);
    running = await start(['up'], data);
    const metrics = await (await fetch(`${running.url}/metrics`)).text();
    expect(metrics).toContain('ntk_position_mismatch_total 0');
    expect((await ntkOk(['verify', '--data', data])).stdout).toContain('Proved');
  }, 90_000);
});

describe('a scorer and a writer as processes of their own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ntk-split-'));
  const data = join(folder, 'data');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('give what one process gives', async () => {
    const writer = await start(['writer'], data);
    const { child: scorer, said } = await beside('scorer', data);
    try {
      // Hosts go to the writer, which answers for the folder.
      expect(said).not.toContain('/v1/events');
      await ntkOk(['run', '--data', data, '--policy', POLICY_PATH, '--input', '-'], { input: EVENTS });
      const report = await ntkJson<{ accesses: number; intercepted: { attempts: number } }>([
        'report',
        'interceptions',
        '--data',
        data,
      ]);
      expect(report).toMatchObject({ accesses: 4_919, intercepted: { attempts: 1_199 } });
      // Verdicts go first.
      expect(getPriority(writer.child.pid) - getPriority(scorer.pid)).toBe(5);
    } finally {
      scorer.kill('SIGTERM');
      await stop(writer);
    }
  }, 90_000);
});
