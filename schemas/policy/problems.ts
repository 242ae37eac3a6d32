/** What zod says about a policy, as one list of problems that a person can act on. */
import { z } from 'zod';
import { give, unknownName } from './wording.ts';

/** More than anybody reads at once; a document may hold a hundred thousand wrong keys. */
export const PROBLEMS_MAX = 100;

export interface PolicyProblem {
  readonly path: readonly (string | number)[];
  /** The key at the end of `path` is the problem, not its value. */
  readonly isKey: boolean;
  readonly message: string;
}

/** A mapping in which every key is known. `kind` says what its keys are called in messages. */
export function closed<S extends z.core.$ZodLooseShape>(kind: string, shape: S) {
  const known = Object.keys(shape);
  const notMapping = give(`a mapping with the keys ${known.join(', ')}`);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return notMapping(issue);
      const keys = issue.keys.slice(0, PROBLEMS_MAX);
      return keys.map((key) => unknownName(kind, key, known)).join('\n');
    },
  });
}

/** At most {@link PROBLEMS_MAX}, in zod's order. */
export function policyProblems(error: z.ZodError): PolicyProblem[] {
  return error.issues
    .slice(0, PROBLEMS_MAX)
    .flatMap((issue) => problemsOf(issue, []))
    .slice(0, PROBLEMS_MAX);
}

function problemsOf(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): PolicyProblem[] {
  const at = [...above, ...issue.path];
  const path = at.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys') {
    // One line of the message is about one key: see closed().
    return issue.message.split('\n').map((message, i) => ({ path: [...path, issue.keys[i]!], isKey: true, message }));
  }
  if (issue.code === 'invalid_union') {
    // The first branch that got past the value's own type is the one that was meant.
    const meant = issue.errors.find((branch) => branch.every(({ path: below }) => below.length > 0));
    if (meant !== undefined) return meant.flatMap((below) => problemsOf(below, at));
  }
  return [{ path, isKey: false, message: issue.message }];
}
