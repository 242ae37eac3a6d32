/** A checkpoint shows each baseline as it was when the checkpoint began, and the next one has all that changed since. */
import { describe, expect, it } from 'vitest';
import { CATEGORIES } from '../../../schemas/codes.ts';
import { Baselines } from '../../../services/domain/baselines/baselines.ts';
import { K_BLOCK, K_LEARNED, keyRow, K_USES } from '../../../services/domain/baselines/state/key-rows.ts';
import { numbersRow, P_LAST_ALARM, P_TOLD, programRow } from '../../../services/domain/baselines/state/program-rows.ts';
import { SCALE_HOURS } from '../../../services/domain/baselines/tuning.ts';
import { drawnPages, pagesLeft } from '../state/drawn-pages.ts';
import { sightingOf } from './sighting-of.ts';

const MIDNIGHT = Date.UTC(2026, 2, 2) / 3_600_000;
const KEYS_PER_PAGE = 256;
/** A budget that nothing reaches. */
const NO_ALARMS = 1e-8;
const [PHOTOS, CAMERA, LOCATION] = ['photos', 'camera', 'location'].map((name) => CATEGORIES.indexOf(name as 'photos')) as [
  number,
  number,
  number,
];
/** Not seen when a page is passed by. */
const PASSED_BY = CATEGORIES.map((_, category) => category).filter((category) => CATEGORIES[category] !== 'network');

/** Programs that are used by somebody else each time. */
class Programs {
  readonly baselines = new Baselines(() => 0);
  readonly #hash = new Uint32Array(2);

  constructor() {
    this.baselines.known.classes.numberOf('unclassified');
  }

  add(): number {
    return this.baselines.known.addProgram(`wx${this.baselines.known.programs.count}`);
  }

  use(program: number, hour: number, category: number): void {
    this.#hash[0]! += 0x9e3779b1;
    this.#hash[1]!++;
    const seen = sightingOf({ program, category, seconds: hour * 3600 + 60 });
    this.baselines.see(seen, this.#hash, [], NO_ALARMS);
  }

  /** Others use categories for the first time until the next key has a page of its own. */
  passPage(hour: number): void {
    const { keys } = this.baselines.known;
    for (let program = this.add(), i = 0; keys.count % KEYS_PER_PAGE !== 0; i++) {
      if (i === PASSED_BY.length) [program, i] = [this.add(), 0];
      this.use(program, hour, PASSED_BY[i]!);
    }
  }

  key(program: number, category: number): { readonly uses: number[]; readonly learned: number } {
    const { known } = this.baselines;
    const key = known.findKey(program, category);
    const [cells, row] = [known.keys.cellsOf(key), keyRow(key)];
    return {
      uses: SCALE_HOURS.flatMap((_, scale) => [0, 1].map((block) => cells[row + (2 * scale + block) * K_BLOCK + K_USES]!)),
      learned: cells[row + K_LEARNED + K_USES]!,
    };
  }
}

/** What happens after a checkpoint began, and what of a key it changes. */
interface Story {
  readonly happens: () => void;
  readonly changes: () => unknown;
}

/** A program with photos on one page of keys and camera on another. */
function onTwoPages(programs: Programs, hour: number): number {
  const program = programs.add();
  programs.use(program, hour, PHOTOS);
  programs.passPage(hour);
  programs.use(program, hour, CAMERA);
  return program;
}

const STORIES: readonly (readonly [what: string, before: (programs: Programs) => Story])[] = [
  [
    'a use in an hour that has one already',
    (programs) => {
      const program = onTwoPages(programs, MIDNIGHT);
      return { happens: () => programs.use(program, MIDNIGHT, PHOTOS), changes: () => programs.key(program, PHOTOS).uses };
    },
  ],
  [
    'a use that comes late, in a block that is still held',
    (programs) => {
      const program = onTwoPages(programs, MIDNIGHT + 8);
      return { happens: () => programs.use(program, MIDNIGHT + 7, PHOTOS), changes: () => programs.key(program, PHOTOS).uses };
    },
  ],
  [
    'blocks that are over when a use comes too late to be counted',
    (programs) => {
      const program = onTwoPages(programs, MIDNIGHT);
      programs.use(program, MIDNIGHT + 60, CAMERA);
      return { happens: () => programs.use(program, MIDNIGHT - 60, PHOTOS), changes: () => programs.key(program, PHOTOS).uses };
    },
  ],
  [
    'what the last hour of a day teaches, told by a use of another category',
    (programs) => {
      const program = onTwoPages(programs, MIDNIGHT + 23);
      return {
        happens: () => programs.use(program, MIDNIGHT + 24, CAMERA),
        changes: () => programs.key(program, PHOTOS).learned,
      };
    },
  ],
  [
    'windows that are emptied because an episode of another category is over',
    (programs) => {
      const program = onTwoPages(programs, MIDNIGHT);
      const { programs: rows } = programs.baselines.known;
      rows.cellsOf(program)[programRow(program) + P_TOLD] = 1;
      rows.numbersOf(program)[numbersRow(program) + P_LAST_ALARM] = (MIDNIGHT - 1) * 3600;
      return { happens: () => programs.use(program, MIDNIGHT, CAMERA), changes: () => programs.key(program, PHOTOS).uses };
    },
  ],
  [
    'what was told and is taken out of the windows when its hour is over',
    (programs) => {
      const program = onTwoPages(programs, MIDNIGHT);
      const { keys, programs: rows } = programs.baselines.known;
      keys.makeTold(programs.baselines.known.findKey(program, PHOTOS)).heardHour = MIDNIGHT;
      rows.cellsOf(program)[programRow(program) + P_TOLD] = MIDNIGHT;
      return { happens: () => programs.use(program, MIDNIGHT + 1, CAMERA), changes: () => programs.key(program, PHOTOS).uses };
    },
  ],
  [
    'a category that is used for the first time',
    (programs) => {
      const program = onTwoPages(programs, MIDNIGHT);
      return { happens: () => programs.use(program, MIDNIGHT, LOCATION), changes: () => programs.baselines.known.keys.count };
    },
  ],
];

describe('a checkpoint has of baselines', () => {
  it.each(STORIES)('%s when it came before, and not when it came later', (_, before) => {
    const told = (): Story & { readonly programs: Programs } => {
      const programs = new Programs();
      return { programs, ...before(programs) };
    };
    const [atOnce, late, twin] = [told(), told(), told()];
    const stored = drawnPages(atOnce.programs.baselines.known.keys.pages);
    // Pages of a checkpoint under way are drawn when they are about to change, or at the end.
    const { pages } = late.programs.baselines.known.keys;
    pages.begin();
    const was = late.changes();
    late.happens();
    expect(late.changes()).not.toEqual(was);
    expect(pagesLeft(pages)).toEqual(stored);
    // The next one writes only pages that changed.
    twin.happens();
    const all = drawnPages(twin.programs.baselines.known.keys.pages);
    atOnce.happens();
    expect(drawnPages(atOnce.programs.baselines.known.keys.pages, stored)).toEqual(all);
  });
});
