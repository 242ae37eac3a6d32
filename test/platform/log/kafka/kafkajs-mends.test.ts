/** Connections of kafkajs to a broker that breaks off, falls silent or talks nonsense at a bad moment. */
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../../services/platform/clock.ts';
import { KafkaConnection } from '../../../../services/platform/log/kafka/connection.ts';
import { asLogError, isTransient } from '../../../../services/platform/log/kafka/kafka-error.ts';
import { freePorts } from '../../../free-ports.ts';
import { allowKafkaItsTime, type SharedBroker, sharedBroker } from '../../../kafka/shared-broker.ts';
import { Random } from '../../../reference/random.ts';
import { TestLogs, textsOf, values } from './open-test-log.ts';
import {
  API,
  coordinates,
  framed,
  type Hear,
  mechanisms,
  members,
  request,
  session,
  StandInBroker,
  versions,
} from './stand-in-broker.ts';

/** Of a broker, which has more to do. Each client of a log waits so long for the one that hangs. */
const OPEN_ANSWER_MS = 1_000;
const ANSWER = Buffer.from('an answer');
/** A try to connect takes 3 s at most, and an answer 300 ms. */
const WAITED_MS_MAX = 10_000;

allowKafkaItsTime();

let shared: SharedBroker;
beforeAll(async () => {
  shared = await sharedBroker();
});

const started: StandInBroker[] = [];
async function start(hear: Hear): Promise<StandInBroker> {
  const broker = await StandInBroker.start(hear);
  started.push(broker);
  return broker;
}
afterEach(async () => {
  for (const broker of started.splice(0)) await broker.stop();
});

test('a connection that broke off within an answer understands the answers of the next', async () => {
  const broker = await start(({ id }, socket) => {
    if (broker.connections > 1) socket.write(framed(id, ANSWER));
    else socket.end(framed(id, ANSWER).subarray(0, 12));
  });
  const pool = await broker.pool();
  await expect(pool.send(request(API.metadata))).rejects.toThrow('Closed connection');
  await expect(pool.send(request(API.metadata))).resolves.toEqual(ANSWER);
});

test('what is no answer ends the connection, and neither the process nor the next connection', async () => {
  const broker = await start(({ id }, socket) => {
    socket.write(broker.connections > 1 ? framed(id, ANSWER) : Buffer.from([0, 0, 0, 1, 7]));
  });
  const pool = await broker.pool();
  await expect(pool.send(request(API.metadata))).rejects.toThrow('no answer');
  await expect(pool.send(request(API.metadata))).resolves.toEqual(ANSWER);
});

test('a broker that did not answer in time is no longer connected, for nobody in the process', async () => {
  let heard = 0;
  const broker = await start(({ id }, socket) => {
    if (++heard <= 2) socket.write(framed(id, ANSWER));
  });
  const [asking, other] = [await broker.pool(), await broker.pool()];
  await Promise.all([asking.send(request(API.metadata)), other.send(request(API.metadata))]);
  expect([asking.isConnected(), other.isConnected()]).toEqual([true, true]);
  await expect(asking.send(request(API.metadata))).rejects.toThrow('timed out');
  expect([asking.isConnected(), other.isConnected()]).toEqual([false, false]);
});

test('a broker that fell silent is asked for a sign of life before anything else, until it gives one', async () => {
  const heard: string[] = [];
  const broker = await start(({ apiKey, id }, socket) => {
    heard.push(`${broker.connections}: ${apiKey}`);
    if (broker.connections > 2) socket.write(framed(id, apiKey === API.apiVersions ? versions(API) : ANSWER));
  });
  const pool = await broker.pool();
  pool.setVersions({});
  await expect(pool.send(request(API.metadata))).rejects.toThrow('timed out');
  // Whichever of the two limits, which are the same here, is looked at first.
  await expect(pool.send(request(API.metadata))).rejects.toThrow(/does not answer|ApiVersions/);
  await expect(pool.send(request(API.metadata))).resolves.toEqual(ANSWER);
  await pool.destroy();
  await expect(pool.send(request(API.metadata))).resolves.toEqual(ANSWER);
  const { metadata, apiVersions } = API;
  expect(heard).toEqual([`1: ${metadata}`, `2: ${apiVersions}`, `3: ${apiVersions}`, `3: ${metadata}`, `4: ${metadata}`]);
});

