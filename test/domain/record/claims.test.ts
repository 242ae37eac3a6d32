import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RECORD_TYPES } from '../../../schemas/codes.ts';
import { claimsOf } from '../../../services/domain/record/claims.ts';
import { encodingOf } from '../../../services/domain/record/json.ts';
import { parseRecord } from '../../../services/domain/record/parse.ts';
import { EVENTS } from '../../conformance/example.ts';
import { splitLines } from '../fold/partitioned.ts';

const NONE = { source: null, type: null };

describe('what a record claims', () => {
  it('is what the fold accepts it as', () => {
    let accepted = 0;
    for (const line of splitLines(EVENTS)) {
      const parsed = parseRecord(line, 0, line.length, encodingOf(line));
      if (parsed.type === 'reject') continue;
      accepted++;
      expect(claimsOf(line)).toEqual({ source: parsed.attributes.source, type: parsed.type });
    }
    expect(accepted).toBeGreaterThan(1_000);
  });

  it('is what the fold accepts it as, however often and however a name is written', () => {
    const name = fc.constantFrom('type', 'source', '\\u0074ype', 'sourc\\u0065', 'Type', '__proto__', 'type\\u0000');
    const value = fc.oneof(
      fc.constantFrom(...RECORD_TYPES, 'ntk.acces\\u0073', 's1', 's2').map((text) => `"${text}"`),
      fc.constantFrom('null', '1', '{"type":"ntk.policy","source":"x"}', '["ntk.policy"]', '"\\ud800"'),
    );
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, value), { maxLength: 6 }),
        fc.constantFrom('', '\ufeff', ' ', '\u00a0'),
        (names, before) => {
          const members = [
            '"specversion":"1.0","id":"1","source":"s0","type":"ntk.access","subject":"p","time":"2026-01-01T00:00:00Z"',
            '"data":{"user":"u","api":"wx.getLocation"}',
            ...names.map(([key, json]) => `"${key}":${json}`),
          ];
          const bytes = Buffer.from(`${before}{${members.join(',')}}`);
          const parsed = parseRecord(bytes, 0, bytes.length, encodingOf(bytes));
          if (parsed.type === 'reject') return;
          accepted++;
          expect(claimsOf(bytes)).toEqual({ source: parsed.attributes.source, type: parsed.type });
        },
      ),
      { numRuns: 1_000, seed: 3 },
    );
    expect(accepted).toBeGreaterThan(50);
  });

  it('is there too when the record is a reject: a later release may read it', () => {
    expect(claimsOf(Buffer.from('{"source":"a","type":"ntk.future"}'))).toEqual({ source: 'a', type: 'ntk.future' });
    expect(claimsOf(Buffer.from('{"source":"a","type":7}'))).toEqual({ source: 'a', type: null });
  });

  it.each([
    '',
    'no json',
    '[{"type":"ntk.policy"}]',
    '{"type":"ntk.policy"',
    '{"type":"ntk.policy","x":"\\ud800"}',
    '"ntk.policy"',
  ])('is nothing for what can never be a record: %j', (text) => {
    expect(claimsOf(Buffer.from(text))).toEqual(NONE);
  });

  it('is nothing for what is too large', () => {
    expect(claimsOf(Buffer.from(`{"type":"ntk.policy","x":"${'x'.repeat(1_048_576)}"}`))).toEqual(NONE);
  });
});
