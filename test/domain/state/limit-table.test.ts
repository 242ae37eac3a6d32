import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sipKey } from '../../../services/domain/state/half-sip-hash.ts';
import { type CompiledLimit, compileLimit } from '../../../services/domain/limits/compiled-limit.ts';
import { ByteReader, ByteWriter } from '../../../services/domain/state/bytes.ts';
import { LimitTable } from '../../../services/domain/state/limit-table.ts';
import { UserHash } from '../../../services/domain/state/user-hash.ts';
import { ProgramTable } from '../../../services/domain/state/program-table.ts';
import { parsePolicyDocument } from '../../../services/domain/policy/document.ts';
import { drawnPages } from './drawn-pages.ts';

const KEYS = [['program'], ['user'], ['category'], ['api'], ['user', 'category'], ['user', 'api'], ['user', 'category', 'api']];
const parsed = parsePolicyDocument({
  version: 'test',
  limits: KEYS.map((key, i) => ({ name: `limit-${i}`, key, count: 1, per: '1m', burst: 1 })),
});
if (!parsed.ok) throw new Error('the policy of the test does not check');
const LIMITS = parsed.policy.limits.map(compileLimit);
/** Few, so that keys meet, and some that look alike when put together. */
const NAMES = ['', 'a', 'aa', '1:a', 'u_0000002a', 'é', '__proto__', 'x'.repeat(70)];
const name = fc.constantFrom(...NAMES);

interface Asked {
  readonly program: string;
  readonly limit: CompiledLimit;
  readonly user: string;
  readonly category: string;
  readonly api: string;
}

const asked = fc.record({
  program: fc.oneof(name, fc.nat(400).map(String)),
  limit: fc.constantFrom(...LIMITS),
  user: fc.oneof(name, fc.nat(400).map(String)),
  category: fc.constantFrom('location', 'photos', 'unknown'),
  api: name,
});
const step = fc.oneof(
  { weight: 20, arbitrary: fc.record({ asked, timeUs: fc.nat(1_000) }) },
  { weight: 1, arbitrary: fc.record({ sweepBeforeUs: fc.nat(1_000), slots: fc.nat(500) }) },
);

/** What makes a key, as contracts.md says it. */
function nameOf({ program, limit, user, category, api }: Asked): string {
  return JSON.stringify([
    limit.name,
    program,
    limit.byUser ? user : null,
    limit.byCategory ? category : null,
    limit.byApi ? api : null,
  ]);
}

const hash = new UserHash(sipKey(Buffer.alloc(16, 5)));
const newTable = (): LimitTable => new LimitTable(sipKey(Buffer.alloc(16, 3)));

function numbersOf(table: LimitTable, programs: ProgramTable, { program, limit, user, category, api }: Asked): number[] | null {
  const slot = table.find(table.keyOf(programs.of(program), limit, hash.of(user), category, api));
  return slot === -1 ? null : [table.tatUs(slot), table.lastNowUs(slot)];
}

describe('limit keys', () => {
  it('hold what was set last, each its own, until they are freed; and the same after a checkpoint', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 1_500, size: 'max' }), (steps) => {
        const [table, programs] = [newTable(), new ProgramTable()];
        const model = new Map<string, { readonly asked: Asked; readonly timeUs: number }>();
        for (const each of steps) {
          if ('asked' in each) {
            const { program, limit, user, category, api } = each.asked;
            const key = table.keyOf(programs.of(program), limit, hash.of(user), category, api);
            table.set(key, table.find(key), each.timeUs, each.timeUs + 1);
            model.set(nameOf(each.asked), each);
          } else {
            table.sweep(each.sweepBeforeUs, each.slots);
            for (const [key, { asked: one, timeUs }] of model) {
              if (numbersOf(table, programs, one) !== null) continue;
              expect(timeUs + 1).toBeLessThan(each.sweepBeforeUs);
              model.delete(key);
            }
          }
        }
        const [restored, others] = [newTable(), new ProgramTable()];
        for (const bytes of drawnPages(table.pages)) restored.restore(new ByteReader(bytes), others);
        expect([table.count, restored.count]).toEqual([model.size, model.size]);
        for (const { asked: one, timeUs } of model.values()) {
          expect(numbersOf(table, programs, one)).toEqual([timeUs, timeUs + 1]);
          expect(numbersOf(restored, others, one)).toEqual([timeUs, timeUs + 1]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are taken up from the pages of an earlier engine, which had users and APIs by name', () => {
    fc.assert(
      fc.property(fc.array(asked, { maxLength: 40 }), (keys) => {
        const out = new ByteWriter();
        const known = new Map(keys.map((one) => [nameOf(one), one]));
        for (const { program, limit, user, category, api } of known.values()) {
          const rest = limit.byApi ? (limit.byUser ? `${api.length}:${api}${user}` : api) : limit.byUser ? user : '';
          out.string(limit.byCategory ? `${limit.scope}\n${category}` : limit.scope);
          out.string(rest);
          out.string(program);
          out.double(7);
          out.double(8);
          out.string('');
        }
        const [table, programs] = [newTable(), new ProgramTable()];
        table.restoreNamed(new ByteReader(out.written()), programs, (user) => hash.of(user));
        expect(table.count).toBe(known.size);
        for (const one of known.values()) expect(numbersOf(table, programs, one)).toEqual([7, 8]);
      }),
    );
  });

  it('name no user where they are stored', () => {
    const [table, programs] = [newTable(), new ProgramTable()];
    for (const limit of LIMITS) {
      const key = table.keyOf(programs.of('wx1'), limit, hash.of('u_0000002a'), 'location', 'wx.getLocation');
      table.set(key, -1, 1, 1);
    }
    table.pages.begin();
    expect(table.pages.next()!.bytes.includes('u_0000002a')).toBe(false);
  });
});
