/** Connections of kafkajs to a broker that breaks off, or falls silent, at a bad moment. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createCluster, type ProtocolRequest } from '../../../../services/platform/log/kafka/kafkajs-internals.ts';

const ANSWER_MS = 300;
const ANSWER = Buffer.from('an answer');

interface Pool {
  send<Response>(request: ProtocolRequest<Response>): Promise<Response>;
  destroy(): Promise<void>;
  isConnected(): boolean;
}

let server: Server | null = null;
const pools: Pool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.destroy();
  server?.close();
});

/** Answers each request with what `answer` makes of its correlation id and its number; null for nothing. */
async function broker(answer: (id: number, request: number, socket: Socket) => Buffer | null): Promise<number> {
  let requests = 0;
  server = createServer((socket) => {
    socket.on('error', () => {});
    // Each request is small and comes in a piece of its own: none is sent before the one before is answered.
    socket.on('data', (bytes) => {
      const said = answer(bytes.readInt32BE(8), ++requests, socket);
      if (said !== null) socket.write(said);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function framed(id: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + ANSWER.length, 0);
  head.writeInt32BE(id, 4);
  return Buffer.concat([head, ANSWER]);
}

const REQUEST: ProtocolRequest<string> = {
  request: {
    apiKey: 3,
    apiVersion: 12,
    apiName: 'test',
    encode: async () => ({ buf: Buffer.alloc(0), buffer: Buffer.alloc(0) }),
  },
  response: { decode: async (body) => body.toString(), parse: async (decoded) => decoded },
};

/** As a cluster makes them. */
async function poolTo(port: number): Promise<Pool> {
  const access = { brokers: [`127.0.0.1:${port}`], clientId: 'test', answerMs: ANSWER_MS };
  const { connectionPoolBuilder } = createCluster(access) as unknown as { connectionPoolBuilder: { build(): Promise<Pool> } };
  const pool = await connectionPoolBuilder.build();
  pools.push(pool);
  return pool;
}

test('a connection that broke off within an answer understands the answers of the next', async () => {
  const port = await broker((id, request, socket) => {
    if (request > 1) return framed(id);
    socket.end(framed(id).subarray(0, 12));
    return null;
  });
  const pool = await poolTo(port);
  await expect(pool.send(REQUEST)).rejects.toThrow('Closed connection');
  await expect(pool.send(REQUEST)).resolves.toBe(ANSWER.toString());
});

test('a broker that did not answer in time is no longer connected, for nobody in the process', async () => {
  const port = await broker((id, request) => (request > 2 ? null : framed(id)));
  const [asking, other] = [await poolTo(port), await poolTo(port)];
  await Promise.all([asking.send(REQUEST), other.send(REQUEST)]);
  expect([asking.isConnected(), other.isConnected()]).toEqual([true, true]);
  await expect(asking.send(REQUEST)).rejects.toThrow('timed out');
  expect([asking.isConnected(), other.isConnected()]).toEqual([false, false]);
});
