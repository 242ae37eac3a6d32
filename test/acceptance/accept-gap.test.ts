/** Records lost outside, with real processes: the line that says so is typed, the rest is judged, and every report says it from then on. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { InterceptionReport } from '../../schemas/report/interceptions.ts';
import { POLICY_PATH } from '../conformance/example.ts';
import { NtkProcess } from '../crash/ntk-process.ts';
import { behindItsBack, Desk, ntk, ntkJson, ntkOk, ONE_LINE_ERROR, ROOT, rowsOf, withLog } from './ntk.ts';
import { access, ndjson } from './records.ts';

// Each test starts several processes.
vi.setConfig({ testTimeout: 240_000 });

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
});
afterEach(() => desk.clear());

const RECORDS = 200;

/** So many accesses of one program, whose ids begin with a name. */
function input(name: string): string {
  const lines = Array.from({ length: RECORDS }, (_, i) => access({ id: `${name}-${i}` }, { outcome: 'pending' }));
  return desk.write(`${name}.ndjson`, ndjson(...lines));
}

/** The partition that has the records, and where it ends. */
async function busiest(): Promise<{ partition: number; start: number; end: number }> {
  return withLog(desk.data, async (log) => {
    const bounds = await Promise.all(
      Array.from({ length: log.partitions }, async (_, partition) => ({ partition, ...(await log.bounds('access', partition)) })),
    );
    return bounds.reduce((a, b) => (b.end > a.end ? b : a));
  });
}

/** Appended by a process that judges nothing, each file in segments of its own. */
async function appended(name: string): Promise<void> {
  await withLog(desk.data, async (log) => {
    const { partition } = await busiest();
    const values = Array.from({ length: RECORDS }, (_, i) => Buffer.from(access({ id: `${name}-${i}` }, { outcome: 'pending' })));
    await log.commit({ appends: [{ stream: 'access', partition, values, origin: 2 }] });
  });
}

async function trimmed(partition: number, before: number): Promise<number> {
  return withLog(desk.data, async (log) => {
    await log.deleteBefore('access', partition, before);
    return (await log.bounds('access', partition)).start;
  });
}

/** Judged 200 of one file; 200 of another are lost before anybody judged them; 200 of a third wait. */
async function lose(): Promise<{ partition: number; from: number; to: number }> {
  await ntkOk(['run', '--data', desk.data, '--policy', POLICY_PATH, '--input', input('judged')]);
  const { partition, end: from } = await busiest();
  await appended('lost');
  await appended('left');
  const to = await trimmed(partition, from + RECORDS);
  expect(to).toBe(from + RECORDS);
  return { partition, from, to };
}

/** What `ntk` prints to somebody who sits at a terminal (that of util-linux' `script`) and answers so. */
function onTerminal(args: readonly string[], answer: string): string {
  const command = [process.execPath, join(ROOT, 'bin/ntk.mjs'), ...args].map((word) => `'${word}'`).join(' ');
  return spawnSync('script', ['-qec', command, '/dev/null'], { cwd: ROOT, input: `${answer}\n`, encoding: 'utf8' }).stdout;
}

async function report(): Promise<InterceptionReport> {
  return ntkJson<InterceptionReport>(['report', 'interceptions', '--data', desk.data]);
}

