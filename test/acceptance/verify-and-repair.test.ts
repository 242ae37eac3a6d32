/** What somebody did to the stored results behind the system's back: verify names it, repair mends it, verify is content. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { EVENTS_GZ_PATH, POLICY_PATH, VERDICTS } from '../conformance/example.ts';
import { readBlockHeaders } from '../../services/auditor/ledger.ts';
import { ntkHere, ntkHereOk } from './in-process.ts';
import { behindItsBack, Desk, ntk, ntkOk, ROOT, withLog } from './ntk.ts';

interface Audit {
  readonly ok: boolean;
  readonly strayRows: number;
  readonly strayLedgerEntries: number;
  readonly partitions: readonly Readonly<Record<string, unknown>>[];
  readonly repaired: Readonly<Record<string, number>> | null;
}

const COUNTS = [
  'missing',
  'doubled',
  'different',
  'unexpected',
  'erased',
  'notErased',
  'ledgerMissing',
  'ledgerDifferent',
  'ledgerDoubled',
  'ledgerUnexpected',
] as const;
const STRAY = ['strayRows', 'strayLedgerEntries'] as const;
type Counts = Partial<Record<(typeof COUNTS)[number] | (typeof STRAY)[number], number>>;

/** Counts of all partitions together that are not 0. */
function countsOf(audit: Audit): Counts {
  const sums = COUNTS.map(
    (name) => [name, audit.partitions.reduce((sum, partition) => sum + Number(partition[name]), 0)] as const,
  );
  const stray = STRAY.map((name) => [name, audit[name]] as const);
  return Object.fromEntries([...sums, ...stray].filter(([, sum]) => sum !== 0));
}

/** One row that a test can name: the lowest offset of partition 1 that has one. */
const A_ROW = 'partition = 1 AND offset = (SELECT min(offset) FROM ntk.access_results WHERE partition = 1)';
const AN_ENTRY = "partition = 1 AND kind = 'block' AND first = (SELECT min(first) FROM ntk.blocks WHERE partition = 1)";
/** More than one record long, so that no block begins at its second. */
const LAST_ENTRY = AN_ENTRY.replace('min(', 'max(');
const SYNC = 'SETTINGS mutations_sync = 2';
/** Without it the engine would take the same rows for an insert that is repeated. */
const REALLY = 'SETTINGS insert_deduplicate = 0';

/** The engine's own merges would clear a doubled row away, sooner or later: from here on it finds no parts small enough. */
const neverMerged = (table: string): string =>
  `ALTER TABLE ntk.${table} MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1`;

interface Damage {
  readonly name: string;
  readonly statements: readonly string[];
  readonly found: Counts;
  readonly repaired: Readonly<Record<string, number>>;
}

