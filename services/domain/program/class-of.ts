/** What class a program is of, for policies, reports and baselines. */
import type { ProgramState } from '../state/program-table.ts';

/** A program without a declaration, and one whose declaration names no class. */
const CLASS_WITHOUT_DECLARATION = 'undeclared';
const CLASS_NOT_GIVEN = 'unclassified';

export function classOf(program: Pick<ProgramState, 'declaration'>): string {
  // An empty class says as little as none.
  return program.declaration === null ? CLASS_WITHOUT_DECLARATION : program.declaration.className || CLASS_NOT_GIVEN;
}
