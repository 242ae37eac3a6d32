/**
 * What the baselines find and how often they are wrong, on worlds made on the spot:
 * `node test/baselines/measure.ts --maker other|simulator|both --seeds 31 32 33 34 [--programs 400] [--days 21] [--dispersion 1] [--budget 0.001] [--alone] [--json]`.
 * `--alone`: partitions are not told of each other.
 * One after another through the fold, some 20 seconds each; several count as one.
 */
import { parseArgs } from 'node:util';
import { type JudgedWorld, scoreWorlds } from '../../services/domain/evaluation/score-episodes.ts';
import { measureWorld, type WorldToMeasure } from './measured-world.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    maker: { type: 'string', default: 'other' },
    seeds: { type: 'string', default: '31' },
    programs: { type: 'string', default: '400' },
    days: { type: 'string', default: '21' },
    dispersion: { type: 'string', default: '1' },
    budget: { type: 'string', default: '0.001' },
    alone: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const makers =
  values.maker === 'both'
    ? (['simulator', 'other'] as const)
    : [values.maker === 'simulator' ? ('simulator' as const) : ('other' as const)];

const worlds: JudgedWorld[] = [];
const seeds = [values.seeds, ...positionals].flatMap((some) => some.split(',')).map(Number);
if (!seeds.every(Number.isSafeInteger)) throw new Error('--seeds are whole numbers');
for (const { maker, seed } of makers.flatMap((one) => seeds.map((number) => ({ maker: one, seed: number })))) {
  const { programs, days, dispersion, budget, alone } = values;
  const world: WorldToMeasure = {
    maker,
    seed,
    programs: Number(programs),
    days: Number(days),
    dispersion: Number(dispersion),
    budget: Number(budget),
    isAggregated: !alone,
  };
  const measured = measureWorld(world);
  process.stderr.write(`${maker} ${seed}: ${measured.accesses} accesses, ${measured.alarms.length} results with an alarm\n`);
  worlds.push(measured);
}
const score = scoreWorlds(worlds);
process.stdout.write(
  `${JSON.stringify(score, (key, value: unknown) => (key === 'missed' || key === 'falseAlarms' ? undefined : value), values.json ? 0 : 2)}\n`,
);
