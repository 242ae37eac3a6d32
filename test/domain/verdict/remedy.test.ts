import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Subject } from '../../../services/domain/checks/subject.ts';
import { Findings, reasonIndex } from '../../../services/domain/verdict/findings.ts';
import { remedyFor } from '../../../services/domain/verdict/remedy.ts';

const CHARACTERS = 80;

/** The API's name as the developer is told it. */
function quoted(api: string): string {
  const findings = new Findings();
  findings.add(reasonIndex('unmapped_api'), {}, {});
  findings.actions.push(1);
  findings.effective.push(1);
  const remedy = remedyFor({ access: { api } } as Subject, findings, null);
  return JSON.parse(/".*"/u.exec(remedy)![0]) as string;
}

test('names in a remedy are the developer’s own, up to eighty characters', () => {
  const arbitrary = fc.string({ unit: 'binary', maxLength: 2 * CHARACTERS });
  fc.assert(
    fc.property(arbitrary, (api) => {
      const characters = [...api];
      const expected = characters.length <= CHARACTERS ? api : `${characters.slice(0, CHARACTERS).join('')}…`;
      expect(quoted(api)).toBe(expected);
    }),
  );
  expect(quoted('x'.repeat(CHARACTERS + 1))).toBe(`${'x'.repeat(CHARACTERS)}…`);
  expect(quoted('😀'.repeat(CHARACTERS))).toBe('😀'.repeat(CHARACTERS));
  expect(quoted('😀'.repeat(CHARACTERS + 1))).toBe(`${'😀'.repeat(CHARACTERS)}…`);
});
