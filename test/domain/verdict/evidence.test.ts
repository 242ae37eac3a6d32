import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVIDENCE_BYTES_MAX, evidenceJson } from '../../../services/domain/verdict/evidence.ts';
import { Findings, reasonIndex } from '../../../services/domain/verdict/findings.ts';

/** As the page on formats says: longer strings and lists are cut. */
const [CHARACTERS, MEMBERS] = [96, 8];

type Values = Readonly<Record<string, unknown>>;
interface Shown {
  readonly findings: readonly { readonly reason: string; readonly observed?: Values; readonly expected?: Values }[];
  readonly remedy: string;
  readonly cut?: boolean;
}

function found(compared: readonly (readonly [observed: Values, expected: Values])[]): Findings {
  const findings = new Findings();
  for (const [observed, expected] of compared) {
    findings.add(reasonIndex('excess_fields'), observed, expected);
    findings.actions.push(1);
    findings.modes.push(0);
    findings.effective.push(1);
  }
  return findings;
}

function shown(compared: Parameters<typeof found>[0], remedy = ''): Shown {
  return JSON.parse(evidenceJson(found(compared), remedy)) as Shown;
}

/** Of one value that was compared. */
function shownAs(value: unknown): unknown {
  return shown([[{ value }, {}]]).findings[0]!.observed!['value'];
}

const shortText = fc.string({ unit: 'binary', maxLength: CHARACTERS / 2 });
const shortValue = fc.oneof(
  shortText,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.integer(), { maxLength: MEMBERS }),
);

describe('evidence', () => {
  it('shows what is short as it is', () => {
    fc.assert(
      fc.property(shortValue, (value) => {
        expect(shownAs(value)).toEqual(value);
      }),
    );
  });

  it('cuts a longer string where everybody sees it, and never through a character', () => {
    const longer = fc.string({ unit: 'grapheme', minLength: CHARACTERS + 1, maxLength: 3 * CHARACTERS });
    fc.assert(
      fc.property(longer, (text) => {
        const cut = shownAs(text) as string;
        expect(cut.endsWith('…')).toBe(true);
        expect(text.startsWith(cut.slice(0, -1))).toBe(true);
        expect([CHARACTERS, CHARACTERS + 1]).toContain(cut.length);
        expect(cut.isWellFormed()).toBe(true);
      }),
    );
    expect(shownAs('x'.repeat(CHARACTERS))).toBe('x'.repeat(CHARACTERS));
    // Its 96th unit is the first of a pair.
    expect(shownAs(`${'x'.repeat(CHARACTERS - 1)}😀`)).toBe(`${'x'.repeat(CHARACTERS - 1)}…`);
  });

  it('shows eight members of a list and how many more there are, each cut like a string', () => {
    const list = Array.from({ length: 11 }, (_, i) => `${i}`.repeat(CHARACTERS + 5));
    const cut = shownAs(list) as string[];
    expect(cut.slice(0, MEMBERS)).toEqual(list.slice(0, MEMBERS).map((text) => `${text.slice(0, CHARACTERS)}…`));
    expect(cut.slice(MEMBERS)).toEqual(['… 3 more']);
    expect(shownAs(Array.from({ length: MEMBERS + 1 }, (_, i) => i))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, '… 1 more']);
    expect(shownAs([list[0]])).toEqual([`${list[0]!.slice(0, CHARACTERS)}…`]);
  });

  it('never has more than 2 KiB, whatever was compared, and then still says which reasons there are', () => {
    const values = fc.dictionary(
      fc.string({ maxLength: 20 }),
      fc.oneof(fc.string({ unit: 'grapheme', maxLength: 200 }), shortValue),
    );
    const compared = fc.array(fc.tuple(values, values), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(compared, fc.string({ unit: 'grapheme', maxLength: 300 }), (pairs, remedy) => {
        const json = evidenceJson(found(pairs), remedy);
        expect(Buffer.byteLength(json)).toBeLessThanOrEqual(EVIDENCE_BYTES_MAX);
        const evidence = JSON.parse(json) as Shown;
        expect(evidence.findings.map(({ reason }) => reason)).toEqual(pairs.map(() => 'excess_fields'));
        expect(evidence.findings.every(({ observed }) => (observed === undefined) === (evidence.cut === true))).toBe(true);
      }),
    );
  });
});
