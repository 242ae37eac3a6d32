/** What happens to programs for good reasons, and to those that go wrong, on a platform of quiet programs. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Fact,
  HOUR,
  DAY,
  alarmsOf,
  declaration,
  declarations,
  episodesOf,
  inOrder,
  type Judged,
  judged,
  ordinaryUses,
  policyFact,
  recordsOf,
  START,
  type Use,
  type Ways,
} from './platform.ts';
import { foldFrom, type Pages, pagesOf } from './platform-pages.ts';
import { keyRow, K_LEARNED, K_USES } from '../../../services/domain/baselines/state/key-rows.ts';
import { P_LEARNED_USES, programRow } from '../../../services/domain/baselines/state/program-rows.ts';
import { CATEGORIES } from '../../../schemas/codes.ts';

const POLICY = { version: 'b', baselines: { enabled: true, falseAlarmsPerProgramDay: 0.001 } };
/** Stories begin here: before, every story is the same log and is folded once. */
const STORY_DAY = 12;
const STORY = START + STORY_DAY * DAY;
const SEED = 3;

function log(ways: Ways, more: readonly (Use | Fact)[] = []): (Use | Fact)[] {
  return inOrder([policyFact(POLICY), ...declarations(), ...ordinaryUses({ seed: SEED, ...ways }), ...more]);
}

let before: Pages;
let records: number;

beforeAll(() => {
  const quiet = log({}).filter(({ at }) => at < STORY);
  records = quiet.length;
  before = pagesOf(judged(recordsOf(quiet)).fold);
});

/** The rest of a log that is the quiet one up to the story. */
function tell(told: readonly (Use | Fact)[]): Judged {
  expect(told.findIndex(({ at }) => at >= STORY)).toBe(records);
  return judged(recordsOf(told, records), foldFrom(before));
}

const dayOf = (hour: number): number => Math.floor(hour / 24);
const isStory = (program: number, hour: number): boolean => program === 0 && dayOf(hour) >= STORY_DAY;

describe('a platform on which nothing happens', () => {
  it('alarms as seldom as its budget says', () => {
    // Twenty-two program-weeks: at one in a thousand program-days that is a third of an episode.
    expect(episodesOf(tell(log({}))).length).toBeLessThanOrEqual(2);
  });
});

describe('a program that', () => {
  it('has a promotion, eight times its visitors for six hours, does not alarm', () => {
    const promotion = (program: number, hour: number): number =>
      isStory(program, hour) && dayOf(hour) === 14 && hour % 24 >= 9 && hour % 24 < 15 ? 8 : 1;
    expect(alarmsOf(tell(log({ visits: promotion })), 0)).toEqual([]);
  });

  it('is launched and grows to eight times within six days, all its users new, does not alarm', () => {
    const growth = (program: number, hour: number): number =>
      isStory(program, hour) ? Math.min(8, 1.5 ** (dayOf(hour) - STORY_DAY + 1)) : 1;
    const newUsers = (program: number, at: number): boolean => program === 0 && at >= STORY;
    expect(alarmsOf(tell(log({ visits: growth, newUsers })), 0)).toEqual([]);
  });

  it('follows somebody on a map every minute, forty minutes long, polls nobody as long as it is on screen', () => {
    const reasons = (foreground: boolean): string[] => {
      const trip = Array.from({ length: 40 }, (_, i): Use => {
        const at = STORY + DAY + 10 * HOUR + i * 61 + ((i * 7) % 3);
        return { at, program: 'wx0000', user: 'u7', category: 'location', foreground, bytes: 48 };
      });
      return alarmsOf(tell(log({}, trip)), 0).flatMap((alarm) => alarm.reasons);
    };
    expect(reasons(true)).not.toContain('periodic_polling');
    expect(reasons(false)).toContain('periodic_polling');
  });

  it('declares a new feature, and is used for it then, does not alarm', () => {
    const also = (program: number, at: number) => (program === 0 && at > STORY + DAY ? { category: 'camera', share: 0.2 } : null);
    const declared = declaration(0, 2, ['camera'], STORY + DAY - HOUR);
    expect(alarmsOf(tell(log({ also }, [declared])), 0)).toEqual([]);
    // The same without a declaration is told, as a kind of data that it never took.
    const [first] = alarmsOf(tell(log({ also })), 0);
    expect(first).toMatchObject({ category: 'camera', reasons: ['undeclared_category', 'category_new_for_program'] });
    expect(first!.at - (STORY + DAY)).toBeLessThan(DAY / 2);
  });
});

