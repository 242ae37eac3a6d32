/** Server-sent events over a real connection: bounded readers, the newest state for slow ones, an end to stalled ones. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EventStream, READERS_MAX } from '../../services/console/live/event-stream.ts';
import { comeTo, readUntil } from './events-reader.ts';

/** More than sockets and buffers hold. */
const LARGE = 'x'.repeat(8 << 20);

class TestClock {
  ms = 0;
  monotonicMs(): number {
    return this.ms;
  }
}

describe('the stream of events', () => {
  const clock = new TestClock();
  let stream: EventStream;
  let readers: number[];
  let server: Server;
  let url: string;
  const opened: IncomingMessage[] = [];

  beforeEach(async () => {
    readers = [];
    stream = new EventStream({ clock, onReaders: (count) => readers.push(count) });
    server = createServer((_, response) => stream.add(response, { 'x-test': 'yes' })).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterEach(() => {
    for (const one of opened.splice(0)) one.destroy();
    server.closeAllConnections();
    server.close();
  });

  async function come(): Promise<IncomingMessage> {
    const response = await comeTo(url);
    opened.push(response);
    return response;
  }

  test('begins with the newest of each kind, and goes on with what comes', async () => {
    stream.send('now', { n: 1 });
    stream.send('now', { n: 2 });
    stream.send('report', { text: 'two\nlines\u2028' });
    const response = await come();
    expect(response.headers).toMatchObject({ 'content-type': 'text/event-stream; charset=utf-8', 'x-test': 'yes' });
    const text = await readUntil(response, 'lines');
    expect(text).toBe('retry: 2000\n\nevent: now\ndata: {"n":2}\n\nevent: report\ndata: {"text":"two\\nlines\u2028"}\n\n');
    stream.send('now', { n: 3 });
    expect(await readUntil(response, '"n":3')).toBe('event: now\ndata: {"n":3}\n\n');
    expect(readers).toEqual([1]);
  });

  test('has room for so many readers', async () => {
    for (let i = 0; i < READERS_MAX; i++) {
      expect(stream.isFull).toBe(false);
      await come();
    }
    expect(stream.isFull).toBe(true);
    opened[0]!.destroy();
    await expect.poll(() => stream.isFull).toBe(false);
    expect(readers.at(-1)).toBe(READERS_MAX - 1);
  });

  test('keeps one of each kind for who reads slowly, and not a queue', async () => {
    const response = await come();
    stream.send('report', LARGE);
    for (let n = 0; n < 1_000; n++) stream.send('now', { n });
    const text = await readUntil(response, '"n":999}');
    expect(text.match(/event: now/g)).toHaveLength(1);
  });

  test('lets go of who reads nothing, and says now and then that it is there', async () => {
    const stalled = await come();
    stalled.pause();
    const quick = await come();
    stream.send('report', LARGE);
    await readUntil(quick, 'x"\n\n');
    clock.ms += 15_000;
    stream.tend();
    expect(await readUntil(quick, 'here')).toContain(': still here');
    expect(stream.readers).toBe(2);
    clock.ms += 15_000;
    stream.tend();
    await expect.poll(() => stream.readers).toBe(1);
  });

  test('ends all connections when the system stops', async () => {
    const response = await come();
    stream.close();
    await readUntil(response, 'never');
    await expect.poll(() => stream.readers).toBe(0);
  });
});
