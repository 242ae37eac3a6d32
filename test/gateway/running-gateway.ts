/** A gateway on a real server and a real log in a folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { registerGateway } from '../../services/gateway/gateway.ts';
import type { GatewayLimits } from '../../services/gateway/limits.ts';
import { withToken } from '../../services/gateway/tokens/edit-token-file.ts';
import { TokenBook } from '../../services/gateway/tokens/token-book.ts';
import type { TokenEntry } from '../../services/gateway/tokens/token-file.ts';
import { readIfThere, replaceFile } from '../../services/platform/folder/whole-file.ts';
import { tokenDigest } from '../../services/platform/http/bearer.ts';
import { Health } from '../../services/platform/http/health.ts';
import { createHttpServer, type HttpServer } from '../../services/platform/http/http-server.ts';
import type { EventLog } from '../../services/platform/log/event-log.ts';
import { openSqliteLog } from '../../services/platform/log/sqlite/open-sqlite-log.ts';
import type { SqliteEventLog } from '../../services/platform/log/sqlite/sqlite-event-log.ts';
import { createLogger } from '../../services/platform/logger.ts';
import { createGatewayMetrics } from '../../services/platform/metrics/gateway-metrics.ts';
import { TestClock } from './test-clock.ts';

export const PARTITIONS = 4;
export const SYSTEM_TOKEN = 'token-of-the-system';

export interface Options {
  readonly limits?: Partial<GatewayLimits>;
  /** Of the log's file. */
  readonly bytesMax?: number;
  readonly busyTimeoutMs?: number;
  /** Stands between the gateway and the log. */
  readonly before?: (log: SqliteEventLog) => Pick<EventLog, 'commit' | 'partitions'>;
}

export class RunningGateway {
  readonly folder: string;
  readonly tokensFile: string;
  readonly clock: TestClock = new TestClock();
  readonly said: string[] = [];
  readonly registry: Registry = new Registry();
  log!: SqliteEventLog;
  url = '';
  #server!: HttpServer;

  private constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'ntk-gateway-'));
    this.tokensFile = join(this.folder, 'tokens.yaml');
  }

  static async open(options: Options = {}): Promise<RunningGateway> {
    const running = new RunningGateway();
    await running.#start(options);
    return running;
  }

  async #start({ limits = {}, bytesMax, busyTimeoutMs, before }: Options): Promise<void> {
    const { registry, clock, folder, tokensFile } = this;
    replaceFile(tokensFile, 'tokens: []\n');
    this.log = await openSqliteLog({
      path: this.logPath,
      partitions: PARTITIONS,
      create: true,
      clock: { nowMs: () => Date.now() },
      syncMode: 'off',
      ...(bytesMax === undefined ? {} : { bytesMax }),
      ...(busyTimeoutMs === undefined ? {} : { busyTimeoutMs }),
    });
    const logger = createLogger({ level: 'info', short: false, output: { write: (line) => void this.said.push(line) } });
    this.#server = createHttpServer({ host: '127.0.0.1', port: 0, health: new Health(), registry, stopWaitMs: 200 });
    await registerGateway(this.#server.app, {
      log: before?.(this.log) ?? this.log,
      tokens: new TokenBook({ file: tokensFile, systemToken: () => SYSTEM_TOKEN, clock, logger }),
      clock,
      logger,
      metrics: createGatewayMetrics(registry),
      limits,
    });
    this.url = await this.#server.start();
    if (folder === '') throw new Error('no folder');
  }

  get logPath(): string {
    return join(this.folder, 'log.db');
  }

  /** Puts a token into the file whose secret is its name, and lets the gateway see it. */
  allow(name: string, more: Partial<TokenEntry> = {}): void {
    const text = readIfThere(this.tokensFile)!.toString('utf8');
    const edited = withToken(text, { name, sha256: tokenDigest(name).toString('hex'), sources: [name], ...more });
    if (!edited.ok) throw new Error(edited.problems[0]?.message);
    replaceFile(this.tokensFile, edited.text);
    this.clock.advance(1_000);
  }

  post(token: string | null, body: string | Buffer<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.url}/v1/events`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/x-ndjson',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
  }

  /** All that is in the log, a list of texts a partition. */
  async records(): Promise<string[][]> {
    const all: string[][] = [];
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const texts: string[] = [];
      for (let offset = 0; ; ) {
        const batch = await this.log.read('access', partition, offset, { maxRecords: 10_000, maxBytes: 16_000_000 });
        if (batch.count === 0) break;
        for (let i = 0; i < batch.count; i++) texts.push(batch.bytes.toString('utf8', batch.starts[i], batch.starts[i + 1]));
        offset = batch.nextOffset;
      }
      all.push(texts);
    }
    return all;
  }

  async count(): Promise<number> {
    return (await this.records()).flat().length;
  }

  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
  }

  /** A connection to which anything can be written. */
  async socket(): Promise<RawConnection> {
    const { port } = new URL(this.url);
    const socket = connect(Number(port), '127.0.0.1');
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new RawConnection(socket);
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    await this.log.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class RawConnection {
  readonly socket: Socket;
  #received = '';
  #wake: () => void = () => {};
  isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('latin1');
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  write(text: string | Buffer): this {
    this.socket.write(text);
    return this;
  }

  /** What has come by the time that it matches, or that the connection is closed. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#received) && !this.isClosed) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#received;
  }

  async closed(): Promise<string> {
    while (!this.isClosed) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#received;
  }
}

let ids = 0;

/** A record of a source; each has an id of its own. */
export function event(source: string, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    specversion: '1.0',
    id: `e${ids++}`,
    source,
    type: 'ntk.access',
    subject: 'wxprogram',
    time: '2026-03-01T00:00:00Z',
    data: { user: 'u', api: 'wx.getLocation' },
    ...more,
  });
}

export function head(token: string, headers: Readonly<Record<string, string>>): string {
  const all = { host: '127.0.0.1', authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson', ...headers };
  return `POST /v1/events HTTP/1.1\r\n${Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;
}
