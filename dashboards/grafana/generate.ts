/**
 * Writes the boards beside this file, as Grafana reads them. `node dashboards/grafana/generate.ts [--check] [--docs URL] [--output DIR]`.
 * With `--check` nothing is written, and the exit code is 1 when a file is missing, different or left over.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ANALYST_VIEW } from './source/analyst-view.ts';
import { type Board, dashboardOf, fileOf } from './source/board.ts';
import { INTERCEPTIONS } from './source/interceptions.ts';
import { ONE_PROGRAM } from './source/one-program.ts';
import { SERVICE_HEALTH } from './source/service-health.ts';
import { docsVariable } from './source/variables.ts';

const FOLDER = import.meta.dirname;
/** A folder that Grafana serves itself: with docs/ mounted there the links lead somewhere whatever its own address is. */
const DOCS_URL = '/public/need-to-know';

export const BOARDS: readonly Board[] = [SERVICE_HEALTH, INTERCEPTIONS, ONE_PROGRAM, ANALYST_VIEW];

/** File name to text. */
export function generatedFiles(docsUrl = DOCS_URL): ReadonlyMap<string, string> {
  const docs = docsVariable(docsUrl.replace(/\/$/, ''));
  return new Map(
    BOARDS.map((board) => [
      fileOf(board),
      `${JSON.stringify(dashboardOf({ ...board, variables: [...board.variables, docs] }), null, 2)}\n`,
    ]),
  );
}

/** Names of files in a folder that are not as generated, sorted. */
export function outdatedFiles(files: ReadonlyMap<string, string>, folder = FOLDER): string[] {
  const there = new Set(readdirSync(folder).filter((name) => name.endsWith('.json')));
  const differs = (name: string): boolean => !there.has(name) || readFileSync(join(folder, name), 'utf8') !== files.get(name);
  return [...new Set([...files.keys(), ...there])].filter((name) => !files.has(name) || differs(name)).sort();
}

function write(files: ReadonlyMap<string, string>, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: { check: { type: 'boolean', default: false }, docs: { type: 'string' }, output: { type: 'string' } },
  });
  const files = generatedFiles(values.docs);
  if (values.check) {
    const outdated = outdatedFiles(files);
    for (const name of outdated) process.stderr.write(`dashboards/grafana/${name} is not as generated: run npm run dashboards\n`);
    process.stdout.write(outdated.length === 0 ? 'dashboards: up to date\n' : '');
    process.exitCode = outdated.length === 0 ? 0 : 1;
  } else {
    // What is left over from an earlier name goes, but only of our own folder.
    if (values.output === undefined) for (const name of outdatedFiles(files)) if (!files.has(name)) rmSync(join(FOLDER, name));
    write(files, values.output ?? FOLDER);
  }
}
