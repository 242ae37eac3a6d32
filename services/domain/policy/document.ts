/** A policy document, as YAML from a file or as JSON from the log, to a checked policy and its hash (exact-rules.md section 7). */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
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
import { type Policy, policySchema } from '../../../schemas/policy/policy.ts';
import { type PolicyProblem as FoundProblem, policyProblems, PROBLEMS_MAX } from '../../../schemas/policy/problems.ts';
import { printable, quoted } from '../../../schemas/policy/wording.ts';

/** Bytes of UTF-8 that a policy file may have. */
export const POLICY_BYTES_MAX = 1_048_576;
/** Nodes that aliases may stand for; a few lines of aliases of aliases would otherwise fill the memory. */
const ALIASED_NODES_MAX = 1_000;
const TOO_DEEP = 'nested too deeply: a policy has at most six levels';
/** Of a text of others in a message. */
const MESSAGE_CHARACTERS_MAX = 200;

/** Where the parser's own words would not tell what to do. */
const SYNTAX_ADVICE: Partial<Record<ErrorCode, string>> = {
  MULTIPLE_DOCS: 'a second document begins: a policy is one document',
  NON_STRING_KEY: 'a key that is not a name: write name: value',
  TAG_RESOLVE_FAILED: 'a tag that a policy has no use for: leave it out',
};

/** What is wrong with a policy and what to do about it. `path` looks like `limits[0].per`, and is empty for the whole. */
export interface PolicyProblem {
  readonly path: string;
  readonly message: string;
}

/** `line` and `column` count from 1. */
export interface PolicyFileProblem extends PolicyProblem {
  readonly line: number;
  readonly column: number;
}

export interface ValidPolicy {
  readonly ok: true;
  /** Plain JSON as written, without defaults. */
  readonly document: unknown;
  readonly policy: Policy;
  /** Of `document`: {@link policyHash}. */
  readonly hash: string;
}

export interface InvalidPolicy<P extends PolicyProblem> {
  readonly ok: false;
  /** At least one and at most {@link PROBLEMS_MAX}; those of a file in the order of its lines. */
  readonly problems: P[];
}

export type ParsedPolicy<P extends PolicyProblem = PolicyProblem> = ValidPolicy | InvalidPolicy<P>;

/**
 * First 16 hex digits of SHA-256 over the document as canonical JSON (RFC 8785), as written, without defaults.
 * @throws Error for what is not JSON: a cycle, NaN, a lone surrogate. Valid policies hold none.
 */
export function policyHash(document: unknown): string {
  const canonical = canonicalize(document);
  if (canonical === undefined) throw new Error('a policy document is JSON');
  return createHash('sha256').update(canonical, 'utf8').digest('hex').slice(0, 16);
}

/** Checks a document that was already parsed as JSON: `data` of `ntk.policy`. */
export function parsePolicyDocument(value: unknown): ParsedPolicy {
  const checked = check(value);
  if (checked.ok) return checked;
  return {
    ok: false,
    // Put into words only when asked for: the fold does not ask, and a hostile record can have 300,000 problems.
    get problems() {
      return checked.found().map(({ path, message }) => ({ path: pathText(path), message }));
    },
  };
}

/** Parses and checks a policy file: YAML 1.2, core schema, one document. Tells all problems at once, but those of syntax first. */
export function parsePolicyYaml(text: string): ParsedPolicy<PolicyFileProblem> {
  if (Buffer.byteLength(text, 'utf8') > POLICY_BYTES_MAX) {
    return invalid([atStart(`the file is larger than ${POLICY_BYTES_MAX} bytes: give a shorter policy`)]);
  }
  const lines = new LineCounter();
  try {
    return checkYaml(text, lines);
  } catch (error) {
    if (error instanceof RangeError) return invalid([atStart(TOO_DEEP)]);
    // What toJS() throws when aliases stand for more nodes than allowed; aliases of nothing were found before.
    if (error instanceof ReferenceError) return invalid([atStart('aliases stand for too much: write it out')]);
    throw error;
  }
}

function checkYaml(text: string, lines: LineCounter): ParsedPolicy<PolicyFileProblem> {
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
  const syntax = syntaxProblems(yaml, lines);
  if (syntax.length > 0) return invalid(syntax);

  const names = resolveNames(yaml, lines);
  if (names.unresolved.length > 0) return invalid(names.unresolved);
  const checked = check(yaml.toJS({ maxAliasCount: ALIASED_NODES_MAX }));
  if (checked.ok && names.repeated.length === 0) return checked;
  const wrong = checked.ok ? [] : checked.found().map((problem) => located(problem, yaml, names.aliased, lines));
  return invalid([...names.repeated, ...wrong]);
}

function check(document: unknown): ValidPolicy | { readonly ok: false; readonly found: () => readonly FoundProblem[] } {
  const result = policySchema.safeParse(document);
  if (!result.success) return { ok: false, found: () => policyProblems(result.error) };
  return { ok: true, document, policy: result.data, hash: policyHash(document) };
}

function syntaxProblems(yaml: Document.Parsed, lines: LineCounter): PolicyFileProblem[] {
  const found = [...yaml.errors, ...yaml.warnings].slice(0, PROBLEMS_MAX);
  // The parser reports the end of the stack as an error of the text, and then much that follows from it.
  if (found.some(({ code }) => code === 'RESOURCE_EXHAUSTION')) return [atStart(TOO_DEEP)];
  const problems = found.map(({ code, message, pos }) =>
    at(pos[0], '', SYNTAX_ADVICE[code] ?? `not YAML 1.2: ${printable(message, MESSAGE_CHARACTERS_MAX)}`, lines),
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
  readonly repeated: PolicyFileProblem[];
  /** Aliases of nothing. */
  readonly unresolved: PolicyFileProblem[];
}

/** One walk in the order of the text, in which an alias means the latest anchor of its name. */
function resolveNames(yaml: Document.Parsed, lines: LineCounter): ResolvedNames {
  const anchors = new Map<string, Node>();
  const aliased = new Map<Node, Node>();
  const repeated: PolicyFileProblem[] = [];
  const unresolved: PolicyFileProblem[] = [];
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

function repeatedKeys(map: YamlMapping, lines: LineCounter): PolicyFileProblem[] {
  const first = new Map<string, number>();
  const problems: PolicyFileProblem[] = [];
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
): PolicyFileProblem {
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

function at(offset: number, path: string, message: string, lines: LineCounter): PolicyFileProblem {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col), path, message };
}

function atStart(message: string): PolicyFileProblem {
  return { line: 1, column: 1, path: '', message };
}

function invalid(problems: PolicyFileProblem[]): InvalidPolicy<PolicyFileProblem> {
  const sorted = problems.sort((a, b) => a.line - b.line || a.column - b.column);
  return { ok: false, problems: sorted.slice(0, PROBLEMS_MAX) };
}

function pathText(path: readonly (string | number)[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(step) && step.length <= MESSAGE_CHARACTERS_MAX)
      text += text === '' ? step : `.${step}`;
    else text += `[${quoted(step)}]`;
  }
  return text;
}
