/** What baselines found, in words: every feature that there is, from what the detector really compares. */
import { describe, expect, it } from 'vitest';
import { Baselines } from '../../../services/domain/baselines/baselines.ts';
import { comparedBy } from '../../../services/domain/baselines/explain.ts';
import { FEATURES } from '../../../services/domain/baselines/features.ts';
import type { FirstCounted } from '../../../services/domain/baselines/sighting.ts';
import { baselineFindingInWords, scoreInWords } from '../../../services/domain/wording/baseline-finding.ts';

/** 12 of 40 within the last one to two hours, where a tenth is ordinary. */
function compared(feature: number, counted: FirstCounted = 'uses'): string {
  const baselines = new Baselines(() => 0);
  const slot = baselines.known.addProgram('wx1');
  baselines.surprises.take(feature, 9, 0, 1, 12, 40, 0.1, 1);
  baselines.surprises.measured[feature]!.counted = counted;
  const { observed, expected } = comparedBy(baselines, feature, slot);
  return baselineFindingInWords(observed, expected);
}

describe('a finding of the baselines', () => {
  it.each(FEATURES.map((feature, i) => [feature, i] as const))('of %s is a sentence with all its numbers', (_, feature) => {
    const words = compared(feature);
    const isRate = ['quiet_hours', 'program_rate'].includes(FEATURES[feature]!);
    expect(words).toMatch(/^ [A-Z].*\.$/);
    expect(words).not.toMatch(/\bsome\b|NaN|undefined|Infinity/);
    expect(words).toContain(isRate ? '12' : '40');
  });

  it('says what was seen, of what, within how long, and what would have been ordinary', () => {
    expect(compared(FEATURES.indexOf('background_share'))).toBe(
      ' Within 2 hours, 12 of 40 uses were in the background; ordinary would be about 4, up to 10.',
    );
    expect(compared(FEATURES.indexOf('rhythm'))).toBe(
      ' For one user, 40 calls in a row came 12 seconds apart; people come at irregular times.',
    );
  });

  it('of first days says whether it counted uses, those in the background, or users', () => {
    const feature = FEATURES.indexOf('first_days');
    expect(compared(feature)).toBe(
      ' Little is known of it yet. Within 2 hours, it had 12 of 40; in programs of its class ordinary would be about 4, up to 10.',
    );
    expect(compared(feature, 'background')).toBe(
      ' Little is known of it yet. Within 2 hours, 12 of 40 uses were in the background; in programs of its class ordinary would be about 4, up to 10.',
    );
    expect(compared(feature, 'visits')).toBe(
      ' Little is known of it yet. Within 2 hours, its 40 calls reached 12 users; in programs of its class ordinary would be about 4, up to 10.',
    );
  });

  it('of another release, or that did not fit, is left out', () => {
    expect(baselineFindingInWords({ feature: 'moon_phase' }, {})).toBe('');
    expect(baselineFindingInWords({ feature: 'constructor' }, {})).toBe('');
    expect(baselineFindingInWords({}, {})).toBe('');
  });
});

describe('a score', () => {
  it('is said with what it takes for an alarm, and what it is made of, the largest part first', () => {
    const contributions = { category_share: 1.85546875, background_share: 14.98046875, rhythm: 5.03515625, moon_phase: 1 };
    expect(scoreInWords({ score: 22.87109375, threshold: 18.96, contributions })).toBe(
      'Score 22.9, and 19 is an alarm: 15 for how many are in the background, 5 for the even intervals, 1.9 for this kind’s share of the program’s uses, 1 for something else. A use is all that one person calls within two minutes, and what one person goes on to do counts less and less.',
    );
  });

  it('explains users where they count: on a phone there is one, who comes back', () => {
    expect(scoreInWords({ score: 5.5, threshold: 5.1, contributions: { distinct_users: 5.5 } })).toBe(
      'Score 5.5, and 5.1 is an alarm: 5.5 for how many users are reached. Who comes back after an hour without a call counts as a user once more.',
    );
  });

  it('does not explain uses where none were counted', () => {
    expect(scoreInWords({ score: 9.5, threshold: 8.28, contributions: { rhythm: 9.5 } })).toBe(
      'Score 9.5, and 8.3 is an alarm: 9.5 for the even intervals.',
    );
  });
});
