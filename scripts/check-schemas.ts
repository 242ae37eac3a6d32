/**
 * Checks that what is generated in schemas/ is what its sources generate. Works on a copy, which is possible because schemas
 * imports nothing of ours, so that a failing check changes nothing. `node scripts/check-schemas.ts [FOLDER]`.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

/** The generator takes well under a second; this only ends one that hangs. */
const GENERATE_MS_MAX = 60_000;

/** Paths in schemas/ that differ between two checkouts, sorted, each with what is wrong with the first. */
function differences(root: string, generated: string): string[] {
  const ours = filesIn(join(root, 'schemas'));
  const made = filesIn(join(generated, 'schemas'));
  return [...new Set([...ours, ...made])].sort().flatMap((file) => {
    if (!ours.has(file)) return [`schemas/${file}: missing`];
    if (!made.has(file)) return [`schemas/${file}: no longer generated`];
    const same = readFileSync(join(root, 'schemas', file)).equals(readFileSync(join(generated, 'schemas', file)));
    return same ? [] : [`schemas/${file}: out of date`];
  });
}

function filesIn(folder: string): Set<string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Set(entries.map((entry) => relative(folder, join(entry.parentPath, entry.name))));
}

function check(root: string): string[] {
  const copy = mkdtempSync(join(tmpdir(), 'ntk-schemas-'));
  try {
    cpSync(join(root, 'schemas'), join(copy, 'schemas'), { recursive: true });
    cpSync(join(root, 'package.json'), join(copy, 'package.json'));
    if (existsSync(join(root, 'node_modules'))) symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const { status, stderr, error } = spawnSync(process.execPath, ['schemas/generate.ts'], {
      cwd: copy,
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: GENERATE_MS_MAX,
    });
    return status === 0 ? differences(root, copy) : [`schemas/generate.ts failed: ${error?.message ?? stderr.trim()}`];
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const problems = check(process.argv[2] ?? dirname(import.meta.dirname));
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.stdout.write(
  problems.length === 0 ? 'schemas: up to date\n' : 'schemas: run `npm run schemas` and commit what it makes\n',
);
process.exitCode = problems.length === 0 ? 0 : 1;
