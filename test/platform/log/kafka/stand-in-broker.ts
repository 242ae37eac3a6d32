/** Something that kafkajs takes for a broker, and the connections it makes to it. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import {
  createCluster,
  type InternalCluster,
  type ProtocolRequest,
} from '../../../../services/platform/log/kafka/kafkajs-internals.ts';

export const API = {
  fetch: 1,
  metadata: 3,
  findCoordinator: 10,
  saslHandshake: 17,
  apiVersions: 18,
  saslAuthenticate: 36,
} as const;

const ANSWER_MS = 300;
const CLIENT_ID = 'test';
const LENGTH_BYTES = 4;
/** Within a request: its length, api, version, correlation id and client id, and then its body. */
const API_AT = 4;
const ID_AT = 8;
const BODY_AT = 14 + CLIENT_ID.length;

export interface Pool {
  send<Response>(request: ProtocolRequest<Response>): Promise<Response>;
  destroy(): Promise<void>;
  isConnected(): boolean;
  setVersions(versions: object): void;
}

interface Sent {
  readonly apiKey: number;
  /** Of the correlation; its answer begins with it. */
  readonly id: number;
  readonly body: Buffer;
}

export type Hear = (sent: Sent, socket: Socket) => void;

export class StandInBroker {
  /** So many were taken. */
  connections = 0;
  readonly #pools: Pool[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(hear: Hear) {
    // Ends no connection by itself, however long ago the other side did.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.connections++;
      this.#sockets.add(socket);
      let kept = Buffer.alloc(0);
      socket.on('error', () => {});
      socket.on('data', (bytes) => {
        kept = Buffer.concat([kept, bytes]);
        while (kept.length >= LENGTH_BYTES && kept.length >= LENGTH_BYTES + kept.readInt32BE(0)) {
          const end = LENGTH_BYTES + kept.readInt32BE(0);
          hear({ apiKey: kept.readInt16BE(API_AT), id: kept.readInt32BE(ID_AT), body: kept.subarray(BODY_AT, end) }, socket);
          kept = kept.subarray(end);
        }
      });
    });
  }

  static async start(hear: Hear): Promise<StandInBroker> {
    const broker = new StandInBroker(hear);
    await once(broker.#server.listen(0, '127.0.0.1'), 'listening');
    return broker;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A pool of connections, as a cluster makes them. */
  async pool(): Promise<Pool> {
    const { connectionPoolBuilder } = this.cluster() as unknown as { connectionPoolBuilder: { build(): Promise<Pool> } };
    const pool = await connectionPoolBuilder.build();
    this.#pools.push(pool);
    return pool;
  }

  /** Whose brokers have 300 ms to answer. */
  cluster(sasl?: { mechanism: 'plain'; username: string; password: string }): InternalCluster {
    return createCluster({
      brokers: [this.address],
      clientId: CLIENT_ID,
      answerMs: ANSWER_MS,
      ...(sasl === undefined ? {} : { sasl }),
    });
  }

  async stop(): Promise<void> {
    for (const pool of this.#pools) await pool.destroy();
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

export function framed(id: number, body: Buffer): Buffer {
  const head = Buffer.alloc(LENGTH_BYTES * 2);
  head.writeInt32BE(LENGTH_BYTES + body.length, 0);
  head.writeInt32BE(id, LENGTH_BYTES);
  return Buffer.concat([head, body]);
}

/** Its answer is read as it is. */
export function request(apiKey: number, body = Buffer.alloc(0)): ProtocolRequest<Buffer> {
  return {
    request: { apiKey, apiVersion: 12, apiName: 'test', encode: async () => ({ buf: body, buffer: body }) },
    response: { decode: async (answer) => answer, parse: async (decoded) => decoded },
  };
}

/** The body of an answer to ApiVersions (version 2): each of `apis` in its versions 0 and 1. */
export function versions(apis: Readonly<Record<string, number>>): Buffer {
  const keys = Object.values(apis);
  const list = keys.flatMap((apiKey) => [...int16(apiKey), ...int16(0), ...int16(1)]);
  return Buffer.from([...int16(0), ...int32(keys.length), ...list, ...int32(0)]);
}

/** The body of an answer to SaslHandshake (version 1). */
export function mechanisms(name: string): Buffer {
  return Buffer.from([...int16(0), ...int32(1), ...int16(name.length), ...Buffer.from(name)]);
}

/** The body of an answer to SaslAuthenticate (version 1). */
export function session(lifetimeMs: number): Buffer {
  return Buffer.from([...int16(0), ...int16(-1), ...int32(0), ...int32(0), ...int32(lifetimeMs)]);
}

/** The body of an answer to Metadata (version 1): each broker under its place in the list, and no topics. */
export function members(addresses: readonly string[]): Buffer {
  const list = addresses.flatMap((address, i) => [...brokerAt(i, address), ...int16(-1)]);
  return Buffer.from([...int32(addresses.length), ...list, ...int32(0), ...int32(0)]);
}

/** The body of an answer to FindCoordinator (version 1). */
export function coordinates(nodeId: number, address: string): Buffer {
  return Buffer.from([...int32(0), ...int16(0), ...int16(-1), ...brokerAt(nodeId, address)]);
}

function brokerAt(nodeId: number, address: string): number[] {
  const [host = '', port] = address.split(':');
  return [...int32(nodeId), ...int16(host.length), ...Buffer.from(host), ...int32(Number(port))];
}

function int16(value: number): number[] {
  return [value >> 8, value & 0xff];
}

function int32(value: number): number[] {
  return [...int16(value >> 16), ...int16(value & 0xffff)];
}
