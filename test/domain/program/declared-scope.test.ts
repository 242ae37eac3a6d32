/** What is equal among declarations is one object, and nothing else is. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DeclaredPurpose, appearanceOf, putInForce } from '../../../services/domain/program/declaration.ts';
import { ScopePool } from '../../../services/domain/program/declared-scope.ts';

const entry = fc.record({
  category: fc.constantFrom('location', 'photos', '__proto__', ''),
  fields: fc.constantFrom(null, [], ['city'], ['city', 'street']),
  background: fc.boolean(),
  maxBytesPerCall: fc.constantFrom(Number.POSITIVE_INFINITY, 0, 100),
  maxRowsPerCall: fc.constantFrom(Number.POSITIVE_INFINITY, 0, 100),
});
const purposes: fc.Arbitrary<DeclaredPurpose[]> = fc.array(
  fc.record({ id: fc.constantFrom('a', 'b', 'constructor'), entries: fc.array(entry, { maxLength: 4 }) }),
  { maxLength: 4 },
);
const own = (given: readonly DeclaredPurpose[]): DeclaredPurpose[] => structuredClone(given) as DeclaredPurpose[];

describe('the scope of a declaration', () => {
  test('has the entries of each category and of each purpose in the order in which they are declared', () => {
    fc.assert(
      fc.property(fc.array(purposes, { minLength: 1, maxLength: 5 }), (declared) => {
        const pool = new ScopePool();
        for (const given of declared) {
          const scope = pool.of(own(given));
          const all = given.flatMap(({ entries }) => entries);
          expect(scope.purposes).toEqual(given);
          expect([...scope.byCategory.keys()]).toEqual([...new Set(all.map(({ category }) => category))]);
          for (const [place, [category, listed]] of [...scope.byCategory].entries()) {
            expect(listed).toEqual({ place, entries: all.filter((one) => one.category === category) });
          }
          for (const { id } of given) {
            const ofPurpose = given.filter((purpose) => purpose.id === id).flatMap(({ entries }) => entries);
            for (const { category } of ofPurpose) {
              const expected = ofPurpose.filter((one) => one.category === category);
              expect(scope.entriesByPurpose.get(id)?.get(category)).toEqual(expected);
            }
            expect(scope.entriesByPurpose.get(id)?.size).toBe(new Set(ofPurpose.map(({ category }) => category)).size);
          }
        }
      }),
    );
  });

  test('is one object for all that declare the same, and another one for whoever differs in a limit', () => {
    const limited = (maxRowsPerCall: number): DeclaredPurpose[] => [
      { id: 'a', entries: [{ category: 'photos', fields: null, background: false, maxBytesPerCall: 9, maxRowsPerCall }] },
    ];
    const pool = new ScopePool();
    const scope = pool.of(limited(3));
    expect(pool.of(limited(3))).toBe(scope);
    expect(pool.of(limited(4))).not.toBe(scope);
    expect(pool.of(limited(Number.POSITIVE_INFINITY)).purposes[0]!.entries[0]!.maxRowsPerCall).toBe(Number.POSITIVE_INFINITY);
  });

  test('is not kept for others where it is long: a developer may declare a megabyte in each version', () => {
    const long: DeclaredPurpose[] = [{ id: 'x'.repeat(10_000), entries: [] }];
    const pool = new ScopePool();
    const scope = pool.of(long);
    expect(scope.purposes).toEqual(long);
    expect(pool.of(long)).not.toBe(scope);
    expect(pool.of(long)).toEqual(scope);
  });

  test('stays what it is when so many others have come that the pool began anew', () => {
    const named = (id: string): DeclaredPurpose[] => [{ id, entries: [] }];
    const pool = new ScopePool();
    const first = pool.of(named('first'));
    for (let i = 0; i < 5_000; i++) pool.of(named(`p${i}`));
    expect(pool.of(named('first'))).not.toBe(first);
    expect(pool.of(named('first'))).toEqual(first);
  });
});

describe('since when a category is listed', () => {
  const declaring = (version: number, categories: readonly string[]) => ({
    version,
    developer: 'd',
    className: null,
    linkHosts: [],
    purposes: [
      {
        id: 'a',
        entries: categories.map((category) => ({
          category,
          fields: null,
          background: false,
          maxBytesPerCall: Number.POSITIVE_INFINITY,
          maxRowsPerCall: Number.POSITIVE_INFINITY,
        })),
      },
    ],
  });

  test('is the version that lists it without a break, whatever else the later ones change', () => {
    const pool = new ScopePool();
    const first = putInForce(declaring(1, ['photos', 'location']), null, 10, pool);
    const second = putInForce(declaring(2, ['location', 'contacts']), first, 20, pool);
    const third = putInForce(declaring(3, ['photos', 'contacts', 'location']), second, 30, pool);
    expect(['photos', 'contacts', 'location', 'sms'].map((category) => appearanceOf(third, category))).toEqual([
      { version: 3, sinceUs: 30 },
      { version: 2, sinceUs: 20 },
      { version: 1, sinceUs: 10 },
      undefined,
    ]);
    expect(third.firstDeclaredUs).toBe(10);
  });
});
