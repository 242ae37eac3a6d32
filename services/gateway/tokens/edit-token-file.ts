/** Puts a token into a file or takes one out, and leaves everything else in it, comments too, as somebody wrote it. */
import { isMap, type Document, parseDocument } from 'yaml';
import { parseTokenFile, type TokenEntry, type TokenFileProblem } from './token-file.ts';

export type Edited =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problems: readonly TokenFileProblem[] };

const NEW_FILE = `# Who may send events to the gateway. 'ntk tokens make' and 'ntk tokens revoke' change it; a running gateway reads it again by itself.
tokens: []
`;

/** `text` is null when there is no file yet. The problems can be those of the file or of the entry. */
export function withToken(text: string | null, entry: TokenEntry): Edited {
  const before = parseTokenFile(text ?? NEW_FILE);
  if (!before.ok) return before;
  const { document } = before;
  const node = document.createNode(entry, { flow: false });
  document.addIn(['tokens'], node);
  unfold(document);
  return checked(written(document, text ?? NEW_FILE));
}

/** Null when there is no token of the name. */
export function withoutToken(text: string, name: string): Edited | null {
  const before = parseTokenFile(text);
  if (!before.ok) return before;
  const index = before.tokens.findIndex((token) => token.name === name);
  if (index === -1) return null;
  before.document.deleteIn(['tokens', index]);
  return checked(written(before.document, text));
}

/** An empty list is written `[]`; what is added to it goes on lines of its own. */
function unfold(document: Document): void {
  const root = document.contents;
  if (!isMap(root)) return;
  const list = root.get('tokens', true) as { flow?: boolean } | undefined;
  if (list !== undefined) list.flow = false;
}

/** JSON stays JSON. */
function written(document: Document, before: string): string {
  if (isJson(before)) return `${JSON.stringify(parseDocument(document.toString()).toJS(), null, 2)}\n`;
  return document.toString({ lineWidth: 0 });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function checked(text: string): Edited {
  const after = parseTokenFile(text);
  return after.ok ? { ok: true, text } : after;
}
