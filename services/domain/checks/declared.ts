/** Checks 2 and 3, with `unmapped_api` between them: is there a declaration, and does it list the category? */
import { type Findings, reasonIndex } from '../verdict/findings.ts';
import type { Subject } from './subject.ts';

const UNDECLARED_PROGRAM = reasonIndex('undeclared_program');
const UNMAPPED_API = reasonIndex('unmapped_api');
const UNDECLARED_CATEGORY = reasonIndex('undeclared_category');

/** Check 2. Without any declaration checks 3-6 are skipped. */
export function checkDeclaredProgram({ program }: Subject, findings: Findings): void {
  if (program.declaration === null) findings.add(UNDECLARED_PROGRAM, { declaration: null }, { declaration: 'any version' });
}

export function checkMappedApi({ access, category }: Subject, findings: Findings): void {
  if (category === 'unknown') findings.add(UNMAPPED_API, { api: access.api }, { api: 'one that the catalogue maps' });
}

/** Check 3: answers whether a purpose lists the category; if none does, checks 4 and 6 are skipped. */
export function checkDeclaredCategory({ program, category }: Subject, findings: Findings): boolean {
  const { declaration } = program;
  if (declaration === null || declaration.scope.byCategory.has(category)) return declaration !== null;
  findings.add(
    UNDECLARED_CATEGORY,
    { category },
    { categories: [...declaration.scope.byCategory.keys()], declarationVersion: declaration.version },
  );
  return false;
}
