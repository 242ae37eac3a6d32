import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CATEGORIES } from '../../../schemas/codes.ts';
import { PartitionKnowledge } from '../../../services/domain/baselines/partition-knowledge.ts';
import { NO_KEY } from '../../../services/domain/baselines/state/key-rows.ts';

const HOUR = 490_000;

/** Programs beyond those that there is room for at first. */
const looks = fc.array(
  fc.record({
    program: fc.integer({ min: 0, max: 600 }),
    category: fc.integer({ min: 0, max: CATEGORIES.length - 1 }),
    isMade: fc.boolean(),
  }),
  { maxLength: 400 },
);

describe('the key of a program’s category', () => {
  it('is the one that was made for it, whatever was looked for in between', () => {
    fc.assert(
      fc.property(looks, (looked) => {
        const known = new PartitionKnowledge();
        const made = new Map<string, number>();
        for (const { program, category, isMade } of looked) {
          // Few of them are looked for, so that categories of one program meet.
          const slot = program % 2 === 0 ? 0 : program;
          while (known.programs.count <= slot) known.addProgram(`wx${known.programs.count}`);
          const name = `${slot} ${category}`;
          expect(known.findKey(slot, category)).toBe(made.get(name) ?? NO_KEY);
          if (!isMade) continue;
          const key = known.keyOf(slot, category, HOUR);
          expect(key).toBe(made.get(name) ?? known.keys.count - 1);
          expect(known.keys.categoryOf(key)).toBe(category);
          made.set(name, key);
        }
        expect(known.keys.count).toBe(made.size);
      }),
    );
  });
});
