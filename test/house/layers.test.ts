import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkFile, checkTree } from '../../scripts/check-layers.ts';

const ROOT = join(import.meta.dirname, '../..');
const SCRIPT = join(ROOT, 'scripts/check-layers.ts');

describe('a small made-up house', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ntk-layers-'));
    for (const [file, source] of Object.entries(SOUND_HOUSE)) put(file, source);
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  function put(file: string, source: string): void {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), source);
  }

  test('passes while every room imports only what lies below it', () => {
    expect(checkTree(root)).toEqual({ files: Object.keys(SOUND_HOUSE).length, problems: [] });
  });

  test.each(BROKEN)('is reported when $broken', ({ file, source, rule }) => {
    put(file, `// first line\n${source}\n`);
    const { problems } = checkTree(root);
    expect(problems.map((problem) => [problem.file, problem.line, problem.rule])).toEqual([
      [file, 2, expect.stringContaining(rule)],
    ]);
    expect(problems[0]?.todo).not.toBe('');
  });

  test('makes the command exit with 1 and name file, line, rule and way out', () => {
    put('services/domain/fold.ts', '\n\nexport const at = Date.now();\n');
    const { status, stdout } = spawnSync(process.execPath, [SCRIPT, root], { encoding: 'utf8' });
    expect(stdout).toMatch(/^services\/domain\/fold\.ts:3 {2}the time is read or written outside .*; take a Clock/);
    expect(stdout).toMatch(/\nlayers: \d+ files, 1 problems\n$/);
    expect(status).toBe(1);
  });

  test('makes the command exit with 0 when it is sound', () => {
    expect(spawnSync(process.execPath, [SCRIPT, root], { encoding: 'utf8' }).status).toBe(0);
  });
});

test('the house itself keeps its rules', () => {
  const { files, problems } = checkTree(ROOT);
  expect(problems).toEqual([]);
  expect(files).toBeGreaterThan(0);
});

test('what stands in comments, strings and patterns is not code', () => {
  const source = `
    // Date.now() and import '../../system/wire.ts'
    /* console.log(process.env) */
    const text = "Math.random() from '../scorer/a.ts'" + 'it\\'s Date.now()' + \`console.log(1) \${1 + 1} process.env\`;
    const pattern = /['"\`]Date.now/g, half = text.length / 2; // a quote: '
    export { text, pattern, half };
  `;
  expect(checkFile('services/domain/words.ts', source)).toEqual([]);
});

test('code inserted into a template is code', () => {
  const problems = checkFile('services/writer/insert.ts', 'const a = `at ${[{ b: `${Date.now()}` }]} }`;\n');
  expect(problems.map((problem) => problem.rule)).toEqual([expect.stringContaining('the time')]);
});

test('a date made of a given moment, a variable called console and a method called now are nobody’s property', () => {
  const source =
    'export const a = [new Date(ms), new Date(0).toISOString(), clock.now(), console.stop(), this.process.envelope];';
  expect(checkFile('services/scorer/a.ts', source)).toEqual([]);
});

const SOUND_HOUSE: Record<string, string> = {
  'schemas/codes.ts': "import data from './codes.json' with { type: 'json' };\nexport const CODES = data;",
  'services/domain/fold.ts':
    "import { createHash } from 'node:crypto';\nimport { CODES } from '../../schemas/codes.ts';\nexport const h = [createHash, CODES];",
  'services/platform/clock.ts': 'export const clock = { nowMs: () => Date.now(), random: () => Math.random() };',
  'services/platform/logger.ts': 'export const log = (line: string) => console.error(line);',
  'services/platform/config/environment.ts': 'export const environment = process.env;',
  'services/platform/log/event-log.ts': 'export type EventLog = object;',
  'services/platform/log/sqlite/sqlite-log.ts': "import './segments.ts';\nimport '../event-log.ts';\nexport {};",
  'services/platform/log/sqlite/segments.ts': "import { DatabaseSync } from 'node:sqlite';\nexport { DatabaseSync };",
  'services/platform/warehouse/chdb-warehouse.ts': "export const child = new URL('./server-warehouse.ts', import.meta.url);",
  'services/platform/warehouse/server-warehouse.ts': 'export {};',
  'services/scorer/score.ts':
    "import '../domain/fold.ts';\nimport '../platform/log/event-log.ts';\nimport '../../schemas/codes.ts';",
  'services/scorer/main.ts': "import './score.ts';\nimport { log } from '../platform/log/sqlite/sqlite-log.ts';",
  'services/writer/write.ts': 'export {};',
  'services/system/wire.ts':
    "import '../scorer/score.ts';\nimport '../writer/write.ts';\nimport '../platform/log/kafka/kafka-log.ts';",
  'services/cli/output/table.ts': 'console.log(1);',
  'services/cli/up.ts': "const { up } = await import('../system/wire.ts');\nimport './output/table.ts';\nexport { up };",
};