test('a broker that fell silent is greeted once where somebody signs in, since Kafka ends the connection at the second time', async () => {
  const heard: number[] = [];
  let isSilent = true;
  const broker = await start(({ apiKey, id }, socket) => {
    if (isSilent) return;
    heard.push(apiKey);
    if (apiKey === API.apiVersions) socket.write(framed(id, versions(API)));
    if (apiKey === API.saslHandshake) socket.write(framed(id, mechanisms('PLAIN')));
    if (apiKey === API.saslAuthenticate) socket.write(framed(id, session(0)));
  });
  await expect((await broker.pool()).send(request(API.metadata))).rejects.toThrow('timed out');
  isSilent = false;
  const cluster = broker.cluster({ mechanism: 'plain', username: 'scorer', password: 'secret' });
  await cluster.connect();
  expect(heard).toEqual([API.apiVersions, API.saslHandshake, API.saslAuthenticate]);
  await cluster.disconnect();
});

test('who coordinates is asked anew when the one that did was left by somebody else in the process', async () => {
  let coordinator = 0;
  const hear: Hear = ({ apiKey, id }, socket) => {
    if (apiKey === API.apiVersions) socket.write(framed(id, versions(API)));
    if (apiKey === API.metadata) socket.write(framed(id, members(brokers.map(({ address }) => address))));
    if (apiKey === API.findCoordinator) socket.write(framed(id, coordinates(coordinator, brokers[coordinator]!.address)));
  };
  const brokers = [await start(hear), await start(hear)];
  const access = { brokers: [brokers[1]!.address], clientId: 'test', answerMs: OPEN_ANSWER_MS };
  const connection = new KafkaConnection({ access, topics: [], clock: systemClock, tryingMs: OPEN_ANSWER_MS });
  expect((await connection.transactionCoordinator('scorer')).nodeId).toBe(0);
  const other = await brokers[0]!.pool();
  await expect(other.send(request(API.fetch))).rejects.toThrow('timed out');
  coordinator = 1;
  expect((await connection.transactionCoordinator('scorer')).nodeId).toBe(1);
  await connection.close();
});

test('requests that find no connection at the same moment open one for all of them', async () => {
  const broker = await start(({ id }, socket) => {
    socket.write(framed(id, ANSWER));
  });
  const pool = await broker.pool();
  await Promise.all(Array.from({ length: 5 }, () => pool.send(request(API.fetch))));
  expect(broker.connections).toBe(1);
});

test('a connection that was closed says nothing to the next one of its place', async () => {
  const sockets: Socket[] = [];
  const broker = await start(({ id }, socket) => {
    sockets.push(socket);
    const [first] = sockets;
    // Only now the end of the first one comes, before the answer that is waited for.
    if (first !== socket) first!.end(() => socket.write(framed(id, ANSWER)));
    else socket.write(framed(id, ANSWER));
  });
  const pool = await broker.pool();
  await pool.send(request(API.metadata));
  await pool.destroy();
  await expect(pool.send(request(API.metadata))).resolves.toEqual(ANSWER);
  expect(broker.connections).toBe(2);
});

test('a broker that hangs, or is gone, while somebody signs in refuses nobody', async () => {
  const hanging = await start(({ apiKey, id }, socket) => {
    if (apiKey === API.apiVersions) socket.write(framed(id, versions(API)));
    if (apiKey === API.saslHandshake) socket.write(framed(id, mechanisms('PLAIN')));
  });
  const leaving = await start(({ apiKey, id }, socket) => {
    if (apiKey === API.apiVersions) socket.write(framed(id, versions(API)));
    else socket.end();
  });
  for (const broker of [hanging, leaving]) {
    const signsIn = broker.cluster({ mechanism: 'plain', username: 'scorer', password: 'secret' }).connect();
    const error = await signsIn.catch((reason: unknown) => reason);
    expect(asLogError(error, 'opening')).toMatchObject({ message: expect.stringContaining('it ended while signing in') });
    expect(isTransient(error)).toBe(true);
  }
});

test('a session of a few seconds is renewed when it is about to end, and not with each request', async () => {
  for (const { lifetimeMs, requests, times } of [
    { lifetimeMs: 8_000, requests: 10, times: 1 },
    { lifetimeMs: 100, requests: Number.POSITIVE_INFINITY, times: 3 },
  ]) {
    let signedIn = 0;
    const broker = await start(({ apiKey, id }, socket) => {
      if (apiKey === API.apiVersions) socket.write(framed(id, versions(API)));
      if (apiKey === API.saslHandshake) socket.write(framed(id, mechanisms('PLAIN')));
      if (apiKey === API.saslAuthenticate && ++signedIn > 0) socket.write(framed(id, session(lifetimeMs)));
      if (apiKey === API.metadata) socket.write(framed(id, members([broker.address])));
      if (apiKey === API.findCoordinator) socket.write(framed(id, coordinates(0, broker.address)));
    });
    const sasl = { mechanism: 'plain', username: 'scorer', password: 'secret' } as const;
    const access = { brokers: [broker.address], clientId: 'test', sasl };
    const connection = new KafkaConnection({ access, topics: [], clock: systemClock, tryingMs: OPEN_ANSWER_MS });
    for (let i = 0; i < requests && signedIn < 3; i++) expect((await connection.groupCoordinator('scorers')).nodeId).toBe(0);
    await connection.close();
    expect(signedIn).toBe(times);
  }
});

