/**
 * Labelled traffic made without a look at `services/simulator`, so that a detector tuned on one can be measured on the other:
 * `node test/baselines/other-world/main.ts --seed 1 --programs 400 --days 21 --output DIR [--no-incidents] [--dispersion 1.5]`
 * writes `events.ndjson` and `labels.json` into DIR. The same options give the same bytes.
 */
import { once } from 'node:events';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { eventLines, labels } from './records.ts';
import type { WorldOptions } from './shapes.ts';
import { makeWorld } from './world.ts';

const CHUNK_CHARACTERS = 1 << 20;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    programs: { type: 'string', default: '400' },
    days: { type: 'string', default: '21' },
    dispersion: { type: 'string', default: '1' },
    output: { type: 'string', default: '/tmp/worlds/other' },
    'no-incidents': { type: 'boolean', default: false },
  },
});

const options: WorldOptions = {
  seed: Number(values.seed),
  programs: Number(values.programs),
  days: Number(values.days),
  dispersion: Number(values.dispersion),
  incidents: !values['no-incidents'],
};
mkdirSync(values.output, { recursive: true });
const world = makeWorld(options);
const file = createWriteStream(join(values.output, 'events.ndjson'));
let chunk = '';
let lines = 0;
for (const line of eventLines(world)) {
  chunk += line;
  lines++;
  if (chunk.length < CHUNK_CHARACTERS) continue;
  if (!file.write(chunk)) await once(file, 'drain');
  chunk = '';
}
file.end(chunk);
await once(file, 'finish');
writeFileSync(join(values.output, 'labels.json'), `${JSON.stringify(labels(options, world.incidents), undefined, 2)}\n`);
process.stdout.write(`${lines} records, ${world.arrivals.length} accesses, ${world.incidents.length} incidents\n`);
