/**
 * Every SQL panel returns what its title says: its statement, expanded as the plugin does it, over the worked example in a real
 * ClickHouse, against a recount from the reference judge's verdicts.
 */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACTIONS } from '../../../schemas/codes.ts';
import type { Verdict } from '../../reference/judge.ts';
import { reportOf } from '../../reference/report.ts';
import { queriesOf, type PanelQuery } from './boards.ts';
import { expandSql, type Shown } from './plugin-macros.ts';
import { eventKey, HOSTILE_PROGRAMS, LINES, storeExample, type StoredExample } from './stored-example.ts';

const PANELS = queriesOf('SQL');
const DAY_MS = 86_400_000;
const INTERVAL_MS = 6 * 3_600_000;
/** All of it; and a part that begins and ends at an access, of which the last is not included. */
const RANGES = {
  'all of it': { fromMs: 0, toMs: Date.UTC(2254, 11, 31) },
  'two weeks': { fromMs: Date.UTC(2026, 2, 1, 3), toMs: Date.UTC(2026, 2, 10, 17, 30) },
} as const satisfies Record<string, Pick<Shown, 'fromMs' | 'toMs'>>;

type Row = Readonly<Record<string, unknown>>;

let example: StoredExample;
beforeAll(async () => {
  example = await storeExample();
}, 60_000);
afterAll(async () => {
  await example.close();
});

const msOf = ({ micros }: Verdict): number => Number(micros / 1000n);
const dayOf = (verdict: Verdict): number => Math.floor(msOf(verdict) / DAY_MS) * DAY_MS;
const byText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const isWouldBe = ({ verdict, proposed }: Verdict): boolean => proposed === 'intercept' && verdict !== 'intercept';
const distinct = (verdicts: readonly Verdict[], name: 'user' | 'program'): number =>
  new Set(verdicts.map((one) => one[name])).size;
const isIntercepted = ({ verdict }: Verdict): boolean => verdict === 'intercept';
const within = ({ fromMs, toMs }: Pick<Shown, 'fromMs' | 'toMs'>): Verdict[] =>
  example.judgement.verdicts.filter(
    (verdict) => verdict.micros >= BigInt(fromMs) * 1000n && verdict.micros < BigInt(toMs) * 1000n,
  );

function groupsOf<Key extends string | number>(
  verdicts: readonly Verdict[],
  keysOf: (one: Verdict) => readonly Key[],
): Map<Key, Verdict[]> {
  const groups = new Map<Key, Verdict[]>();
  for (const one of verdicts) for (const key of keysOf(one)) groups.set(key, [...(groups.get(key) ?? []), one]);
  return groups;
}

interface RawAccess {
  readonly api: string;
  readonly purpose?: string | null;
  readonly rows?: number | null;
  readonly bytes?: number | null;
}
const rawOf = ({ record }: Verdict): RawAccess => (JSON.parse(LINES[record - 1]!.toString()) as { data: RawAccess }).data;

const headline = (verdicts: readonly Verdict[]): Row => {
  const intercepted = verdicts.filter(isIntercepted);
  const withOutcome = (outcome: string): number => intercepted.filter((one) => one.outcome === outcome).length;
  return {
    'Attempts intercepted': intercepted.length,
    Programs: distinct(intercepted, 'program'),
    Users: distinct(intercepted, 'user'),
    Prevented: withOutcome('pending'),
    'Already refused': withOutcome('refused'),
    Late: withOutcome('performed'),
  };
};

function verdictsPer(verdicts: readonly Verdict[], startOf: (one: Verdict) => number): Row[] {
  return [...groupsOf(verdicts, (one) => [startOf(one)])]
    .toSorted(([a], [b]) => a - b)
    .map(([time, ones]) => ({
      time,
      ...Object.fromEntries(ACTIONS.map((action) => [action, ones.filter(({ verdict }) => verdict === action).length])),
    }));
}

const TIMING: Readonly<Record<string, string>> = { pending: 'prevented', refused: 'already refused', performed: 'late' };
const timeText = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').slice(0, -1);

/** What a developer was told of the access; what was not published cannot be looked up. */
const remedyOf = (verdict: Verdict): string | undefined => example.remedies.get(eventKey(verdict));

/** Of each panel, what it has to say about accesses of the range; those of one program are of that program alone. */
const EXPECTED: Readonly<
  Record<string, (ofRange: readonly Verdict[], of: Pick<Shown, 'fromMs' | 'toMs'>, all: readonly Verdict[]) => Row[]>
