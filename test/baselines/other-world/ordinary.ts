/** What a program does on its own: visits by people, what happens off screen, trips, refreshers and honest peaks. */
import type { Category } from '../../../schemas/codes.ts';
import { CLASSES } from './classes.ts';
import { localHour, seasonAt } from './calendar.ts';
import type { Random } from './random.ts';
import { type Access, type Calendar, DAY, HOUR, MINUTE, type Program, SECOND } from './shapes.ts';

const VISIT_MAX = 20;
/** Of a trip's accesses against all of its program's, on average. */
const TRIP_SHARE = 0.4;
const REFRESH_SHARE = 0.5;

/** Makes accesses of one program; draws everything from one stream. */
export class Traffic {
  readonly accesses: Access[] = [];
  readonly #program: Program;
  readonly #calendar: Calendar;
  readonly #random: Random;
  #newcomers = 0;
  #mix: readonly number[];
  #categories: readonly Category[];

  constructor(program: Program, calendar: Calendar, random: Random) {
    this.#program = program;
    this.#calendar = calendar;
    this.#random = random;
    this.#mix = program.mix;
    this.#categories = program.categories;
  }

  /** All honest accesses from the program's birth to the end, in no order. */
  live(): void {
    const program = this.#program;
    const random = this.#random;
    let logRate = program.rateSigma * random.normal();
    let logits = program.mix.map((share) => Math.log(share + 1e-4));
    let dayFactor = 1;
    for (let hour = this.#calendar.start; hour < this.#calendar.end; hour += HOUR) {
      if ((hour - this.#calendar.start) % DAY === 0) {
        dayFactor = random.logNormal(0.3 * program.rateSigma);
        logits = logits.map((logit) => logit + 0.15 * program.rateSigma * random.normal());
      }
      const { rateMemory: memory, rateSigma: sigma } = program;
      logRate = memory * logRate + Math.sqrt(1 - memory * memory) * sigma * random.normal();
      if (hour + HOUR <= program.bornAt) continue;
      const noise = Math.exp(logRate - (sigma * sigma) / 2) * dayFactor;
      this.#hour(hour, seasonAt(program, this.#calendar, hour + HOUR - 1) * noise * this.#holidayFactor(hour), logits);
    }
    this.#refreshers();
  }

  /** Share of the hour's accesses that are made off screen, drawn anew for each hour. */
  backgroundShare(time: number): number {
    const { background, backgroundAtNight, backgroundConcentration } = this.#program;
    if (background === 0) return 0;
    const { hour } = localHour(this.#program, time);
    const night = hour < 6 || hour >= 23 ? backgroundAtNight : 0;
    const odds = (background / (1 - background)) * Math.exp(night);
    return this.#random.beta(odds / (1 + odds), backgroundConcentration);
  }

  /** A person: one of the regulars (some of them much heavier than others) or somebody new. */
  person(regularShare = this.#program.regularShare): string {
    const { id, regulars, heaviness } = this.#program;
    if (!this.#random.chance(regularShare)) return `n-${id}-${(this.#newcomers++).toString(36)}`;
    // The logarithm of the rank is uniform at heaviness 1 (Zipf's law) and lower above it.
    return `r-${id}-${Math.floor(regulars ** (this.#random.uniform() ** heaviness) - 1).toString(36)}`;
  }

  /** An access as the program usually makes it. */
  access(time: number, user: string, category: Category, foreground: boolean): Access {
    const shape = this.#program.rows.get(category)!;
    const random = this.#random;
    let rows = 1;
    if (shape.kind === 'log-normal') rows = shape.typical * Math.exp(shape.spread * random.normal());
    if (shape.kind === 'pareto') rows = shape.typical * (1 - random.uniform()) ** (-1 / shape.spread);
    rows = Math.max(1, Math.min(100_000, Math.round(rows)));
    const page = foreground ? `pages/${category}/${random.integer(1, 3)}` : '';
    return { time, user, category, foreground, rows, bytes: Math.round(rows * shape.rowBytes * random.logNormal(0.2)), page };
  }

  /** One visit from `start` on: up to 20 accesses of one person, `category` or what the hour's mix says. Returns how many. */
  visit(start: number, foreground: boolean, category?: Category, regularShare?: number): number {
    const random = this.#random;
    const user = this.person(foreground ? regularShare : 1);
    const mean = foreground ? this.#program.visitLength : Math.min(4, this.#program.visitLength);
    const length = Math.min(VISIT_MAX, 1 + Math.floor(random.exponential(Math.max(0.01, mean - 0.5))));
    let time = start;
    let current = category ?? this.#anyCategory();
    for (let index = 0; index < length && time < this.#calendar.end; index++) {
      if (category === undefined && random.chance(0.6)) current = this.#anyCategory();
      this.accesses.push(this.access(time, user, current, foreground));
      time += random.exponential(this.#program.pauseSeconds * (foreground ? 1 : 8)) * SECOND + 500;
      this.#retry(random, foreground, user, current, time);
    }
    return length;
  }

  #retry(random: Random, foreground: boolean, user: string, category: Category, time: number): void {
    if (!random.chance(this.#program.retries)) return;
    const count = random.integer(1, 4);
    for (let index = 1; index <= count; index++) {
      this.accesses.push(this.access(time - 500 + index * random.between(300, 2500), user, category, foreground));
    }
  }

  #anyCategory(): Category {
    return this.#categories[this.#random.weighted(this.#mix)]!;
  }

  #holidayFactor(hour: number): number {
    let factor = 1;
    for (const { day, sensitivity } of this.#calendar.holidays) {
      if (Math.floor((hour + this.#program.zoneHours * HOUR - this.#calendar.start) / DAY) !== day) continue;
      const kind = CLASSES.find(({ name }) => name === this.#program.className)!;
      factor *= this.#random.between(...kind.holiday) ** sensitivity;
    }
    return factor;
  }

  /** `factor`: the rate of this hour against the ordinary one. */
  #hour(start: number, factor: number, logits: readonly number[]): void {
    const program = this.#program;
    const random = this.#random;
    this.#hourMix(start, logits);
    const background = this.backgroundShare(start);
    const expected = (program.perDay / 24) * factor;
    const refreshed = program.refreshMinutes === undefined ? 0 : REFRESH_SHARE;
    const trips = program.tripSeconds === undefined ? 0 : TRIP_SHARE;
    const length = Math.max(1, program.visitLength);
    const from = Math.max(start, program.bornAt);
    const part = (start + HOUR - from) / HOUR;
    const visits = random.poisson((part * expected * (1 - background) * (1 - trips)) / length);
    for (let index = 0; index < visits; index++) this.visit(random.between(from, start + HOUR), true);
    const awake = random.poisson((part * expected * background * (1 - refreshed)) / Math.min(4, length));
    for (let index = 0; index < awake; index++) this.visit(random.between(from, start + HOUR), false);
    if (program.tripSeconds !== undefined) this.#trips(start, expected * trips, program.tripSeconds);
    for (const promotion of program.promotions) {
      const begin = Math.max(from, promotion.start);
      const end = Math.min(start + HOUR, promotion.end);
      if (begin >= end) continue;
      const extra = (expected * (promotion.factor - 1) * (end - begin)) / HOUR / length;
      for (let left = random.poisson(extra * random.logNormal(0.3)); left > 0; left--) {
        this.visit(random.between(begin, end), !random.chance(background / 2), undefined, 1 - promotion.newcomers);
      }
    }
  }

  #hourMix(start: number, logits: readonly number[]): void {
    const { categories, mixConcentration, feature } = this.#program;
    const weights = logits.map(Math.exp);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const used = feature !== undefined && start >= feature.usedFrom;
    const share = used ? feature.share * Math.min(1, (start - feature.usedFrom) / DAY + 0.1) : 0;
    const mean = weights.map((weight) => ((1 - share) * weight) / sum);
    this.#categories = used ? [...categories, feature.category] : categories;
    this.#mix = this.#random.dirichlet(used ? [...mean, share] : mean, mixConcentration);
  }

  /** Somebody is guided: a position every 12 to 20 seconds, on screen, for up to 40 minutes. */
  #trips(start: number, expected: number, seconds: number): void {
    const random = this.#random;
    const meanLength = (12 * MINUTE) / (seconds * SECOND);
    for (let left = random.poisson(expected / meanLength); left > 0; left--) {
      const user = this.person();
      let time = random.between(start, start + HOUR);
      const end = Math.min(this.#calendar.end, time + Math.min(40 * MINUTE, 2 * MINUTE + random.exponential(10 * MINUTE)));
      for (; time < end; time += seconds * SECOND * (1 + 0.04 * random.normal())) {
        if (time >= this.#program.bornAt) this.accesses.push(this.access(time, user, 'location', true));
      }
    }
  }

  /** Devices that keep something fresh off screen, each for some days, declared, with a jitter of 20 to 50 %. */
  #refreshers(): void {
    const { refreshMinutes, refreshJitter, background, perDay, categories, bornAt } = this.#program;
    if (refreshMinutes === undefined) return;
    const random = this.#random;
    const perDevice = (24 * 60) / refreshMinutes;
    const devices = Math.max(1, Math.round((perDay * background * REFRESH_SHARE) / perDevice));
    const category = categories[0]!;
    for (let device = 0; device < devices; device++) {
      let user = this.person(1);
      for (let time = bornAt + random.between(0, DAY); time < this.#calendar.end; ) {
        this.accesses.push(this.access(time, user, category, false));
        time += refreshMinutes * MINUTE * Math.max(0.1, 1 + refreshJitter * random.normal());
        // A phone is switched off or changes hands.
        if (random.chance(0.004)) {
          time += random.exponential(6 * HOUR);
          user = this.person(1);
        }
      }
    }
  }
}
