import { describe, expect, it } from 'vitest';
import { REASONS } from '../../../schemas/codes.ts';
import { OPEN } from '../../../services/domain/authority/authority.ts';
import { PartitionFold } from '../../../services/domain/fold/fold.ts';
import { explainChecks } from '../../../services/domain/verdict/explain-checks.ts';
import { foldInput } from './partitioned.ts';

const LIVE = 0;
const IMPORTED = 1;
const RUN = 2;
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

/** One partition of a log, a batch a call. */
class LiveLog {
  readonly fold = new PartitionFold({ logId: 'live', partition: 0, partitions: 1, storedUser: (user) => user, authority: OPEN });
  #next = 0;

  constructor() {
    this.#append('ntk.policy', '*', NOW_MS, POLICY, NOW_MS - 30 * DAY_MS, 3);
  }

  #append(type: string, subject: string, timeMs: number, data: object, appendedAtMs: number, origin: number): Told | null {
    const event = {
      specversion: '1.0',
      id: `e${this.#next}`,
      source: 's',
      type,
      subject,
      time: new Date(timeMs).toISOString(),
      data,
    };
    const placed = Array.from({ length: this.#next }, () => ({ value: Buffer.alloc(0), record: 0, origin }));
    placed.push({ value: Buffer.from(JSON.stringify(event)), record: 0, origin });
    let told: Told | null = null;
    this.fold.fold(foldInput(placed, { from: this.#next, to: this.#next + 1, appendedAtMs }), 0, ({ judgement }) => {
      const { subject: judged, notes, findings } = judgement;
      told = {
        eventTimeMs: judged.eventTimeUs / 1000,
        notes: [...notes],
        reasons: findings.reasons.map((reason) => REASONS[reason]!),
        explained: explainChecks(judgement)
          .slice(8)
          .map(({ name, status, text }) => `${name} ${status}: ${text}`),
      };
    });
    this.#next++;
    return told;
  }

  call({ timeMs, appendedAtMs, origin = LIVE }: Call, program = 'wx1'): Told {
    return this.#append('ntk.access', program, timeMs, { user: 'u', api: 'wx.getLocation' }, appendedAtMs, origin)!;
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

  it('of history keeps its own time, however long ago', () => {
    const told = new LiveLog().call({ timeMs: 1_000, appendedAtMs: NOW_MS, origin: RUN });
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
      const told = log.call({ timeMs: NOW_MS, appendedAtMs: NOW_MS, origin: IMPORTED });
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

  it('is never freed while the log is history', () => {
    const log = new LiveLog();
    log.call({ timeMs: NOW_MS, appendedAtMs: NOW_MS, origin: RUN });
    const laterMs = NOW_MS + 365 * DAY_MS;
    for (let i = 0; i < 4; i++) log.call({ timeMs: laterMs, appendedAtMs: laterMs, origin: RUN }, 'wx2');
    expect(log.fold.state.limits.count).toBe(2);
  });
});