const DAMAGES: readonly Damage[] = [
  {
    name: 'a deleted row',
    statements: [`ALTER TABLE ntk.access_results DELETE WHERE ${A_ROW} ${SYNC}`],
    found: { missing: 1 },
    repaired: { rowsInserted: 1, rowsRemoved: 0, ledgerEntries: 0 },
  },
  {
    name: 'all rows of a partition deleted',
    statements: [`ALTER TABLE ntk.access_results DELETE WHERE partition = 2 ${SYNC}`],
    found: { missing: -1 },
    repaired: { rowsRemoved: 0, ledgerEntries: 0 },
  },
  {
    name: 'a changed verdict',
    statements: [
      `ALTER TABLE ntk.access_results UPDATE verdict = if(verdict = 'allow', 'intercept', 'allow') WHERE ${A_ROW} ${SYNC}`,
    ],
    found: { different: 1 },
    repaired: { rowsInserted: 1, rowsRemoved: 1, ledgerEntries: 0 },
  },
  {
    name: 'a row that lies there twice',
    statements: [
      neverMerged('access_results'),
      `INSERT INTO ntk.access_results ${REALLY} SELECT * FROM ntk.access_results WHERE ${A_ROW}`,
    ],
    found: { doubled: 1 },
    repaired: { rowsInserted: 1, rowsRemoved: 1, ledgerEntries: 0 },
  },
  {
    name: 'a row of a record that is no access',
    statements: [
      `INSERT INTO ntk.access_results ${REALLY} SELECT * REPLACE (toUInt64(0) AS offset) FROM (SELECT * FROM ntk.access_results WHERE ${A_ROW})`,
    ],
    found: { unexpected: 1 },
    repaired: { rowsInserted: 0, rowsRemoved: 1, ledgerEntries: 0 },
  },
  {
    name: 'a row beyond the end of the log',
    statements: [
      `INSERT INTO ntk.access_results ${REALLY} SELECT * REPLACE (toUInt64(1000000) AS offset) FROM (SELECT * FROM ntk.access_results WHERE ${A_ROW})`,
    ],
    found: { unexpected: 1 },
    repaired: { rowsInserted: 0, rowsRemoved: 1, ledgerEntries: 0 },
  },
  {
    name: 'a row of a partition that the log does not have',
    statements: [
      `INSERT INTO ntk.access_results ${REALLY} SELECT * REPLACE (toUInt16(77) AS partition) FROM (SELECT * FROM ntk.access_results WHERE ${A_ROW})`,
    ],
    found: { strayRows: 1 },
    repaired: { rowsInserted: 0, rowsRemoved: 1, ledgerEntries: 0 },
  },
  {
    name: 'a ledger entry with other figures',
    statements: [`ALTER TABLE ntk.blocks UPDATE accesses = accesses + 1 WHERE ${AN_ENTRY} ${SYNC}`],
    found: { ledgerDifferent: 1 },
    repaired: { rowsInserted: 0, rowsRemoved: 0, ledgerEntries: 1 },
  },
  {
    name: 'a ledger entry with another hash',
    statements: [`ALTER TABLE ntk.blocks UPDATE rows_hash = repeat('0', 64) WHERE ${AN_ENTRY} ${SYNC}`],
    found: { ledgerDifferent: 1 },
    repaired: { rowsInserted: 0, rowsRemoved: 0, ledgerEntries: 1 },
  },
  {
    name: 'a deleted ledger entry',
    statements: [`ALTER TABLE ntk.blocks DELETE WHERE ${AN_ENTRY} ${SYNC}`],
    found: { ledgerMissing: 1 },
    repaired: { rowsInserted: 0, rowsRemoved: 0, ledgerEntries: 1 },
  },
  {
    name: 'a ledger entry that lies there twice',
    statements: [neverMerged('blocks'), `INSERT INTO ntk.blocks ${REALLY} SELECT * FROM ntk.blocks WHERE ${AN_ENTRY}`],
    found: { ledgerDoubled: 1 },
    repaired: { rowsInserted: 0, rowsRemoved: 0, ledgerEntries: 1 },
  },
  {
    name: 'an invented ledger entry',
    statements: [
      `INSERT INTO ntk.blocks ${REALLY} SELECT * REPLACE (first + 1 AS first) FROM (SELECT * FROM ntk.blocks WHERE ${LAST_ENTRY})`,
    ],
    found: { ledgerUnexpected: 1 },
    repaired: { rowsInserted: 0, rowsRemoved: 0, ledgerEntries: 1 },
  },
  {
    name: 'an invented ledger entry behind the end of the log',
    statements: [
      `INSERT INTO ntk.blocks ${REALLY} SELECT * REPLACE (toUInt64(1000000) AS first, toUInt64(1000001) AS next) FROM (SELECT * FROM ntk.blocks WHERE ${AN_ENTRY})`,
    ],
    found: { ledgerUnexpected: 1 },
    repaired: { rowsInserted: 0, rowsRemoved: 0, ledgerEntries: 1 },
  },
  {
    name: 'many things at once',
    statements: [
      `ALTER TABLE ntk.access_results DELETE WHERE partition = 0 AND offset % 50 = 0 ${SYNC}`,
      `ALTER TABLE ntk.access_results UPDATE program = 'innocent' WHERE ${A_ROW} ${SYNC}`,
      `ALTER TABLE ntk.blocks DELETE WHERE partition = 3 ${SYNC}`,
    ],
    found: { missing: -1, different: 1, ledgerMissing: -1 },
    repaired: { rowsRemoved: 1 },
  },
];

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const desk = new Desk();
const DUMP = [
  'SELECT * FROM ntk.access_results ORDER BY log_id, partition, offset',
  'SELECT * FROM ntk.blocks ORDER BY log_id, partition, first',
];

