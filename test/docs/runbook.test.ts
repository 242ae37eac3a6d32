/** The runbook has a page for each alert, and what its pages say to type can be typed. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { ntk, ntkOk, ROOT } from '../acceptance/ntk.ts';
import { ask } from '../dashboards/prometheus/programs.ts';
import { ALERT_NAMES, ALERTS } from '../dashboards/prometheus/rule-files.ts';
import { commandsOf, readPage } from './page-commands.ts';

const FOLDER = 'docs/runbook';
const MS_MAX = 120_000;
/** A page is read at night. */
const LINES_MAX = 50;
const PAGES = readdirSync(join(ROOT, FOLDER)).filter((name) => name !== 'README.md');
/** Programs that pages name beside `ntk`. */
const PROGRAMS = /^(?:npx ntk|promtool query instant|amtool|curl|export|prometheus|prometheus-alertmanager)\s/;

const linesOf = (page: string): string[] =>
  commandsOf(readPage(join(FOLDER, page))).flatMap(({ command }) => command.split('\n').filter((line) => line !== ''));

test('every alert has its page, and every page its alert', () => {
  expect(new Set(PAGES)).toEqual(new Set(ALERT_NAMES.map((name) => `${name}.md`)));
});

test('the index lists them with how urgent they are', () => {
  const rows = [...readPage(join(FOLDER, 'README.md')).matchAll(/^\| \[(\w+)\]\(\1\.md\) +\| (\w+) +\| `(\w+)` +\| [A-Z]/gm)];
  const listed = rows.map(([, name, severity, cause]) => ({ name, severity, cause }));
  expect(new Set(listed.map(({ name }) => name))).toEqual(new Set(ALERT_NAMES));
  for (const { name, severity, cause } of listed) {
    const { labels } = ALERTS.find(({ alert }) => alert === name)!;
    expect({ name, severity, cause }).toEqual({ name, severity: labels['severity'], cause: labels['cause'] });
  }
});

describe.each(PAGES)('%s', (page) => {
  const text = readPage(join(FOLDER, page));
  const name = page.replace(/\.md$/, '');

  test('says what it means, how bad it is, what to type, the causes, who else has to know, and how to silence it', () => {
    const { labels } = ALERTS.find(({ alert }) => alert === name)!;
    expect(text).toMatch(
      new RegExp(
        `^# ${name}\\n\\n\\*\\*${labels['severity']}\\*\\*, cause \`${labels['cause']}\`[^]*\\*\\*What it means\\.\\*\\*[^]*\\*\\*How bad\\.\\*\\*[^]*\\n## Type first\\n[^]*\\n## Causes\\n[^]*\\*\\*Escalate to:\\*\\*[^]*\\n## Silence\\n[^]*alertname=${name} `,
      ),
    );
    expect(text.split('\n').length).toBeLessThan(LINES_MAX);
  });

  test('links to pages and files that are there', () => {
    const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, target]) => join(ROOT, FOLDER, target!));
    const named = [...text.matchAll(/\b(?:docs|dashboards|schemas)\/[\w./-]+\w/g)].map(([path]) => join(ROOT, path));
    expect(links.length).toBeGreaterThan(1);
    expect([...links, ...named].filter((path) => !existsSync(path))).toEqual([]);
  });
});

describe('what is typed', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ntk-runbook-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const typed = ['README.md', ...PAGES].flatMap(linesOf);

  test('is one of a few programs', () => {
    expect(typed.filter((line) => !PROGRAMS.test(line))).toEqual([]);
  });

  test('has queries that Prometheus understands', async () => {
    const queries = typed.flatMap((line) => /^promtool query instant "\$PROMETHEUS" '(.*)'$/.exec(line)?.[1] ?? []);
    expect(queries.length).toBe(typed.filter((line) => line.startsWith('promtool')).length);
    expect(queries.length).toBeGreaterThan(20);
    // Recorded as rules, they are parsed without a server.
    const rules = queries.map((expr, i) => ({ record: `query:typed:${i}`, expr }));
    const file = join(folder, 'typed.yaml');
    writeFileSync(file, stringify({ groups: [{ name: 'typed', rules }] }));
    expect(await ask('promtool', ['check', 'rules', file])).toEqual({ code: 0, said: expect.stringContaining('SUCCESS') });
  });

  test('counts what is different exactly, for a difference of 0 decides what is done', () => {
    // `uniq` is an estimate: of 95,646 events without a repeat it found 366 too many.
    expect(typed.filter((line) => /\buniq(?:Combined\w*|HLL12|Theta)?\(/.test(line))).toEqual([]);
  });

  test('has statements that ClickHouse answers', { timeout: MS_MAX }, async () => {
    const statements = typed.flatMap((line) => /^npx ntk query "(.*)"$/.exec(line)?.[1] ?? []);
    expect(statements.length).toBeGreaterThan(5);
    const policy = ['--policy', 'examples/ios-week/policy.yaml', '--input', 'examples/ios-week/declarations.ndjson'];
    await ntkOk(['run', '--data', join(folder, 'data'), ...policy]);
    for (const sql of new Set(statements))
      expect([sql, (await ntk(['query', '--data', join(folder, 'data'), sql])).stderr]).toEqual([sql, '']);
  });

  test('has silences that amtool understands', async () => {
    // No Alertmanager is asked: the matchers are parsed before.
    for (const name of ALERT_NAMES) {
      const { said } = await ask('amtool', ['silence', 'add', `alertname=${name}`, '--alertmanager.url=http://127.0.0.1:1']);
      expect(said).toContain('comment required by config');
    }
  });
});
