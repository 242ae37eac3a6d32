/** The guides of docs/ as they lie there, so that somebody without the repository at hand can read them beside the page. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Guide {
  /** In the address: `operating`, `guides/read-a-report`. */
  readonly name: string;
  /** Its first heading. */
  readonly title: string;
  readonly text: string;
}

const GUIDES_MAX = 100;

/** All of a folder, one level deep; none where there is no folder. */
export function readGuides(folder: string): Guide[] {
  let files: string[];
  try {
    files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
  return files
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /^(?:[\w-]+\/)?[\w-]+\.md$/.test(file))
    .sort()
    .slice(0, GUIDES_MAX)
    .map((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      const name = file.slice(0, -'.md'.length);
      return { name, title: /^# +(.+)$/m.exec(text)?.[1] ?? name, text };
    });
}