test('a log is opened through the one broker of the list that answers, whether those before it are away, hang or end each connection', async () => {
  const hanging = await start(() => {});
  const ending = await start((_, socket) => socket.end());
  const away = await freePorts(2);
  const list = [ending.address, hanging.address, ...away.map((port) => `127.0.0.1:${port}`)];
  const logs = new TestLogs(() => shared);
  try {
    const prefix = logs.newPrefix();
    await logs.open(prefix);
    const log = await logs.open(prefix, { brokers: [...list, shared.address], create: false, answerMs: OPEN_ANSWER_MS });
    await log.commit({ appends: [{ stream: 'access', partition: 0, values: values('a') }] });
    expect(await textsOf(log, 'access')).toEqual(['a']);
    expect(await log.retentionMs('access')).toBeGreaterThan(0);
  } finally {
    await logs.closeAll();
  }
});

/** Or what it failed with. A request that waits without end fails the test. */
async function inTime<Answer>(asked: Promise<Answer>): Promise<Answer | Error> {
  const late = new AbortController();
  const tooLate = pause(WAITED_MS_MAX, undefined, late).then(() => {
    throw new Error(`neither answered nor failed within ${WAITED_MS_MAX} ms`);
  });
  tooLate.catch(() => {});
  try {
    return await Promise.race([asked.catch((error: unknown) => error as Error), tooLate]);
  } finally {
    late.abort();
  }
}

/** Connections to it end at any moment, some in the middle of an answer, some by falling silent; answers come late and in pieces. */
async function unsteady(random: Random, isSteady: () => boolean): Promise<StandInBroker> {
  const left = new WeakMap<Socket, number>();
  const said = new WeakMap<Socket, Promise<unknown>>();
  const say = async (socket: Socket, answer: Buffer, isLast: boolean): Promise<unknown> => {
    const cut = random.below(2) * random.below(answer.length);
    if (cut > 0) socket.write(answer.subarray(0, cut));
    // Or else it falls silent.
    if (isLast) return random.pick([() => socket.end(), () => socket.resetAndDestroy(), () => {}])();
    if (cut > 0) await pause(random.below(10));
    return socket.write(answer.subarray(cut));
  };
  return start(({ id, body }, socket) => {
    const more = (left.get(socket) ?? random.below(40)) - 1;
    left.set(socket, more);
    if (more < 0 && !isSteady()) return;
    const before = said.get(socket) ?? Promise.resolve();
    said.set(
      socket,
      before.then(() => say(socket, framed(id, body), more === 0 && !isSteady())),
    );
  });
}

test('each request has its own answer or fails in time, whatever happens to its connection', { timeout: 120_000 }, async () => {
  const property = fc.asyncProperty(fc.integer(), async (seed) => {
    const random = new Random(seed);
    let isSteady = false;
    const broker = await unsteady(random, () => isSteady);
    const pools = [await broker.pool(), await broker.pool()];
    const ask = async (name: string): Promise<boolean> => {
      const body = Buffer.from(name);
      const asked = request(random.below(2) === 0 ? API.fetch : API.metadata, body);
      const answer = await inTime(pools[random.below(2)]!.send(asked));
      if (answer instanceof Error) return false;
      expect(answer).toEqual(body);
      return true;
    };
    const asking = async (_: unknown, i: number): Promise<void> => {
      for (let j = 0; j < 60; j++) {
        await ask(`${i}-${j}`);
        if (random.below(50) === 0) void pools[random.below(2)]!.destroy();
      }
    };
    await Promise.all(Array.from({ length: 6 }, asking));
    isSteady = true;
    // Whatever still hangs is found out by the first that asks.
    for (let i = 0; i < 6; i++) await ask(`last ${i}`);
    for (let i = 0; i < 20; i++) expect(await ask(`steady ${i}`)).toBe(true);
  });
  await fc.assert(property, { numRuns: 2 });
});
