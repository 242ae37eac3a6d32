/**
 * Checks which room of the house imports which, and that each source of impurity is used only by its owner:
 * the rules of `architecture.md`, "Layers and rooms", and of CONTRIBUTING.md. `node scripts/check-layers.ts [FOLDER]`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { codeOnly, lineAt } from './source-text.ts';

type Problem = { readonly file: string; readonly line: number; readonly rule: string; readonly todo: string };

/** Folders that are checked; tests, dashboards and scripts may import what they test and describe. */
const CHECKED = ['schemas', 'services'];
const SOURCE = /\.(?:ts|mts|js|mjs)$/;

/** Built into Node and pure: same input, same output. */
const DOMAIN_BUILTINS = ['node:buffer', 'node:crypto'];
/** Packages that compute and do nothing else. */
const DOMAIN_PACKAGES = ['canonicalize', 'yaml', 'zod'];

/** What picks a log or a warehouse decides what the process is; only a composition root does. */
const ADAPTER = /^services\/platform\/(log|warehouse)\/(?:sqlite|kafka|chdb|server|proxied)(?![a-z])/;

const CONSOLE = 'assert|count|debug|dir|error|group|info|log|table|time|timeEnd|trace|warn';

/** A source of impurity, its owners (a file, or a folder with its slash) and what everybody else does instead. */
const OWNED: readonly {
  readonly name: string;
  readonly found: RegExp;
  readonly owners: readonly string[];
  readonly todo: string;
}[] = [
  {
    name: 'the time',
    found: /\bDate\s*\??\.\s*now\b|\bnew\s+Date\b\s*(?:\(\s*\)|(?!\s*\())|(?<![.\w$]|new\s)Date\s*\(\s*\)/g,
    owners: ['services/platform/clock.ts'],
    todo: 'take a Clock (services/platform/clock.ts); in services/domain, the time of the record',
  },
  {
    name: 'randomness',
    found: /\bMath\s*\??\.\s*random\b/g,
    owners: ['services/platform/clock.ts'],
    todo: 'take a seeded source of randomness as an argument',
  },
  {
    name: 'the environment',
    found: /\bprocess\s*\??\.\s*env\b|\bprocess\s*\[|\benv\b[^;{}]*\}\s*=\s*process\b/g,
    owners: ['services/platform/config/'],
    todo: 'add the setting to the schema in services/platform/config and take it as an argument',
  },
  {
    name: 'the console',
    found: new RegExp(`(?<![.\\w$])(?:globalThis\\s*\\.\\s*)?console\\s*\\??\\.\\s*(?:${CONSOLE})\\b`, 'g'),
    // The generator is a script that lies beside what it generates.
    owners: ['services/platform/logger.ts', 'services/cli/output/', 'schemas/generate.ts'],
    todo: 'take the logger; in services/cli, print through services/cli/output',
  },
];

/** What in the language itself meets the world, or differs from one run to the next. */
const DOMAIN_GLOBALS =
  /(?<![.\w$])(?:process|performance|globalThis)\s*\??\.|(?<![.\w$])(?:setTimeout|setInterval|setImmediate|queueMicrotask|fetch)\s*\(|(?<![\w$])(?:randomUUID|randomBytes|randomInt|randomFillSync|randomFill|getRandomValues|generateKeyPairSync)\b/g;

const IMPORT = /(?<![.\w$])(?:from|import)\s*(?=['"])|(?<![.\w$])(?:import|require)\s*\(\s*|\bnew\s+URL\s*\(\s*(?=['"])/g;
const LITERAL = /(['"`])( *)\1/y;

type Import = { readonly target: string | undefined; readonly offset: number };

/** All modules that a source names; `undefined` for a dynamic import whose name is computed. */
function importsOf(source: string, code: string): Import[] {
  const found: Import[] = [];
  for (const match of code.matchAll(IMPORT)) {
    LITERAL.lastIndex = match.index + match[0].length;
    const literal = LITERAL.exec(code);
    const target = literal === null ? undefined : source.slice(literal.index + 1, literal.index + 1 + literal[2]!.length);
    // A URL of a source file starts a worker or a process with it; of anything else it reads data.
    if (match[0].startsWith('new') && !(target !== undefined && /^\.{1,2}\//.test(target) && SOURCE.test(target))) continue;
    found.push({ target, offset: match.index });
  }
  return found;
}

/** `schemas`, `services/NAME`, or the first folder of anything else. */
function roomOf(file: string): string {
  const [first = '', second = ''] = file.split('/');
  return first === 'services' ? `${first}/${second}` : first;
}

/** The rooms that a room may import besides itself. */
function openTo(room: string): readonly string[] | 'every service' {
  if (room === 'schemas') return [];
  if (room === 'services/domain' || room === 'services/platform') return ['schemas'];
  // The composition root puts the services together; the command line is how people reach them.
  if (room === 'services/system' || room === 'services/cli') return 'every service';
  return ['services/domain', 'services/platform', 'schemas'];
}

/** Why `file` may not import `target` (a path from the root), or `undefined`. */
function layerProblem(file: string, target: string): { rule: string; todo: string } | undefined {
  // The version that `ntk --version` prints.
  if (target === 'package.json' && roomOf(file) === 'services/cli') return;
  const from = roomOf(file);
  const to = roomOf(target);
  const open = openTo(from);
  const allowed = from === to || (open === 'every service' ? to === 'schemas' || to.startsWith('services/') : open.includes(to));
  if (!allowed) {
    const list = open === 'every service' ? 'services and schemas' : [...open, 'itself'].join(', ');
    return {
      rule: `${from} imports ${to}`,
      todo: `it may import only ${list}: move the shared part down, or wire it in services/system`,
    };
  }
  const port = ADAPTER.exec(target)?.[1];
  if (port === undefined || from === 'services/system' || posix.basename(file) === 'main.ts' || ADAPTER.exec(file)?.[1] === port)
    return;
  return { rule: `the adapter ${target} is imported outside main.ts and services/system`, todo: 'take the port as an argument' };
}

function importProblem(file: string, target: string | undefined): { rule: string; todo: string } | undefined {
  if (target === undefined)
    return { rule: 'an import with a computed name', todo: 'name the module in quotes, so that it can be checked' };
  if (target.startsWith('.')) return layerProblem(file, posix.join(posix.dirname(file), target));
  if (/^(?:\/|#|file:)/.test(target)) return { rule: `import of ${target}`, todo: 'import by relative path' };
  if (/^(?:node:)?(?:process|console)$/.test(target))
    return { rule: `import of ${target}`, todo: 'use the global, whose owners are checked' };
  if (roomOf(file) !== 'services/domain') return;
  const [first = '', second = ''] = target.split('/');
  const name = target.startsWith('@') ? `${first}/${second}` : target.startsWith('node:') ? target : first;
  if (DOMAIN_BUILTINS.includes(name) || DOMAIN_PACKAGES.includes(name)) return;
  return {
    rule: `services/domain imports ${name}`,
    todo: 'the domain is pure: do this in services/platform or a service and pass the result',
  };
}

/** Checks one file; `file` is its path from the root, with slashes. */
export function checkFile(file: string, source: string): Problem[] {
  const code = codeOnly(source);
  const problems: Problem[] = [];
  const add = (offset: number, rule: string, todo: string): void =>
    void problems.push({ file, line: lineAt(source, offset), rule, todo });

  for (const { target, offset } of importsOf(source, code)) {
    const problem = importProblem(file, target);
    if (problem !== undefined) add(offset, problem.rule, problem.todo);
  }
  for (const { name, found, owners, todo } of OWNED) {
    if (owners.some((owner) => (owner.endsWith('/') ? file.startsWith(owner) : file === owner))) continue;
    for (const match of code.matchAll(found)) add(match.index, `${name} is read or written outside ${owners.join(', ')}`, todo);
  }
  if (roomOf(file) === 'services/domain') {
    for (const match of code.matchAll(DOMAIN_GLOBALS)) {
      add(
        match.index,
        `services/domain uses ${match[0].replace(/[\s.(?]+$/, '')}`,
        'the domain is pure: take the value as an argument',
      );
    }
  }
  return problems.sort((a, b) => a.line - b.line);
}

/** Checks every source under `root`, in the order of their paths. */
export function checkTree(root: string): { readonly files: number; readonly problems: readonly Problem[] } {
  const files = CHECKED.flatMap((folder) => sourcesIn(join(root, folder))).map((path) =>
    relative(root, path).split(sep).join('/'),
  );
  return {
    files: files.length,
    problems: files.sort().flatMap((file) => checkFile(file, readFileSync(join(root, file), 'utf8'))),
  };
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && SOURCE.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

if (process.argv[1] === import.meta.filename) {
  const { files, problems } = checkTree(process.argv[2] ?? dirname(import.meta.dirname));
  for (const { file, line, rule, todo } of problems) process.stdout.write(`${file}:${line}  ${rule}; ${todo}\n`);
  process.stdout.write(`layers: ${files} files, ${problems.length} problems\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
