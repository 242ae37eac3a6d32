/**
 * Server-sent events for a bounded number of readers. Each event is a whole state of its kind, so whoever reads slowly gets the newest
 * and never a queue: of each kind at most one waits. Who reads nothing at all for a while is let go, and comes again by itself.
 */
import type { ServerResponse } from 'node:http';

export const READERS_MAX = 32;
/** Proxies and browsers close what is silent. */
const HEARTBEAT_MS = 15_000;
/** A reader whose connection takes nothing for so long is gone. */
const STALLED_MS_MAX = 30_000;
/** How long a browser waits before it comes again. */
const RETRY_MS = 2_000;

interface EventStreamOptions {
  readonly clock: { monotonicMs(): number };
  /** Somebody has come, or the last one has gone. */
  readonly onReaders?: (readers: number) => void;
  /** @default READERS_MAX */
  readonly readersMax?: number;
}

interface Reader {
  readonly response: ServerResponse;
  /** What has not been sent, by kind; only while the connection takes nothing. */
  readonly waiting: Map<string, string>;
  stalledAtMs: number | null;
  sentAtMs: number;
}

export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #readers = new Set<Reader>();
  /** Newest of each kind: what a reader begins with. */
  readonly #latest = new Map<string, string>();

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  get readers(): number {
    return this.#readers.size;
  }

  get isFull(): boolean {
    return this.#readers.size >= (this.#options.readersMax ?? READERS_MAX);
  }

  /** Takes over a response whose head is not sent yet; everything there is goes to it at once. */
  add(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
    const nowMs = this.#options.clock.monotonicMs();
    const reader: Reader = { response, waiting: new Map(), stalledAtMs: null, sentAtMs: nowMs };
    this.#readers.add(reader);
    response.on('close', () => this.#gone(reader));
    // Its connection may break at any time; `close` follows.
    response.on('error', () => {});
    response.on('drain', () => this.#drained(reader));
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
    this.#write(reader, `retry: ${RETRY_MS}\n\n${[...this.#latest.values()].join('')}`);
    this.#options.onReaders?.(this.#readers.size);
  }

  /** @param kind of the event; a later one of the same kind takes its place where it still waits */
  send(kind: string, data: unknown): void {
    // JSON has no line ends, so one line of data is all.
    const event = `event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
    this.#latest.set(kind, event);
    for (const reader of this.#readers) {
      if (reader.stalledAtMs === null) this.#write(reader, event);
      else reader.waiting.set(kind, event);
    }
  }

  /** Now and then: keeps silent connections and lets stalled ones go. */
  tend(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const reader of this.#readers) {
      if (reader.stalledAtMs !== null && nowMs - reader.stalledAtMs >= STALLED_MS_MAX) reader.response.destroy();
      else if (reader.stalledAtMs === null && nowMs - reader.sentAtMs >= HEARTBEAT_MS) this.#write(reader, ': still here\n\n');
    }
  }

  /** Ends all connections: browsers come again when there is somebody. */
  close(): void {
    for (const { response } of this.#readers) response.end();
  }

  #write(reader: Reader, text: string): void {
    const nowMs = this.#options.clock.monotonicMs();
    reader.sentAtMs = nowMs;
    if (!reader.response.write(text)) reader.stalledAtMs = nowMs;
  }

  #drained(reader: Reader): void {
    reader.stalledAtMs = null;
    const text = [...reader.waiting.values()].join('');
    reader.waiting.clear();
    if (text !== '') this.#write(reader, text);
  }

  #gone(reader: Reader): void {
    if (this.#readers.delete(reader)) this.#options.onReaders?.(this.#readers.size);
  }
}
