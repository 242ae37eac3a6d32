/** No user's id in metrics, in health or in what a process says at its most talkative, wherever a sender puts it. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { type Warehouse, WarehouseError } from '../../../services/platform/warehouse/warehouse.ts';
import { eraseUsers } from '../../../services/writer/insert-group.ts';
import { ntkOk } from '../../acceptance/ntk.ts';
import { ScrapedSystem } from './scraped-system.ts';

const TEST_MS_MAX = 120_000;
const FOLDER = mkdtempSync(join(tmpdir(), 'ntk-no-user-'));
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** As hosts have them: a pseudonym, an OpenID, an address, a telephone number. */
const USER = `u_${randomBytes(12).toString('hex')}`;
const USERS = [USER, `oX${randomBytes(18).toString('base64url')}`, `${USER}@example.com`, `+86139${Date.now()}`];
const NOW = new Date().toISOString();

/** What must not be found: the ids, and what somebody could read them from. */
const FORMS = USERS.flatMap((user) => {
  const bytes = Buffer.from(user);
  const encodings = (['hex', 'base64', 'base64url'] as const).map((encoding) => bytes.toString(encoding).replace(/=+$/, ''));
  return [user, encodeURIComponent(user), JSON.stringify(user).slice(1, -1), ...encodings];
});

function found(text: string): string[] {
  const lower = text.toLowerCase();
  return FORMS.filter((form) => lower.includes(form.toLowerCase()));
}

let made = 0;
function event(user: string, type: string, data: unknown, more: object = {}): string {
  const isStar = ['ntk.policy', 'ntk.erasure', 'ntk.prior', 'ntk.heartbeat', 'ntk.key'].includes(type);
  return JSON.stringify({
    specversion: '1.0',
    id: `${user}-${made++}`,
    source: user,
    type,
    subject: isStar ? '*' : user,
    time: NOW,
    data,
    [user]: user,
    ...more,
  });
}

/** A user's id in every field that can hold one, in records of every kind, good and bad. */
function hostile(user: string): string[] {
  const everywhere = {
    user,
    api: user,
    category: user,
    purpose: user,
    page: user,
    fields: [user],
    link: { kind: 'external', host: user, reveals: [user] },
    [user]: user,
  };
  const access = (data: object, more: object = {}): string => event(user, 'ntk.access', { ...everywhere, ...data }, more);
  return [
    event(user, 'ntk.declaration', {
      version: 1,
      developer: user,
      name: user,
      class: user,
      purposes: [{ id: user, text: user, categories: [{ category: user }] }],
    }),
    event(user, 'ntk.consent', { user, state: 'granted', categories: [user] }),
    event(user, 'ntk.entitlement', { category: user, granted: true, by: user }),
    event(user, 'ntk.standing', { state: 'suspended', by: user, reason: user }),
    event(user, 'ntk.review', { episode: user, disposition: 'expected', by: user, note: user }),
    event(user, 'ntk.prior', { [user]: user }),
    event(user, 'ntk.heartbeat', { partition: 0 }),
    event(user, 'ntk.heartbeat', { partition: 1_000 }),
    event(user, 'ntk.key', { keyid: user, state: 'active', by: user }),
    event(user, 'ntk.policy', { version: user, [user]: user }),
    access({}),
    access({ outcome: 'pending', category: 'contacts', api: 'wx.chooseContact' }),
    access({}, { source: `host/${user}` }),
    access({}, { time: user }),
    access({}, { type: user }),
    access({ outcome: user }),
    access({ user: [user] }),
    access({ rows: user }),
    `{"specversion":"1.0","${user}`,
    user,
    `"${user}"`,
    JSON.stringify({ id: user, type: 'ntk.access' }),
    access({ page: user.repeat(Math.ceil(1_100_000 / user.length)) }),
  ];
}

