import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Counter, Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Health, progressCheck } from '../../../services/platform/http/health.ts';
import { createHttpServer, type HttpServer } from '../../../services/platform/http/http-server.ts';
import { isLoopbackAddress, isLoopbackHost } from '../../../services/platform/http/loopback.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type: string;
}

/** With any Host header, which `fetch` does not allow. */
function get(url: string, host?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(url, host === undefined ? {} : { headers: { host } }, (response) => {
      text(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, body, type: response.headers['content-type'] ?? '' }),
        reject,
      );
    })
      .on('error', reject)
      .end();
  });
}

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(65_536);
}

describe('the HTTP server of a long-running process', () => {
  let server: HttpServer;
  let health: Health;
  let registry: Registry;
  let url: string;
  beforeEach(async () => {
    health = new Health();
    registry = new Registry();
    server = createHttpServer({ host: '127.0.0.1', port: 0, health, registry });
    server.app.get('/broken', () => {
      throw new Error('secret detail');
    });
    url = await server.start();
  });
  afterEach(() => server.stop());

  test('is healthy while every check is', async () => {
    health.register('scorer', () => ({ ok: true, detail: 'fine' }));
    const { status, body } = await get(`${url}/health`);
    expect([status, JSON.parse(body)]).toEqual([200, { status: 'ok', checks: { scorer: { ok: true, detail: 'fine' } } }]);
  });

  test.each([
    ['no HTTP', 'what is this?\r\n\r\n', '400 Bad Request', 'this is no request of HTTP/1.1 that can be read'],
    [
      'a length that is no number',
      'POST /health HTTP/1.1\r\nhost: localhost\r\ncontent-length: x\r\n\r\n',
      '400 Bad Request',
      'this is no request of HTTP/1.1 that can be read',
    ],
    [
      'headers that are too long',
      `GET /health HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(2 * 1024 * 1024)}\r\n\r\n`,
      '431 Request Header Fields Too Large',
      'the headers of this request are longer than they may be',
    ],
  ])('%s is answered as all that is refused is, and the connection closed', async (_, sent, status, error) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(sent);
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    expect(answer.toString()).toMatch(`HTTP/1.1 ${status}\r\n`);
    expect(answer.toString().split('\r\n\r\n')[1]).toBe(JSON.stringify({ error }));
    if (!socket.destroyed) await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  });

  test('says which check fails', async () => {
    health.register('scorer', () => ({ ok: true, detail: 'fine' }));
    health.register('writer', () => Promise.reject(new Error('gone')));
    const { status, body } = await get(`${url}/health`);
    expect([status, JSON.parse(body)]).toEqual([
      503,
      {
        status: 'failing',
        checks: { scorer: { ok: true, detail: 'fine' }, writer: { ok: false, detail: 'the check failed: gone' } },
      },
    ]);
  });

  test('is healthy as long as its loop makes progress', () => {
    let nowMs = 1_000;
    const check = progressCheck({ clock: { monotonicMs: () => nowMs }, progressAtMs: () => 900, limitMs: 5_000 });
    expect(check()).toEqual({ ok: true, detail: 'made progress 100 ms ago (limit 5000 ms)' });
    nowMs = 6_000;
    expect(check()).toEqual({ ok: false, detail: 'made progress 5100 ms ago (limit 5000 ms)' });
  });

  test('shows its metrics', async () => {
    new Counter({ name: 'ntk_test_total', help: 'A test.', registers: [registry] }).inc();
    const { status, body, type } = await get(`${url}/metrics`);
    expect([status, type]).toEqual([200, expect.stringContaining('text/plain; version=0.0.4')]);
    expect(body).toContain('ntk_test_total 1');
  });

  test('answers nobody who was led here under another name', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:80', '10.0.0.1']) {
      expect((await get(`${url}/metrics`, host)).status).toBe(403);
    }
    expect((await get(`${url}/metrics`, 'localhost:7077')).status).toBe(200);
  });

  test('tells nothing of what is inside when something breaks', async () => {
    const { status, body } = await get(`${url}/broken`);
    expect([status, JSON.parse(body)]).toEqual([500, { error: 'the request failed inside' }]);
    expect((await get(`${url}/nowhere`)).status).toBe(404);
  });

  test('does not wait for somebody who has stopped reading', async () => {
    const impatient = createHttpServer({ host: '127.0.0.1', port: 0, health, registry, stopWaitMs: 50 });
    impatient.app.get('/endless', (_request, reply) => reply.send(Readable.from(endless())));
    const address = await impatient.start();
    const answered = new Promise<void>((resolve, reject) => {
      const asking = request(`${address}/endless`, (response) => {
        response.on('error', () => {});
        response.once('readable', resolve);
      });
      asking.on('error', reject).end();
    });
    await answered;
    await expect(impatient.stop()).resolves.toBeUndefined();
  });

  test('takes no more connections and headers than it may', async () => {
    const bounded = createHttpServer({
      host: '127.0.0.1',
      port: 0,
      health,
      registry: new Registry(),
      headerBytesMax: 2_000,
      connectionsMax: 2,
    });
    const address = await bounded.start();
    const { port } = new URL(address);
    const sockets: Socket[] = [];
    const connected = (): Promise<Socket> =>
      new Promise((resolve, reject) => {
        const socket = connect(Number(port), '127.0.0.1', () => resolve(socket)).once('error', reject);
        sockets.push(socket);
      });
    const first = await connected();
    await connected();
    const third = await connected();
    third.on('error', () => {});
    await new Promise<void>((resolve) => third.once('close', () => resolve()));
    first.write(`GET /health HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(3_000)}\r\n\r\n`);
    const answer = await new Promise<Buffer>((resolve) => first.once('data', resolve));
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 431/);
    for (const socket of sockets) socket.destroy();
    await bounded.stop();
  });

  test('closes what does not come in whole, unless its route lets it take its time', async () => {
    const bounded = createHttpServer({ host: '127.0.0.1', port: 0, health, registry: new Registry(), requestTimeoutMs: 50 });
    bounded.app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    bounded.app.post('/file', async (asked) => {
      asked.takeYourTime();
      return { came: await text(asked.body as Readable) };
    });
    bounded.app.post('/short', async ({ body }) => ({ came: await text(body as Readable) }));
    const isLate = Promise.withResolvers<void>();
    bounded.app.post('/slow', async ({ body }) => {
      const came = await text(body as Readable);
      await isLate.promise;
      return { came };
    });
    bounded.app.post('/begun', (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200).write('begun');
    });
    const { port } = new URL(await bounded.start());
    const begin = (path: string, length = 'content-length: 6', body = 'abc'): Socket => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.write(`POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: a/b\r\n${length}\r\n\r\n${body}`);
      return socket;
    };
    const file = begin('/file');
    const slow = begin('/slow', 'content-length: 6\r\nconnection: close', 'abcdef');
    const sent = await Promise.all(
      [begin('/short'), begin('/short', 'transfer-encoding: chunked', '3\r\nabc\r\n')].map((socket) => text(socket)),
    );
    for (const late of sent) {
      expect(late).toMatch(/^HTTP\/1\.1 408 /);
      expect(late).toContain('{"error":"a request has to be in whole within 0.05 seconds"}');
    }
    // What was being answered is broken off, and nothing put behind it.
    const begun = await text(begin('/begun'));
    expect(begun).toContain('begun');
    expect(begun).not.toContain('408');
    file.end('def');
    expect(await text(file)).toContain('{"came":"abcdef"}');
    // What came in whole may take as long as it needs to be answered.
    isLate.resolve();
    expect(await text(slow)).toContain('{"came":"abcdef"}');
    await bounded.stop();
  });

  test('can be stopped twice', async () => {
    await server.stop();
    await expect(server.stop()).resolves.toBeUndefined();
    await expect(get(`${url}/health`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

test.each([
  ['127.0.0.1', true],
  ['127.8.9.1:80', true],
  ['LOCALHOST:7077', true],
  ['[::1]:7077', true],
  ['::1', false],
  ['0.0.0.0', false],
  ['127.0.0.1@evil.example', false],
  ['localhost.', false],
  ['evil.localhost', false],
  ['evil-127.0.0.1:80', false],
  ['', false],
  [undefined, false],
])('whether a Host header %j is of this machine: %s', (header, expected) => {
  expect(isLoopbackHost(header)).toBe(expected);
});

test.each([
  ['127.0.0.1', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['192.168.0.1', false],
  ['192.127.0.0.1', false],
  ['127.0.0.1.evil.example', false],
])('whether an address %s is of this machine: %s', (address, expected) => {
  expect(isLoopbackAddress(address)).toBe(expected);
});
