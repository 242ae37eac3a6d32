import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { postStream } from '../../../services/platform/http/post-stream.ts';

let server: Server | null = null;

async function urlOf(listener: RequestListener): Promise<URL> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(65_536);
}

test('a stream is posted whole, and the answer comes back', async () => {
  const url = await urlOf((request, response) => {
    void text(request).then((body) => response.writeHead(201).end(`${String(request.headers['x-a'])} ${body.length}`));
  });
  const body = Readable.from([Buffer.alloc(200_000), Buffer.alloc(1)]);
  expect(await postStream({ url, body, headers: { 'x-a': 'b' } })).toEqual({
    status: 201,
    statusText: 'Created',
    body: 'b 200001',
  });
});

test('an answer that comes before the stream has ended is the answer', async () => {
  const url = await urlOf((_request, response) => {
    response.writeHead(401, { connection: 'close' }).end('no');
  });
  const body = Readable.from(endless());
  expect(await postStream({ url, body, headers: {} })).toMatchObject({ status: 401, body: 'no' });
});

test('a stream that breaks, a server that is gone and a signal are errors', async () => {
  const url = await urlOf((request) => void request.resume());
  const broken = new Readable({ read: () => broken.destroy(new Error('the disk is gone')) });
  await expect(postStream({ url, body: broken, headers: {} })).rejects.toThrow('the disk is gone');
  const waiting = new Readable({ read: () => {} });
  const signal = AbortSignal.abort();
  await expect(postStream({ url, body: waiting, headers: {}, signal })).rejects.toThrow('aborted');
  const gone = new URL('http://127.0.0.1:1/');
  await expect(postStream({ url: gone, body: Readable.from([]), headers: {} })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