const BROKEN: { broken: string; file: string; source: string; rule: string }[] = [
  {
    broken: 'schemas import the domain',
    file: 'schemas/extra.ts',
    source: "import { fold } from '../services/domain/fold.ts';",
    rule: 'schemas imports services/domain',
  },
  {
    broken: 'the domain imports the platform, if only a type',
    file: 'services/domain/extra.ts',
    source: "import type { EventLog } from '../platform/log/event-log.ts';",
    rule: 'services/domain imports services/platform',
  },
  {
    broken: 'the platform imports the domain',
    file: 'services/platform/extra.ts',
    source: "export * from '../domain/fold.ts';",
    rule: 'services/platform imports services/domain',
  },
  {
    broken: 'a service imports another service',
    file: 'services/writer/extra.ts',
    source: "import { score } from '../scorer/score.ts';",
    rule: 'services/writer imports services/scorer',
  },
  {
    broken: 'a service imports the composition root when it is needed',
    file: 'services/writer/extra.ts',
    source: "const system = await import('../system/wire.ts');",
    rule: 'services/writer imports services/system',
  },
  {
    broken: 'a service imports a test',
    file: 'services/writer/extra.ts',
    source: "import '../../test/writer/fakes.ts';",
    rule: 'services/writer imports test',
  },
  {
    broken: 'the command line imports a test',
    file: 'services/cli/extra.ts',
    source: "import { write } from '../../test/writer/write.ts';",
    rule: 'services/cli imports test',
  },
  {
    broken: 'a service starts a worker with the file of another',
    file: 'services/writer/extra.ts',
    source: "const worker = new Worker(new URL('../scorer/score.ts', import.meta.url));",
    rule: 'services/writer imports services/scorer',
  },
  {
    broken: 'a service picks its own log',
    file: 'services/writer/extra.ts',
    source: "import { SqliteLog } from '../platform/log/sqlite/sqlite-log.ts';",
    rule: 'services/platform/log/sqlite/sqlite-log.ts is imported outside main.ts',
  },
  {
    broken: 'the command line picks its own warehouse',
    file: 'services/cli/extra.ts',
    source: "import { chdb } from '../platform/warehouse/chdb-warehouse.ts';",
    rule: 'is imported outside main.ts',
  },
  {
    broken: 'one adapter of the log reaches for one of the warehouse',
    file: 'services/platform/log/kafka/extra.ts',
    source: "import '../../warehouse/chdb-warehouse.ts';",
    rule: 'is imported outside main.ts',
  },
  {
    broken: 'the name of a module is computed',
    file: 'services/cli/extra.ts',
    source: 'await import(`./${name}.ts`);',
    rule: 'computed name',
  },
  {
    broken: 'a module is named by absolute path',
    file: 'services/cli/extra.ts',
    source: "import '/etc/a.ts';",
    rule: 'import of /etc/a.ts',
  },
  {
    broken: 'the domain reads files',
    file: 'services/domain/extra.ts',
    source: "import fs from 'node:fs/promises';",
    rule: 'node:fs/promises',
  },
  {
    broken: 'the domain opens connections',
    file: 'services/domain/extra.ts',
    source: "import net from 'node:net';",
    rule: 'node:net',
  },
  {
    broken: 'the domain uses timers',
    file: 'services/domain/extra.ts',
    source: 'setTimeout(() => {}, 1);',
    rule: 'uses setTimeout',
  },
  {
    broken: 'the domain measures itself',
    file: 'services/domain/extra.ts',
    source: 'export const t = performance.now();',
    rule: 'uses performance',
  },
  {
    broken: 'the domain uses a package that is not pure',
    file: 'services/domain/extra.ts',
    source: "import p from '@a/b/c';",
    rule: 'imports @a/b',
  },
  {
    broken: 'the domain makes up an id',
    file: 'services/domain/extra.ts',
    source: "import { randomUUID } from 'node:crypto';",
    rule: 'uses randomUUID',
  },
  { broken: 'the time is read', file: 'services/scorer/extra.ts', source: 'export const at = Date.now();', rule: 'the time' },
  {
    broken: 'a date is made of nothing',
    file: 'services/scorer/extra.ts',
    source: 'export const at = new Date();',
    rule: 'the time',
  },
  {
    broken: 'chance decides',
    file: 'services/scorer/extra.ts',
    source: 'export const a = Math.random() < 0.5;',
    rule: 'randomness',
  },
  {
    broken: 'the environment is read',
    file: 'services/scorer/extra.ts',
    source: 'export const a = process.env.HOME;',
    rule: 'the environment',
  },
  {
    broken: 'the environment is unpacked',
    file: 'services/scorer/extra.ts',
    source: 'const { env } = process;',
    rule: 'the environment',
  },
  {
    broken: 'the environment is imported',
    file: 'services/scorer/extra.ts',
    source: "import { env } from 'node:process';",
    rule: 'node:process',
  },
  { broken: 'a service prints', file: 'services/scorer/extra.ts', source: "console.log('done');", rule: 'the console' },
  { broken: 'the clock prints', file: 'services/platform/clock-face.ts', source: "console.warn('late');", rule: 'the console' },
];
