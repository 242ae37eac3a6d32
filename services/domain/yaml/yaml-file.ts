/** A YAML file that people write, checked against a schema: every problem at once, with its line. */
import {
  type Document,
  type ErrorCode,
  isMap,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import type { z } from 'zod';
import { type PolicyProblem as FoundProblem, policyProblems, PROBLEMS_MAX } from '../../../schemas/policy/problems.ts';
import { printable, quoted } from '../../../schemas/policy/wording.ts';
import { placesOfControls } from './control-characters.ts';
import { placesWithoutUtf8 } from './utf8-lines.ts';

/** Bytes of UTF-8 that a file may have. */
export const YAML_BYTES_MAX = 1_048_576;
/** Nodes that aliases may stand for; a few lines of aliases of aliases would otherwise fill the memory. */
const ALIASED_NODES_MAX = 1_000;
const NO_UTF8 = 'bytes that are no text in UTF-8: save the file as UTF-8';
/** Of a text of others in a message. */
const MESSAGE_CHARACTERS_MAX = 200;

/** What the file is called in messages, and how deeply it may be nested. */
export interface YamlWords {
  readonly thing: string;
  readonly levels: string;
}

/** What is wrong and what to do about it. `path` looks like `limits[0].per`, and is empty for the whole. */
export interface YamlProblem {
  readonly path: string;
  readonly message: string;
}

/** `line` and `column` count from 1. */
export interface YamlFileProblem extends YamlProblem {
  readonly line: number;
  readonly column: number;
}

export type CheckedYaml<T> =
  | {
      readonly ok: true;
      /** Plain JSON as written, without defaults. */
      readonly document: unknown;
      readonly value: T;
      /** Line, from 1, of what stands at `path` in the document. */
      readonly lineOf: (path: readonly (string | number)[]) => number;
    }
  /** At least one problem and at most {@link PROBLEMS_MAX}, in the order of the lines. */
  | { readonly ok: false; readonly problems: YamlFileProblem[] };

type Invalid = Extract<CheckedYaml<unknown>, { ok: false }>;

/**
 * YAML 1.2, core schema, one document. Tells all problems at once, but those of syntax first, and before them bytes that are no text.
 * @param content text, or the bytes of a file
 */
export function checkYamlFile<T>(content: string | Uint8Array, schema: z.ZodType<T>, words: YamlWords): CheckedYaml<T> {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  if (bytes.length > YAML_BYTES_MAX) {
    return invalid([atStart(`the file is larger than ${YAML_BYTES_MAX} bytes: give a shorter ${words.thing}`)]);
  }
  const unreadable = placesWithoutUtf8(bytes);
  if (unreadable.length > 0) {
    // A byte that no text has says what the file is (packed, a program, UTF-16): its lines say nothing more.
    const said = bytes.includes(0) ? unreadable.slice(0, 1) : unreadable;
    return invalid(said.map((place) => ({ ...place, path: '', message: NO_UTF8 })));
  }
  const controls = placesOfControls(bytes, PROBLEMS_MAX);
  if (controls.length > 0)
    return invalid(controls.map((place) => ({ ...place, path: '', message: controlMessage(place.control) })));
  const text = typeof content === 'string' ? content : Buffer.from(content).toString('utf8');
  const lines = new LineCounter();
  try {
    return checkYaml(text, schema, words, lines);
  } catch (error) {
    if (error instanceof RangeError) return invalid([tooDeep(words)]);
    // What toJS() throws when aliases stand for more nodes than allowed; aliases of nothing were found before.
    if (error instanceof ReferenceError) return invalid([atStart('aliases stand for too much: write it out')]);
    throw error;
  }
}

function checkYaml<T>(text: string, schema: z.ZodType<T>, words: YamlWords, lines: LineCounter): CheckedYaml<T> {
  const yaml = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    // Pair by pair, so quadratic: found below in one go instead.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
    lineCounter: lines,
  });
  const syntax = syntaxProblems(yaml, words, lines);
  if (syntax.length > 0) return invalid(syntax);

  const names = resolveNames(yaml, lines);
  if (names.unresolved.length > 0) return invalid(names.unresolved);
  const document: unknown = yaml.toJS({ maxAliasCount: ALIASED_NODES_MAX });
  const result = schema.safeParse(document);
  if (result.success && names.repeated.length === 0) {
    const lineOf = (path: readonly (string | number)[]): number =>
      located({ path, isKey: false, message: '' }, yaml, names.aliased, lines).line;
    return { ok: true, document, value: result.data, lineOf };
  }
  const wrong = result.success ? [] : policyProblems(result.error).map((problem) => located(problem, yaml, names.aliased, lines));
  return invalid([...names.repeated, ...wrong]);
}

function controlMessage(control: number): string {
  const code = control.toString(16).padStart(2, '0');
  return `a control character (U+00${code.toUpperCase()}): leave it out, or write "\\x${code}" in double quotes`;
}

function tooDeep({ thing, levels }: YamlWords): YamlFileProblem {
  return atStart(`nested too deeply: a ${thing} has at most ${levels} levels`);
}

