/**
 * What is mended in kafkajs 2.2.4's connections, for its own clients as well as for ours. As released
 * - a broker that does not answer any more, because its machine hangs or is gone without a word, stays connected: each request waits for it
 *   anew, and new metadata may be asked of it. So a request that was not answered in time ends all connections to it, and on the next it
 *   is asked for a sign of life first, which takes less time than a request may: its machine goes on taking connections, and kafkajs
 *   greets only who it was told of by nobody;
 * - a broker that hangs before it was asked anything, or ends each connection then, is asked again and again, though there are others in
 *   the list to begin with;
 * - one that hangs or breaks off while somebody signs in passes for one that refuses the credentials;
 * - a session that lasts no more than 10 s is renewed with each request, which Kafka refuses within a second of the time before;
 * - a connection that broke off within an answer takes the next one for its rest: it understands nothing from then on, or throws where
 *   nobody catches and ends the process;
 * - two requests at once that find no connection open two, of which one is never used, and ends the other when the broker ends it;
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
  waitForPendingRequests(): Promise<void>;
  rejectAll(error: Error): void;
  destroy(): void;
}

interface Connection {
  readonly host: string;
  readonly port: number;
  readonly sasl: unknown;
  /** Null before the broker has said them. */
  readonly versions: unknown;
  readonly requestQueue: RequestQueue;
  socket?: Socket;
  connectionStatus: string;
  authenticatedAt: unknown;
  /** Milliseconds, as the broker said when it was signed in; 0 is for ever. */
  readonly sessionLifetime: { toString(): string };
  /** Milliseconds before its end. */
  reauthenticationThreshold: number;
  chunks: readonly Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  isConnected(): boolean;
  isAuthenticated(): boolean;
  authenticate(): Promise<void>;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  processData(bytes: Buffer): void;
  send(sent: Request): Promise<unknown>;
}

interface Request {
  readonly request: { readonly apiKey: number };
}

interface RequestVersions {
  protocol(of: { readonly version: number }): () => Request;
}

/** Before each answer. */
const LENGTH_BYTES = 4;
const API = { saslHandshake: 17, apiVersions: 18, saslAuthenticate: 36 } as const;
const BEFORE_SIGNED_IN: ReadonlySet<number> = new Set(Object.values(API));
/** For the first question on a connection, and for signing in: the machine of a broker that hangs may take connections all the same. */
const GREETING_MS_MAX = 5_000;
/** How long before a session ends somebody signs in again. */
const RENEW_BEFORE_MS_MAX = 10_000;
const RENEW_BEFORE_SHARE = 0.2;

