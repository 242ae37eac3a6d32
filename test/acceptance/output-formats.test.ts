/** What commands print: text for people, and JSON for whoever asks with `--json` or `--format json`. */
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CliContext } from '../../services/cli/context.ts';
import { registerCommands } from '../../services/cli/register-commands.ts';
import { Desk, ntk, ntkJson, ntkOk, ONE_LINE_ERROR } from './ntk.ts';
import { access, ndjson } from './records.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const desk = new Desk();
const DATA = ['--data', desk.data];
const file = (version: string): string => desk.write(`${version}.yaml`, `version: "${version}"\n`);

beforeAll(async () => {
  const events = desk.write('events.ndjson', ndjson(access({ id: 'a' }), 'no JSON'));
  await ntkOk(['run', ...DATA, '--policy', file('first'), '--input', events]);
});
afterAll(() => desk.clear());

function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

test('whatever prints JSON has --json and --format', async () => {
  const program = new Command('ntk');
  // Nothing is opened by being registered.
  await registerCommands(program, {} as CliContext, []);
  const lacking = leavesOf(program)
    .filter(({ options }) => options.some(({ long }) => long === '--json'))
    .filter(({ options }) => !options.some(({ long }) => long === '--format'))
    .map((command) => command.name());
  expect(lacking).toEqual([]);
});

describe('--format json', () => {
  test.each([
    { args: ['verify'] },
    { args: ['repair'] },
    { args: ['explain', 'a'] },
    { args: ['rejects', 'list'] },
    { args: ['policy', 'log'] },
    { args: ['review', 'list'] },
    { args: ['keys', 'list'] },
  ])('of $args says what --json says', async ({ args }) => {
    const [long, short] = [await ntkOk([...args, ...DATA, '--format', 'json']), await ntkOk([...args, ...DATA, '--json'])];
    expect(JSON.parse(long.stdout)).toEqual(JSON.parse(short.stdout));
  });

  test('of policy check needs no folder', async () => {
    expect(JSON.parse((await ntkOk(['policy', 'check', file('checked'), '--format', 'json'])).stdout)).toMatchObject([
      { ok: true },
    ]);
  });

  test('table is what is printed without it, and what is neither is a mistake of one line', async () => {
    const table = await ntkOk(['policy', 'log', ...DATA, '--format', 'table']);
    expect(table.stdout).toBe((await ntkOk(['policy', 'log', ...DATA])).stdout);
    const { code, stderr } = await ntk(['policy', 'log', ...DATA, '--format', 'xml']);
    expect(stderr).toMatch(ONE_LINE_ERROR);
    expect(stderr).toContain('Allowed choices are table, json');
    expect(code).not.toBe(0);
  });
});

describe('JSON of what was done', () => {
  test('policy apply and rollback say what is in force, and what was before', async () => {
    const [before] = await ntkJson<{ hash: string }[]>(['policy', 'log', ...DATA]);
    const applied = await ntkJson<{ hash: string }>(['policy', 'apply', file('second'), ...DATA]);
    expect(applied).toEqual({ hash: expect.any(String), version: 'second', published: true, before: before!.hash });
    expect(await ntkJson(['policy', 'apply', file('second'), ...DATA])).toMatchObject({
      published: false,
      before: applied.hash,
    });
    expect(await ntkJson(['policy', 'rollback', ...DATA])).toEqual({
      hash: before!.hash,
      version: 'first',
      published: true,
      before: applied.hash,
    });
  });

  test('rejects redrive counts', async () => {
    expect(await ntkJson(['rejects', 'redrive', ...DATA])).toEqual({ appended: 0, unreadable: 1, appendedBefore: 0 });
  });

  test('tokens and keys are named', async () => {
    const tokens = ['--file', `${desk.path}/tokens.yaml`];
    expect(await ntkJson(['tokens', 'make', 'ios', '--source', 'host/ios', ...tokens])).toMatchObject({
      name: 'ios',
      sources: ['host/ios'],
      token: expect.stringMatching(/^\S+$/),
    });
    expect(await ntkJson(['tokens', 'revoke', 'ios', ...tokens])).toEqual({ name: 'ios', isRevoked: true });
    expect(await ntkJson(['keys', 'make', '--out', `${desk.path}/root.key`])).toMatchObject({
      keyid: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });
});
