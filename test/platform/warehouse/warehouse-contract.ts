/** What every adapter of the port Warehouse must do. Run by a test file each, against the real thing. */
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BlockHeader } from '../../../schemas/results/block.ts';
import { type Column, ROW_COLUMNS } from '../../../schemas/results/columns.ts';
import { LEDGER_COLUMNS, ledgerRow } from '../../../services/platform/warehouse/ledger-row.ts';
import { migrate } from '../../../services/platform/warehouse/migrations.ts';
import { encodeRow } from '../../../services/platform/warehouse/row-binary.ts';
import type { RowsInsert, Warehouse, WarehouseError } from '../../../services/platform/warehouse/warehouse.ts';
import { hostileRows, hostileText, plainRow } from './hostile-rows.ts';

const LOG_ID = '6f1c9d3e-0b57-4f0e-9a35-5d0c3a1f7b11';
const COLUMNS: readonly Column[] = ROW_COLUMNS;
const NAMES = COLUMNS.map(({ name }) => `\`${name}\``).join(', ');
const SCORED_AT_MS = Date.UTC(2026, 10, 2);

export const HEADER: BlockHeader = {
  logId: LOG_ID,
  partition: 3,
  first: 0,
  next: 10,
  engine: 1,
  catalogueHash: 'c'.repeat(64),
  accesses: 7,
  facts: { 'ntk.consent': 2 },
  staleFacts: 0,
  duplicates: 1,
  rejects: { invalid_json: 1 },
  heartbeats: 0,
  policyCopies: 0,
  liveRecords: 9,
  scoredAtMs: SCORED_AT_MS,
  eventTimeMinMs: 1,
  eventTimeMaxMs: null,
  rowsHash: 'a'.repeat(64),
  entryHash: 'b'.repeat(64),
  liveArrivals: [],
  authority: 'open',
  erasures: [],
};

/** Each row may be of a month of its own, which is a part of its own, written through to the disk. */
const MANY_PARTS_MS_MAX = 60_000;

let tokens = 0;
const freshToken = (): string => `${LOG_ID}:3:${tokens}-${++tokens}`;

export function rowsInsert(rows: readonly Uint8Array[], token: string): RowsInsert {
  return {
    table: 'access_results',
    columns: COLUMNS,
    bytes: rows,
    expressions: {
      log_id: `toUUID('${LOG_ID}')`,
      partition: '3',
      scored_at: `fromUnixTimestamp64Milli(toInt64(${SCORED_AT_MS}), 'UTC')`,
    },
    token,
  };
}

export const plainRows = (offsets: readonly number[]): Buffer[] =>
  offsets.map((offset) => encodeRow(COLUMNS, plainRow({ offset })));