describe('records lost before they were judged', () => {
  test('stop the system with one line whose command goes on', async () => {
    const { partition, from, to } = await lose();
    expect((await report()).quality.complete).toBe(false);

    const stopped = await ntk(['run', '--data', desk.data, '--policy', POLICY_PATH, '--input', input('more')]);
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toMatch(ONE_LINE_ERROR);
    const command = `ntk accept-gap ${partition} ${from} ${to}`;
    expect(stopped.stderr).toContain(command);

    const args = [...command.split(' ').slice(1), '--data', desk.data];
    expect(onTerminal(args, 'n')).toMatch(/This cannot be undone[^]*nothing was accepted/);
    // In a script nobody is asked.
    const accepted = await ntkOk([...args, '--by', 'anna', '--reason', 'disk of broker 2']);
    expect(accepted.stdout).toContain(`accepted: partition ${partition}: offsets ${from} to ${to} have no verdicts`);
    expect((await ntkOk([...args, '--yes'])).stdout).toContain('accepted before');

    await ntkOk(['run', '--data', desk.data, '--policy', POLICY_PATH, '--input', input('more')]);
    const ids = await rowsOf<{ name: string; n: number }>(
      desk.data,
      "SELECT splitByChar('-', event_id)[1] AS name, count() AS n FROM ntk.access_results FINAL GROUP BY name ORDER BY name",
    );
    expect(ids).toEqual(['judged', 'left', 'more'].map((name) => ({ name, n: RECORDS })));

    const { quality } = await report();
    expect(quality).toMatchObject({
      complete: false,
      unwritten: 0,
      gaps: [{ partition, from, to, by: 'anna', reason: 'disk of broker 2' }],
    });
    const table = (await ntkOk(['report', 'interceptions', '--data', desk.data])).stdout;
    expect(table).toContain(`gap: partition ${partition}: offsets ${from} to ${to} have no verdicts`);
    expect(table).toContain('NOT complete');
    const csv = (await ntkOk(['report', 'interceptions', '--data', desk.data, '--format', 'csv'])).stdout;
    expect(csv).toContain(`quality,gap in partition ${partition},${from}-${to},`);
    expect(csv).toContain('quality,complete,false,');

    const verified = await ntkOk(['verify', '--data', desk.data]);
    expect(verified.stdout).toContain(`accepted gap, partition ${partition}: offsets ${from} to ${to}`);
    expect(verified.stdout).toContain('nothing is missing but what was accepted as lost.');

    const lost = await ntk(['explain', 'lost-3', '--data', desk.data]);
    expect([lost.code, lost.stderr]).toEqual([1, expect.stringContaining(`nor has what was lost: partition ${partition}`)]);
    const left = await ntkOk(['explain', 'left-3', '--data', desk.data, '--recompute']);
    expect(left.stdout).toContain('Proved: folding the log again gives this row byte for byte.');
    expect(left.stdout).toContain('judged behind a gap');
  });

  test('stop a running system, too, with the same line in its log', async () => {
    const { partition, from, to } = await lose();
    const up = new NtkProcess(['up', '--data', desk.data, '--port', '0'], {});
    const { code, stderr } = await up.ended;
    expect(code).toBe(1);
    expect(stderr).toContain(`ntk accept-gap ${partition} ${from} ${to}`);
    expect(stderr).not.toContain('    at ');
    expect(stderr).not.toContain('.ts:');
  });

  test('are not what is there: other numbers are refused with the right ones', async () => {
    const { partition, from, to } = await lose();
    for (const args of [
      [partition, from, to + 1],
      [partition, from - 1, to],
    ]) {
      const { code, stderr } = await ntk(['accept-gap', ...args.map(String), '--data', desk.data]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(ONE_LINE_ERROR)]);
      expect(stderr).toContain(`ntk accept-gap ${partition} ${from} ${to}`);
    }
    const other = (partition + 1) % 4;
    const whole = await ntk(['accept-gap', String(other), '0', '1', '--data', desk.data]);
    expect([whole.code, whole.stderr]).toEqual([1, expect.stringContaining(`partition ${other} has lost nothing`)]);
  });
});

/** Judged and not stored, 200 records behind `from`, whose blocks are deleted before a writer has seen them. */
async function loseBlocks(partition: number, from: number): Promise<void> {
  await appended('unstored');
  const scorer = new NtkProcess(['scorer', '--data', desk.data, '--port', '0'], {});
  await expect
    .poll(() => withLog(desk.data, async (log) => (await log.position('scorer', partition))?.offset), { timeout: 60_000 })
    .toBe(from + RECORDS);
  scorer.child.kill('SIGTERM');
  expect((await scorer.ended).code).toBe(0);
  await withLog(desk.data, async (log) => {
    const { end } = await log.bounds('results', partition);
    await log.deleteBefore('results', partition, end);
  });
}

