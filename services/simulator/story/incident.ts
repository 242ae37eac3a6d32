/** The ten kinds of incident: how long they last, whom they befall, how strong they are (docs/simulator.md has the table). */
import type { Category } from '../../../schemas/codes.ts';
import type { IncidentKind } from '../../../schemas/simulation/labels.ts';
import type { Chance } from '../chance/chance.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../spans.ts';
import type { Ask, Program } from '../world/program.ts';
import { type NeedName, NEEDS } from '../world/needs.ts';

export interface Incident {
  /** `i1`, `i2`, ... in the order of their starts. */
  id: string;
  readonly kind: IncidentKind;
  readonly program: Program;
  /** What is taken. */
  readonly ask: Ask;
  readonly startMs: number;
  readonly endMs: number;
  /** How many times the ordinary: calls, users or rows, as the kind says. For `slow_ramp` at its end. */
  readonly factor: number;
  readonly isCamouflaged: boolean;
  /** Between two calls of `periodic_polling` and `low_and_slow`; 0 for the others. */
  readonly intervalMs: number;
  readonly group: string | null;
}

/** Hours: the least that is still an incident of its kind, and from where to where it lasts if there is time. */
export const HOURS_LASTING: Readonly<Record<IncidentKind, readonly [least: number, low: number, high: number]>> = {
  rate_burst: [1, 1, 8],
  slow_ramp: [48, 72, 144],
  low_and_slow: [5, 29, 77],
  periodic_polling: [4, 8, 30],
  spread: [3, 4, 16],
  volume: [3, 3, 12],
  new_category: [4, 6, 24],
  off_hours: [4, 4, 4],
  sibling_fleet: [6, 10, 24],
  first_day_abuse: [12, 24, 24],
};

const FACTORS: Readonly<Record<IncidentKind, readonly [number, number]>> = {
  rate_burst: [4, 50],
  slow_ramp: [6, 16],
  low_and_slow: [1, 1],
  periodic_polling: [1, 1],
  spread: [10, 10],
  volume: [10, 60],
  new_category: [1, 1],
  off_hours: [1, 2],
  sibling_fleet: [2.2, 3.2],
  first_day_abuse: [8, 20],
};

/** What a program takes that never took it, and never said it would. */
const NEW_NEEDS: readonly NeedName[] = ['people', 'paste', 'nearby', 'phone', 'voice', 'documents', 'pair', 'pictures'];
/** What is worth taking slowly, or on the first day. */
const RECORDS: readonly Category[] = [
  'contacts',
  'phone_number',
  'address',
  'user_profile',
  'social_graph',
  'photos',
  'location',
];
const POLLED: readonly Category[] = ['location', 'location_coarse', 'clipboard', 'bluetooth'];

/** The ask that an incident of a kind takes by; null when this program cannot have one. */
export function askFor(kind: IncidentKind, program: Program, camouflage: boolean, chance: Chance): Ask | null {
  const personal = program.called.filter(({ need }) => need.category !== 'navigation');
  const some = (asks: readonly Ask[]): Ask | null => (asks.length === 0 ? null : chance.pick(asks));
  switch (kind) {
    case 'spread':
      // Where visits are long there are few users for many calls, and ten times as many can be.
      return program.visitAccesses >= 9 ? heaviest(personal) : null;
    case 'volume':
      return some(personal.filter((ask) => ask.need.rowsMax >= 3 && (!camouflage || !ask.isLimited)));
    case 'low_and_slow':
    case 'first_day_abuse':
      return (
        RECORDS.map((category) => personal.find(({ need }) => need.category === category)).find((ask) => ask !== undefined) ??
        null
      );
    case 'periodic_polling':
      return some(personal.filter(({ need, isBackground }) => POLLED.includes(need.category) && (!camouflage || isBackground)));
    case 'new_category':
      return camouflage
        ? some(program.asks.filter(({ weight }) => weight === 0).filter(isNew(program)))
        : newAsk(program, chance);
    case 'off_hours':
      return program.kind.shape === 'night' ? null : heaviest(personal);
    case 'rate_burst':
    case 'slow_ramp':
    case 'sibling_fleet':
      return heaviest(personal);
  }
}

function heaviest(asks: readonly Ask[]): Ask | null {
  return asks.reduce<Ask | null>((best, ask) => (best === null || ask.weight > best.weight ? ask : best), null);
}

/** No call of it has that category. */
function isNew({ asks }: Program): (ask: Ask) => boolean {
  return ({ need }) => !asks.some((ask) => ask.weight > 0 && ask.need.category === need.category);
}

function newAsk(program: Program, chance: Chance): Ask | null {
  const names = NEW_NEEDS.filter((name) => !program.asks.some(({ need }) => need.category === NEEDS[name].category));
  if (names.length === 0) return null;
  return { need: NEEDS[chance.pick(names)], weight: 0, isLimited: false, isBackground: false, isLater: false };
}

/** `atMs`: the earliest start. The hours of the night are local ones. Null when there is not time enough before `endMs`. */
export function shapeIncident(
  { kind, program, ask, isCamouflaged, group }: Pick<Incident, 'kind' | 'program' | 'ask' | 'isCamouflaged' | 'group'>,
  { atMs, endMs, hoursMax }: { readonly atMs: number; readonly endMs: number; readonly hoursMax: number },
  chance: Chance,
): Incident | null {
  const [least, low, high] = HOURS_LASTING[kind];
  const hours = Math.min(chance.within(low, high), hoursMax);
  if (hours < least) return null;
  let startMs = Math.round(atMs / MINUTE_MS) * MINUTE_MS;
  let lastsMs = Math.round((hours * HOUR_MS) / MINUTE_MS) * MINUTE_MS;
  if (kind === 'off_hours' || kind === 'low_and_slow') {
    startMs = nextNight(atMs, program.offsetMs);
    // Nights only: the last one is whole.
    if (kind === 'low_and_slow') lastsMs = Math.floor(lastsMs / DAY_MS) * DAY_MS + 5 * HOUR_MS;
  }
  if (startMs + lastsMs > endMs) return null;
  const factor = Math.round(chance.withinFactors(...FACTORS[kind]) * 10) / 10;
  return {
    id: '',
    kind,
    program,
    ask,
    startMs,
    endMs: startMs + lastsMs,
    factor,
    isCamouflaged,
    intervalMs: intervalOf(kind, isCamouflaged, chance),
    group,
  };
}

function intervalOf(kind: IncidentKind, isCamouflaged: boolean, chance: Chance): number {
  if (kind === 'periodic_polling') return (isCamouflaged ? chance.between(11, 30) : chance.between(3, 10)) * MINUTE_MS;
  return kind === 'low_and_slow' ? chance.between(120, isCamouflaged ? 420 : 240) * 1_000 : 0;
}

/** Half past midnight. */
function nextNight(atMs: number, offsetMs: number): number {
  const midnight = Math.floor((atMs + offsetMs) / DAY_MS) * DAY_MS - offsetMs;
  const night = midnight + 30 * MINUTE_MS;
  return night >= atMs ? night : night + DAY_MS;
}

/** Whether a moment lies in the five hours of a night. */
export function isNight(atMs: number, offsetMs: number): boolean {
  const local = (((atMs + offsetMs) % DAY_MS) + DAY_MS) % DAY_MS;
  return local >= 30 * MINUTE_MS && local < 5.5 * HOUR_MS;
}
