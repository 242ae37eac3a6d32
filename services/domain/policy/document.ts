import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { parseDocument } from 'yaml';
import { type Policy, policySchema } from '../../../schemas/policy/policy.ts';
export type ParsedPolicy = { ok: true; document: unknown; policy: Policy; hash: string } | { ok: false; problems: { line: number; column: number; path: string; message: string }[] };
export function policyHash(document: unknown): string { return createHash('sha256').update(canonicalize(document)!).digest('hex').slice(0, 16); }
export function parsePolicyDocument(document: unknown): ParsedPolicy {
  const r = policySchema.safeParse(document);
  if (!r.success) return { ok: false, problems: r.error.issues.map((i) => ({ line: 0, column: 0, path: i.path.join('.'), message: i.message })) };
  return { ok: true, document, policy: r.data, hash: policyHash(document) };
}
export function parsePolicyYaml(text: string): ParsedPolicy { return parsePolicyDocument(parseDocument(text, { version: '1.2' }).toJS()); }