describe('all programs', () => {
  it('on a holiday, when people sleep long and are up all night, alarm no more than on any day', () => {
    const holiday = (_: number, hour: number): number => (dayOf(hour) !== 14 ? 1 : hour % 24 < 6 ? 4 : 0.6);
    expect(episodesOf(tell(log({ visits: holiday }))).length).toBeLessThanOrEqual(2);
  });

  it('after an outage, when three hours come late and everybody comes back, alarm no more than on any day', () => {
    const from = STORY + 2 * DAY + 10 * HOUR;
    const to = from + 3 * HOUR;
    const told = log({ visits: (_, hour) => (hour === (STORY_DAY + 2) * 24 + 13 ? 3 : 1) });
    const isHeldBack = ({ at }: { readonly at: number }): boolean => at >= from && at < to;
    const prompt = told.filter((one) => !isHeldBack(one));
    const back = prompt.findIndex(({ at }) => at > to + 300);
    const late = [...prompt.slice(0, back), ...told.filter(isHeldBack), ...prompt.slice(back)];
    const found = tell(late);
    expect(episodesOf(found).length).toBeLessThanOrEqual(2);
    expect(found.late).toBe(0);
  });
});

describe('a program that goes wrong', () => {
  const takesPhoneNumbers = (program: number, at: number) =>
    program === 0 && at >= STORY ? { category: 'phone_number', share: 0.6 } : null;

  it('for a week alarms on the first day, and its way does not become the ordinary one', () => {
    const usual = foldFrom(before);
    const share = (fold: Judged['fold']): number => {
      const { known } = fold.state.baselines.baselines;
      const { baselineSlot } = fold.state.programs.find('wx0000')!;
      const key = known.keys.find(known.firstKey(baselineSlot), CATEGORIES.indexOf('phone_number'));
      const learned = known.keys.cellsOf(key)[keyRow(key) + K_LEARNED + K_USES]!;
      return learned / known.programs.cellsOf(baselineSlot)[programRow(baselineSlot) + P_LEARNED_USES]!;
    };
    const found = tell(log({ also: takesPhoneNumbers }));
    const [first] = alarmsOf(found, 0);
    expect(first).toMatchObject({ category: 'phone_number', reasons: ['rate_above_baseline'] });
    expect(first!.at - STORY).toBeLessThan(DAY);
    const ordinary = share(usual);
    const now = ordinary + (1 - ordinary) * 0.6;
    expect(share(found.fold) - ordinary).toBeLessThan(0.4 * (now - ordinary));
  });

  it('asks for one user’s place every five minutes all night and is found within the hour, with the interval', () => {
    const polls = Array.from({ length: 72 }, (_, i): Use => {
      const at = STORY + DAY + HOUR + i * 300 + ((i * 7) % 3);
      return { at, program: 'wx0000', user: 'u7', category: 'location', foreground: false, bytes: 48 };
    });
    const [first] = alarmsOf(tell(log({}, polls)), 0);
    expect(first).toMatchObject({ category: 'location', user: 'u7' });
    expect(first!.reasons).toContain('periodic_polling');
    expect(first!.at - polls[0]!.at).toBeLessThan(HOUR);
    const evidence = JSON.parse(first!.evidence) as { findings: { reason: string; observed: { intervalSeconds: number } }[] };
    const rhythm = evidence.findings.find(({ reason }) => reason === 'periodic_polling')!;
    expect(Math.abs(rhythm.observed.intervalSeconds - 300)).toBeLessThan(3);
  });

  it('reaches ten times the users with as many calls, and is found', () => {
    const many = Array.from({ length: 80 }, (_, i): Use => {
      const at = STORY + DAY + 10 * HOUR + i * 90;
      return { at, program: 'wx0000', user: `other${i}`, category: 'address', bytes: 60 };
    });
    expect(alarmsOf(tell(log({}, many)), 0).length).toBeGreaterThan(0);
  });

  it('takes twenty rows a call, and is found', () => {
    const told = log({}).map((one) =>
      'type' in one || one.program !== 'wx0000' || one.at < STORY + DAY || one.category !== 'address'
        ? one
        : { ...one, rows: 20, bytes: 1200 },
    );
    const [first] = alarmsOf(tell(told), 0);
    expect(first).toMatchObject({ category: 'address', reasons: ['volume_above_baseline'] });
  });
});

describe('what a log begins with', () => {
  it('is no alarm by itself: nobody is ordinary yet', () => {
    const firstDays = log({}).filter(({ at }) => at < START + 2 * DAY);
    expect(episodesOf(judged(recordsOf(firstDays))).length).toBeLessThanOrEqual(1);
  });
});
