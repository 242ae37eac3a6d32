/** The tables of a cluster, as the engine itself reads, makes and fills them. What needs several servers is not shown here. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { byReasonSql, headlineSql, topProgramsSql } from '../../../services/domain/report/queries.ts';
import { partitionsOfOrdinal } from '../../../services/platform/assignment/ordinal.ts';
import { openChdbWarehouse } from '../../../services/platform/warehouse/chdb/open-chdb-warehouse.ts';
import { checkTables } from '../../../services/platform/warehouse/check-tables.ts';
import { migrate } from '../../../services/platform/warehouse/migrations.ts';
import type { Warehouse } from '../../../services/platform/warehouse/warehouse.ts';
import { temporaryFolder } from '../../platform/warehouse/temporary-folder.ts';
import { alone, askServer, FILES, ofAnyShard, onOneServer, statementsOf } from './cluster-files.ts';
import type { Answer } from './server.ts';

const TABLES = ['migrations', 'access_results', 'blocks', 'access_rollups'] as const;
const SHARD = { cluster: 'ntk', shards: '3', shard: '1', replica: 'a' };
const PARTITIONS = 16;
const LOG_ID = '11111111-1111-4111-8111-111111111111';
const SQLS = [headlineSql, byReasonSql, topProgramsSql].map((sql) => sql(`log_id = '${LOG_ID}'`));

const shard = statementsOf('shard.sql');
const tableOf = (name: string): string => shard.find((statement) => statement.includes(`ntk.${name} `))!;

/** Made-up rows of 16 partitions, a few in a hundred intercepted, from the arrival given. */
const insertRows = (table: string, where = 'true', arrival = '2026-03-01 00:00:00'): string => `
INSERT INTO ${table} (partition, offset, log_id, appended_at, event_time, program, user, outcome, verdict, proposed, reasons, effective)
SETTINGS insert_deduplicate = 0
SELECT toUInt16(number % ${PARTITIONS}) AS partition, number AS offset, toUUID('${LOG_ID}'), toDateTime64('${arrival}', 3, 'UTC') + number AS appended_at, appended_at AS event_time,
  concat('program-', toString(number % 37)), concat('user-', toString(number % 101)), ['pending', 'performed', 'refused'][1 + number % 3],
  if(number % 23 = 0, 'intercept', 'allow') AS verdict, if(number % 19 = 0, 'intercept', verdict), ['rate_limited'], [verdict]
FROM numbers(4000) WHERE ${where}`;

/** The engine's own merges would clear doubled rows away, sooner or later: from here on it finds no parts small enough. */
const neverMerged = (table: string): string =>
  `ALTER TABLE ${table} MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1`;

const rowsOf = (answer: Answer | undefined): readonly Record<string, unknown>[] => {
  if (answer === undefined || 'error' in answer) throw new Error(answer?.error ?? 'not asked');
  return answer.rows;
};

/** Without what a cluster adds and what only it has settings for; settings in one order, since the engine keeps that of statements. */
const sameTable = (sql: string): string =>
  sql
    .replace(/,\s*CONSTRAINT of_this_shard .*/, '')
    .replace(/Replicated(ReplacingMergeTree)\([^)]*\)/, '$1')
    .replace(/(?:non_)?replicated_deduplication_window\w* = \d+, /g, '')
    .replace(/(?<=^SETTINGS ).*$/m, (settings) => settings.split(', ').toSorted().join(', '));

let folder: ReturnType<typeof temporaryFolder>;
let single: Warehouse;
beforeAll(async () => {
  folder = temporaryFolder();
  single = openChdbWarehouse({ path: join(folder.path, 'single'), spoolDir: join(folder.path, 'spool') });
  await migrate(single);
});
afterAll(async () => {
  await single.close();
  folder.remove();
});

describe.each(FILES)('%s', (file) => {
  test.each(statementsOf(file).map((statement) => [statement.split('\n')[0], statement]))(
    'the engine reads %s',
    async (_, statement) => {
      const [row] = await single.query<{ formatted: string }>('SELECT formatQuerySingleLine({statement:String}) AS formatted', {
        statement,
      });
      const isOfAllServers = file !== 'reading.sql';
      expect(row!.formatted.includes('ON CLUSTER')).toBe(isOfAllServers);
    },
  );
});

