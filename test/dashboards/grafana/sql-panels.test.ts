/**
 * Every SQL panel returns what its title says: its statement, expanded as the plugin does it, over the worked example in a real
 * ClickHouse, against a recount from the reference judge's verdicts.
 */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACTIONS } from '../../../schemas/codes.ts';
import { ntkOk } from '../../acceptance/ntk.ts';
import type { Verdict } from '../../reference/judge.ts';
import { reportOf } from '../../reference/report.ts';
import { queriesOf, type PanelQuery } from './boards.ts';
import { expandSql, type Shown } from './plugin-macros.ts';
import { eventKey, GAP, HOSTILE_PROGRAMS, LINES, storeExample, type StoredExample } from './stored-example.ts';

const PANELS = queriesOf('SQL');
const DAY_MS = 86_400_000;
const INTERVAL_MS = 6 * 3_600_000;
/** All of it; and a part that begins at an interception of the busiest program, which is in it, and ends at one, which is not. */
const RANGES = {
  'all of it': { fromMs: 0, toMs: Date.UTC(2254, 11, 31) },
  'a part of it': { fromMs: Date.parse('2026-03-14T11:27:42.642Z'), toMs: Date.parse('2026-03-25T02:24:42.270Z') },
} as const satisfies Record<string, Pick<Shown, 'fromMs' | 'toMs'>>;

type Row = Readonly<Record<string, unknown>>;

let example: StoredExample;
beforeAll(async () => {
  example = await storeExample();
}, 200_000);
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
  for (const one of verdicts)
    for (const key of keysOf(one)) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [one]);
      else group.push(one);
    }

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
    return [{ 'Rows stored': accesses, 'Rows by the ledger': accesses, Erasures: 0 }];
  },
  'analyst-view / Rows missing': () => [{ 'Rows missing': 0, 'Gaps accepted': 1 }],
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
        'stored up to': example.ends[partition]! + (partition === 0 ? GAP.records : 0),
        blocks: example.blocks[partition]!,
        accesses: accesses.length,
        engines: expect.stringMatching(/^\d+$/),
        newest: expect.stringMatching(/^20\d\d-/),
      })),
  'analyst-view / Accepted gaps': () => [
    {
      partition: 0,
      from: expect.stringMatching(/^[1-9]\d*$/),
      to: expect.stringMatching(/^[1-9]\d*$/),
      'accepted by': GAP.acceptedBy,
      reason: GAP.reason,
    },
  ],
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
    const part = within(RANGES['a part of it']);
    expect(part.length).toBeGreaterThan(500);
    expect(part.length).toBeLessThan(example.judgement.verdicts.length - 500);
    expect(part.filter(isIntercepted).length).toBeGreaterThan(100);
    expect(new Set(part.map(({ outcome }) => outcome)).size).toBe(3);
    expect(part.some(isWouldBe)).toBe(true);
    expect(example.remedies.size).toBeGreaterThan(500);
    for (const program of HOSTILE_PROGRAMS)
      expect(
        within(RANGES['all of it'])
          .filter((one) => one.program === program)
          .every(isIntercepted),
      ).toBe(true);
  });

  test('are tried on rows and entries of the ledger that all lie there twice', async () => {
    for (const table of ['access_results', 'blocks']) {
      const [counts] = await example.warehouse.query<{ physical: string; rows: string }>(
        `SELECT (SELECT count() FROM ntk.${table}) AS physical, (SELECT count() FROM ntk.${table} FINAL) AS rows`,
      );
      expect(Number(counts!.physical)).toBe(2 * Number(counts!.rows));
    }
  });

  test('are tried on a part that begins and ends at an interception of the busiest program', () => {
    const program = busiest();
    const its = example.judgement.verdicts.filter((one) => one.program === program && isIntercepted(one)).map(msOf);
    expect(its).toEqual(expect.arrayContaining(Object.values(RANGES['a part of it'])));
  });

  test('need no more than the right to read', async () => {
    for (const { target } of PANELS) {
      const sql = expandSql(target.rawSql!, shownOf(RANGES['a part of it'], busiest()));
      const rows = await example.warehouse.stream(sql, { format: 'JSONEachRow', readonly: true });
      for await (const chunk of rows) expect(chunk).toBeDefined();
    }
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

  test('explains the access', async () => {
    const query = PANELS.find(({ name }) => name === 'one-program / Latest interceptions')!;
    const program = HOSTILE_PROGRAMS[2];
    const rows = await rowsOf(query, shownOf(RANGES['all of it'], program));
    const row = rows.find((one) => (one['to type'] as string).startsWith('ntk '))!;
    const { stdout } = await example.letGo(async () =>
      ntkOk(argumentsOf(row['to type'] as string).toSpliced(1, 0, '--data', example.data)),
    );
    expect(stdout).toContain('verdict intercept');
    expect(stdout.match(/^event /gm)).toHaveLength(1);
  });
});

describe('rows that are missing', () => {
  test('are counted against the ledger', async () => {
    await example.warehouse.command('SYSTEM START MERGES ntk.access_results');
    await example.warehouse.command("ALTER TABLE ntk.access_results DELETE WHERE category = 'sms' SETTINGS mutations_sync = 2");
    const missing = example.judgement.verdicts.filter(({ category }) => category === 'sms').length;
    expect(missing).toBeGreaterThan(10);
    const query = PANELS.find(({ name }) => name === 'analyst-view / Rows missing')!;
    expect(await rowsOf(query, shownOf(RANGES['all of it']))).toEqual([
      { 'Rows missing': String(missing), 'Gaps accepted': '1' },
    ]);
  });
});
