import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { partitionOf } from '../../services/domain/partitioning/murmur2.ts';
import { ORIGIN } from '../../services/platform/log/event-log.ts';
import { event, PARTITIONS, RunningGateway, SYSTEM_TOKEN } from './running-gateway.ts';

const error = (pattern: RegExp): unknown => ({ error: expect.stringMatching(pattern) as string });

describe('the gateway', () => {
  let gateway: RunningGateway;
  beforeEach(async () => {
    gateway = await RunningGateway.open();
    gateway.allow('host');
  });
  afterEach(() => gateway.stop());

  async function refusal(token: string | null, body: string | Buffer<ArrayBuffer>, headers = {}): Promise<[number, unknown]> {
    const response = await gateway.post(token, body, headers);
    expect(response.headers.get('content-type')).toContain('application/json');
    return [response.status, await response.json()];
  }

  describe('takes records', () => {
    it.each([
      ['application/cloudevents+json', (a: string) => a, 1],
      ['application/cloudevents-batch+json', (a: string, b: string) => `[${a},\n ${b}]`, 2],
      ['application/x-ndjson', (a: string, b: string) => `${a}\r\n${b}\n`, 2],
    ])('as %s, each with its own bytes', async (type, body, count) => {
      const records = [event('host', { n: 1 }).replace('"n":1', '"n" : 1.0e0 , "n":2'), event('host')].slice(0, count);
      const response = await gateway.post('host', body(records[0]!, records[1] ?? ''), { 'content-type': type });
      expect([response.status, await response.json()]).toEqual([202, { accepted: count }]);
      expect((await gateway.records()).flat()).toEqual(records);
    });

    it('compressed, as far as they are not more than a body may be', async () => {
      const record = event('host');
      const headers = { 'content-encoding': 'gzip' };
      expect((await gateway.post('host', gzipSync(record), headers)).status).toBe(202);
      expect(await gateway.records().then((all) => all.flat())).toEqual([record]);
      expect(await refusal('host', gzipSync(Buffer.alloc(300_000_000)), headers)).toEqual([413, error(/may have 8388608 bytes/)]);
      expect(await refusal('host', gzipSync(record).subarray(0, -9), headers)).toEqual([400, error(/gzip/)]);
      expect(await refusal('host', record, headers)).toEqual([400, error(/gzip/)]);
      expect(await gateway.count()).toBe(1);
    });

    it('to the partition of their program, in order, and what cannot be read to the first', async () => {
      const records = Array.from({ length: 40 }, (_, i) => event('host', { subject: `wx${i % 7}` }));
      await gateway.post('host', ['no json', ...records].join('\n'));
      const all = await gateway.records();
      expect(all[0]?.[0]).toBe('no json');
      all[0]?.shift();
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const own = records.filter((_, i) => partitionOf(`wx${i % 7}`, PARTITIONS) === partition);
        expect(all[partition]).toEqual(own);
      }
      const batch = await gateway.log.read('access', 0, 0, { maxRecords: 1, maxBytes: 1_000 });
      expect(batch.origins[0]).toBe(ORIGIN.live);
    });

    it('of the system for every partition, when the token may send them', async () => {
      gateway.allow('desk', { types: ['ntk.policy'], sources: ['desk/*'] });
      const policy = event('desk/1', { type: 'ntk.policy', subject: '*', data: { version: '1' } });
      expect((await gateway.post('desk', policy)).status).toBe(202);
      expect((await gateway.post(SYSTEM_TOKEN, policy)).status).toBe(202);
      expect(await gateway.records()).toEqual(Array.from({ length: PARTITIONS }, () => [policy, policy]));
    });

    it('none as well', async () => {
      const response = await gateway.post('host', '\n');
      expect([response.status, await response.json()]).toEqual([202, { accepted: 0 }]);
    });
  });

  describe('refuses', () => {
    it('who has no token that is known', async () => {
      for (const token of [null, 'other', `host${' '}x`, '']) {
        const response = await gateway.post(token, event('host'));
        expect([response.status, response.headers.get('www-authenticate')?.split(' ')[0]]).toEqual([401, 'Bearer']);
      }
      expect(await gateway.count()).toBe(0);
    });

    it('a token that is taken out of the file, or past its time', async () => {
      gateway.allow('guest', { expires: new Date(gateway.clock.nowMs() + 5_000).toISOString() });
      expect((await gateway.post('guest', event('guest'))).status).toBe(202);
      gateway.clock.advance(5_000);
      expect(await refusal('guest', event('guest'))).toEqual([401, error(/expired/)]);
    });

    it('a request as a whole when one record is of another source or type, and says which', async () => {
      const records = [event('host'), event('host'), event('host')];
      const sent = (other: string): Promise<[number, unknown]> => refusal('host', [...records, other, ...records].join('\n'));
      expect(await sent(event('host2'))).toEqual([
        403,
        { ...(error(/source 'host2'/) as object), record: 3, attribute: 'source' },
      ]);
      expect(await sent(event('Host'))).toMatchObject([403, { attribute: 'source' }]);
      for (const type of [
        'ntk.policy',
        'ntk.standing',
        'ntk.entitlement',
        'ntk.erasure',
        'ntk.prior',
        'ntk.review',
        'ntk.key',
        'x',
      ])
        expect(await sent(event('host', { type }))).toMatchObject([403, { record: 3, attribute: 'type' }]);
      expect(await gateway.count()).toBe(0);
    });

    it('a type that hides', async () => {
      const policy = event('host', { type: 'ntk.policy', subject: '*', data: { version: '1' } });
      const hidden = [
        policy.replace('"type"', '"\\u0074ype"'),
        policy.replace('ntk.policy', 'ntk.\\u0070olicy'),
        policy.replace('"type"', '"type":"ntk.access","type"'),
        policy.replace('"source":"host"', '"source":"host","source":"other"'),
        `\ufeff${policy}`,
        `${policy}\r`,
        ` \t${policy} `,
        policy.replace('{', '{"":{"type":"ntk.access"},'),
        policy.replace('"data":{', '"data":{"wrong":1,'),
        policy.replace('"data":{"version":"1"}', '"data":7'),
      ];
      const forms = [
        ['application/x-ndjson', (text: string) => `${event('host')}\n${text}`],
        ['application/cloudevents+json', (text: string) => text],
        ['application/cloudevents-batch+json', (text: string) => `[${event('host')},${text.replace('\ufeff', '')}]`],
      ] as const;
      for (const text of hidden) {
        for (const [type, body] of forms) {
          // A mark inside of NDJSON makes the line no JSON: a reject, which is let through.
          const isReject = type === 'application/x-ndjson' && text.startsWith('\ufeff');
          expect((await gateway.post('host', body(text), { 'content-type': type })).status, `${type} ${text}`).toBe(
            isReject ? 202 : 403,
          );
        }
      }
    });

    it.each([
      ['text/plain', {}],
      ['application/x-ndjson', { 'content-encoding': 'br' }],
      ['application/json; charset=utf-16', {}],
      ['application/json', { 'ce-specversion': '1.0' }],
    ])('a body that it does not know how to read: %s %j', async (type, headers) => {
      expect((await refusal('host', '{}', { 'content-type': type, ...headers }))[0]).toBe(415);
    });

    it('a batch whose records cannot be told apart', async () => {
      for (const body of ['{}', '[{}', '[{},]', ''])
        expect((await refusal('host', body, { 'content-type': 'application/cloudevents-batch+json' }))[0]).toBe(400);
    });

    it('too much at once', async () => {
      expect(await refusal('host', 'x'.repeat(9_000_000))).toEqual([413, error(/8388608/)]);
      expect(await refusal('host', '1\n'.repeat(20_001))).toEqual([413, error(/20000 records/)]);
      expect((await gateway.post('host', '1\n'.repeat(20_000))).status).toBe(202);
    });

    it('other methods and addresses, in JSON', async () => {
      for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
        const response = await fetch(`${gateway.url}/v1/events`, { method });
        expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
        expect(await response.json()).toEqual(error(/POST/));
      }
      for (const path of ['/v1/', '/v1/nothing', '/v1/events/1']) {
        const response = await fetch(`${gateway.url}${path}`, { method: 'POST', body: '{}' });
        expect([response.status, await response.json()]).toEqual([404, error(/nothing here/)]);
      }
    });
  });

  it('slows down a token that sends more than it may, and says for how long', async () => {
    gateway.allow('slow', { recordsPerSecond: 10, recordsBurst: 10 });
    const three = (): string => [event('slow'), event('slow'), event('slow')].join('\n');
    for (let i = 0; i < 4; i++) expect((await gateway.post('slow', three())).status).toBe(202);
    const response = await gateway.post('slow', three());
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await response.json()).toEqual(error(/more than it may/));
    expect((await gateway.post('host', event('host'))).status).toBe(202);
    gateway.clock.advance(1_000);
    expect((await gateway.post('slow', three())).status).toBe(202);
    expect(await gateway.count()).toBe(4 * 3 + 1 + 3);
  });

  it('charges what it refuses for other reasons too: reading it was work', async () => {
    gateway.allow('wrong', { recordsPerSecond: 1, recordsBurst: 1 });
    expect((await gateway.post('wrong', `${event('x')}\n`.repeat(100))).status).toBe(403);
    const response = await gateway.post('wrong', event('wrong'));
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '100']);
  });

  it('counts what came and what became of it, and names nobody', async () => {
    gateway.allow('secret-name', { sources: ['secret-source'] });
    await gateway.post('secret-name', `${event('secret-source')}\n${event('secret-source')}`);
    await gateway.post('secret-name', `${event('other')}\n{}\n{}`);
    await gateway.post(null, '{}');
    expect(await gateway.metric('ntk_gateway_requests_total{code="202"}')).toBe(1);
    expect(await gateway.metric('ntk_gateway_requests_total{code="401"}')).toBe(1);
    expect(await gateway.metric('ntk_gateway_requests_total{code="503"}')).toBe(0);
    expect(await gateway.metric('ntk_gateway_records_accepted_total')).toBe(2);
    expect(await gateway.metric('ntk_gateway_records_refused_total{code="403"}')).toBe(3);
    expect(await gateway.metric('ntk_gateway_commit_seconds_count')).toBe(1);
    expect(await gateway.metric('ntk_gateway_tokens')).toBe(2);
    expect(await gateway.metric('ntk_gateway_in_flight_bytes')).toBe(0);
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(text).not.toMatch(/secret|wxprogram/);
  });
});
