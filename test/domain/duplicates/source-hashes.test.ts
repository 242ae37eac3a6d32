import { expect, test } from 'vitest';
import { sipAbsorb, sipKey } from '../../../services/domain/state/half-sip-hash.ts';
import { type HashedProgram, SourceHashes } from '../../../services/domain/duplicates/source-hashes.ts';

test('a hash is of the program and the source that is asked for, whichever came before', () => {
  const key = sipKey(Buffer.alloc(16, 3));
  const hashes = new SourceHashes(key);
  const programs = Array.from({ length: 200 }, (_, i): HashedProgram => ({ id: `wx${i}`, sourceSlot: -1 }));
  const expected = new Int32Array(8);
  for (const source of ['ios', 'android', 'android', 'ios', '']) {
    for (const program of programs) {
      sipAbsorb(key.initial, program.id, expected);
      sipAbsorb(expected, source, expected);
      expect([...hashes.of(program, source)]).toEqual([...expected]);
    }
  }
});