describe('blocks lost before they were stored', () => {
  test('stop the writer with one line; repair makes them again while the log has their records', async () => {
    await ntkOk(['run', '--data', desk.data, '--policy', POLICY_PATH, '--input', input('stored')]);
    const { partition, end: from } = await busiest();
    await loseBlocks(partition, from);

    const stopped = await ntk(['run', '--data', desk.data, '--policy', POLICY_PATH, '--input', input('more')]);
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toMatch(ONE_LINE_ERROR);
    const command = `ntk accept-gap ${partition} ${from} ${from + RECORDS}`;
    expect(stopped.stderr).toContain(command);
    const refused = await ntk([...command.split(' ').slice(1), '--data', desk.data]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("run 'ntk repair'")]);
    const repaired = await ntkOk(['repair', '--data', desk.data]);
    expect(repaired.stdout).toContain(
      `made ${RECORDS} rows of the lost blocks of source offsets ${from} to ${from + RECORDS} again`,
    );

    await ntkOk(['run', '--data', desk.data, '--policy', POLICY_PATH, '--input', input('more')]);
    const [row] = await rowsOf<{ n: number }>(desk.data, 'SELECT count() AS n FROM ntk.access_results FINAL');
    expect(row!.n).toBe(3 * RECORDS);
    await ntkOk(['verify', '--data', desk.data]);
    expect((await report()).quality).toMatchObject({ complete: true, unwritten: 0 });
  });

  test('and whose records are gone, too, keep repair from nothing else, and it says the way on', async () => {
    const others = Array.from({ length: 40 }, (_, i) => access({ id: `other-${i}`, subject: `program-${i}` }));
    const files = [input('stored'), desk.write('others.ndjson', ndjson(...others))];
    await ntkOk(['run', '--data', desk.data, '--policy', POLICY_PATH, '--input', ...files]);
    const { partition, end: from } = await busiest();
    await loseBlocks(partition, from);
    await trimmed(partition, from + RECORDS);
    const count = "SELECT count() AS n FROM ntk.access_results FINAL WHERE event_id LIKE 'other-%'";
    await behindItsBack(desk.data, (warehouse) =>
      warehouse.command(
        `ALTER TABLE ntk.access_results DELETE WHERE partition != ${partition} AND event_id LIKE 'other-%' SETTINGS mutations_sync = 2`,
      ),
    );
    expect((await rowsOf<{ n: number }>(desk.data, count))[0]!.n).toBeLessThan(others.length);

    const repaired = await ntk(['repair', '--data', desk.data]);
    expect(repaired.code).toBe(1);
    const command = `ntk accept-gap ${partition} ${from} ${from + RECORDS}`;
    expect(repaired.stdout).toMatch(new RegExp(`cannot be made again: .* go on without them: ${command}$`, 'm'));
    expect(repaired.stdout).not.toContain('ntk repair');
    expect((await rowsOf<{ n: number }>(desk.data, count))[0]!.n).toBe(others.length);
    await ntkOk([...command.split(' ').slice(1), '--data', desk.data]);
    await ntkOk(['repair', '--data', desk.data]);
  });
});

test('mistakes in the numbers are said in one line', async () => {
  await ntkOk(['run', '--data', desk.data, '--policy', POLICY_PATH, '--input', input('judged')]);
  for (const [args, words] of [
    [['9', '0', '5'], 'there is no partition 9: the log has 4, from 0 on'],
    [['x', '0', '5'], "PARTITION 'x' is no offset"],
    [['0', '7', '5'], 'FROM 7 is behind TO 5'],
  ] as const) {
    const { code, stderr } = await ntk(['accept-gap', ...args, '--data', desk.data]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(ONE_LINE_ERROR)]);
    expect(stderr).toContain(words);
  }
});