/** Everything that a sender can put into a request, with and without a token. */
async function knock(url: string, token: string, user: string): Promise<void> {
  const text = encodeURIComponent(user);
  const ask = (path: string, init: RequestInit = {}): Promise<unknown> =>
    fetch(`${url}${path}`, init).then(
      (response) => response.text(),
      () => null,
    );
  const headers = { authorization: `Bearer ${user}`, 'x-user': user, 'user-agent': user, cookie: `user=${text}` };
  const known = { ...headers, authorization: `Bearer ${token}` };
  for (const path of [
    `/${text}`,
    `/metrics?user=${text}`,
    `/health/${text}`,
    `/live/accesses/${text}`,
    `/guides/${text}`,
    '/report',
  ])
    await ask(path, { headers });
  await ask(`/v1/events?user=${text}`, { method: 'POST', body: user, headers });
  for (const type of ['application/cloudevents+json', 'application/json', `text/${USER}`, 'application/cloudevents-batch+json'])
    await ask(`/v1/events?user=${text}`, {
      method: 'POST',
      body: hostile(user)[0]!,
      headers: { ...known, 'content-type': type },
    });
  await ask('/v1/events', { method: 'POST', body: user, headers: { ...known, 'content-encoding': user } });
  await ask(`/v1/imports?format=${text}&name=${text}&utcOffset=${text}`, { method: 'POST', body: user, headers: known });
  await ask(`/clickhouse/?query=${encodeURIComponent(`SELECT '${user}' + nonsense`)}`, { method: 'POST', headers: known });
  const body = hostile(user).join('\n');
  const sent = await fetch(`${url}/v1/events`, {
    method: 'POST',
    body,
    headers: { ...known, 'content-type': 'application/x-ndjson' },
  });
  expect(sent.status).toBe(202);
}

const tokenOf = (data: string): string =>
  (JSON.parse(readFileSync(join(data, 'system.json'), 'utf8')) as { token: string }).token;

async function expectSilence(...systems: readonly ScrapedSystem[]): Promise<void> {
  for (const system of systems) {
    const metrics = (await system.scrape()).text;
    const health = await (await fetch(`${system.url}/health`)).text();
    expect(found(metrics)).toEqual([]);
    expect(found(health)).toEqual([]);
    await system.stop();
    expect(found(system.said)).toEqual([]);
    expect(system.said.length).toBeGreaterThan(100);
  }
}

describe('an id of a user that stands wherever a sender can put it', () => {
  test('is in none of the forms that are looked for, unless one is there', () => {
    expect(found(`x ${Buffer.from(USER).toString('base64')} y`).length).toBeGreaterThan(0);
    expect(found(`reason="${USER.toUpperCase()}"`).length).toBeGreaterThan(0);
    expect(found('u_0')).toEqual([]);
  });

  test.each(['hashed', 'plain'])(
    'is told by nothing of one process that does all, with users stored %s',
    { timeout: TEST_MS_MAX },
    async (storeUser) => {
      const data = join(FOLDER, storeUser);
      const env = { NTK_LOG_LEVEL: 'trace', NTK_STORE_USER: storeUser, NTK_HEARTBEAT_SECONDS: '1' };
      const system = await new ScrapedSystem(['up', '--data', data], env).ready();
      const token = await system.until(() => true).then(() => tokenOf(data));
      for (const user of USERS) await knock(system.url, token, user);
      await system.until(
        (scrape) => scrape.sum('ntk_rejects_total') >= USERS.length * 10 && scrape.sum('ntk_unwritten_records') === 0,
      );
      // What it is about is in the store.
      const sql = "SELECT count() AS n FROM ntk.access_results FINAL WHERE program LIKE 'u\\\\_%'";
      expect((await ntkOk(['query', sql, '--data', data, '--format', 'TSV'])).stdout.trim()).not.toBe('0');
      await expectSilence(system);
    },
  );

  test('is told by nothing of a scorer and a writer by themselves', { timeout: TEST_MS_MAX }, async () => {
    const data = join(FOLDER, 'apart');
    const env = { NTK_LOG_LEVEL: 'trace', NTK_SOURCES: 'host/wechat-ios,host/never' };
    const writer = await new ScrapedSystem(['writer', '--data', data], env).ready();
    const scorer = await new ScrapedSystem(['scorer', '--data', data], env).ready();
    for (const user of [...USERS, 'alice']) await knock(writer.url, tokenOf(data), user);
    const scrape = await scorer.until(
      (one) => one.sum('ntk_rejects_total') >= USERS.length * 10 && one.sum('ntk_lag_records') === 0,
    );
    const shown = [...scrape.samples('ntk_source_last_seen_seconds').keys()].map((sample) => /source="(.*)"/.exec(sample)![1]!);
    expect(shown.toSorted()).toEqual(['host/never', 'host/wechat-ios', 'other']);
    await expectSilence(writer, scorer);
  });

  test.each(USERS)('is not in what is said when erasing it fails, whatever ClickHouse answers', async (user) => {
    const command = async (sql: string, params?: object): Promise<void> => {
      throw new WarehouseError('MEMORY_LIMIT_EXCEEDED', true, `clickhouse: ${sql} with ${JSON.stringify(params)}`);
    };
    const failed = eraseUsers({ command } as unknown as Warehouse, 'log', 0, [{ offset: 1, user }]);
    const error = await failed.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'MEMORY_LIMIT_EXCEEDED', retryable: true });
    expect(found(inspect(error, { depth: 10 }))).toEqual([]);
  });
});
