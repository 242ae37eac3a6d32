/** A command loads the packages that it needs and no others: half of the time that one takes to start is loading. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { environment } from '../environment.ts';

const ROOT = join(import.meta.dirname, '../..');
const NODE = join(ROOT, 'node_modules/.bin/node');
/** Says at its end which packages were loaded that are not ES modules, as all of these are. */
const REPORT = `data:text/javascript,import module from 'node:module';process.on('exit',()=>process.stderr.write(Object.keys(module._cache).join('\\n')))`;

async function packagesOf(command: string): Promise<Set<string>> {
  const args = ['--import', REPORT, join(ROOT, 'bin/ntk.mjs'), command, '--help'];
  const { stderr } = await promisify(execFile)(NODE, args, { env: environment({}) });
  return new Set([...stderr.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)].map(([, name]) => name!));
}

test.each([
  ['run', 'yaml', ['prom-client', 'kafkajs', '@opentelemetry/api', 'pino']],
  ['explain', 'cli-progress', ['prom-client', 'kafkajs', '@opentelemetry/api', 'pino']],
])('ntk %s', async (command, needed, others) => {
  const loaded = await packagesOf(command);
  expect([...loaded]).toContain(needed);
  expect(others.filter((name) => loaded.has(name))).toEqual([]);
});
