/**
 * The port's operations over ClickHouse's HTTP interface, through @clickhouse/client: a server's, and the running system's, which
 * speaks enough of it.
 */
import { Readable } from 'node:stream';
import {
  type ClickHouseClient,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
  type DataFormat,
  drainStream,
} from '@clickhouse/client';
import { bound } from './bound-params.ts';
import { OWN_CODES, toWarehouseError, warehouseError } from './error-codes.ts';
import { InFlight } from './in-flight.ts';
import { fromBody, insertSql } from './insert-sql.ts';
import { judgeReadOnly, NORMALISE_SQL } from './read-only-query.ts';
import type { QueryParams, RowsInsert, Warehouse } from './warehouse.ts';

/** An insert of a full group or a report over a year: longer is a failure. */
export const REQUEST_TIMEOUT_MS = 300_000;
const CONNECTIONS_MAX = 8;
/** The writer's expressions name the ends of all blocks of a group; the default is 256 KiB. */
const QUERY_BYTES_MAX = 4 * 1024 * 1024;

const EVERY_REQUEST: ClickHouseSettings = {
  // A failure in the middle of a result is a status, not a text at the end of half an answer.
  wait_end_of_query: 1,
  // On by default in new servers: it answers before the rows are there, or joins inserts under one token.
  async_insert: 0,
  wait_for_async_insert: 1,
  max_query_size: String(QUERY_BYTES_MAX),
};

interface HttpWarehouseOptions {
  /** Without user and password. */
  readonly url: string;
  readonly pathname?: string;
  readonly auth: { readonly username: string; readonly password: string } | { readonly access_token: string };
  readonly requestTimeoutMs?: number;
  /** Whether read-only queries are judged here; the running system does that itself. */
  readonly judges: boolean;
  readonly description: string;
}

export class HttpWarehouse implements Warehouse {
  readonly description: string;
  readonly #client: ClickHouseClient;
  readonly #judges: boolean;
  readonly #inFlight: InFlight;
  #closing: Promise<void> | null = null;

  constructor({ url, pathname, auth, requestTimeoutMs = REQUEST_TIMEOUT_MS, judges, description }: HttpWarehouseOptions) {
    this.description = description;
    this.#judges = judges;
    this.#inFlight = new InFlight(description);
    this.#client = createClient({
      url,
      ...(pathname === undefined ? {} : { pathname }),
      ...auth,
      application: 'need-to-know',
      request_timeout: requestTimeoutMs,
      max_open_connections: CONNECTIONS_MAX,
      // Its log lines hold bound values; what fails is told by the error.
      log: { level: ClickHouseLogLevel.OFF },
      clickhouse_settings: EVERY_REQUEST,
    });
  }

  async query<Row>(sql: string, params?: QueryParams): Promise<Row[]> {
    return this.#run(async () => {
      const result = await this.#client.query({
        query: sql,
        format: 'JSONEachRow',
        ...bound(params),
        clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
      });
      return result.json<Row>();
    });
  }

  async command(sql: string, params?: QueryParams): Promise<void> {
    await this.#run(() => this.#client.command({ query: sql, ...bound(params) }));
  }

  async insertRows(insert: RowsInsert): Promise<void> {
    const bytes = insert.bytes.filter(({ length }) => length > 0);
    if (bytes.length === 0) return;
    await this.#run(async () => {
      const values = Readable.from(bytes, { objectMode: false });
      const { stream } = await this.#client.exec({ query: insertSql(insert, fromBody), values });
      await drainStream(stream);
    });
  }

  async stream(sql: string, options: Parameters<Warehouse['stream']>[1]): Promise<Readable> {
    return this.#run(async () => {
      const readonly = options.readonly === true;
      const judged = readonly && this.#judges ? await this.#judge(sql) : { sql, format: null };
      const { stream } = await this.#client.exec({
        query: judged.sql,
        ...bound(options.params),
        clickhouse_settings: {
          default_format: (judged.format ?? options.format) as DataFormat,
          ...(readonly ? { readonly: '1' } : {}),
        },
      });
      return this.#inFlight.track(this.#withOurErrors(stream));
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#inFlight.end().then(() => this.#client.close());
    return this.#closing;
  }

  /** A read-only query in the server's own spelling. */
  async #judge(sql: string): Promise<{ readonly sql: string; readonly format: string | null }> {
    const result = await this.#client.query({ query: NORMALISE_SQL, query_params: { sql }, format: 'JSONEachRow' });
    const [row] = await result.json<{ sql: string }>();
    const judged = judgeReadOnly(row!.sql);
    if (!judged.ok) throw warehouseError(OWN_CODES.readonly, judged.problem);
    return judged;
  }

  /** The connection may break in the middle of a result. */
  #withOurErrors(source: Readable): Readable {
    const { description } = this;
    const stream = Readable.from(
      (async function* () {
        try {
          for await (const piece of source) yield piece as Buffer;
        } catch (error) {
          throw toWarehouseError(error, description);
        }
      })(),
      { objectMode: false },
    );
    // Also when nobody has begun to read.
    stream.once('close', () => source.destroy());
    return stream;
  }

  #run<T>(work: () => Promise<T>): Promise<T> {
    return this.#inFlight.run(async () => {
      try {
        return await work();
      } catch (error) {
        throw toWarehouseError(error, this.description);
      }
    });
  }
}
