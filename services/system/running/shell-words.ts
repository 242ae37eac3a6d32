/** Words of a command that a person pastes into a shell. */
import { printable } from '../../../schemas/policy/wording.ts';

const CHARACTERS_MAX = 200;

/** As a person can paste it. */
export function quotedForShell(text: string): string {
  return /^[\w.:@/+-]+$/.test(text) && !text.startsWith('-')
    ? text
    : `'${printable(text, CHARACTERS_MAX).replaceAll("'", `'\\''`)}'`;
}