> = {
  'one-program / The program': (_, __, all) => {
    const newest = all.toSorted((a, b) => a.record - b.record).at(-1);
    if (newest === undefined) return [];
    const times = all.map(msOf);
    return [
      {
        program: newest.program,
        developer: newest.developer,
        class: newest.class,
        'declaration version': newest.declaration_version,
        'first access': timeText(Math.min(...times)),
        'last access': timeText(Math.max(...times)),
        policy: newest.policy_hash,
      },
    ];
  },
  'one-program / Interceptions within the time shown': (ones) => [headline(ones)],
  'one-program / Accesses within the time shown': (ones) => [
    { Accesses: ones.length, Users: distinct(ones, 'user'), 'Would have been intercepted': ones.filter(isWouldBe).length },
  ],
  'one-program / Verdicts by day': (ones) => verdictsPer(ones, dayOf),
  'one-program / Reasons and their remedies': (ones) =>
    [...groupsOf(ones, ({ reasons }) => reasons)]
      .map(([reason, found]) => {
        const told = found.filter(({ proposed }) => proposed !== 'allow');
        const alone = told.filter(({ reasons }) => reasons.length === 1);
        const newest = (alone.length > 0 ? alone : told).toSorted((a, b) => a.record - b.record).at(-1);
        return {
          reason,
          findings: found.length,
          intercepted: found.filter(({ effective }) => effective[reason] === 'intercept').length,
          newest: timeText(Math.max(...found.map(msOf))),
          remedy: newest === undefined ? '' : (remedyOf(newest) ?? expect.stringMatching(/^[A-Z].*\.$/)),
        };
      })
      .toSorted((a, b) => b.intercepted - a.intercepted || b.findings - a.findings || byText(a.reason, b.reason)),
  'one-program / Kinds of data': (ones) =>
    [...groupsOf(ones, ({ category }) => [category])]
      .map(([category, accesses]) => ({
        category: category as string,
        accesses: accesses.length,
        intercepted: accesses.filter(isIntercepted).length,
        users: distinct(accesses, 'user'),
        rows: String(accesses.reduce((sum, one) => sum + BigInt(rawOf(one).rows ?? 1), 0n)),
        bytes: String(accesses.reduce((sum, one) => sum + BigInt(rawOf(one).bytes ?? 0), 0n)),
      }))
      .toSorted((a, b) => b.accesses - a.accesses || byText(a.category, b.category)),
  'one-program / Latest interceptions': (ones) =>
    ones
      .filter(isIntercepted)
      .toSorted((a, b) => msOf(b) - msOf(a) || b.record - a.record)
      .slice(0, 50)
      .map((one) => ({
        time: timeText(msOf(one)),
        category: one.category,
        api: rawOf(one).api,
        purpose: rawOf(one).purpose ?? '',
        reasons: one.reasons.join(', '),
        timing: TIMING[one.outcome],
        'declaration version': one.declaration_version,
        event_id: one.event_id,
        source: one.source,
        'to type': expect.any(String),
      })),
  'analyst-view / Intercepted': (ones) => [headline(ones)],
  'analyst-view / Accesses by verdict': (ones) => {
    const of = (action: string): number => ones.filter(({ verdict }) => verdict === action).length;
    return [
      {
        Accesses: ones.length,
        Allowed: of('allow'),
        Flagged: of('flag'),
        Throttled: of('throttle'),
        Intercepted: of('intercept'),
      },
    ];
  },
  'analyst-view / Would have been intercepted': (ones) => [
    { Attempts: ones.filter(isWouldBe).length, Programs: distinct(ones.filter(isWouldBe), 'program') },
  ],
  'analyst-view / Verdicts over time': (ones) => verdictsPer(ones, (one) => Math.floor(msOf(one) / INTERVAL_MS) * INTERVAL_MS),
  'analyst-view / By day': (ones) =>
    [...groupsOf(ones, (one) => [dayOf(one)])]
      .toSorted(([a], [b]) => b - a)
      .map(([day, accesses]) => {
        const intercepted = accesses.filter(isIntercepted);
        return {
          day: new Date(day).toISOString().slice(0, 10),
          accesses: accesses.length,
          attempts: intercepted.length,
          programs: distinct(intercepted, 'program'),
          users: distinct(intercepted, 'user'),
          'would have been': accesses.filter(isWouldBe).length,
        };
      }),
  'analyst-view / By reason': (_, of) => reported(of).byReason.map(({ reason: name, ...counts }) => ({ name, ...counts })),
  'analyst-view / By category': (_, of) => reported(of).byCategory.map(({ category: name, ...counts }) => ({ name, ...counts })),
  'analyst-view / By class': (_, of) => reported(of).byClass.map(({ class: name, ...counts }) => ({ name, ...counts })),
  'analyst-view / Top programs': (_, of) => [...reported(of).topPrograms],
  'analyst-view / Records by the ledger': () => {
    const { recordsRead, duplicates, rejected } = example.judgement.quality;
    const accesses = example.judgement.verdicts.length;
    const facts = recordsRead - duplicates - rejected - accesses;
    return [{ 'Records read': recordsRead, Accesses: accesses, Facts: facts, Duplicates: duplicates, Rejected: rejected }];
  },
  'analyst-view / Rows against the ledger': () => {
    const accesses = example.judgement.verdicts.length;
    return [{ 'Rows stored': accesses, 'Rows by the ledger': accesses, 'Users erased': 0 }];
  },
  'analyst-view / Rows missing': () => [{ 'Rows missing': 0, 'Gaps accepted': 0 }],
  'analyst-view / Rejects by reason': () => {
    const counts = new Map<string, number>();
    for (const { reason } of example.judgement.rejects) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    return [...counts]
      .map(([reason, rejects]) => ({ reason, rejects }))
      .toSorted((a, b) => b.rejects - a.rejects || byText(a.reason, b.reason));
  },
  'analyst-view / Ledger by partition': () =>
    [...groupsOf(example.judgement.verdicts, ({ partition }) => [partition])]
      .toSorted(([a], [b]) => a - b)
      .map(([partition, accesses]) => ({
        partition,
        'stored up to': expect.stringMatching(/^[1-9]\d*$/),
        blocks: expect.stringMatching(/^[1-9]\d*$/),
        accesses: accesses.length,
        engines: expect.stringMatching(/^\d+$/),
        newest: expect.stringMatching(/^20\d\d-/),
      })),
  'analyst-view / Accepted gaps': () => [],
};

