import { describe, expect, test } from 'vitest';
import { outOfBounds } from '../../services/gateway/binding.ts';
import type { Token } from '../../services/gateway/tokens/token-file.ts';

const tokenOf = (sources: readonly string[], types: readonly string[] | null): Token => ({
  name: 't',
  sha256: '',
  sources,
  types,
});
const record = (claims: object): Buffer => Buffer.from(JSON.stringify(claims));
const ACCESS = { source: 'host/ios', type: 'ntk.access' };

describe('what a token may send', () => {
  test.each<[string, readonly string[], readonly string[] | null, object, 'source' | 'type' | null]>([
    ['everything, when it may send all types from all sources', ['*'], null, { source: 'x', type: 'ntk.policy' }, null],
    ['its own types from all sources', ['*'], ['ntk.access'], ACCESS, null],
    ['no other type, whatever the source', ['*'], ['ntk.access'], { ...ACCESS, type: 'ntk.policy' }, 'type'],
    ['every type from its own sources', ['host/ios'], null, { ...ACCESS, type: 'ntk.policy' }, null],
    ['nothing from another source, whatever the type', ['host/ios'], null, { ...ACCESS, source: 'host/android' }, 'source'],
    ['from a source that begins as it says', ['host/*'], ['ntk.access'], ACCESS, null],
    ['from none that begins with less than that', ['host/*'], ['ntk.access'], { ...ACCESS, source: 'hosts/ios' }, 'source'],
    ['from none that has it further on', ['host/*'], ['ntk.access'], { ...ACCESS, source: 'elsewhere/host/ios' }, 'source'],
    ['from none that only begins like an exact one', ['host/ios'], ['ntk.access'], { ...ACCESS, source: 'host/ios2' }, 'source'],
    ['from any of several sources', ['a', 'host/*'], ['ntk.consent', 'ntk.access'], ACCESS, null],
    ['what claims neither source nor type', ['a'], ['ntk.access'], { source: 7, type: null }, null],
    ['what claims one of the two in bounds only', ['a'], ['ntk.access'], { type: 'ntk.policy' }, 'type'],
  ])('is %s', (_, sources, types, claims, attribute) => {
    const outside = outOfBounds(tokenOf(sources, types), [record(claims)]);
    expect(outside?.attribute ?? null).toBe(attribute);
  });

  test('is told of the first record outside of it, with what that claims', () => {
    const records = [ACCESS, { ...ACCESS, source: 'elsewhere' }, { ...ACCESS, type: 'ntk.policy' }].map(record);
    const token = tokenOf(['host/ios'], ['ntk.access']);
    expect(outOfBounds(token, records)).toEqual({ record: 1, attribute: 'source', value: 'elsewhere' });
    expect(outOfBounds(token, [records[0]!, records[2]!])).toEqual({ record: 1, attribute: 'type', value: 'ntk.policy' });
    expect(outOfBounds(token, [])).toBeNull();
  });
});
