/**
 * The tables of docs/baselines-spike.md: `node test/baselines/compare-traffic.ts --worlds DIR [--evaluate 51,52] [--calibrate 61,62]
 * [--only NAME]`. DIR holds sim-SEED and other-SEED, each with events.ndjson and labels.json. Takes a while; `--only` runs one approach.
 */
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { readLabels } from '../../services/domain/evaluation/labels-file.ts';
import { type Calibrated, compare } from './traffic-approaches/compare.ts';
import { hourlyWorld, type HourlyWorld } from './traffic-approaches/hourly-world.ts';
import { TRAFFIC_APPROACHES } from './traffic-approaches/list.ts';
import { FIGURES_HEAD, figures, KINDS_HEAD, kinds } from './traffic-approaches/table.ts';

const { values } = parseArgs({
  options: {
    worlds: { type: 'string', default: '/tmp/spike' },
    evaluate: { type: 'string', default: '51,52' },
    calibrate: { type: 'string', default: '61,62' },
    only: { type: 'string' },
  },
});

async function readWorld(name: string): Promise<HourlyWorld> {
  const folder = join(values.worlds, name);
  const labels = readLabels(readFileSync(join(folder, 'labels.json'), 'utf8'));
  if (!labels.ok) throw new Error(`${folder}: ${labels.problem.field} ${labels.problem.message}`);
  return hourlyWorld(createInterface({ input: createReadStream(join(folder, 'events.ndjson')) }), labels.world);
}

const readAll = async (platform: string, seeds: string): Promise<HourlyWorld[]> => {
  const worlds: HourlyWorld[] = [];
  for (const seed of seeds.split(',')) worlds.push(await readWorld(`${platform}-${seed}`));
  return worlds;
};

const platforms: Calibrated[] = [];
for (const name of ['sim', 'other'])
  platforms.push({ name, calibrate: await readAll(name, values.calibrate), evaluate: await readAll(name, values.evaluate) });

const byKind: string[] = [];
console.log(FIGURES_HEAD);
for (const approach of TRAFFIC_APPROACHES) {
  if (values.only !== undefined && approach.name !== values.only) continue;
  for (const row of compare(approach, platforms)) {
    console.log(figures(row));
    byKind.push(kinds(row));
  }
}
console.log(`\n${KINDS_HEAD}\n${byKind.join('\n')}`);
