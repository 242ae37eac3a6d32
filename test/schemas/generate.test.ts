import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { asyncApiDocument } from '../../schemas/asyncapi.ts';
import { RECORD_TYPES } from '../../schemas/codes.ts';
import { EVENT_DATA_SCHEMAS } from '../../schemas/events/index.ts';
import { generatedFiles, outdatedFiles } from '../../schemas/generate.ts';
import { EVENTS } from '../conformance/example.ts';

const ROOT = join(import.meta.dirname, '../..');

test('the files in schemas/json are what the sources generate', () => {
  expect(outdatedFiles(generatedFiles())).toEqual([]);
});

describe('the generator', () => {
  let copy: string;
  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), 'ntk-generate-'));
    cpSync(join(ROOT, 'schemas'), join(copy, 'schemas'), { recursive: true });
    writeFileSync(join(copy, 'package.json'), '{"type":"module"}');
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  });
  afterEach(() => {
    rmSync(copy, { recursive: true, force: true });
  });
  const run = (...options: string[]): { status: number | null; stderr: string } =>
    spawnSync(process.execPath, ['schemas/generate.ts', ...options], { cwd: copy, encoding: 'utf8' });

  test('says which files differ, are missing or are left over, changes nothing with --check, and repairs them without', () => {
    const file = (name: string): string => join(copy, 'schemas/json', name);
    appendFileSync(file('access.schema.json'), '\n');
    rmSync(file('asyncapi.json'));
    writeFileSync(file('standing-orders.schema.json'), '{}');

    const checked = run('--check');
    expect(checked.status).toBe(1);
    expect(checked.stderr.match(/(?<=schemas\/json\/)\S+/g)).toEqual([
      'access.schema.json',
      'asyncapi.json',
      'standing-orders.schema.json',
    ]);
    expect(readFileSync(file('access.schema.json'), 'utf8')).toMatch(/\n\n$/);

    expect(run().status).toBe(0);
    expect(run('--check')).toMatchObject({ status: 0, stderr: '' });
  });
});

test('the JSON Schemas judge the data of the worked example as their sources do', () => {
  const files = generatedFiles();
  const published = new Map(
    RECORD_TYPES.map((type) => [
      type,
      z.fromJSONSchema(
        JSON.parse(files.get(`${type.replace('ntk.', '')}.schema.json`)!) as Parameters<typeof z.fromJSONSchema>[0],
      ),
    ]),
  );
  let compared = 0;
  for (const line of EVENTS.toString('utf8')
    .replace(/^\ufeff/, '')
    .split('\n')) {
    let record: { type?: unknown; data?: unknown };
    try {
      record = JSON.parse(line) as typeof record;
    } catch {
      continue;
    }
    const type = RECORD_TYPES.find((known) => known === record.type);
    if (type === undefined) continue;
    const accepted = EVENT_DATA_SCHEMAS[type].safeParse(record.data).success;
    expect([published.get(type)!.safeParse(record.data).success, line]).toEqual([accepted, line]);
    compared++;
  }
  expect(compared).toBeGreaterThan(6000);
});

describe('the AsyncAPI document', () => {
  const document = asyncApiDocument() as { channels: Record<string, { address: string; messages: Record<string, unknown> }> };

  test('describes the five topics, and every type of record on the access log', () => {
    const addresses = Object.values(document.channels).map(({ address }) => address);
    expect(addresses).toEqual(['ntk.access.v1', 'ntk.results.v1', 'ntk.verdicts.v1', 'ntk.rejects.v1', 'ntk.checkpoints.v1']);
    expect(Object.keys(document.channels['access']!.messages)).toEqual(RECORD_TYPES);
  });

  test('points nowhere but at its own parts', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!);
    const resolved = refs.map((path) =>
      path.split('/').reduce<unknown>((part, step) => (part as Record<string, unknown> | undefined)?.[step], document),
    );
    expect(refs.length).toBeGreaterThan(40);
    expect(resolved.filter((part) => part === undefined)).toEqual([]);
  });
});
