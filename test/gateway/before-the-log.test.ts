/** What a request is charged and refused for before anything of it is on its way into the log. */
import { gzipSync } from 'node:zlib';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { RECORD_OVERHEAD_BYTES } from '../../services/gateway/in-flight.ts';
import { event, head, type Options, type RawConnection, RunningGateway } from './running-gateway.ts';

const MIB = 1024 * 1024;
const STATUS = /HTTP\/1\.1 (\d{3})/;

describe('before a request goes on to the log', () => {
  let gateway: RunningGateway;
  const open: RawConnection[] = [];
  const opened = async (options: Options = {}): Promise<void> => {
    gateway = await RunningGateway.open(options);
    for (const name of ['host', 'other']) gateway.allow(name);
  };
  afterEach(async () => {
    for (const { socket } of open.splice(0)) socket.destroy();
    await gateway.stop();
  });

  async function begun(token: string, headers: Readonly<Record<string, string>>): Promise<RawConnection> {
    const one = await gateway.socket();
    open.push(one);
    return one.write(head(token, headers));
  }

  async function statusOf(one: RawConnection): Promise<number> {
    return Number(STATUS.exec(await one.until(STATUS))?.[1]);
  }

  async function eventually(name: string, value: number): Promise<void> {
    while ((await gateway.metric(name)) !== value) await nextTurn();
  }

  it('its body is not asked for when its length is more than a body may have', async () => {
    await opened({ limits: { bodyBytesMax: 1_000 } });
    const one = await begun('host', { expect: '100-continue', 'content-length': '1001' });
    expect(await one.closed()).toMatch(/^HTTP\/1\.1 413/);
  });

  it.each([
    ['of a length that it does not tell', { 'transfer-encoding': 'chunked' }, 2 * MIB],
    ['of a length that it tells', { 'content-length': '5000' }, 5_000],
    ['compressed', { 'content-length': '5000', 'content-encoding': 'gzip' }, 5_000 + 2 * MIB],
    ['compressed, of a length that it does not tell', { 'transfer-encoding': 'chunked', 'content-encoding': 'gzip' }, 4 * MIB],
  ])('a body %s has room for as much as it may become', async (_, headers, bytes) => {
    await opened({ limits: { bodyBytesMax: 2 * MIB } });
    await begun('host', headers);
    await eventually('ntk_gateway_in_flight_requests', 1);
    expect(await gateway.metric('ntk_gateway_in_flight_bytes')).toBe(bytes);
  });

  it('what its records take beside their bytes has to have room, too', async () => {
    await opened({ limits: { bodyBytesMax: 1_000, inFlightBytesMax: 10_000 } });
    await begun('other', { 'content-length': '1000' });
    await eventually('ntk_gateway_in_flight_requests', 1);
    const some = (count: number): string => '0\n'.repeat(count);
    const fitting = Math.floor((10_000 - 1_000) / (RECORD_OVERHEAD_BYTES + 2));
    expect((await gateway.post('host', some(fitting))).status).toBe(202);
    expect((await gateway.post('host', some(fitting + 1))).status).toBe(503);
    expect(await gateway.count()).toBe(fitting);
    expect(await gateway.metric('ntk_gateway_in_flight_bytes')).toBe(1_000);
  });

  it('a compressed body that becomes more records than fit is refused, and gives its room back', async () => {
    await opened({ limits: { bodyBytesMax: 8_000, inFlightBytesMax: 20_000 } });
    await begun('other', { 'content-length': '1' });
    await eventually('ntk_gateway_in_flight_requests', 1);
    const body = gzipSync('0\n'.repeat(200));
    expect((await gateway.post('host', body, { 'content-encoding': 'gzip' })).status).toBe(503);
    expect(await gateway.metric('ntk_gateway_in_flight_bytes')).toBe(1);
  });

  it('a token that is over its rate is told so without its body being waited for', async () => {
    await opened();
    gateway.allow('slow', { recordsPerSecond: 1, recordsBurst: 1 });
    const body = [event('slow'), event('slow'), event('slow')].join('\n');
    expect((await gateway.post('slow', body)).status).toBe(202);
    expect(await statusOf(await begun('slow', { 'content-length': '100' }))).toBe(429);
  });

  it('a token does not pass its rate by sending many at once', async () => {
    await opened();
    gateway.allow('slow', { recordsPerSecond: 1, recordsBurst: 1 });
    const body = [event('slow'), event('slow'), event('slow')].join('\n');
    const all: RawConnection[] = [];
    for (let i = 0; i < 3; i++) all.push(await begun('slow', { 'content-length': String(body.length) }));
    await eventually('ntk_gateway_in_flight_requests', 3);
    const codes: number[] = [];
    for (const one of all) codes.push(await statusOf(one.write(body)));
    expect(codes).toEqual([202, 429, 429]);
    expect(await gateway.count()).toBe(3);
  });

  it('records of which every partition gets a copy are bounded with their copies', async () => {
    await opened({ limits: { copiedBytesMax: 4_000 } });
    gateway.allow('publisher', { types: ['ntk.policy'] });
    const policy = (version: string): string => event('publisher', { type: 'ntk.policy', subject: '*', data: { version } });
    expect((await gateway.post('publisher', policy('x'.repeat(1_000)))).status).toBe(413);
    expect(await gateway.count()).toBe(0);
    expect((await gateway.post('publisher', policy('x'.repeat(100)))).status).toBe(202);
    expect((await gateway.records()).map(({ length }) => length)).toEqual([1, 1, 1, 1]);
  });

  it('who names a source that is not theirs is told a part of it, and no sign that a terminal obeys', async () => {
    await opened();
    const answer = await gateway.post('host', event(`\u001b[2J${'x'.repeat(100_000)}`));
    const { error } = (await answer.json()) as { error: string };
    expect([answer.status, error.length < 300, error.includes('\u001b')]).toEqual([403, true, false]);
  });
});