async function bytesOf(stream: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** What a read-only query may not do, by what it would reach. `@PATH@` stands for a file's path. */
export const ATTACKS: readonly (readonly [string, string])[] = [
  ['inserts', 'INSERT INTO ntk.blocks (first) VALUES (1)'],
  ['inserts into a file', "INSERT INTO FUNCTION file('@PATH@.out', 'CSV', 'a Int8') SELECT 1"],
  ['changes rows', 'ALTER TABLE ntk.access_results DELETE WHERE 1'],
  ['deletes rows', 'DELETE FROM ntk.access_results WHERE 1'],
  ['drops a table', 'DROP TABLE ntk.access_results'],
  ['empties a table', 'TRUNCATE TABLE ntk.access_results'],
  ['makes a table', 'CREATE TABLE ntk.mine (a Int8) ENGINE = Memory'],
  ['makes a table of the session', 'CREATE TEMPORARY TABLE mine (a Int8)'],
  ['makes a function', 'CREATE FUNCTION mine AS x -> file(x)'],
  ['writes a file', "SELECT * FROM ntk.access_results INTO OUTFILE '@PATH@.out'"],
  ['writes a file over comments', "SELECT 1 INTO/**/OUTFILE '@PATH@.out' TRUNCATE FORMAT CSV"],
  ['writes a file in small letters', "select 1 into\noutfile '@PATH@.out' and stdout"],
  ['reads a file as a table', "SELECT * FROM file('@PATH@', 'LineAsString')"],
  ['reads a file by its quoted path', "SELECT * FROM '@PATH@'"],
  ['reads a file by its path as a name', 'SELECT * FROM `@PATH@`'],
  ['reads a file in a common table expression', "WITH x AS (SELECT * FROM file('@PATH@', 'LineAsString')) SELECT * FROM x"],
  ['reads a file by a function', "SELECT file('@PATH@')"],
  ['reads a file by a quoted function', "SELECT `file`('@PATH@'), \"file\" /* */ ('@PATH@')"],
  ['reads a file by a lambda', "SELECT arrayMap(x -> file(x), ['@PATH@'])"],
  ['reads a file by a function given by name', "SELECT arrayMap(file, ['@PATH@'])"],
  ['reads a file by APPLY', "SELECT * APPLY file FROM (SELECT '@PATH@')"],
  ['reads a file in the database of files', 'SELECT * FROM default.`@PATH@`'],
  ['describes a file', "DESCRIBE file('@PATH@', 'LineAsString')"],
  ['describes a path', "DESCRIBE '@PATH@'"],
  ['describes a path in the database of files', 'DESCRIBE TABLE `default`.`@PATH@`'],
  ['asks whether a path is there', 'EXISTS TABLE `@PATH@`'],
  ['asks a URL', "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)"],
  ['describes a URL', "DESCRIBE url('http://127.0.0.1:1/')"],
  ['asks an object store', "SELECT * FROM s3('http://bucket.s3.amazonaws.com/a.csv')"],
  ['asks another server', "SELECT * FROM remote('127.0.0.1:1', system.one)"],
  ['asks another server in IN', "SELECT 1 IN remote('127.0.0.1:1', system.one)"],
  ['runs a program', "SELECT * FROM executable('id', TSV, 'a String')"],
  ['explains a way out', "EXPLAIN SELECT * FROM file('@PATH@', 'LineAsString')"],
  ['lifts the rule in the query', 'SELECT 1 SETTINGS readonly = 0'],
  ['lifts the rule before', 'SET readonly = 0'],
  ['comes second', 'SELECT 1; DROP TABLE ntk.access_results'],
  ['comes second after a comment', 'SELECT 1 -- \n; SELECT 2'],
  ['changes the database', 'USE system'],
  ['ends other queries', 'KILL QUERY WHERE 1'],
  ['makes a copy', "BACKUP TABLE ntk.access_results TO File('@PATH@.out')"],
  ['stops the engine', 'SYSTEM SHUTDOWN'],
  ['makes a user', "CREATE USER mine IDENTIFIED BY 'x'"],
  ['gives itself rights', 'GRANT ALL ON *.* TO default'],
  ['takes a name from a parameter', 'SELECT * FROM {x:Identifier}'],
  ['writes a file from SHOW', "SHOW TABLES FROM ntk INTO OUTFILE '@PATH@.out'"],
  ['writes a file from EXPLAIN', "EXPLAIN SELECT 1 INTO OUTFILE '@PATH@.out'"],
  ['reads a file in a view', "SELECT * FROM view(SELECT * FROM file('@PATH@', 'LineAsString'))"],
  ['reads a file by a function in curly quotes', "SELECT \u201cfile\u201d('@PATH@')"],
  ['reads a file by a function in a heredoc', 'SELECT file($$@PATH@$$)'],
];

export interface OpenedWarehouse {
  readonly warehouse: Warehouse;
  /** A file that no query may read. */
  readonly secretFile: string;
  close(): Promise<void>;
}

export function describeWarehouse(name: string, open: () => Promise<OpenedWarehouse>): void {
  describe(`${name}`, () => {
    let opened: OpenedWarehouse;
    let warehouse: Warehouse;
    beforeAll(async () => {
      opened = await open();
      warehouse = opened.warehouse;
      await migrate(warehouse);
    });
    afterAll(() => opened.close());
    beforeEach(async () => {
      await warehouse.command('TRUNCATE TABLE ntk.access_results');
      await warehouse.command('TRUNCATE TABLE ntk.blocks');
    });

    const countRows = async (final = ''): Promise<number> => {
      const [row] = await warehouse.query<{ n: string }>(`SELECT count() AS n FROM ntk.access_results ${final}`);
      return Number(row!.n);
    };
    const failure = async (work: Promise<unknown>): Promise<WarehouseError> => {
      const error: unknown = await work.then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ name: 'WarehouseError' });
      return error as WarehouseError;
    };
    const refusal = async (sql: string): Promise<WarehouseError> =>
      failure(warehouse.stream(sql, { format: 'CSV', readonly: true }).then((stream) => bytesOf(stream)));

    describe('rows', () => {
      test(
        'come back byte for byte, whatever their text',
        async () => {
          await fc.assert(
            fc.asyncProperty(hostileRows, async (rows) => {
              await warehouse.command('TRUNCATE TABLE ntk.access_results');
              const bytes = rows.map((row) => encodeRow(COLUMNS, row));
              await warehouse.insertRows(rowsInsert(bytes, freshToken()));
              const stream = await warehouse.stream(
                `SELECT ${NAMES} FROM ntk.access_results FINAL WHERE log_id = {logId:UUID} ORDER BY offset`,
                {
                  format: 'RowBinary',
                  params: { logId: LOG_ID },
                },
              );
              expect((await bytesOf(stream)).equals(Buffer.concat(bytes))).toBe(true);
            }),
            { numRuns: 6 },
          );
        },
        MANY_PARTS_MS_MAX,
      );

      test('carry the expressions of their block', async () => {
        await warehouse.insertRows(rowsInsert(plainRows([5]), freshToken()));
        expect(await warehouse.query('SELECT log_id, partition, scored_at, offset FROM ntk.access_results')).toEqual([
          { log_id: LOG_ID, partition: 3, scored_at: '2026-11-02 00:00:00.000', offset: '5' },
        ]);
      });

      test('inserted again with the same token are there once, also physically', async () => {
        const insert = rowsInsert(plainRows([1, 2, 3]), freshToken());
        await warehouse.insertRows(insert);
        await warehouse.insertRows(insert);
        expect(await countRows()).toBe(3);
      });

      test('inserted again with another token count once in totals', async () => {
        await warehouse.insertRows(rowsInsert(plainRows([1, 2, 3]), freshToken()));
        await warehouse.insertRows(rowsInsert(plainRows([2, 3, 4]), freshToken()));
        expect(await countRows('FINAL')).toBe(4);
      });

      test('of more than a hundred months go in at once', async () => {
        const months = Array.from({ length: 130 }, (_, month) =>
          encodeRow(COLUMNS, plainRow({ offset: month, event_time: Date.UTC(1990, month, 15) })),
        );
        await warehouse.insertRows(rowsInsert(months, freshToken()));
        expect(await countRows('FINAL')).toBe(130);
      });

      test('of none are no failure', async () => {
        await warehouse.insertRows(rowsInsert([], freshToken()));
        await warehouse.insertRows(rowsInsert([Buffer.alloc(0)], freshToken()));
        expect(await countRows()).toBe(0);
      });

      test('cut short are refused and nothing of them stays', async () => {
        const [row] = plainRows([1]);
        const error = await failure(warehouse.insertRows(rowsInsert([row!, row!.subarray(0, 20)], freshToken())));
        expect(error.retryable).toBe(false);
        expect(await countRows()).toBe(0);
      });

      test('many at once keep their order', async () => {
        const offsets = Array.from({ length: 30_000 }, (_, offset) => offset);
        const bytes = plainRows(offsets);
        await warehouse.insertRows(rowsInsert(bytes, freshToken()));
        const stream = await warehouse.stream(`SELECT ${NAMES} FROM ntk.access_results ORDER BY offset`, { format: 'RowBinary' });
        expect((await bytesOf(stream)).equals(Buffer.concat(bytes))).toBe(true);
      });
    });

    describe('the ledger', () => {
      test('keeps what a block says of itself', async () => {
        await warehouse.insertRows({ table: 'blocks', columns: LEDGER_COLUMNS, bytes: [ledgerRow(HEADER)], token: freshToken() });
        const [row] = await warehouse.query<Record<string, unknown>>('SELECT * FROM ntk.blocks FINAL');
        expect(row).toMatchObject({
          log_id: LOG_ID,
          partition: 3,
          first: '0',
          next: '10',
          kind: 'block',
          facts: { 'ntk.consent': '2' },
          rejects: { invalid_json: '1' },
          event_time_min: '1970-01-01 00:00:00.001',
          event_time_max: null,
          rows_hash: 'a'.repeat(64),
          reason: '',
        });
      });

      test('takes a gap beside the blocks', async () => {
        await warehouse.command(
          "INSERT INTO ntk.blocks (log_id, partition, first, next, kind, reason, scored_at) SELECT {logId:UUID}, 3, 10, 20, 'gap', {reason:String}, now64(3)",
          { logId: LOG_ID, reason: "lost with disk 'sda'" },
        );
        expect(await warehouse.query('SELECT kind, reason FROM ntk.blocks FINAL')).toEqual([
          { kind: 'gap', reason: "lost with disk 'sda'" },
        ]);
      });
    });

    describe('queries', () => {
      test('bind text as it is', async () => {
        await fc.assert(
          fc.asyncProperty(hostileText, fc.array(hostileText, { maxLength: 3 }), async (one, many) => {
            const [row] = await warehouse.query<{ one: string; many: string[] }>(
              'SELECT {one:String} AS one, {many:Array(String)} AS many',
              { one, many },
            );
            expect(row).toEqual({ one, many });
          }),
          { numRuns: 40 },
        );
      });

      test('bind numbers, lists of numbers, ids and truth', async () => {
        const sql =
          'SELECT {n:UInt64} AS n, {list:Array(UInt16)} AS list, {id:UUID} AS id, {yes:Bool} AS yes, {none:Array(UInt8)} AS none';
        const params = { n: Number.MAX_SAFE_INTEGER, list: [1, 65_535], id: LOG_ID, yes: true, none: [] };
        expect(await warehouse.query(sql, params)).toEqual([
          { n: '9007199254740991', list: [1, 65_535], id: LOG_ID, yes: true, none: [] },
        ]);
      });

      test('give 64-bit integers as text', async () => {
        expect(await warehouse.query('SELECT toUInt64(18446744073709551615) AS n, count() AS c FROM ntk.blocks')).toEqual([
          { n: '18446744073709551615', c: '0' },
        ]);
      });

      test("that are wrong say so in one line with the engine's name for it", async () => {
        const error = await failure(warehouse.query('SELECT nope FROM ntk.blocks'));
        expect(error).toMatchObject({ code: 'UNKNOWN_IDENTIFIER', retryable: false });
        expect(error.message).toMatch(/nope/);
        expect(error.message).not.toMatch(/\n|DB::Exception|Code:/);
        expect(await failure(warehouse.query('SELEC 1'))).toMatchObject({ code: 'SYNTAX_ERROR', retryable: false });
        expect(await failure(warehouse.command('DROP TABLE ntk.nowhere'))).toMatchObject({ code: 'UNKNOWN_TABLE' });
      });

      test('that fail do not tell whom they were about', async () => {
        const sql = "SELECT throwIf(user = {user:String}, 'found') FROM (SELECT {user:String} AS user)";
        const error = await failure(warehouse.query(sql, { user: 'u_secret_person' }));
        expect(error.message).not.toContain('u_secret_person');
      });

      test('run beside one another', async () => {
        const answers = await Promise.all(
          Array.from({ length: 12 }, (_, i) =>
            warehouse.query<{ n: number }>('SELECT {n:UInt32} AS n, count() FROM numbers(100000)', { n: i }),
          ),
        );
        expect(answers.map(([row]) => row!.n)).toEqual(Array.from({ length: 12 }, (_, i) => i));
      });
    });

    describe('results as bytes', () => {
      test.each([
        ['CSV', '1,"a"\n2,"b"\n'],
        ['JSONEachRow', '{"n":1,"t":"a"}\n{"n":2,"t":"b"}\n'],
        ['CSVWithNames', '"n","t"\n1,"a"\n2,"b"\n'],
        ['TabSeparated', '1\ta\n2\tb\n'],
      ])('come in the format asked for: %s', async (format, expected) => {
        const stream = await warehouse.stream("SELECT n, t FROM values('n UInt64, t String', (1, 'a'), (2, 'b'))", { format });
        expect(await text(stream)).toBe(expected);
      });

      test('take parameters', async () => {
        expect(
          await text(await warehouse.stream('SELECT {x:String}', { format: 'TabSeparatedRaw', params: { x: "it's" } })),
        ).toBe("it's\n");
      });

      test('are whole however large', async () => {
        const bytes = await bytesOf(
          await warehouse.stream('SELECT number FROM numbers(300000)', { format: 'RowBinary', readonly: true }),
        );
        expect(bytes.length).toBe(300_000 * 8);
        expect(bytes.readUInt32LE(299_999 * 8)).toBe(299_999);
      });

      test('fail where the query fails midway', async () => {
        const read = async (): Promise<Buffer> =>
          bytesOf(await warehouse.stream('SELECT throwIf(number = 250000) FROM numbers(300000)', { format: 'RowBinary' }));
        await expect(read()).rejects.toMatchObject({ name: 'WarehouseError' });
      });

      test('may be left unread, again and again', async () => {
        for (let i = 0; i < 8; i++) {
          const stream = await warehouse.stream('SELECT number FROM numbers(1000000)', { format: 'RowBinary', readonly: true });
          if (i % 2 === 0) await new Promise((resolve) => void stream.once('data', resolve));
          stream.destroy();
        }
        expect(await text(await warehouse.stream('SELECT 1', { format: 'CSV', readonly: true }))).toBe('1\n');
      });

      test('are not those of something that is no query', async () => {
        expect(await failure(warehouse.stream('SELECT * FROM ntk.nowhere', { format: 'CSV' }))).toMatchObject({
          code: 'UNKNOWN_TABLE',
        });
      });
    });

    describe('a read-only query', () => {
      test.each([
        'SELECT count() FROM ntk.access_results FINAL',
        'with x as (select 1 as a) select a from x -- comment',
        'SELECT program, count() AS n FROM ntk.access_results GROUP BY program ORDER BY n DESC LIMIT 10',
        "SELECT 'INTO OUTFILE', 'file(', ';' AS `weird name`",
        'SHOW TABLES FROM ntk',
        'DESCRIBE ntk.access_results',
        'EXPLAIN SELECT 1',
        '(SELECT 1) UNION ALL (SELECT number FROM numbers(2));',
        "SELECT format('{}-{}', 'a', 'b'), toDate('2026-01-01') + INTERVAL 1 DAY, arrayMap(x -> x + 1, [1]), 1 - -1",
      ])('may be %s', async (sql) => {
        const stream = await warehouse.stream(sql, { format: 'CSV', readonly: true });
        await expect(text(stream)).resolves.toEqual(expect.any(String));
      });

      test('may name its own format', async () => {
        expect(await text(await warehouse.stream('SELECT 1 AS a FORMAT JSONEachRow', { format: 'CSV', readonly: true }))).toBe(
          '{"a":1}\n',
        );
      });

      test.each(ATTACKS)('is refused when it %s', async (_what, sql) => {
        await warehouse.insertRows(rowsInsert(plainRows([1]), freshToken()));
        const error = await refusal(sql.replaceAll('@PATH@', opened.secretFile));
        expect(error.message).not.toContain('s3cret');
        expect(['READONLY', 'SYNTAX_ERROR']).toContain(error.code);
        expect(existsSync(`${opened.secretFile}.out`)).toBe(false);
        expect(await countRows()).toBe(1);
      });
    });
  });
}