const load = createRequire(import.meta.url);
const { prototype: requestQueue } = load('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
const { prototype: connection } = load('kafkajs/src/network/connection') as { prototype: Connection };
const { CONNECTION_STATUS } = load('kafkajs/src/network/connectionStatus') as {
  CONNECTION_STATUS: { readonly DISCONNECTED: string; readonly DISCONNECTING: string };
};
const { KafkaJSConnectionError, KafkaJSConnectionClosedError } = load('kafkajs/src/errors') as {
  KafkaJSConnectionError: new (message: string, where: { broker: string }) => Error;
  KafkaJSConnectionClosedError: new (message: string, where: { host: string; port: number }) => Error;
};

/** In a version that every broker knows. */
const signOfLife = (load('kafkajs/src/protocol/requests/apiVersions') as RequestVersions).protocol({ version: 0 });

/* oxlint-disable unbound-method -- each is called with what it belongs to as `this` below */
const { scheduleCheckPendingRequests } = requestQueue;
const { connect, authenticate, processData, send } = connection;
/* oxlint-enable unbound-method */

requestQueue.scheduleCheckPendingRequests = function scheduleWhenPending(this: RequestQueue): void {
  if (this.pending.length > 0) scheduleCheckPendingRequests.call(this);
};

/** Connections that are open, and in which order they were opened. */
const opened = new Map<Connection, number>();
let openedSoFar = 0;
const opening = new WeakMap<Connection, Promise<unknown>>();
/** Hosts and ports that have not answered in time, until they greet again. */
const silent = new Set<string>();

connection.connect = function connectOnce(this: Connection): Promise<unknown> {
  const begun = opening.get(this);
  if (begun !== undefined) return begun;
  if (this.isConnected()) return Promise.resolve(true);
  letGo(this, closed(this, 'it was opened anew'));
  this.chunks = [];
  this.bytesBuffered = 0;
  this.bytesNeeded = LENGTH_BYTES;
  const number = ++openedSoFar;
  const begins = connect
    .call(this)
    .then(async (isOpen) => {
      opened.set(this, number);
      // Where versions are not known kafkajs asks for them itself, and who signs in may ask only once.
      if (silent.has(addressOf(this)) && this.versions !== null) await this.send(signOfLife());
      return isOpen;
    })
    .finally(() => opening.delete(this));
  opening.set(this, begins);
  return begins;
};

connection.disconnect = async function disconnectThis(this: Connection): Promise<unknown> {
  const { socket } = this;
  opened.delete(this);
  this.authenticatedAt = null;
  this.connectionStatus = CONNECTION_STATUS.DISCONNECTING;
  await this.requestQueue.waitForPendingRequests();
  // Whoever gave it up meanwhile may have opened the next.
  if (this.socket !== socket) return true;
  this.requestQueue.destroy();
  socket?.end();
  socket?.unref();
  this.connectionStatus = CONNECTION_STATUS.DISCONNECTED;
  return true;
};

connection.authenticate = async function authenticateOrGiveUp(this: Connection): Promise<void> {
  try {
    await inTime(this, () => authenticate.call(this));
    this.reauthenticationThreshold = Math.min(RENEW_BEFORE_MS_MAX, Math.floor(Number(this.sessionLifetime) * RENEW_BEFORE_SHARE));
  } catch (error) {
    // Who refuses credentials says so and ends the connection later.
    throw this.isConnected() ? error : failed(this, `it ended while signing in (${messageOf(error)})`);
  }
};

connection.processData = function processOrGiveUp(this: Connection, bytes: Buffer): void {
  try {
    processData.call(this, bytes);
  } catch (error) {
    giveUp(this, failed(this, `what came is no answer (${messageOf(error)})`));
  }
};

connection.send = async function sendOrGiveUp(this: Connection, sent: Request): Promise<unknown> {
  const lastOpened = openedSoFar;
  const { apiKey } = sent.request;
  try {
    if (apiKey === API.apiVersions) return await greet(this, sent);
    if (this.sasl && !BEFORE_SIGNED_IN.has(apiKey) && !this.isAuthenticated()) await this.authenticate();
    return await send.call(this, sent);
  } catch (error) {
    if (isTimeout(error)) giveUpAll(this, lastOpened);
    throw error;
  }
};

/** Who ends a connection before saying anything is no broker, stands before none, or speaks TLS where this does not, or the other way round. */
async function greet(one: Connection, sent: Request): Promise<unknown> {
  try {
    const answer = await inTime(one, () => send.call(one, sent));
    silent.delete(addressOf(one));
    return answer;
  } catch (error) {
    if (!(error instanceof KafkaJSConnectionClosedError)) throw error;
    throw failed(one, `it ended before the first answer of ${addressOf(one)} (${messageOf(error)})`);
  }
}

/** What comes first on a connection. An answer that lies there already, since this thread was busy, is read before anything is given up. */
async function inTime<Result>(one: Connection, ask: () => Promise<Result>): Promise<Result> {
  let isOver = false;
  const givingUp = (): void => {
    if (!isOver) giveUp(one, failed(one, `${addressOf(one)} takes connections and does not answer`));
  };
  const late = setTimeout(() => setImmediate(givingUp), Math.min(GREETING_MS_MAX, one.requestQueue.requestTimeout));
  try {
    return await ask();
  } finally {
    isOver = true;
    clearTimeout(late);
  }
}

function addressOf({ host, port }: Connection): string {
  return `${host}:${port}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'KafkaJSRequestTimeoutError';
}

/** As when nothing could be connected to: kafkajs then asks the next broker of its list. */
function failed(one: Connection, why: string): Error {
  return new KafkaJSConnectionError(`Connection error: ${why}`, { broker: addressOf(one) });
}

function closed({ host, port }: Connection, why: string): Error {
  return new KafkaJSConnectionClosedError(`Closed connection: ${why}`, { host, port });
}

/** All that lead to the same broker, or each would find out by itself; not those that were opened since it was asked. */
function giveUpAll(asked: Connection, lastOpened: number): void {
  const address = addressOf(asked);
  silent.add(address);
  for (const [one, number] of opened)
    if (addressOf(one) === address && number <= lastOpened) giveUp(one, closed(one, 'the broker has not answered in time'));
}

function giveUp(one: Connection, error: Error): void {
  one.connectionStatus = CONNECTION_STATUS.DISCONNECTED;
  one.authenticatedAt = null;
  letGo(one, error);
}

/** What waits on it is told so, and nothing that still comes is heard. */
function letGo(one: Connection, error: Error): void {
  opened.delete(one);
  const { socket } = one;
  if (socket !== undefined) {
    for (const event of ['data', 'end', 'error', 'timeout']) socket.removeAllListeners(event);
    socket.on('error', () => {});
    socket.destroy();
  }
  one.requestQueue.rejectAll(error);
}