/** Every row and ledger entry as it lies on disk, doubled ones twice. */
async function dump(data: string): Promise<string[]> {
  return behindItsBack(data, async (warehouse) => {
    const tables: string[] = [];
    for (const sql of DUMP) tables.push(await text(await warehouse.stream(sql, { format: 'TSV' })));
    return tables;
  });
}

async function verify(data: string): Promise<{ code: number | null; audit: Audit }> {
  const { code, stdout, stderr } = await ntkHere(['verify', '--data', data, '--json']);
  expect(stderr).toBe('');
  return { code, audit: JSON.parse(stdout) as Audit };
}

/** Of the folder that all others are copies of, before anybody did anything to them. */
let sound: string[];
beforeAll(async () => {
  await ntkOk(['run', '--data', desk.data, '--policy', POLICY_PATH, '--input', EVENTS_GZ_PATH]);
  sound = await dump(desk.data);
});
afterAll(() => desk.clear());

describe('verify', () => {
  test('finds nothing where nobody did anything, and says how much it proved', async () => {
    const { code, audit } = await verify(desk.data);
    expect([code, audit.ok, countsOf(audit)]).toEqual([0, true, {}]);
    expect(audit.partitions.map(({ partition, proof }) => [partition, proof])).toEqual([
      [0, 'log'],
      [1, 'log'],
      [2, 'log'],
      [3, 'log'],
    ]);
    expect(audit.partitions.reduce((sum, { rows }) => sum + Number(rows), 0)).toBe(VERDICTS.length);
  });

  test('leaves what it finds as it is', async () => {
    await verify(desk.data);
    expect(await dump(desk.data)).toEqual(sound);
  });
});

describe.each(DAMAGES)('$name', ({ name, statements, found, repaired }) => {
  const data = join(desk.path, name.replaceAll(' ', '-'));
  beforeAll(async () => {
    cpSync(desk.data, data, { recursive: true });
    await behindItsBack(data, async (warehouse) => {
      for (const statement of statements) await warehouse.command(statement);
    });
  });

  test('is found by verify, and nothing else is', async () => {
    const { code, audit } = await verify(data);
    const counts = countsOf(audit);
    expect([code, audit.ok]).toEqual([1, false]);
    expect(Object.keys(counts).sort()).toEqual(Object.keys(found).sort());
    // -1: several, whose number is not known beforehand.
    for (const [kind, count] of Object.entries(found)) {
      if (count === -1) expect(counts[kind as keyof Counts]).toBeGreaterThan(1);
      else expect(counts[kind as keyof Counts]).toBe(count);
    }
  });

  test('is mended by repair, to the byte', async () => {
    const { stdout } = await ntkHereOk(['repair', '--data', data, '--json']);
    // It has looked again, and all is as it is in the folder that verify finds nothing in.
    expect(JSON.parse(stdout)).toMatchObject({ repaired: { ...repaired, beyondRepair: 0 }, isMended: true });
    expect(await dump(data)).toEqual(sound);
  });
});

test('what verify finds it says in words, too, as a process of its own', async () => {
  const data = join(desk.path, 'words');
  cpSync(desk.data, data, { recursive: true });
  await behindItsBack(data, (warehouse) => warehouse.command(`ALTER TABLE ntk.access_results DELETE WHERE ${A_ROW} ${SYNC}`));
  const { code, stdout } = await ntk(['verify', '--data', data]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/1 +log +\d+ +1 +0 +0/);
  expect(stdout).toContain('NOT as it should be: ntk repair mends rows and ledger entries that the log still has.');
});

