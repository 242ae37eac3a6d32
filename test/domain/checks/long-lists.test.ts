/** Developers choose how long the lists of a declaration are: long ones give the findings of short ones, and are not looked through each time. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkLink } from '../../../services/domain/checks/link.ts';
import { allowsHost } from '../../../services/domain/checks/link-hosts.ts';
import { SHORT_MAX } from '../../../services/domain/checks/long-lists.ts';
import { checkPurpose } from '../../../services/domain/checks/purpose.ts';
import { checkScope } from '../../../services/domain/checks/scope.ts';
import type { Subject } from '../../../services/domain/checks/subject.ts';
import type { DeclarationEntry, DeclarationInForce } from '../../../services/domain/program/declaration.ts';
import { type Compared, Findings } from '../../../services/domain/verdict/findings.ts';

const ACCESSES = 50;
const LONG = 2_000;

const entryOf = (fields: readonly string[] | null): DeclarationEntry => ({
  category: 'location',
  fields,
  background: false,
  maxBytesPerCall: Number.POSITIVE_INFINITY,
  maxRowsPerCall: Number.POSITIVE_INFINITY,
});
const subject = (access: object, declaration: object = {}): Subject =>
  ({
    access: { foreground: true, fields: null, rows: 1, bytes: 0, purpose: '', link: null, ...access },
    program: { declaration },
    policy: { purposesRequired: true },
    category: 'location',
  }) as unknown as Subject;
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `n${i}`);

/** A list that counts how often one of its members is read. */
function counted<T>(list: readonly T[]): { readonly list: readonly T[]; reads(): number } {
  let count = 0;
  const get = (target: readonly T[], key: string | symbol, receiver: unknown): unknown => {
    if (typeof key === 'string' && /^\d+$/.test(key)) count++;
    return Reflect.get(target, key, receiver) as unknown;
  };
  return { list: new Proxy(list, { get }), reads: () => count };
}

function compared(check: (findings: Findings) => void): readonly Compared[] {
  const findings = new Findings();
  check(findings);
  return findings.compared;
}

const few = fc.integer({ min: 0, max: 2 * SHORT_MAX });
const name = few.map((i) => `n${i}`);

describe('lists as long as they may be', () => {
  test('give what looking through them would give: fields', () => {
    const lists = fc.array(fc.oneof(fc.constant(null), fc.array(name, { maxLength: 3 * SHORT_MAX })), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(fc.array(name, { maxLength: 3 * SHORT_MAX }), lists, (fields, allowed) => {
        const found = compared((findings) => checkScope(subject({ fields }), allowed.map(entryOf), findings));
        const isExcess = allowed.every((list) => list !== null && fields.some((field) => !list.includes(field)));
        const all = [...new Set(allowed.flatMap((list) => list ?? []))];
        const excess = fields.filter((field) => !all.includes(field));
        expect(found).toEqual(isExcess ? [{ observed: { fields, excess }, expected: { fields: all } }] : []);
      }),
    );
  });

  test('give what looking through them would give: hosts of links', () => {
    const part = fc.constantFrom('a', 'b', 'shop', '.', '..');
    const host = fc.array(part, { maxLength: 5 }).map((parts) => parts.join(''));
    const dotted = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'));
    const some = fc.oneof(host, dotted);
    fc.assert(
      fc.property(fc.array(some, { maxLength: 4 }), some, fc.boolean(), (hosts, asked, isLong) => {
        const declared = [...(isLong ? names(2 * SHORT_MAX) : []), ...hosts.filter((one) => one !== '')];
        const expected = declared.some((one) => asked === one || asked.endsWith(`.${one}`));
        expect(allowsHost(declared, asked)).toBe(expected);
      }),
    );
  });

  test('are not looked through for each access: fields that a declaration allows', () => {
    const allowed = counted(names(LONG));
    const entries = [entryOf(allowed.list)];
    for (let i = 0; i < ACCESSES; i++) {
      const [found] = compared((findings) => checkScope(subject({ fields: ['n7', 'other'] }), entries, findings));
      expect(found?.observed).toEqual({ fields: ['n7', 'other'], excess: ['other'] });
    }
    expect(allowed.reads()).toBeLessThan(5 * LONG);
  });

  test('are not looked through for each entry: fields that an access names again and again', () => {
    const fields = counted([...names(LONG).fill('n0'), 'other']);
    const entries = names(LONG).map(() => entryOf(['n0']));
    const [found] = compared((findings) => checkScope(subject({ fields: fields.list }), entries, findings));
    expect(found?.observed['excess']).toEqual(['other']);
    expect(fields.reads()).toBeLessThan(5 * LONG);
  });

  test('are not looked through for each access: hosts that a declaration allows', () => {
    const hosts = counted(names(LONG).map((one) => `${one}.example`));
    for (let i = 0; i < ACCESSES; i++) {
      const link = { kind: 'external', host: 'Evil.example', revealsFriends: false };
      const declared = { linkHosts: hosts.list };
      expect(compared((findings) => checkLink(subject({ link }, declared), findings))).toHaveLength(1);
    }
    expect(hosts.reads()).toBeLessThan(5 * LONG);
  });

  test('are not looked through for each access: purposes of which none was named, or another one', () => {
    const purposes = counted(names(LONG).map((id) => ({ id, entries: [entryOf(null)] })));
    const scope = { purposes: purposes.list, byCategory: new Map(), entriesByPurpose: new Map() };
    const declaration = { scope } as unknown as DeclarationInForce;
    for (const purpose of Array.from({ length: ACCESSES }, (_, i) => (i % 2 === 0 ? '' : 'other'))) {
      const [found] = compared((findings) => checkPurpose(subject({ purpose }), declaration, findings));
      expect(found?.expected).toEqual({ purposes: names(LONG) });
    }
    expect(purposes.reads()).toBeLessThan(5 * LONG);
  });
});