describe('a server of a shard', () => {
  let answers: Map<string, Answer>;
  const own = (statement: string): string => alone(statement, 'own');
  const asked = [
    ...shard.map(onOneServer),
    ...TABLES.map((name) => `SHOW CREATE TABLE ntk.${name}`),
    // The same tables without a keeper, which take rows.
    ...shard.map(own),
    neverMerged('own.access_results'),
    ...Array.from({ length: PARTITIONS }, (_, partition) => insertRows('own.access_results', `partition = ${partition}`)),
    insertRows('own.access_results', 'partition = 4'),
    'CREATE DATABASE reading',
    ...statementsOf('reading.sql').map((statement) =>
      // In place of a server of its own: another database of this one.
      statement.replaceAll('ntk.', 'reading.').replace("'ntk'", "'own'"),
    ),
    'SELECT count() AS physical FROM reading.access_results',
    ...SQLS.flatMap((sql) => [sql.replaceAll('ntk.', 'own.'), sql.replaceAll('ntk.', 'reading.')]),
    'SELECT DISTINCT partition FROM reading.access_results ORDER BY partition',
  ];

  beforeAll(async () => {
    const all = await askServer({ folder: join(folder.path, 'server'), macros: SHARD, statements: asked });
    answers = new Map(asked.map((statement, i) => [statement, all[i]!]));
  });

  test('makes every table, replicated, from its macros', () => {
    for (const statement of shard.map(onOneServer)) expect(answers.get(statement)).toEqual({ rows: [] });
    for (const name of TABLES) {
      const [row] = rowsOf(answers.get(`SHOW CREATE TABLE ntk.${name}`));
      expect(row!['statement']).toContain(
        `ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/ntk/{shard}/${name}', '{replica}')`,
      );
    }
  });

  test.each(TABLES)('has %s as a single server has it, column by column', async (name) => {
    const [row] = rowsOf(answers.get(`SHOW CREATE TABLE ntk.${name}`));
    const [other] = await single.query<{ statement: string }>(`SHOW CREATE TABLE ntk.${name}`);
    expect(sameTable(row!['statement'] as string)).toBe(sameTable(other!.statement));
  });

  test('takes the partitions of the writer with its ordinal, and refuses all others', () => {
    const refused = Array.from({ length: PARTITIONS }, (_, partition) => partition).filter((partition) => {
      const answer = answers.get(insertRows('own.access_results', `partition = ${partition}`))!;
      if ('error' in answer) expect(answer.error).toContain('of_this_shard');
      return 'error' in answer;
    });
    const its = partitionsOfOrdinal({ index: 1, of: 3 }, PARTITIONS);
    expect(refused).toEqual(
      partitionsOfOrdinal({ index: 0, of: 3 }, PARTITIONS)
        .concat(partitionsOfOrdinal({ index: 2, of: 3 }, PARTITIONS))
        .sort((a, b) => a - b),
    );
    const stored = rowsOf(answers.get('SELECT DISTINCT partition FROM reading.access_results ORDER BY partition'));
    expect(stored.map(({ partition }) => partition)).toEqual(its);
  });

  test('is read through the reading server row by row once, whatever lies there twice', () => {
    const [{ physical }] = rowsOf(answers.get('SELECT count() AS physical FROM reading.access_results')) as [
      { physical: number },
    ];
    const [headline] = rowsOf(answers.get(SQLS[0]!.replaceAll('ntk.', 'reading.')));
    expect(physical).toBeGreaterThan(Number(headline!['accesses']));
    for (const sql of SQLS) {
      const rows = rowsOf(answers.get(sql.replaceAll('ntk.', 'own.')));
      expect(rows.length).toBeGreaterThan(0);
      expect(rowsOf(answers.get(sql.replaceAll('ntk.', 'reading.')))).toEqual(rows);
    }
  });
});

