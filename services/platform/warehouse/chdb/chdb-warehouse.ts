/** The port's operations on sessions of the embedded engine. See open-chdb-warehouse.ts for what is special about it. */
import { Readable } from 'node:stream';
import type { DataFormat } from '@clickhouse/client';
import { bound } from '../bound-params.ts';
import { OWN_CODES, toWarehouseError, warehouseError } from '../error-codes.ts';
import { InFlight } from '../in-flight.ts';
import { fromFile, insertSql } from '../insert-sql.ts';
import { judgeReadOnly, NORMALISE_SQL } from '../read-only-query.ts';
import type { Spool } from '../spool.ts';
import type { QueryParams, RowsInsert, Warehouse } from '../warehouse.ts';
import { type ChdbSession, SESSION_KINDS, type SessionKind, type SessionPool } from './sessions.ts';

export type Engine = Readonly<Record<SessionKind, SessionPool>> & { readonly spool: Spool };

/** Rows follow one another in these, so that pieces of a result put together are the result. Others come whole. */
const PIECEWISE_FORMATS = new Set([
  'RowBinary',
  'Native',
  'JSONEachRow',
  'JSONCompactEachRow',
  'CSV',
  'TSV',
  'TabSeparated',
  'TSVRaw',
  'TabSeparatedRaw',
]);

/** The engine gives others, such as SHOW and EXPLAIN, only whole. */
const PIECEWISE_STATEMENT = /^[\s(]*(?:select|with)\b/i;

/** A piece of a result. */
interface Piece {
  raw(): Uint8Array;
}

export class ChdbWarehouse implements Warehouse {
  readonly description: string;
  readonly #inFlight: InFlight;
  readonly #openEngine: () => Promise<Engine>;
  readonly #closed: () => void;
  #opening: Promise<Engine> | null = null;
  #closing: Promise<void> | null = null;

  /** @param closed called when the folder may be opened again */
  constructor(description: string, openEngine: () => Promise<Engine>, closed: () => void) {
    this.description = description;
    this.#inFlight = new InFlight(description);
    this.#openEngine = openEngine;
    this.#closed = closed;
  }

  async query<Row>(sql: string, params?: QueryParams): Promise<Row[]> {
    return this.#run('reader', async ({ client }) => {
      const result = await client.query({ query: sql, format: 'JSONEachRow', ...bound(params) });
      return result.json<Row>();
    });
  }

  async command(sql: string, params?: QueryParams): Promise<void> {
    await this.#run('writer', ({ client }) => client.command({ query: sql, ...bound(params) }));
  }

  async insertRows(insert: RowsInsert): Promise<void> {
    if (insert.bytes.every(({ length }) => length === 0)) return;
    await this.#whileOpen(({ spool, writer }) =>
      spool.with(insert.bytes, (path) =>
        writer.use(({ client }) => client.command({ query: insertSql(insert, fromFile(path)) })),
      ),
    );
  }

  async stream(sql: string, options: Parameters<Warehouse['stream']>[1]): Promise<Readable> {
    return this.#whileOpen(async (engine) => {
      const judged = options.readonly === true ? await judge(engine, sql) : { sql, format: null };
      const format = judged.format ?? options.format;
      const inPieces = options.params === undefined && PIECEWISE_FORMATS.has(format) && PIECEWISE_STATEMENT.test(judged.sql);
      const stream = inPieces
        ? await this.#piecewise(engine, judged.sql, format)
        : await whole(engine, judged.sql, format, options.params);
      return this.#inFlight.track(stream);
    });
  }

  /** Settles when all sessions are closed. */
  close(): Promise<void> {
    this.#closing ??= this.#inFlight.end().then(async () => {
      const engine = await this.#opening?.catch(() => null);
      for (const kind of SESSION_KINDS) await engine?.[kind].close();
      this.#closed();
    });
    return this.#closing;
  }

  /** The session is kept until the stream is closed: it has one cursor. */
  async #piecewise({ guest }: Engine, sql: string, format: string): Promise<Readable> {
    const session = await guest.acquire();
    try {
      const cursor = session.connection.chdb.queryStream(sql, { format });
      const pieces = cursor[Symbol.asyncIterator]();
      // What is wrong with a query shows before its first piece.
      const first = await pieces.next();
      const stream = Readable.from(this.#bytesOf(first, pieces), { objectMode: false });
      stream.once('close', () => {
        cursor.cancel();
        guest.release(session);
      });
      return stream;
    } catch (error) {
      guest.release(session);
      throw error;
    }
  }

  async *#bytesOf(first: IteratorResult<Piece>, pieces: AsyncIterator<Piece>): AsyncGenerator<Buffer> {
    try {
      for (let piece = first; piece.done !== true; piece = await pieces.next()) {
        const raw = piece.value.raw();
        yield Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
      }
    } catch (error) {
      throw toWarehouseError(error, this.description);
    } finally {
      await pieces.return?.();
    }
  }

  #run<T>(kind: SessionKind, work: (session: ChdbSession) => Promise<T>): Promise<T> {
    return this.#whileOpen((engine) => engine[kind].use(work));
  }

  #whileOpen<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
    return this.#inFlight.run(async () => {
      try {
        return await work(await this.#engine());
      } catch (error) {
        throw toWarehouseError(error, this.description);
      }
    });
  }

  /** A failed opening may be tried again: whoever has the folder may have let go of it. */
  #engine(): Promise<Engine> {
    if (this.#opening === null) {
      this.#opening = this.#openEngine();
      this.#opening.catch(() => {
        this.#opening = null;
      });
    }
    return this.#opening;
  }
}

/** A read-only query in the engine's own spelling. @throws WarehouseError `READONLY` or what its parser says */
async function judge({ guest }: Engine, sql: string): Promise<{ readonly sql: string; readonly format: string | null }> {
  const [row] = await guest.use(async ({ client }) => {
    const result = await client.query({ query: NORMALISE_SQL, query_params: { sql }, format: 'JSONEachRow' });
    return result.json<{ sql: string }>();
  });
  const judged = judgeReadOnly(row!.sql);
  if (!judged.ok) throw warehouseError(OWN_CODES.readonly, judged.problem);
  return judged;
}

function whole({ guest }: Engine, sql: string, format: string, params: QueryParams | undefined): Promise<Readable> {
  return guest.use(async ({ client }) => {
    // Not a setting of the session: the connection takes this one out and hands it to the engine beside the query.
    const { stream } = await client.exec({
      query: sql,
      ...bound(params),
      clickhouse_settings: { default_format: format as DataFormat },
    });
    return stream;
  });
}
