/** `ntk run` killed at random moments and started again until it ends by itself: nothing missing, doubled or different. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVENTS_GZ_PATH } from '../conformance/example.ts';
import { Random } from '../reference/random.ts';
import { makeTraffic } from '../reference/traffic.ts';
import { describeMoments, type Moment, momentOfDeath } from './moment-of-death.ts';
import { type Ended, LogWrites, ntk, NtkProcess } from './ntk-process.ts';
import { compareRows, type Differences, NONE, type StoredState, storedState, toldTwice } from './stored-state.ts';

/** Small by default, for every run of the tests; `npm run test:crash` kills 200 times. */
const KILLS = Number(process.env['NTK_CRASH_KILLS'] ?? 2);
const SEED = Number(process.env['NTK_CRASH_SEED'] ?? 20_260_301);
/** Every run of the tests has only so much time; on a busy machine it kills fewer times, but not fewer than these. */
const BUDGET_MS = process.env['NTK_CRASH_KILLS'] === undefined ? 60_000 : Number.POSITIVE_INFINITY;
const KILLS_MIN = Math.min(KILLS, 4);
/** A whole run and its proof take some seconds. */
const TIMEOUT_MS = 90_000 + KILLS * 15_000;
/** Facts, policies, erasures, duplicates, rejects of all kinds, accesses; the worked example's 6,000 lines come on top. */
const TRAFFIC = { lines: KILLS < 100 ? 5_000 : 20_000, programs: 250, policyLimits: 3 };
const INPUTS = 2;
/** Without an end to one folder the others would get no kills. */
const KILLS_A_FOLDER_MAX = 12;

/** One of this many: each makes the engine rewrite what is stored, which would be all that there is to kill. */
const ERASURES_KEPT = 5;

function withFewerErasures(events: Buffer): Buffer {
  let erasures = 0;
  // Not every byte is UTF-8, but every byte is a character of Latin-1.
  const lines = events.toString('latin1').split('\n');
  return Buffer.from(
    lines.filter((line) => !line.includes('ntk.erasure') || erasures++ % ERASURES_KEPT === 0).join('\n'),
    'latin1',
  );
}

