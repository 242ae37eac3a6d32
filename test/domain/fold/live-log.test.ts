import { describe, expect, it } from 'vitest';
import { ORIGIN, REASONS } from '../../../schemas/codes.ts';
import { explainChecks } from '../../../services/domain/wording/explain-checks.ts';
import { foldInput, newFold } from './partitioned.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 24);

interface Told {
  readonly eventTimeMs: number;
  readonly notes: readonly string[];
  readonly reasons: readonly string[];
  /** Of limits and baselines. */
  readonly explained: readonly string[];
}

interface Call {
  readonly timeMs: number;
  readonly appendedAtMs: number;
  readonly origin?: number;
}

const POLICY = {
  version: 'live',
  modes: { default: 'enforce' },
  actions: { rate_limited: 'throttle' },
  limits: [{ name: 'calls', key: ['program'], count: 1, per: '1h', burst: 1 }],
};

interface Said {
  readonly type: string;
  readonly subject: string;
  readonly timeMs: number;
  readonly data: object;
}

const POLICY_SAID: Said = { type: 'ntk.policy', subject: '*', timeMs: NOW_MS, data: POLICY };
const callAt = (timeMs: number, subject: string): Said => ({
  type: 'ntk.access',
  subject,
  timeMs,
  data: { user: 'u', api: 'wx.getLocation' },
});

/** One partition of a log. */
class LiveLog {
  readonly fold = newFold();
  #next = 0;

  constructor() {
    this.#append([POLICY_SAID], NOW_MS - 30 * DAY_MS, ORIGIN.system);
  }

  /** Folds all of it as one batch. */
  #append(said: readonly Said[], appendedAtMs: number, origin: number): Told[] {
    const from = this.#next;
    const placed = Array.from({ length: from }, () => ({ value: Buffer.alloc(0), record: 0, origin }));
    for (const { timeMs, ...rest } of said) {
      const event = { specversion: '1.0', id: `e${this.#next++}`, source: 's', time: new Date(timeMs).toISOString(), ...rest };
      placed.push({ value: Buffer.from(JSON.stringify(event)), record: 0, origin });
    }
    const told: Told[] = [];
    this.fold.fold(foldInput(placed, { from, to: this.#next, appendedAtMs }), 0, ({ judgement }) => {
      const { subject: judged, notes, findings } = judgement;
      told.push({
        eventTimeMs: judged.eventTimeUs / 1000,
        notes: [...notes],
        reasons: findings.reasons.map((reason) => REASONS[reason]!),
        explained: explainChecks(judgement, 's')
          .slice(8)
          .map(({ name, status, text }) => `${name} ${status}: ${text}`),
      });
    });
    return told;
  }

  /** A batch of its own. */
  call({ timeMs, appendedAtMs, origin = ORIGIN.live }: Call, program = 'wx1'): Told {
    return this.#append([callAt(timeMs, program)], appendedAtMs, origin)[0]!;
  }

  /** By `ntk run`, in one batch. */
  runTogether(timesMs: readonly number[]): Told[] {
    return this.#append(
      timesMs.map((timeMs) => callAt(timeMs, 'wx1')),
      NOW_MS,
      ORIGIN.run,
    );
  }
}

const isRefused = ({ reasons }: Told): boolean => reasons.includes('rate_limited');

