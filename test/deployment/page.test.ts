/** Commands on docs/deploy.md name services, profiles, commands, flags and files that are there. */
import { mkdtempSync, existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ntk, ROOT } from '../acceptance/ntk.ts';
import { readPage } from '../docs/page-commands.ts';
import { type Compose, mountsOf, preparedCompose } from './compose-file.ts';

const page = readPage('docs/deploy.md');
const blocks = [...page.matchAll(/^```sh\n([^]*?)^```/gm)].flatMap(([, text]) => text!.trim().split('\n'));
const inText = [...page.replaceAll(/^```[^]*?^```/gm, '').matchAll(/`((?:docker|node) [^`\n]+)`/g)].map(([, code]) => code!);
const lines = [...blocks, ...inText].map((line) => line.replace(/\s+#.*/, ''));

let checkout: string;
let compose: Compose;
beforeAll(() => {
  checkout = mkdtempSync(join(tmpdir(), 'ntk-page-'));
  compose = preparedCompose(checkout);
});
afterAll(() => rmSync(checkout, { recursive: true, force: true }));

test('docker compose is given services and profiles that the file has', () => {
  const named = lines.flatMap((line) => {
    const [, profile, rest] = /^docker compose (?:--profile (\S+) )?(?:run --rm|up|stop|restart|exec)\b(.*)$/.exec(line) ?? [];
    if (rest === undefined) return [];
    const words = rest.split(' ').filter((word) => word !== '' && !word.startsWith('-'));
    const isOne = /compose (?:run|exec)/.test(line);
    return (isOne ? words.slice(0, 1) : words).map((service) => ({ service, profile }));
  });
  expect(named.length).toBeGreaterThan(10);
  for (const { service, profile } of named) {
    expect(Object.keys(compose.services)).toContain(service);
    if (profile !== undefined) expect(compose.services[service]!.profiles).toContain(profile);
  }
});

test('commands of ours have the flags and are given files that their container has', async () => {
  const commands = lines.flatMap((line) => {
    const [, service, rest] = /^docker compose run --rm (\S+) (.+)$/.exec(line) ?? [];
    return rest === undefined ? [] : [{ service: service!, words: rest.split(' ') }];
  });
  expect(commands.length).toBeGreaterThan(8);
  for (const { service, words } of commands) {
    const names = words.filter((word, i) => i < 2 && /^[a-z]+$/.test(word));
    const { code, stdout } = await ntk([...names, '--help']);
    expect({ words, code }).toEqual({ words, code: 0 });
    expect(stdout).toContain(`Usage: ntk ${names.join(' ')}`);
    for (const flag of words.filter((word) => word.startsWith('--'))) expect(stdout).toContain(`${flag} `);
    const mounts = [...mountsOf(compose.services[service]!).keys()];
    for (const path of words.filter((word) => word.startsWith('/'))) expect(mounts).toContain(dirname(path));
    for (const path of words.filter((word) => word.startsWith('policies/'))) expect(existsSync(join(ROOT, path))).toBe(true);
  }
});

test('links lead to pages, and files that it names are made or there', () => {
  const links = [...page.matchAll(/\]\(([^)#:]+)\)/g)].map(([, target]) => join(ROOT, 'docs', target!));
  expect(links.filter((target) => !existsSync(target))).toEqual([]);
  const files = [...page.matchAll(/`(secrets\/[\w./-]+|deploy\/[\w./-]+)`/g)].map(([, path]) => path!);
  expect(files.length).toBeGreaterThan(4);
  expect(files.filter((path) => !existsSync(join(path.startsWith('secrets') ? checkout : ROOT, path)))).toEqual([]);
});
