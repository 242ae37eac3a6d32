/** `ntk simulate` as its help and docs/simulator.md show it. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { INCIDENT_KINDS, labelsSchema } from '../../schemas/simulation/labels.ts';
import { RunningGateway, SYSTEM_TOKEN } from '../gateway/running-gateway.ts';
import { Desk, ntk, ntkOk, ONE_LINE_ERROR, ROOT } from './ntk.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const desk = new Desk();
symlinkSync(join(ROOT, 'policies'), join(desk.path, 'policies'));
afterAll(() => desk.clear());

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

describe('files', () => {
  it('are made and judged by the commands of its help, which are those of the page', async () => {
    const { stdout } = await ntkOk(['simulate', '--help']);
    const examples = [...stdout.matchAll(/^ {2}ntk (.*)$/gm)].map(([, args]) => args!.split(' '));
    expect(examples.map(([name]) => name)).toEqual(['simulate', 'run']);
    const page = readFileSync(join(ROOT, 'docs/simulator.md'), 'utf8');
    for (const args of examples) expect(page).toContain(`npx ntk ${args.join(' ').replaceAll('./', '')}\n`);

    const made = await ntkOk(examples[0]!, { cwd: desk.path });
    expect(made.stdout).toMatch(/^made-up\/events\.ndjson: [\d,]+ records\nmade-up\/labels\.json: [\d,]+ incidents\n$/);
    expect(made.stderr).toBe('');
    const judged = await ntkOk(examples[1]!, { cwd: desk.path });
    expect(judged.stdout).toMatch(/ 0 rejected; complete/);
  });

  it('are the same bytes again, with labels of the schema', async () => {
    const options = ['simulate', '--seed', '5', '--programs', '60', '--days', '6', '--daily', '40', '--json', '--output'];
    const [first, second] = [join(desk.path, 'first'), join(desk.path, 'second')];
    const { records, incidents } = JSON.parse((await ntkOk([...options, first])).stdout) as {
      records: number;
      incidents: number;
    };
    await ntkOk([...options, second]);
    for (const name of ['events.ndjson', 'labels.json']) expect(hashOf(join(first, name))).toBe(hashOf(join(second, name)));
    const labels = labelsSchema.parse(JSON.parse(readFileSync(join(first, 'labels.json'), 'utf8')));
    expect(labels).toMatchObject({ seed: 5, programs: 60, days: 6 });
    expect(labels.incidents).toHaveLength(incidents);
    expect(new Set(labels.incidents.map(({ kind }) => kind)).size).toBeGreaterThan(INCIDENT_KINDS.length - 3);
    expect(readFileSync(join(first, 'events.ndjson'), 'utf8').split('\n')).toHaveLength(records + 1);
  });
});

it.each([
  { name: 'no place to write to', args: [], says: '--output DIR for files, or --to URL' },
  { name: 'two places', args: ['--output', 'x', '--to', 'http://127.0.0.1:1'], says: '--output DIR for files, or --to URL' },
  { name: 'a rate for a file', args: ['--output', 'x', '--rate', '5'], says: '--rate has no meaning with --output' },
  { name: 'days of a live source', args: ['--to', 'http://127.0.0.1:1', '--days', '5'], says: '--days has no meaning with --to' },
  { name: 'a seed that is no number', args: ['--output', 'x', '--seed', 'one'], says: "--seed 'one' is no number from 0" },
  { name: 'no days', args: ['--output', 'x', '--days', '0'], says: "--days '0' is no number from 1 to 3,660" },
  {
    name: 'a day of a second',
    args: ['--to', 'http://127.0.0.1:1', '--token', 't', '--day', '1s'],
    says: "--day '1s' is no duration from 1m",
  },
  { name: 'no token', args: ['--to', 'http://127.0.0.1:1'], says: '--to needs a token' },
  { name: 'no URL', args: ['--to', 'here', '--token', 't'], says: "--to 'here' is no URL" },
  {
    name: 'a folder that is a file',
    args: ['--output', 'package.json'],
    says: 'cannot write to package.json: ENOTDIR, a file is in the way',
  },
])('$name ends in one line that says what to do', async ({ args, says }) => {
  const { code, stderr } = await ntk(['simulate', ...args]);
  expect(stderr).toMatch(ONE_LINE_ERROR);
  expect(stderr).toContain(says);
  expect(code).toBe(1);
});

describe('live', () => {
  it('sends to a running system until it is stopped', async () => {
    const gateway = await RunningGateway.open();
    try {
      const args = ['simulate', '--to', gateway.url, '--programs', '100', '--rate', '400', '--day', '20m', '--json'];
      const child = spawn(process.execPath, [join(ROOT, 'bin/ntk.mjs'), ...args], {
        env: { PATH: process.env['PATH'], NTK_TOKEN: SYSTEM_TOKEN },
      });
      const said: string[] = [];
      child.stdout.on('data', (chunk: Buffer) => said.push(chunk.toString()));
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      const sent = async (): Promise<string[]> => (await gateway.records()).flat();
      const isUnderWay = (texts: readonly string[]): boolean => texts.some((text) => text.includes('"ntk.access"'));
      while (child.exitCode === null && !isUnderWay(await sent())) await pause(50);
      child.kill('SIGINT');
      expect(await ended).toBe(0);
      const { records } = JSON.parse(said.join('')) as { records: number };
      // The facts were acknowledged before the first access was sent; what was under way at the end may not have been.
      const texts = await sent();
      expect(texts.some((text) => text.includes('"ntk.consent"'))).toBe(true);
      expect(records).toBeGreaterThan(100);
      expect(records).toBeLessThanOrEqual(texts.length);
      expect(texts.filter((text) => text.includes('"ntk.declaration"')).length).toBeGreaterThan(90);
    } finally {
      await gateway.stop();
    }
  });
});