describe('a live record', () => {
  it.each([
    ['one minute ahead', MINUTE_MS, MINUTE_MS, []],
    ['further ahead than a minute', MINUTE_MS + 1, MINUTE_MS, ['clock_skewed']],
    ['seven days behind', -7 * DAY_MS, -7 * DAY_MS, []],
    ['further behind than seven days', -7 * DAY_MS - 1, -7 * DAY_MS, ['clock_skewed']],
  ])('that is %s of its arrival is taken at the bound at most', (_, aheadMs, expectedMs, notes) => {
    const told = new LiveLog().call({ timeMs: NOW_MS + aheadMs, appendedAtMs: NOW_MS });
    expect(told).toMatchObject({ eventTimeMs: NOW_MS + expectedMs, notes });
  });

  it('that was imported is taken at the bounds, too', () => {
    const told = (aheadMs: number): Told =>
      new LiveLog().call({ timeMs: NOW_MS + aheadMs, appendedAtMs: NOW_MS, origin: ORIGIN.imported });
    expect(told(-8 * DAY_MS)).toMatchObject({ eventTimeMs: NOW_MS - 7 * DAY_MS, notes: ['clock_skewed', 'imported'] });
    expect(told(2 * MINUTE_MS)).toMatchObject({ eventTimeMs: NOW_MS + MINUTE_MS, notes: ['clock_skewed', 'imported'] });
    expect(told(-7 * DAY_MS)).toMatchObject({ eventTimeMs: NOW_MS - 7 * DAY_MS, notes: ['imported'] });
  });

  it('of history keeps its own time, however long ago', () => {
    const told = new LiveLog().call({ timeMs: 1_000, appendedAtMs: NOW_MS, origin: ORIGIN.run });
    expect(told).toMatchObject({ eventTimeMs: 1_000, notes: [] });
  });

  it('more than five minutes behind its limit is neither asked nor charged', () => {
    const log = new LiveLog();
    expect(isRefused(log.call({ timeMs: NOW_MS, appendedAtMs: NOW_MS }))).toBe(false);
    expect(log.call({ timeMs: NOW_MS - 5 * MINUTE_MS, appendedAtMs: NOW_MS })).toMatchObject({
      reasons: expect.arrayContaining(['rate_limited']) as string[],
      notes: [],
    });
    const late = log.call({ timeMs: NOW_MS - 5 * MINUTE_MS - 1, appendedAtMs: NOW_MS });
    expect(isRefused(late)).toBe(false);
    expect(late.notes).toEqual(['late_for_limit']);
    expect(late.explained).toEqual([
      'limits skipped: more than five minutes behind later accesses: a limit that had seen those was not asked',
      expect.stringMatching(/^baselines passed: nothing out of the ordinary/),
    ]);
  });

  it('that was imported is judged without limits, and says so', () => {
    const log = new LiveLog();
    for (let i = 0; i < 3; i++) {
      const told = log.call({ timeMs: NOW_MS, appendedAtMs: NOW_MS, origin: ORIGIN.imported });
      expect(isRefused(told)).toBe(false);
      expect(told.notes).toEqual(['imported']);
      expect(told.explained).toEqual([
        'limits skipped: what was imported is not held against limits',
        'baselines skipped: what was imported is not held against what is ordinary',
      ]);
    }
    // Nothing was charged meanwhile.
    expect(isRefused(log.call({ timeMs: NOW_MS, appendedAtMs: NOW_MS }))).toBe(false);
    expect(isRefused(log.call({ timeMs: NOW_MS, appendedAtMs: NOW_MS }))).toBe(true);
  });
});

describe('a limit key of a live log', () => {
  it('is as absent once nothing that may still arrive could ask it, and its memory is freed', () => {
    const log = new LiveLog();
    log.call({ timeMs: NOW_MS, appendedAtMs: NOW_MS });
    expect(log.fold.state.limits.count).toBe(1);
    // Others move the partition's time on; the sweep passes the idle key.
    const laterMs = NOW_MS + 7 * DAY_MS + 2 * 60 * MINUTE_MS;
    for (let i = 0; i < 4; i++) log.call({ timeMs: laterMs, appendedAtMs: laterMs }, 'wx2');
    expect(log.fold.state.limits.count).toBe(1);
    expect(isRefused(log.call({ timeMs: laterMs, appendedAtMs: laterMs }))).toBe(false);
  });

  it.each([
    ['earlier than seven days and a minute before the latest arrival is as absent, before anything frees it', -1, false],
    ['at seven days and a minute before the latest arrival counts', 0, true],
  ])('whose last number is %s', (_, laterMs, isCounted) => {
    const log = new LiveLog();
    log.call({ timeMs: NOW_MS, appendedAtMs: NOW_MS }, 'wx2');
    // Its TAT is an hour ahead of the call that made it.
    const timeMs = NOW_MS - 7 * DAY_MS - MINUTE_MS - 60 * MINUTE_MS + laterMs;
    expect(log.runTogether([timeMs, timeMs]).map(isRefused)).toEqual([false, isCounted]);
  });

  it('ages as soon as something was imported, too', () => {
    const log = new LiveLog();
    log.call({ timeMs: NOW_MS, appendedAtMs: NOW_MS, origin: ORIGIN.imported }, 'wx2');
    const timeMs = NOW_MS - 30 * DAY_MS;
    expect(log.runTogether([timeMs, timeMs]).map(isRefused)).toEqual([false, false]);
  });

  it('is never freed while the log is history', () => {
    const log = new LiveLog();
    log.call({ timeMs: NOW_MS, appendedAtMs: NOW_MS, origin: ORIGIN.run });
    const laterMs = NOW_MS + 365 * DAY_MS;
    for (let i = 0; i < 4; i++) log.call({ timeMs: laterMs, appendedAtMs: laterMs, origin: ORIGIN.run }, 'wx2');
    expect(log.fold.state.limits.count).toBe(2);
  });
});
