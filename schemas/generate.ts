/**
 * Writes schemas/json/ from the zod sources. `node schemas/generate.ts [--check]`; with `--check` nothing is written, and the exit
 * code is 1 when a file is missing, different or left over.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { asyncApiDocument } from './asyncapi.ts';
import { EVENT_DATA_SCHEMAS } from './events/index.ts';
import { cloudEventSchema } from './events/cloudevent.ts';
import { policyTestSchema } from './policy/policy-test.ts';
import { driftReportSchema } from './report/drift.ts';
import { evaluationSchema } from './report/evaluation.ts';
import { interceptionReportSchema } from './report/interceptions.ts';
import { rejectSchema } from './results/reject.ts';
import { heartbeatAnswerSchema, verdictSchema } from './results/verdict.ts';
import { labelsSchema } from './simulation/labels.ts';

const FOLDER = join(import.meta.dirname, 'json');

/** `data` of each type by the type's name without `ntk.`; the rest as they are. */
const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  ...Object.fromEntries(Object.entries(EVENT_DATA_SCHEMAS).map(([type, schema]) => [type.replace('ntk.', ''), schema])),
  cloudevent: cloudEventSchema,
  verdict: verdictSchema,
  'heartbeat-answer': heartbeatAnswerSchema,
  reject: rejectSchema,
  interceptions: interceptionReportSchema,
  drift: driftReportSchema,
  evaluation: evaluationSchema,
  'policy-test': policyTestSchema,
  labels: labelsSchema,
};

/** File name in schemas/json to its text. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    files.set(`${name}.schema.json`, textOf(z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' })));
  }
  return files.set('asyncapi.json', textOf(asyncApiDocument()));
}

function textOf(json: unknown): string {
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** Names of files that are not as generated, sorted. */
export function outdatedFiles(files: ReadonlyMap<string, string>, folder = FOLDER): string[] {
  const there = new Set(readdirSync(folder));
  const differs = (name: string): boolean => !there.has(name) || readFileSync(join(folder, name), 'utf8') !== files.get(name);
  return [...new Set([...files.keys(), ...there])].filter((name) => !files.has(name) || differs(name)).sort();
}

function write(files: ReadonlyMap<string, string>): void {
  mkdirSync(FOLDER, { recursive: true });
  for (const name of outdatedFiles(files)) {
    const text = files.get(name);
    if (text === undefined) rmSync(join(FOLDER, name));
    else writeFileSync(join(FOLDER, name), text);
  }
}

if (process.argv[1] === import.meta.filename) {
  const files = generatedFiles();
  if (process.argv.includes('--check')) {
    const outdated = outdatedFiles(files);
    for (const name of outdated) console.error(`schemas/json/${name} is not as generated: run npm run schemas`);
    if (outdated.length === 0) console.info('schemas: up to date');
    process.exitCode = outdated.length === 0 ? 0 : 1;
  } else {
    write(files);
  }
}
