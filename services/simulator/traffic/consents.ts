/**
 * What each user of each program agreed to: asked at the first visit, as real programs do. A byte a pair is all that traffic remembers of
 * the past.
 */
import { CATEGORIES, type Category } from '../../../schemas/codes.ts';
import { type Chance, share } from '../chance/chance.ts';
import type { Fate } from '../story/fate.ts';
import type { Program } from '../world/program.ts';
import type { Agenda } from './agenda.ts';
import type { RecordLines } from './record-lines.ts';

/** People of a program who are no regulars: so many times the regulars, and some more. */
const NEWCOMERS_EACH = 3;
const NEWCOMERS_MORE = 600;

const NOT_ASKED = 0;
const GRANTED = 1;
/** To the second version. */
const GRANTED_AGAIN = 2;
const WITHDRAWN = 3;

/** A visit. More do so where it changes nothing. */
const WITHDRAWS = 0.003;
const WITHDRAWS_IN_VAIN = 0.02;
const COMES_BACK = 0.05;
const IS_ASKED_AGAIN = 0.9;
/** Of all consents: to everything, now and later; and where a program means never to ask again. */
const TO_EVERYTHING = 0.25;
const TO_EVERYTHING_ONCE = 0.7;
const MANNER = 0x6d61;

/** How the user of a visit stands: `gone` uses nothing that was withdrawn. */
export type Agreement = 'agreed' | 'not agreed' | 'gone';

export function newcomersOf({ regulars }: Program): number {
  return NEWCOMERS_EACH * regulars + NEWCOMERS_MORE;
}

export class Consents {
  readonly #states = new Map<string, Uint8Array>();
  readonly #lines: RecordLines;
  readonly #agenda: Agenda;
  readonly #chance: Chance;

  constructor(lines: RecordLines, agenda: Agenda, chance: Chance) {
    this.#lines = lines;
    this.#agenda = agenda;
    this.#chance = chance;
  }

  /** Programs that are not among these are forgotten. */
  keep(fates: readonly Fate[]): void {
    const ids = new Set(fates.map(({ program }) => program.id));
    for (const id of this.#states.keys()) if (!ids.has(id)) this.#states.delete(id);
  }

  /** At the beginning of a visit; appends the consent that is given or withdrawn now. `version`: of the program's first declaration here. */
  meet(fate: Fate, index: number, user: string, atMs: number, version: number): Agreement {
    const { program } = fate;
    const states = this.#statesOf(program);
    const state = states[index]!;
    const isUpgraded = atMs >= fate.upgradeMs;
    const manner = share(program.salt, index, MANNER);
    const { neverAsks, enrols, ignoresWithdrawal, neverAsksAgain } = program.habits;
    if (!program.isDeclared || manner < neverAsks) return 'not agreed';
    const grant = (): void => {
      const basis = manner < neverAsks + enrols ? 'default' : 'explicit';
      states[index] = isUpgraded ? GRANTED_AGAIN : GRANTED;
      this.#append(program, atMs, {
        user,
        state: 'granted',
        categories:
          manner > 1 - (neverAsksAgain ? TO_EVERYTHING_ONCE : TO_EVERYTHING) ? ['*'] : declaredCategories(program, isUpgraded),
        declarationVersion: version + (isUpgraded ? 1 : 0),
        basis,
      });
    };
    if (state === WITHDRAWN) {
      if (this.#chance.isBelow(COMES_BACK)) grant();
      else return ignoresWithdrawal ? 'not agreed' : 'gone';
    } else if (state === NOT_ASKED) grant();
    else if (isUpgraded && state === GRANTED && !neverAsksAgain && this.#chance.isBelow(IS_ASKED_AGAIN)) grant();
    else if (this.#chance.isBelow(ignoresWithdrawal ? WITHDRAWS_IN_VAIN : WITHDRAWS)) {
      states[index] = WITHDRAWN;
      this.#append(program, atMs, { user, state: 'withdrawn', categories: ['*'] });
      return ignoresWithdrawal ? 'not agreed' : 'gone';
    }
    return 'agreed';
  }

  #append(program: Program, atMs: number, data: Parameters<RecordLines['consent']>[2]): void {
    // The platform keeps consents itself: they are in the log before what they allow.
    this.#agenda.put(atMs, this.#lines.consent(program, atMs, data));
  }

  #statesOf(program: Program): Uint8Array {
    let states = this.#states.get(program.id);
    if (states === undefined) {
      states = new Uint8Array(program.regulars + newcomersOf(program));
      this.#states.set(program.id, states);
    }
    return states;
  }
}

function declaredCategories({ asks }: Program, isUpgraded: boolean): Category[] {
  const declared = new Set(
    asks.filter(({ need, isLater }) => need.purpose !== '' && (isUpgraded || !isLater)).map(({ need }) => need.category),
  );
  return CATEGORIES.filter((category) => declared.has(category));
}
