import { expect, test } from 'vitest';
import { PartitionState } from '../../services/domain/fold/partition-state.ts';
import { nearLimits } from '../../services/scorer/state-limits.ts';

const PLENTY = { programs: 100, consents: 100, limitKeys: 100, baselineKeys: 100 };

test('a partition may hold as much as its limit says and no more, and is near it above 80 %', () => {
  const state = new PartitionState('6f1c2f0e-6f0b-4c60-9d4e-1f6f0a5b7c11', 3, 4);
  for (let i = 0; i < 4; i++) state.programs.of(`wx${i}`);
  expect(nearLimits(state, { ...PLENTY, programs: 5 })).toEqual([]);
  expect(nearLimits(state, { ...PLENTY, programs: 4 })).toEqual([{ kind: 'programs', count: 4, max: 4 }]);
  expect(() => nearLimits(state, { ...PLENTY, programs: 3 })).toThrow(
    /^partition 3 holds 4 programs, more than the 3 that are allowed: .* raise NTK_STATE_PROGRAMS, /,
  );
});
