/** Programs of a class that have been seen for ten days: a tenth of their uses are of photos, of which few are unseen. */
import { CATEGORIES } from '../../../schemas/codes.ts';
import { Baselines } from '../../../services/domain/baselines/baselines.ts';
import { sightingOf } from './sighting-of.ts';

export const PHOTOS = CATEGORIES.indexOf('photos');
export const LOCATION = CATEGORIES.indexOf('location');
const DAY = 86_400;
const BEGIN = Date.UTC(2026, 2, 2) / 1000;
const DAYS = 10;
export const PROGRAMS = 6;
const USES_A_DAY = 40;

/** Noon of the day after. */
export const NOON = BEGIN + DAYS * DAY + 12 * 3600;

export class OneClass {
  readonly baselines = new Baselines(() => 0);
  #user = 0;

  constructor() {
    const { known } = this.baselines;
    known.classes.numberOf('maps');
    for (let i = 0; i < PROGRAMS; i++) known.addProgram(`wx${i}`);
    for (let day = 0; day < DAYS; day++) {
      for (let use = 0; use < USES_A_DAY; use++) {
        const seconds = BEGIN + day * DAY + (use * DAY) / USES_A_DAY;
        for (let program = 0; program < PROGRAMS; program++) {
          const category = use % 10 === program ? PHOTOS : LOCATION;
          this.see(program, category, seconds, { isForeground: (day + use) % 50 !== 0 });
        }
      }
    }
  }

  /** A visit of somebody new. */
  see(
    program: number,
    category: number,
    seconds: number,
    {
      isForeground = true,
      siblings = [] as readonly number[],
      budget = 0,
      isNewlyListed = false,
      isLatelyListed = false,
      bytes = 100,
    } = {},
  ): void {
    const listed = { isNewlyListed, isFreshlyListed: isNewlyListed, isLatelyListed };
    const words = Uint32Array.of(++this.#user, this.#user * 7919);
    this.baselines.see(sightingOf({ program, category, seconds, isForeground, bytes, ...listed }), words, siblings, budget);
  }
}
