/** Draws the programs of a world: how big each is, when and how it is used, and which honest surprises it has. */
import { CATEGORIES, type Category } from '../../../schemas/codes.ts';
import { CLASSES, type ProgramClass } from './classes.ts';
import type { Random } from './random.ts';
import {
  type Calendar,
  DAY,
  type Feature,
  HOUR,
  type Program,
  type Promotion,
  type RowsShape,
  type WorldOptions,
} from './shapes.ts';

/** Accesses of a program on an average day, over all programs of a world. */
const MEAN_PER_DAY = 118;
const PER_DAY_MIN = 20;
const PER_DAY_MAX = 20_000;
/** Developers with several programs, among whom fleets are found. */
const STUDIOS = 8;
const ZONES = [8, 8, 8, 8, 8, 9, 5.5, 0, 1, -5, -8];

/** Zipf over ranks, scaled to the mean above; `exponent` differs between worlds. */
export function dailyRates(options: WorldOptions, random: Random): number[] {
  const exponent = random.between(0.62, 0.92);
  const weights = Array.from({ length: options.programs }, (_, rank) => (rank + 1) ** -exponent);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const scale = (MEAN_PER_DAY * random.between(0.85, 1.15) * options.programs) / sum;
  return random.shuffled(weights.map((weight) => Math.min(PER_DAY_MAX, Math.max(PER_DAY_MIN, weight * scale))));
}

export type Birth = { readonly bornAt: number; readonly launchDays: number };

export function makeProgram(
  index: number,
  perDay: number,
  birth: Birth | undefined,
  options: WorldOptions,
  calendar: Calendar,
  random: Random,
): Program {
  const studio = random.chance(0.2) ? random.integer(1, STUDIOS) : undefined;
  // A studio makes programs of one kind.
  const kind = studio === undefined ? random.pick(CLASSES) : CLASSES[(studio * 5 + options.seed) % CLASSES.length]!;
  const spread = options.dispersion;
  const categories = random.shuffled(kind.categories).slice(0, random.integer(3, Math.min(7, kind.categories.length)));
  const unused = CATEGORIES.filter(
    (name) => !kind.categories.includes(name) && !['navigation', 'network', 'unknown'].includes(name),
  );
  const [spare, added] = random.shuffled(unused) as [Category, Category];
  const born = birth ?? (random.chance(0.06) ? launch(options, calendar, random) : { bornAt: calendar.start, launchDays: 0 });
  const background = random.chance(0.15) ? 0 : Math.min(0.4, random.beta(kind.background, 6));
  const regulars = Math.max(3, Math.round(perDay * random.between(0.1, 0.9)));
  return {
    id: `ow${options.seed}-${index.toString(36).padStart(3, '0')}`,
    developer: studio === undefined ? `dev-${index}` : `studio-${studio}`,
    className: kind.name,
    perDay,
    zoneHours: random.pick(ZONES),
    hours: hourWeights(kind, random),
    weekend: random.between(...kind.weekend),
    growthPerDay: random.between(-0.01, 0.02),
    ...born,
    // A coefficient of variation from 0.3 to 0.8 within the hour of the week.
    rateSigma: Math.sqrt(Math.log(1 + (spread * random.between(0.3, 0.8)) ** 2)),
    rateMemory: random.between(0.5, 0.92),
    categories,
    mix: random.dirichlet(
      categories.map(() => 1 / categories.length),
      2 * categories.length,
    ),
    mixConcentration: random.between(8, 60) / spread ** 2,
    rows: new Map([...categories, spare, added].map((name) => [name, rowsShape(spread, random)])),
    background,
    backgroundConcentration: random.between(6, 40) / spread ** 2,
    backgroundAtNight: random.between(-0.3, 1.5),
    mayRunInBackground: background > 0 || random.chance(0.5),
    visitLength: random.between(1.3, 9),
    pauseSeconds: random.between(4, 60),
    regulars,
    regularShare: random.between(0.25, 0.95),
    heaviness: random.between(0.3, 1.2),
    retries: random.between(0.005, 0.08),
    tripSeconds: perDay > 150 && categories.includes('location') && random.chance(0.4) ? random.between(12, 20) : undefined,
    refreshMinutes: perDay > 60 && background > 0.04 && random.chance(0.3) ? random.between(15, 120) : undefined,
    refreshJitter: random.between(0.2, 0.5),
    promotions: promotions(options, calendar, random),
    feature: random.chance(0.12) ? feature(added, options, calendar, random) : undefined,
    spare,
  };
}

function launch(options: WorldOptions, calendar: Calendar, random: Random): Birth {
  return {
    bornAt: calendar.start + random.between(1, Math.max(2, options.days - 3)) * DAY,
    // One in three is there with a bang; the others grow.
    launchDays: random.chance(0.33) ? 0.1 : random.between(0.5, 6),
  };
}

function hourWeights(kind: ProgramClass, random: Random): number[] {
  const shift = random.between(-1, 1);
  const peaks = kind.peaks.map(([hour, weight, width]) => [hour + shift, weight * random.between(0.6, 1.5), width] as const);
  const weights = Array.from({ length: 24 }, (_, hour) => {
    const bumps = peaks.map(([peak, weight, width]) => {
      const away = Math.min(Math.abs(hour - peak), 24 - Math.abs(hour - peak));
      return weight * Math.exp(-0.5 * (away / width) ** 2);
    });
    return bumps.reduce((sum, bump) => sum + bump, 0);
  });
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / 24;
  const floor = kind.floor * random.between(0.5, 1.6);
  return weights.map((weight) => (weight / mean + floor) / (1 + floor));
}

function rowsShape(spread: number, random: Random): RowsShape {
  const kind = random.pick(['one', 'log-normal', 'log-normal', 'pareto'] as const);
  return {
    kind,
    typical: kind === 'one' ? 1 : Math.exp(random.between(0, 4)),
    spread: kind === 'pareto' ? random.between(1.6, 3) / Math.sqrt(spread) : spread * random.between(0.3, 1.3),
    rowBytes: Math.round(Math.exp(random.between(3, 7))),
  };
}

function promotions(options: WorldOptions, calendar: Calendar, random: Random): Promotion[] {
  return Array.from({ length: random.poisson(0.015 * options.days) }, () => {
    const start = calendar.start + random.between(1, options.days - 0.3) * DAY;
    const factor = 3 * 5 ** random.uniform();
    return { start, end: start + random.between(1, 4) * HOUR, factor, newcomers: random.between(0.2, 0.9) };
  });
}

function feature(category: Category, options: WorldOptions, calendar: Calendar, random: Random): Feature {
  const declaredAt = calendar.start + random.between(3, Math.max(4, options.days - 4)) * DAY;
  return { declaredAt, usedFrom: declaredAt + random.between(2 * HOUR, 4 * DAY), category, share: random.between(0.03, 0.25) };
}
