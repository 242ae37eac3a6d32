import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { event, head, type Options, type RawConnection, RunningGateway } from './running-gateway.ts';

const MIB = 1024 * 1024;
const STATUS = /HTTP\/1\.1 (\d{3})/;

function status(received: string): number {
  return Number(STATUS.exec(received.replace(/^HTTP\/1\.1 100[^]*?\r\n\r\n/, ''))?.[1]);
}

describe('senders that mean no good', () => {
  let gateway: RunningGateway;
  const open: RawConnection[] = [];
  const opened = async (options: Options = {}): Promise<void> => {
    gateway = await RunningGateway.open(options);
    for (const name of ['host', 'other', 'third']) gateway.allow(name);
  };
  afterEach(async () => {
    for (const { socket } of open.splice(0)) socket.destroy();
    await gateway.stop();
  });

  async function connection(): Promise<RawConnection> {
    const one = await gateway.socket();
    open.push(one);
    return one;
  }

  async function eventually(name: string, value: number): Promise<void> {
    while ((await gateway.metric(name)) !== value) await pause(5);
  }

  it('are answered before they send, and their connection is closed, when they have no token', async () => {
    await opened();
    const one = await connection();
    one.write(head('nobody', { 'content-length': String(5 * MIB) }));
    expect(status(await one.closed())).toBe(401);
    const endless = await connection();
    endless.write(`${head('nobody', { 'transfer-encoding': 'chunked' })}5\r\nhello\r\n`);
    expect(status(await endless.closed())).toBe(401);
  });

  it('are answered before they send when they ask first', async () => {
    await opened();
    const expected = { expect: '100-continue', 'content-length': String(9 * MIB) };
    const refused = await connection();
    expect(status(await refused.write(head('host', expected)).closed())).toBe(413);
    const unknown = await connection();
    const received = await unknown.write(head('nobody', { ...expected, 'content-length': '10' })).closed();
    expect(received).not.toContain('100 Continue');
    expect(status(received)).toBe(401);
    const record = event('host');
    const welcome = await connection();
    await welcome.write(head('host', { ...expected, 'content-length': String(record.length) })).until(/100 Continue\r\n\r\n/);
    expect(status(await welcome.write(record).until(/accepted/))).toBe(202);
  });

  it('read why they are refused, also when they want the connection closed', async () => {
    await opened();
    const half = Buffer.alloc(5 * MIB, ' ');
    const one = await connection();
    const failures: Error[] = [];
    one.socket.on('error', (error) => failures.push(error));
    one.write(head('host', { connection: 'close', 'content-length': String(2 * half.length) }));
    await new Promise<void>((resolve) => one.socket.write(half, () => resolve()));
    const received = await one.write(half).closed();
    expect(failures).toEqual([]);
    expect(status(received)).toBe(413);
  });

  it('do not keep a connection that they want closed by sending nothing of a refused body', async () => {
    await opened({ limits: { bodyTimeoutMs: 100 } });
    const one = await connection();
    one.write(head('host', { connection: 'close', 'content-length': String(9 * MIB) }));
    expect(status(await one.closed())).toBe(413);
  });

  it('do not fill the memory with large and slow requests; others are served meanwhile', async () => {
    await opened({ limits: { inFlightBytesMax: 16 * MIB, bodyTimeoutMs: 60_000 } });
    const before = process.memoryUsage();
    const slow: RawConnection[] = [];
    for (let i = 0; i < 40; i++) {
      const one = await connection();
      slow.push(one.write(head(i % 2 === 0 ? 'host' : 'other', { 'content-length': String(4 * MIB) })).write('x'));
      if (i === 3) await eventually('ntk_gateway_in_flight_bytes', 16 * MIB);
    }
    // Two of each are in: that is all that one token may have, and all there is.
    const codes = await Promise.all(slow.slice(4).map(async (one) => status(await one.until(STATUS))));
    expect(new Set(codes)).toEqual(new Set([429]));
    expect((await gateway.post('third', event('third'))).status).toBe(503);
    expect((process.memoryUsage().arrayBuffers - before.arrayBuffers) / MIB).toBeLessThan(20);
    for (const one of slow.slice(0, 4)) one.socket.destroy();
    await eventually('ntk_gateway_in_flight_bytes', 0);
    expect((await gateway.post('host', event('host'))).status).toBe(202);
    expect(await gateway.metric('ntk_gateway_requests_total{code="0"}')).toBe(4);
  });

  it('do not take every place with a token of theirs', async () => {
    await opened({ limits: { inFlightRequestsMax: 4 } });
    for (let i = 0; i < 2; i++) (await connection()).write(head('host', { 'content-length': '100' }));
    await eventually('ntk_gateway_in_flight_requests', 2);
    const response = await gateway.post('host', event('host'));
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '1']);
    expect((await gateway.post('other', event('other'))).status).toBe(202);
  });

  it('are told that there is no room when there is none', async () => {
    await opened({ limits: { inFlightBytesMax: 8 * MIB } });
    (await connection()).write(head('other', { 'content-length': String(8 * MIB) }));
    await eventually('ntk_gateway_in_flight_requests', 1);
    const response = await gateway.post('host', event('host'));
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  });

  it('are cut off when their body does not come', async () => {
    await opened({ limits: { bodyTimeoutMs: 100 } });
    const one = await connection();
    expect(
      status(
        await one
          .write(head('host', { 'content-length': '100' }))
          .write('x')
          .closed(),
      ),
    ).toBe(408);
    await eventually('ntk_gateway_in_flight_bytes', 0);
  });

  it('leave nothing behind when they go in the middle', async () => {
    await opened();
    const record = event('host');
    for (let i = 0; i < 10; i++) {
      const one = await connection();
      one.write(head('host', { 'content-length': String(record.length + 1) })).write(record);
      await eventually('ntk_gateway_in_flight_requests', 1);
      one.socket.destroy();
      await eventually('ntk_gateway_in_flight_requests', 0);
    }
    expect(await gateway.count()).toBe(0);
  });

  it('send more than they say, or in chunks, no further than the limit', async () => {
    await opened({ limits: { bodyBytesMax: 1_000 } });
    const chunk = `200\r\n${'x'.repeat(512)}\r\n`;
    const one = await connection();
    expect(status(await one.write(`${head('host', { 'transfer-encoding': 'chunked' })}${chunk}${chunk}`).until(STATUS))).toBe(
      413,
    );
    expect(await gateway.count()).toBe(0);
  });

  it('cannot say a thing twice', async () => {
    await opened();
    const record = event('host');
    const length = String(record.length);
    for (const [name, value] of [
      ['Authorization', 'Bearer nobody'],
      ['Content-Type', 'text/plain'],
      ['Content-Encoding', 'gzip'],
    ] as const) {
      const first = name === 'Content-Encoding' ? { 'content-encoding': 'identity' } : {};
      const one = await connection();
      const asked = head('host', { ...first, 'content-length': length }).replace('\r\n\r\n', `\r\n${name}: ${value}\r\n\r\n`);
      expect([name, status(await one.write(asked + record).until(STATUS))]).toEqual([name, 400]);
    }
    const two = await connection();
    const lengths = head('host', { 'content-length': length, 'transfer-encoding': 'chunked' });
    expect(status(await two.write(lengths + record).until(STATUS))).toBe(400);
    expect(await gateway.count()).toBe(0);
  });

  it('are each answered in their turn when they send without waiting', async () => {
    await opened();
    const one = await connection();
    const records = Array.from({ length: 20 }, (_, i) => event(i === 7 ? 'stranger' : 'host'));
    const asked = records.map((record, i) => {
      const last = i === records.length - 1 ? { connection: 'close' } : {};
      return head('host', { 'content-length': String(record.length), ...last }) + record;
    });
    const received = await one.write(asked.join('')).closed();
    const codes = [...received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, code]) => Number(code));
    expect(codes).toEqual(records.map((_, i) => (i === 7 ? 403 : 202)));
    expect((await gateway.records()).flat()).toEqual(records.filter((_, i) => i !== 7));
  });
});
