/**
 * What is mended in kafkajs 2.2.4's connections, for its own clients as well as for ours. As released
 * - a broker that does not answer any more, because its machine hangs or is gone without a word, stays connected: each request waits for it
 *   anew, and new metadata may be asked of it. So a request that was not answered in time ends all connections to it;
 * - a broker that hangs before it was asked anything is asked again and again, though there are others in the list to begin with;
 * - a connection that broke off within an answer takes the next one for its rest, and understands nothing from then on;
 * - a queue with nothing in it sets itself a timer of a negative delay again and again: a thousand a second for each connection, and a
 *   warning on stderr from Node 24 on.
 * Imported for that by kafkajs-internals.ts, which says why the version is pinned.
 */
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

interface RequestQueue {
  readonly pending: readonly unknown[];
  /** Milliseconds. */
  readonly requestTimeout: number;
  scheduleCheckPendingRequests(): void;
  rejectAll(error: Error): void;
}

interface Connection {
  readonly host: string;
  readonly port: number;
  readonly requestQueue: RequestQueue;
  socket?: Socket;
  connectionStatus: string;
  authenticatedAt: unknown;
  chunks: readonly Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  isConnected(): boolean;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  send(request: unknown): Promise<unknown>;
}

interface ConnectionPool {
  readonly host: string;
  readonly port: number;
  getConnectionByRequest(request: Request): Promise<Connection>;
  send(request: Request): Promise<unknown>;
}

interface Request {
  readonly request: { readonly apiKey: number };
}

/** Before each answer. */
const LENGTH_BYTES = 4;
/** The first question on a connection. The machine of a broker that hangs may take connections all the same. */
const API_VERSIONS = 18;
const GREETING_MS_MAX = 5_000;

const load = createRequire(import.meta.url);
const { prototype: requestQueue } = load('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
const { prototype: connection } = load('kafkajs/src/network/connection') as { prototype: Connection };
const { prototype: pool } = load('kafkajs/src/network/connectionPool') as { prototype: ConnectionPool };
const { CONNECTION_STATUS } = load('kafkajs/src/network/connectionStatus') as { CONNECTION_STATUS: { DISCONNECTED: string } };
const { KafkaJSConnectionError, KafkaJSConnectionClosedError } = load('kafkajs/src/errors') as {
  KafkaJSConnectionError: new (message: string, where: { broker: string }) => Error;
  KafkaJSConnectionClosedError: new (message: string, where: { host: string; port: number }) => Error;
};

// oxlint-disable-next-line unbound-method -- called with the queue as `this` below
const schedule = requestQueue.scheduleCheckPendingRequests;
requestQueue.scheduleCheckPendingRequests = function scheduleWhenPending(this: RequestQueue): void {
  if (this.pending.length > 0) schedule.call(this);
};

/** Connections that are open, and in which order they were opened. */
const opened = new Map<Connection, number>();
let openedSoFar = 0;

// oxlint-disable-next-line unbound-method -- called with the connection as `this` below
const { connect, disconnect } = connection;
connection.connect = function connectAnew(this: Connection): Promise<unknown> {
  if (!this.isConnected()) {
    this.chunks = [];
    this.bytesBuffered = 0;
    this.bytesNeeded = LENGTH_BYTES;
    opened.set(this, ++openedSoFar);
  }
  return connect.call(this);
};
connection.disconnect = function disconnectAndForget(this: Connection): Promise<unknown> {
  opened.delete(this);
  return disconnect.call(this);
};

pool.send = async function sendOrGiveUp(this: ConnectionPool, sent: Request): Promise<unknown> {
  const chosen = await this.getConnectionByRequest(sent);
  const lastOpened = openedSoFar;
  const isGreeting = sent.request.apiKey === API_VERSIONS;
  const late = isGreeting ? setTimeout(() => giveUp(chosen, unanswered(chosen)), greetingMsMax(chosen)) : undefined;
  try {
    return await chosen.send(sent);
  } catch (error) {
    if (isTimeout(error)) giveUpAll(this, lastOpened);
    throw error;
  } finally {
    clearTimeout(late);
  }
};

function greetingMsMax({ requestQueue: { requestTimeout } }: Connection): number {
  return Math.min(GREETING_MS_MAX, requestTimeout);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'KafkaJSRequestTimeoutError';
}

/** As when nothing could be connected to: kafkajs then asks the next broker of its list. */
function unanswered({ host, port }: Connection): Error {
  return new KafkaJSConnectionError('Connection error: the broker does not answer', { broker: `${host}:${port}` });
}

/** All that lead to the same broker, or each would find out by itself; not those that were opened since it was asked. */
function giveUpAll({ host, port }: ConnectionPool, lastOpened: number): void {
  for (const [one, number] of opened)
    if (one.host === host && one.port === port && number <= lastOpened) giveUp(one, closed(one));
}

function closed({ host, port }: Connection): Error {
  return new KafkaJSConnectionClosedError('the broker has not answered in time', { host, port });
}

/** What waits on it is told so, and nothing that still comes is read. */
function giveUp(one: Connection, error: Error): void {
  opened.delete(one);
  one.connectionStatus = CONNECTION_STATUS.DISCONNECTED;
  one.authenticatedAt = null;
  one.socket?.destroy();
  one.requestQueue.rejectAll(error);
}
