/**
 * A TypeScript source with everything blanked that is not code, at unchanged offsets, so that a plain pattern can be asked about it.
 * Written here because the compiler is a native program without a parser to call, and no other installed package reads TypeScript.
 */

/** After one of these words a slash begins a pattern; after any other word or value it divides. */
const WORDS_BEFORE_PATTERN = /(?:^|[^\w$.])(?:return|typeof|case|in|of|delete|void|throw|new|else|do|await|yield|instanceof)$/;

/** Sticky: a regular expression literal on one line, with its classes and escapes. */
const PATTERN = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
/** Sticky: a quoted string; an unclosed one ends with its line. */
const QUOTED = /'(?:\\[^]|[^'\\\n])*'?|"(?:\\[^]|[^"\\\n])*"?/y;
/** Sticky: a line comment, a block comment or the first line of a script. */
const COMMENT = /\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)|#![^\n]*/y;
/** Sticky: the letters of a template up to its end, an insertion or the end of the file. */
const TEMPLATE_TEXT = /(?:\\[^]|\$(?!\{)|[^`\\$])*/y;

function lengthAt(pattern: RegExp, source: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0].length ?? 0;
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

/** Quotes stay and their contents go: `from './a.ts'` becomes `from '      '`. Code inserted into templates stays. */
export function codeOnly(source: string): string {
  let code = '';
  /** Open braces since each insertion into a template that is still open, innermost last. */
  const insertions: number[] = [];
  const take = (length: number): void => void (code += source.slice(code.length, code.length + length));
  const hide = (length: number): void => void (code += blank(source.slice(code.length, code.length + length)));
  const templateText = (): void => {
    hide(lengthAt(TEMPLATE_TEXT, source, code.length));
    if (source[code.length] === '$') {
      take(2);
      insertions.push(0);
    } else {
      take(1);
    }
  };

  while (code.length < source.length) {
    const at = code.length;
    const next = source[at];
    const comment = next === '/' || (next === '#' && at === 0) ? lengthAt(COMMENT, source, at) : 0;
    if (comment > 0) {
      hide(comment);
    } else if (next === '/' && startsPattern(code)) {
      hide(Math.max(1, lengthAt(PATTERN, source, at)));
    } else if (next === "'" || next === '"') {
      const length = lengthAt(QUOTED, source, at);
      take(1);
      if (length > 1) {
        hide(length - 2);
        take(1);
      }
    } else if (next === '`') {
      take(1);
      templateText();
    } else if (next === '}' && insertions.at(-1) === 0) {
      insertions.pop();
      take(1);
      templateText();
    } else {
      if (insertions.length > 0 && (next === '{' || next === '}')) insertions[insertions.length - 1]! += next === '{' ? 1 : -1;
      take(1);
    }
  }
  return code;
}

function startsPattern(code: string): boolean {
  const before = code.slice(-64).trimEnd();
  const last = before.at(-1);
  if (last === undefined || !/[\w$)\]}'"`]/.test(last)) return true;
  return WORDS_BEFORE_PATTERN.test(before);
}

/** The line of an offset, counted from 1. */
export function lineAt(source: string, offset: number): number {
  let line = 1;
  for (let at = source.indexOf('\n'); at !== -1 && at < offset; at = source.indexOf('\n', at + 1)) line++;
  return line;
}