describe('tables of a shard', () => {
  test('are found fit by a writer, and its migrations leave them as they are', async () => {
    const path = join(folder.path, 'migrated');
    // One engine a process: the single server's tables go on afterwards.
    await single.close();
    const warehouse = openChdbWarehouse({ path, spoolDir: `${path}-spool` });
    try {
      for (const statement of shard) await warehouse.command(ofAnyShard(alone(statement, 'ntk')));
      const shown = async (): Promise<string[]> =>
        Promise.all(
          TABLES.map(
            async (name) => (await warehouse.query<{ statement: string }>(`SHOW CREATE TABLE ntk.${name}`))[0]!.statement,
          ),
        );
      const before = await shown();
      await migrate(warehouse);
      expect(await shown()).toEqual(before);
      // A single server's check asks for a window that replicated tables do not have.
      for (const name of TABLES)
        await warehouse.command(`ALTER TABLE ntk.${name} MODIFY SETTING non_replicated_deduplication_window = 1`);
      await checkTables(warehouse);
    } finally {
      await warehouse.close();
      single = openChdbWarehouse({ path: join(folder.path, 'single'), spoolDir: join(folder.path, 'spool') });
    }
  });

  test('give the totals of one table when partitions lie on several', async () => {
    const create = (database: string): string => ofAnyShard(alone(tableOf('access_results'), database));
    for (const database of ['one', 'shard_0', 'shard_1', 'all_shards']) await single.command(`CREATE DATABASE ${database}`);
    for (const database of ['one', 'shard_0', 'shard_1']) {
      await single.command(create(database));
      await single.command(neverMerged(`${database}.access_results`));
    }
    await single.command(
      "CREATE TABLE all_shards.access_results AS one.access_results ENGINE = Merge(REGEXP('^shard_'), '^access_results$')",
    );
    // Each row twice, as repeated inserts whose tokens were forgotten leave them.
    for (let copy = 0; copy < 2; copy++) {
      await single.command(insertRows('one.access_results'));
      for (const i of [0, 1]) await single.command(insertRows(`shard_${i}.access_results`, `partition % 2 = ${i}`));
    }
    for (const sql of SQLS)
      expect(await single.query(sql.replaceAll('ntk.', 'all_shards.'))).toEqual(
        await single.query(sql.replaceAll('ntk.', 'one.')),
      );
    const [headline] = await single.query<{ accesses: string }>(SQLS[0]!.replaceAll('ntk.', 'all_shards.'));
    expect(headline!.accesses).toBe('4000');
  });

  test('lose rows by their arrival where retention is set, and the ledger loses none', async () => {
    await single.command('CREATE DATABASE kept');
    for (const name of ['access_results', 'blocks']) await single.command(ofAnyShard(alone(tableOf(name), 'kept')));
    const [setting, ttl] = statementsOf('retention.sql').map((statement) => alone(statement, 'kept'));
    const [{ now }] = (await single.query<{ now: string }>(
      "SELECT formatDateTime(now('UTC') - INTERVAL 1 DAY, '%F %T') AS now",
    )) as [{ now: string }];
    await single.command(insertRows('kept.access_results', 'true', '2020-01-01 00:00:00'));
    await single.command(insertRows('kept.access_results', 'offset % 2 = 0', now));
    await single.command(
      `INSERT INTO kept.blocks (log_id, first, next, scored_at) VALUES ('${LOG_ID}', 0, 4000, '2020-01-01 00:00:00')`,
    );
    await single.command(setting!);
    await single.command(`${ttl!} SETTINGS mutations_sync = 2`, { days: 400 });
    await single.command('OPTIMIZE TABLE kept.access_results FINAL');
    const [counts] = await single.query(
      "SELECT (SELECT count() FROM kept.access_results FINAL) AS rows, (SELECT count() FROM kept.access_results WHERE appended_at < '2021-01-01') AS old, (SELECT count() FROM kept.blocks FINAL) AS entries",
    );
    expect(counts).toEqual({ rows: '2000', old: '0', entries: '1' });
  });
});
