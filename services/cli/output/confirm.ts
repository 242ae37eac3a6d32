/** Asks the person at the keyboard. */
import { createInterface } from 'node:readline/promises';

/** True only for a plain yes; null where nobody sits at a keyboard. */
export async function confirm(
  question: string,
  input: NodeJS.ReadStream = process.stdin,
  output: NodeJS.WriteStream = process.stderr,
): Promise<boolean | null> {
  if (!input.isTTY) return null;
  const lines = createInterface({ input, output });
  try {
    return /^\s*y(?:es)?\s*$/i.test(await lines.question(question));
  } finally {
    lines.close();
  }
}