/** Where the parser's own words would not tell what to do. */
function syntaxAdvice(code: ErrorCode, thing: string): string | undefined {
  if (code === 'MULTIPLE_DOCS') return `a second document begins: a ${thing} is one document`;
  if (code === 'NON_STRING_KEY') return 'a key that is not a name: write name: value';
  return code === 'TAG_RESOLVE_FAILED' ? `a tag that a ${thing} has no use for: leave it out` : undefined;
}

function syntaxProblems(yaml: Document.Parsed, words: YamlWords, lines: LineCounter): YamlFileProblem[] {
  const found = [...yaml.errors, ...yaml.warnings].slice(0, PROBLEMS_MAX);
  // The parser reports the end of the stack as an error of the text, and then much that follows from it.
  if (found.some(({ code }) => code === 'RESOURCE_EXHAUSTION')) return [tooDeep(words)];
  const problems = found.map(({ code, message, pos }) =>
    at(pos[0], '', syntaxAdvice(code, words.thing) ?? `not YAML 1.2: ${printable(message, MESSAGE_CHARACTERS_MAX)}`, lines),
  );
  const { version } = yaml.directives.yaml;
  if (version !== '1.2') problems.push(at(0, '', `found YAML ${version}: write %YAML 1.2, or leave the line out`, lines));
  return problems;
}

/** With `stringKeys` every key is a plain string; nothing else, and no alias, is let through. */
type YamlMapping = YAMLMap<Scalar<string>, Node | null>;

interface ResolvedNames {
  readonly aliased: ReadonlyMap<Node, Node>;
  /** Keys that their mapping has already. */
  readonly repeated: YamlFileProblem[];
  /** Aliases of nothing. */
  readonly unresolved: YamlFileProblem[];
}

/** One walk in the order of the text, in which an alias means the latest anchor of its name. */
function resolveNames(yaml: Document.Parsed, lines: LineCounter): ResolvedNames {
  const anchors = new Map<string, Node>();
  const aliased = new Map<Node, Node>();
  const repeated: YamlFileProblem[] = [];
  const unresolved: YamlFileProblem[] = [];
  visit(yaml, {
    Value(_, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
      if (isMap<Scalar<string>, Node | null>(node)) repeated.push(...repeatedKeys(node, lines));
    },
    Alias(_, alias) {
      const node = anchors.get(alias.source);
      if (node !== undefined) aliased.set(alias, node);
      else
        unresolved.push(
          at(
            alias.range?.[0] ?? 0,
            '',
            `no anchor &${printable(alias.source, MESSAGE_CHARACTERS_MAX)} stands before this alias: add it, or write the value`,
            lines,
          ),
        );
    },
  });
  return { aliased, repeated, unresolved };
}

function repeatedKeys(map: YamlMapping, lines: LineCounter): YamlFileProblem[] {
  const first = new Map<string, number>();
  const problems: YamlFileProblem[] = [];
  for (const { key } of map.items) {
    const name = key.value;
    const offset = key.range?.[0] ?? 0;
    const before = first.get(name);
    if (before === undefined) first.set(name, offset);
    else
      problems.push(at(offset, '', `key ${quoted(name)} stands on line ${lines.linePos(before).line} already: keep one`, lines));
  }
  return problems;
}

/** Where a problem of the document stands in the file: at the last step of its path that is there. */
function located(
  { path, isKey, message }: FoundProblem,
  yaml: Document.Parsed,
  aliased: ReadonlyMap<Node, Node>,
  lines: LineCounter,
): YamlFileProblem {
  let node: Node | null = yaml.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, step] of path.entries()) {
    const within: Node | null = (node === null ? undefined : aliased.get(node)) ?? node;
    if (isMap<Scalar<string>, Node | null>(within)) {
      const pair = within.items.findLast(({ key }) => key.value === String(step));
      if (pair === undefined) break;
      node = pair.value;
      const marked = isKey && depth === path.length - 1 ? pair.key : (node ?? pair.key);
      offset = marked.range?.[0] ?? offset;
    } else if (isSeq<Node>(within) && typeof step === 'number' && within.items[step] !== undefined) {
      node = within.items[step];
      offset = node.range?.[0] ?? offset;
    } else {
      break;
    }
  }
  return at(offset, pathText(path), message, lines);
}

function at(offset: number, path: string, message: string, lines: LineCounter): YamlFileProblem {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col), path, message };
}

function atStart(message: string): YamlFileProblem {
  return { line: 1, column: 1, path: '', message };
}

function invalid(problems: YamlFileProblem[]): Invalid {
  const sorted = problems.sort((a, b) => a.line - b.line || a.column - b.column);
  return { ok: false, problems: sorted.slice(0, PROBLEMS_MAX) };
}

export function pathText(path: readonly (string | number)[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(step) && step.length <= MESSAGE_CHARACTERS_MAX)
      text += text === '' ? step : `.${step}`;
    else text += `[${quoted(step)}]`;
  }
  return text;
}