describe('ntk run, killed at random moments', () => {
  const random = new Random(SEED);
  let folder: string;
  let reference: StoredState;
  let durationMs: number;
  let logWrites: number;

  const command = (data: string): string[] => [
    'run',
    '--json',
    '--data',
    data,
    '--policy',
    join(folder, 'policy.yaml'),
    '--input',
    join(folder, 'events.ndjson'),
    EVENTS_GZ_PATH,
  ];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ntk-crash-'));
    const { events, policyYaml } = makeTraffic(SEED, TRAFFIC);
    writeFileSync(join(folder, 'events.ndjson'), withFewerErasures(events));
    writeFileSync(join(folder, 'policy.yaml'), policyYaml);
    mkdirSync(join(folder, 'reference'));
    const writes = new LogWrites(join(folder, 'reference'));
    const startedMs = performance.now();
    await ntk(command(join(folder, 'reference')));
    durationMs = performance.now() - startedMs;
    logWrites = writes.count;
    writes.close();
    reference = await storedState(join(folder, 'reference'));
  }, TIMEOUT_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /**
   * By time: anywhere in a run, now and then near its end. By writes to the log: importing and scoring are dense with them and soon
   * over. What is left to do shrinks with every restart.
   */
  async function killed(run: NtkProcess, data: string): Promise<Ended> {
    const share = random.next();
    const way = random.weighted({ time: 2, end: 1, writes: 3 });
    if (way === 'writes') return run.killedAtWrite(data, 1 + Math.floor(share * share * logWrites));
    return run.killedAfter(durationMs * (way === 'end' ? 0.8 + 0.3 * share : 0.1 + 0.7 * share));
  }

  /** Until the command ends by itself, or `killsMax` was reached and it is left alone. */
  async function killedRun(data: string, killsMax: number): Promise<Moment[]> {
    const moments: Moment[] = [];
    mkdirSync(data);
    for (;;) {
      const run = new NtkProcess(command(data));
      const { code, signal, stderr } = await (moments.length < killsMax ? killed(run, data) : run.ended);
      if (signal !== 'SIGKILL') {
        expect({ code, stderr: code === 0 ? '' : stderr }, `after kills: ${describeMoments(moments)}`).toEqual({
          code: 0,
          stderr: '',
        });
        return moments;
      }
      moments.push(await momentOfDeath(data, INPUTS));
    }
  }

  test('the undisturbed run has something of everything', async () => {
    type Sums = Record<'facts' | 'rejects', Record<string, string>> & Record<'duplicates' | 'erasures', string>;
    const sums = reference.ledger.map((line) => JSON.parse(line) as Sums);
    const facts = new Set(sums.flatMap((one) => Object.keys(one.facts)));
    expect([...facts]).toEqual(
      expect.arrayContaining(['ntk.consent', 'ntk.declaration', 'ntk.entitlement', 'ntk.erasure', 'ntk.policy', 'ntk.standing']),
    );
    const rejects = new Set(sums.flatMap((one) => Object.keys(one.rejects)));
    expect([...rejects]).toEqual(expect.arrayContaining(['invalid_data', 'invalid_json', 'not_cloudevent', 'unknown_type']));
    expect(sums.every(({ duplicates }) => Number(duplicates) > 0)).toBe(true);
    expect(sums.every(({ erasures }) => Number(erasures) > 0)).toBe(true);
    expect(reference.rows.length).toBeGreaterThan(7_000);
    expect(reference.verdicts.flat().length).toBeGreaterThan(1_000);
    expect(toldTwice(reference.verdicts)).toEqual([]);
    expect((await ntk(['verify', '--data', join(folder, 'reference')])).toString('utf8')).toContain('Proved');
  });

  test('nothing is missing, doubled or different afterwards, and nobody is told twice', { timeout: TIMEOUT_MS }, async () => {
    const moments: Moment[] = [];
    let sums: Differences = NONE;
    let folders = 0;
    const startedMs = performance.now();
    const isTimeLeft = (): boolean => moments.length < KILLS_MIN || performance.now() - startedMs < BUDGET_MS;
    while (moments.length < KILLS && isTimeLeft()) {
      const data = join(folder, `killed-${folders++}`);
      const deaths = await killedRun(data, Math.min(KILLS - moments.length, KILLS_A_FOLDER_MAX));
      moments.push(...deaths);
      const state = await storedState(data);
      const found = compareRows(reference.rows, state.rows);
      sums = {
        missing: sums.missing + found.missing,
        doubled: sums.doubled + found.doubled,
        different: sums.different + found.different,
        unexpected: sums.unexpected + found.unexpected,
      };
      expect(found, `after kills: ${describeMoments(deaths)}`).toEqual(NONE);
      expect(state.ledger).toEqual(reference.ledger);
      expect(state.verdicts).toEqual(reference.verdicts);
      expect(state.rejects).toEqual(reference.rejects);
      // Reads the log again and looks at what is stored physically, too.
      await ntk(['verify', '--data', data]);
      rmSync(data, { recursive: true, force: true });
      // An hour of killing should not be silent until its end.
      if (BUDGET_MS === Number.POSITIVE_INFINITY)
        writeSync(1, `${moments.length} of ${KILLS} kills, ${folders} folders proved\n`);
    }
    const { missing, doubled, different, unexpected } = sums;
    writeSync(
      1,
      `ntk run: ${moments.length} kills (${describeMoments(moments)}) over ${folders} folders of ${reference.rows.length} rows: missing ${missing}, doubled ${doubled}, different ${different}, unexpected ${unexpected}; seed ${SEED}\n`,
    );
    expect(moments.length).toBeGreaterThanOrEqual(KILLS_MIN);
  });
});