function reported({ fromMs, toMs }: Pick<Shown, 'fromMs' | 'toMs'>): ReturnType<typeof reportOf> {
  const { verdicts, quality } = example.judgement;
  return reportOf(verdicts, quality, BigInt(fromMs) * 1000n, BigInt(toMs) * 1000n);
}

async function rowsOf({ target, panel }: PanelQuery, shown: Shown): Promise<Row[]> {
  const sql = expandSql(target.rawSql!, shown);
  // Times in whatever zone the server writes them are the same instant.
  return example.warehouse.query<Row>(
    panel.type === 'timeseries'
      ? `SELECT toUnixTimestamp64Milli(toDateTime64(time, 3)) AS time, * EXCEPT time FROM (${sql})`
      : sql,
  );
}

/** 64-bit numbers come as text. */
const comparable = (rows: readonly Row[]): Row[] =>
  rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === 'number' ? String(value) : value])),
  );

const shownOf = (range: Pick<Shown, 'fromMs' | 'toMs'>, program = ''): Shown => ({
  ...range,
  intervalMs: INTERVAL_MS,
  variables: { log: example.logId, program, search: '' },
});

test('every SQL panel is looked at here', () => {
  expect(PANELS.map(({ name }) => name).toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
});

describe.each(Object.entries(RANGES))('within %s', (_, range) => {
  test.each(PANELS.filter(({ name }) => !name.startsWith('one-program')))('$name', async (query) => {
    const expected = EXPECTED[query.name]!(within(range), range, example.judgement.verdicts);
    expect(comparable(await rowsOf(query, shownOf(range)))).toEqual(comparable(expected));
  });

  test.each(PANELS.filter(({ name }) => name.startsWith('one-program')))(
    '$name, of a busy, a clean and hostile programs',
    async (query) => {
      for (const program of [busiest(), cleanest(), ...(range.fromMs === 0 ? HOSTILE_PROGRAMS : HOSTILE_PROGRAMS.slice(0, 1))]) {
        const all = example.judgement.verdicts.filter((one) => one.program === program);
        const expected = EXPECTED[query.name]!(
          within(range).filter((one) => one.program === program),
          range,
          all,
        );
        expect(comparable(await rowsOf(query, shownOf(range, program)))).toEqual(comparable(expected));
      }
    },
  );
});

const programsBy = (count: (ones: readonly Verdict[]) => number): string[] =>
  [...groupsOf(example.judgement.verdicts, ({ program }) => [program])]
    .toSorted(([, a], [, b]) => count(b) - count(a))
    .map(([program]) => program);
const busiest = (): string => programsBy((ones) => ones.filter(isIntercepted).length)[0]!;
const cleanest = (): string => programsBy((ones) => ones.length - 1_000 * ones.filter(isIntercepted).length)[0]!;

describe('the statements', () => {
  test('say something in the ranges that are tried', () => {
    const two = within(RANGES['two weeks']);
    expect(two.length).toBeGreaterThan(500);
    expect(two.length).toBeLessThan(example.judgement.verdicts.length - 500);
    expect(two.filter(isIntercepted).length).toBeGreaterThan(100);
    expect(new Set(two.map(({ outcome }) => outcome)).size).toBe(3);
    expect(two.some(isWouldBe)).toBe(true);
    expect(example.remedies.size).toBeGreaterThan(500);
  });

  test('count a row once that is stored twice', async () => {
    const query = PANELS.find(({ name }) => name === 'analyst-view / Accesses by verdict')!;
    const before = await rowsOf(query, shownOf(RANGES['all of it']));
    await example.warehouse.command(
      "INSERT INTO ntk.access_results SETTINGS insert_deduplicate = 0 SELECT * FROM ntk.access_results FINAL WHERE verdict = 'intercept'",
    );
    const [{ n } = { n: '0' }] = await example.warehouse.query<{ n: string }>('SELECT count() AS n FROM ntk.access_results');
    expect(Number(n)).toBeGreaterThan(example.judgement.verdicts.length);
    expect(await rowsOf(query, shownOf(RANGES['all of it']))).toEqual(before);
  });

  test('of another log find nothing', async () => {
    for (const query of PANELS.filter(({ name }) => !name.endsWith('ledger') && !name.endsWith('missing'))) {
      const rows = await rowsOf(query, {
        ...shownOf(RANGES['all of it'], busiest()),
        variables: { log: 'none', program: busiest(), search: '' },
      });
      expect(rows.flatMap((row) => Object.values(row)).filter((value) => value !== '0' && value !== 0)).toEqual([]);
    }
  });
});

describe('the list of programs', () => {
  const sql = (name: string): string => {
    const variable = PANELS.find(({ board }) => board.uid === 'ntk-one-program')!.board.templating.list.find(
      (one) => one.name === name,
    )!;
    return (variable.query as { rawSql: string }).rawSql;
  };
  const programs = async (search: string): Promise<string[]> => {
    const shown = { ...RANGES['all of it'], variables: { log: example.logId, search } };
    return (await example.warehouse.query<{ program: string }>(expandSql(sql('program'), shown))).map(({ program }) => program);
  };

  test('has them all without a search, those with most interceptions first', async () => {
    const all = await programs('');
    expect(new Set(all)).toEqual(new Set(example.judgement.verdicts.map(({ program }) => program)));
    expect(all[0]).toBe(busiest());
  });

  test.each([...HOSTILE_PROGRAMS])('finds the program %j by what it is called', async (program) => {
    expect(new Set(await programs(program))).toEqual(new Set(HOSTILE_PROGRAMS.filter((one) => one.includes(program))));
  });

  test('finds programs by their developer', async () => {
    const developer = example.judgement.verdicts.find((one) => one.developer !== '')!.developer;
    const theirs = example.judgement.verdicts.filter(
      (one) => one.developer.includes(developer) || one.program.includes(developer),
    );
    expect(new Set(await programs(developer))).toEqual(new Set(theirs.map(({ program }) => program)));
  });

  test('is of the logs that there are', async () => {
    expect(await example.warehouse.query(expandSql(sql('log'), RANGES['all of it']))).toEqual([{ log: example.logId }]);
  });
});

describe('the command to type', () => {
  /** What a shell makes of a line that begins with ntk. */
  function argumentsOf(line: string): string[] {
    const { stdout, stderr, status } = spawnSync('sh', [
      '-c',
      `ntk() { for one in "$@"; do printf '%s\\0' "$one"; done; }\n${line}`,
    ]);
    expect([status, stderr.toString()]).toEqual([0, '']);
    return stdout.toString().split('\0').slice(0, -1);
  }

  test('names the access whatever its ids are, and nothing in them is a command', async () => {
    const query = PANELS.find(({ name }) => name === 'one-program / Latest interceptions')!;
    let typed = 0;
    for (const program of [busiest(), ...HOSTILE_PROGRAMS]) {
      for (const row of await rowsOf(query, shownOf(RANGES['all of it'], program))) {
        const line = row['to type'] as string;
        const { event_id: id, source } = row as { event_id: string; source: string };
        // eslint-disable-next-line no-control-regex
        if (/[\u0000-\u001f\u007f-\u009f]/.test(id + source + program)) {
          expect(line).toMatch(/^the id has control characters: look for partition \d+ and offset \d+ with ntk query$/);
          continue;
        }
        typed += 1;
        if (typed <= 25) expect(argumentsOf(line)).toEqual(['explain', `--source=${source}`, `--program=${program}`, '--', id]);
      }
    }
    expect(typed).toBeGreaterThan(25);
  });
});
