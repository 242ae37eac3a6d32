/** Traffic of which the headline is known beforehand: 3,252 attempts intercepted, by 2,392 programs, between two dates. */
import { linkSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeInterceptedTraffic } from '../reference/intercepted-traffic.ts';
import { behindItsBack, Desk, ntkJson, ntkOk, rowsOf } from './ntk.ts';
import { access, ndjson } from './records.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const DATES = ['--from', '2020-01-01', '--to', '2020-03-10'];

describe('traffic with 3,252 interceptions by 2,392 programs between 2020-01-01 and 2020-03-10', () => {
  const desk = new Desk();
  const traffic = makeInterceptedTraffic({ accesses: 30_000, programs: 2_500, outside: 900, duplicates: 120 });
  const report = ['report', 'interceptions', '--data', desk.data];

  beforeAll(async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of traffic.events) chunks.push(chunk);
    const events = desk.write('events.ndjson', Buffer.concat(chunks));
    const policy = desk.write('policy.yaml', traffic.policyYaml);
    await ntkOk(['run', '--data', desk.data, '--policy', policy, '--input', events]);
  });
  afterAll(() => desk.clear());

  test('says so in its table', async () => {
    const { stdout } = await ntkOk([...report, ...DATES]);
    expect(stdout.split('\n')[0]).toBe('3,252 attempts intercepted, by 2,392 programs');
    expect(stdout).toContain('of 29,100 accesses between 2020-01-01T00:00:00Z and 2020-03-10T00:00:00Z');
    expect(stdout).toContain('prevented 2,454, already refused 798, late 0; 2,871 users');
    expect(stdout).toMatch(/undeclared_category +3,252 +2,392/);
    expect(stdout).toContain('figures are settled and complete');
  });

  test('says so in JSON, with everything that was known beforehand', async () => {
    const figures = await ntkJson([...report, ...DATES]);
    expect(figures).toMatchObject({
      ...traffic.expected,
      from: '2020-01-01T00:00:00Z',
      to: '2020-03-10T00:00:00Z',
      settled: true,
    });
    expect(figures).toMatchObject({
      intercepted: { attempts: 3_252, programs: 2_392 },
      byReason: [{ reason: 'undeclared_category', attempts: 3_252, programs: 2_392 }],
      byCategory: [{ category: 'photos', attempts: 3_252, programs: 2_392 }],
      byClass: [{ class: 'food-delivery', attempts: 3_252, programs: 2_392 }],
      quality: { unwritten: 0, complete: true },
    });
    expect((await ntkOk([...report, ...DATES, '--format', 'json'])).stdout).toContain('"attempts": 3252');
  });

  test('says so in CSV', async () => {
    const lines = (await ntkOk([...report, ...DATES, '--format', 'csv'])).stdout.split('\r\n');
    expect(lines[0]).toBe('section,name,attempts,programs');
    expect(lines).toContain('intercepted,all,3252,2392');
    expect(lines).toContain('by_reason,undeclared_category,3252,2392');
    expect(lines).toContain('quality,duplicates,120,');
  });

  test('says so on a page that can be handed over', async () => {
    const file = desk.write('report.html', 'an earlier one');
    const earlier = join(desk.path, 'earlier.html');
    linkSync(file, earlier);
    const printed = await ntkOk([...report, ...DATES, '--format', 'html']);
    const { stdout, stderr } = await ntkOk([...report, ...DATES, '--format', 'html', '--output', file]);
    expect(stdout).toBe('');
    expect(stderr).toContain(`the report is in ${file}`);
    const page = readFileSync(file, 'utf8');
    // Whole or not at all: what is there is replaced, and not written over.
    expect(readFileSync(earlier, 'utf8')).toBe('an earlier one');
    for (const one of [page, printed.stdout]) {
      expect(one).toContain('<p class="headline">3,252 attempts intercepted, by 2,392 programs</p>');
      expect(one).toContain('<dd>2,454</dd>');
      expect(one).toContain('food-delivery');
    }
    const [{ policy_hash: hash } = { policy_hash: 'none' }] = await rowsOf<{ policy_hash: string }>(
      desk.data,
      'SELECT DISTINCT policy_hash FROM ntk.access_results FINAL',
    );
    const entries = await rowsOf<{ entry_hash: string }>(
      desk.data,
      'SELECT argMax(entry_hash, next) AS entry_hash FROM ntk.blocks FINAL GROUP BY partition',
    );
    expect(entries.length).toBeGreaterThan(0);
    for (const { entry_hash } of entries) expect(page).toContain(entry_hash);
    expect(page).toContain(hash);
  });

  test('says more when it is asked for more time, and nothing of a day without any', async () => {
    expect(await ntkJson(report)).toMatchObject({ intercepted: { attempts: 4_152 }, accesses: 30_000 });
    expect(await ntkJson([...report, '--from', '2011-01-01', '--to', '2011-01-02'])).toMatchObject({
      intercepted: { attempts: 0, programs: 0 },
      accesses: 0,
      byReason: [],
    });
  });
});

test('a report that is not complete says what would make it so', async () => {
  const desk = new Desk();
  try {
    const data = ['--data', desk.data];
    const report = async (): Promise<string> => (await ntkOk(['report', ...data])).stdout;
    const events = desk.write('events.ndjson', ndjson(access({ id: 'a' }), access({ id: 'b' })));
    await ntkOk(['run', ...data, '--input', events]);
    expect(await report()).toMatch(/2 rows stored, 0 not stored yet\nfigures are settled and complete/);
    await ntkOk(['policy', 'apply', 'policies/default.yaml', ...data]);
    expect(await report()).toMatch(
      /4 not stored yet\n {2}what is not stored yet .* the next ntk run\nfigures are .* NOT complete/,
    );
    await ntkOk(['run', ...data, '--input', desk.write('more.ndjson', ndjson(access({ id: 'c' })))]);
    await behindItsBack(desk.data, (warehouse) =>
      warehouse.command("ALTER TABLE ntk.access_results DELETE WHERE event_id = 'b' SETTINGS mutations_sync = 2"),
    );
    expect(await report()).toMatch(
      /2 rows stored, 0 not stored yet\n {2}rows or entries .* are missing, .* ntk repair .*\nfigures are .* NOT complete/,
    );
    await ntkOk(['repair', ...data]);
    expect(await report()).toMatch(/3 rows stored, 0 not stored yet\nfigures are .* complete/);
  } finally {
    desk.clear();
  }
});
