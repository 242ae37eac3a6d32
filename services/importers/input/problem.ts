/** What can be wrong with an input; values, because files are what users have. */

type InputProblemCode =
  | 'input_not_found'
  | 'input_unreadable'
  | 'input_unsupported'
  /** Compressed bytes end too early or make no sense. What came before was read. */
  | 'input_damaged'
  /** The file is no longer the one that was opened. */
  | 'input_changed'
  | 'spool_failed'
  /** By the signal, before all of it had come. */
  | 'input_stopped';

export interface InputProblem {
  readonly code: InputProblemCode;
  /** One line for people; names the file and, where there is one, the byte position in it. */
  readonly message: string;
}

export function isInputProblem(value: object): value is InputProblem {
  return 'code' in value && 'message' in value;
}