test('repair has nothing to do where nothing is wrong', async () => {
  expect((await ntkHereOk(['repair', '--data', desk.data])).stdout).toBe(
    'removed 0 rows, inserted 0 rows, mended 0 ledger entries\n',
  );
});

test('repair mends rows from the blocks of the log when the accesses are gone; without these it says that it cannot, and fails', async () => {
  const data = join(desk.path, 'gone');
  cpSync(desk.data, data, { recursive: true });
  const loseRow = async (): Promise<void> =>
    behindItsBack(data, (warehouse) => warehouse.command(`ALTER TABLE ntk.access_results DELETE WHERE ${A_ROW} ${SYNC}`));
  await loseRow();
  expect((await withLog(data, (log) => log.deleteBefore('access', 1, 500))).records).toBeGreaterThan(100);
  expect(await ntkHereOk(['repair', '--data', data])).toMatchObject({ stdout: expect.stringContaining('inserted 1 row,') });
  await loseRow();
  await withLog(data, async (log) => log.deleteBefore('results', 1, (await log.bounds('results', 1)).end));
  const { code, stdout } = await ntkHere(['repair', '--data', data]);
  expect(code).toBe(1);
  expect(stdout).toContain('inserted 0 rows');
  expect(stdout).toContain('NOT all is as it should be: the log no longer has what the rest was made of');
  const json = await ntkHere(['repair', '--data', data, '--json']);
  expect([json.code, JSON.parse(json.stdout)]).toMatchObject([1, { ok: false, isMended: false }]);
});

test('with another user key repair changes nothing, and both say what to look at', async () => {
  const data = join(desk.path, 'key');
  cpSync(desk.data, data, { recursive: true });
  writeFileSync(join(data, 'user-key'), Buffer.alloc(32, 7));
  const hint = 'see that NTK_USER_KEY_FILE, NTK_STORE_USER and the release are those of the scorer';
  const repaired = await ntkHere(['repair', '--data', data]);
  expect([repaired.code, repaired.stdout]).toEqual([1, expect.stringContaining(`ntk verify names the rest. Where`)]);
  expect(repaired.stdout).toContain('removed 0 rows, inserted 0 rows, mended 0 ledger entries');
  expect(repaired.stdout).toContain(hint);
  const found = await ntkHere(['verify', '--data', data]);
  expect([found.code, found.stdout]).toEqual([1, expect.stringContaining(hint)]);
  // One range of each partition, however many blocks there are.
  expect(found.stdout.match(/are not proved: folding the log again gives other rows than its block says/g)).toHaveLength(4);
  expect(await dump(data)).toEqual(sound);
});

test('verify says what is not judged yet, which it proves nothing of', async () => {
  const data = join(desk.path, 'behind');
  cpSync(desk.data, data, { recursive: true });
  await withLog(data, (log) => log.commit({ appends: [{ stream: 'access', partition: 2, values: [Buffer.from('{}')] }] }));
  const { code, stdout } = await ntkHere(['verify', '--data', data]);
  expect([code, stdout]).toEqual([0, expect.stringContaining('1 record at the end of the log is not judged and stored yet')]);
  expect(await verify(data)).toMatchObject({ code: 0, audit: { ok: true, unwritten: 1 } });
});

test('days whose partitions had something to tell one another are proved', async () => {
  const [made, data] = [join(desk.path, 'made'), join(desk.path, 'days')];
  await ntkOk(['simulate', '--seed', '1', '--programs', '20', '--days', '2', '--output', made]);
  const input = join(made, 'events.ndjson');
  await ntkOk(['run', '--data', data, '--policy', join(ROOT, 'policies/default.yaml'), '--input', input]);
  expect(await blocksWithNews(data)).toBeGreaterThan(0);
  const { code, audit } = await verify(data);
  expect([code, countsOf(audit)]).toEqual([0, {}]);
});

async function blocksWithNews(data: string): Promise<number> {
  return withLog(data, async (log) => {
    let blocks = 0;
    for (let partition = 0; partition < log.partitions; partition++) {
      for await (const { news } of readBlockHeaders(log, partition)) if (news !== undefined) blocks++;
    }
    return blocks;
  });
}
