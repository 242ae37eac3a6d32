/** A policy document, as YAML from a file or as JSON from the log, to a checked policy and its hash (exact-rules.md section 7). */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, visit } from 'yaml';
import { type Policy, policySchema } from '../../../schemas/policy/policy.ts';
import { type PolicyProblem as FoundProblem, policyProblems, PROBLEMS_MAX } from '../../../schemas/policy/problems.ts';
import { quoted } from '../../../schemas/policy/wording.ts';

/** Bytes of UTF-8 that a policy file may have. */
export const POLICY_BYTES_MAX = 1_048_576;
/** Nodes that aliases may stand for; a few lines of aliases of aliases would otherwise fill the memory. */
const ALIASED_NODES_MAX = 1_000;
/** Of what the YAML parser says about a place. */
const MESSAGE_CHARACTERS_MAX = 200;

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
  readonly problems: readonly P[];
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
  return { ok: false, problems: checked.found.map(({ path, message }) => ({ path: pathText(path), message })) };
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
    // The parser and the expansion of aliases recurse, and the latter gives up with a ReferenceError of its own.
    if (error instanceof RangeError) return invalid([atStart('nested too deeply: a policy has at most six levels')]);
    if (error instanceof ReferenceError) return invalid([atStart('too many aliases: write out what they stand for')]);
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
    logLevel: 'silent',
    lineCounter: lines,
  });
  const syntax = syntaxProblems(yaml, lines);
  if (syntax.length > 0) return invalid(syntax);

  const repeated = repeatedKeys(yaml, lines);
  const checked = check(yaml.toJS({ maxAliasCount: ALIASED_NODES_MAX }));
  if (checked.ok && repeated.length === 0) return checked;
  const wrong = checked.ok ? [] : checked.found.map((problem) => located(problem, yaml, lines));
  return invalid([...repeated, ...wrong]);
}

function check(document: unknown): ValidPolicy | { readonly ok: false; readonly found: readonly FoundProblem[] } {
  const result = policySchema.safeParse(document);
  if (!result.success) return { ok: false, found: policyProblems(result.error) };
  return { ok: true, document, policy: result.data, hash: policyHash(document) };
}

function syntaxProblems(yaml: Document.Parsed, lines: LineCounter): PolicyFileProblem[] {
  const problems = [...yaml.errors, ...yaml.warnings].map(({ message, pos }) =>
    at(pos[0], '', `not YAML 1.2: ${oneLine(message)}`, lines),
  );
  if (yaml.directives.yaml.version !== '1.2') {
    problems.push(at(0, '', `YAML ${yaml.directives.yaml.version}: write %YAML 1.2, or leave the line out`, lines));
  }
  return problems;
}

function repeatedKeys(yaml: Document.Parsed, lines: LineCounter): PolicyFileProblem[] {
  const problems: PolicyFileProblem[] = [];
  visit(yaml, {
    Map(_, map) {
      const first = new Map<string, number>();
      for (const { key } of map.items as Pair<Node, Node | null>[]) {
        const name = keyText(key, yaml);
        const offset = key.range?.[0] ?? 0;
        const before = first.get(name);
        if (before === undefined) first.set(name, offset);
        else problems.push(at(offset, '', `key ${quoted(name)} stands on line ${lines.linePos(before).line} already: keep one`, lines));
      }
    },
  });
  return problems;
}

/** Where a problem of the document stands in the file: at the last step of its path that is there. */
function located({ path, isKey, message }: FoundProblem, yaml: Document.Parsed, lines: LineCounter): PolicyFileProblem {
  let node: Node | null = yaml.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, step] of path.entries()) {
    const within: unknown = resolved(node, yaml);
    if (isMap<Node, Node | null>(within)) {
      const pair: Pair<Node, Node | null> | undefined = within.items.findLast(({ key }) => keyText(key, yaml) === String(step));
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

function resolved(node: Node | null, yaml: Document.Parsed): unknown {
  return isAlias(node) ? node.resolve(yaml) : node;
}

/** A key as JSON has it. */
function keyText(key: Node, yaml: Document.Parsed): string {
  const scalar = resolved(key, yaml);
  return isScalar(scalar) ? String(scalar.value ?? '') : '';
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
    else if (/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(step) && step.length <= MESSAGE_CHARACTERS_MAX) text += text === '' ? step : `.${step}`;
    else text += `[${quoted(step)}]`;
  }
  return text;
}

/** The parser repeats what it read. */
function oneLine(message: string): string {
  return quoted(message.slice(0, MESSAGE_CHARACTERS_MAX)).slice(1, -1);
}
