/** A policy document, as YAML from a file or as JSON from the log, to a checked policy and its hash (exact-rules.md section 7). */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { type Policy, policySchema } from '../../../schemas/policy/policy.ts';
import { policyProblems } from '../../../schemas/policy/problems.ts';
import { checkYamlFile, pathText, type YamlFileProblem, type YamlProblem } from '../yaml/yaml-file.ts';

export interface ValidPolicy {
  readonly ok: true;
  /** Plain JSON as written, without defaults. */
  readonly document: unknown;
  readonly policy: Policy;
  /** Of `document`: {@link policyHash}. */
  readonly hash: string;
}

export interface InvalidPolicy<P extends YamlProblem> {
  readonly ok: false;
  /** At least one and at most PROBLEMS_MAX; those of a file in the order of its lines. */
  readonly problems: P[];
}

export type ParsedPolicy<P extends YamlProblem = YamlProblem> = ValidPolicy | InvalidPolicy<P>;

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
  const result = policySchema.safeParse(value);
  if (result.success) return { ok: true, document: value, policy: result.data, hash: policyHash(value) };
  return {
    ok: false,
    // Put into words only when asked for: the fold does not ask, and a hostile record can have 300,000 problems.
    get problems() {
      return policyProblems(result.error).map(({ path, message }) => ({ path: pathText(path), message }));
    },
  };
}

/** Parses and checks a policy file, its bytes or its text: YAML 1.2, core schema, one document. Tells all problems at once, but those of syntax first. */
export function parsePolicyYaml(content: string | Uint8Array): ParsedPolicy<YamlFileProblem> {
  const checked = checkYamlFile(content, policySchema, { thing: 'policy', levels: 'six' });
  if (!checked.ok) return checked;
  const { document, value } = checked;
  return { ok: true, document, policy: value, hash: policyHash(document) };
}
