/**
 * The file of tokens: who may send what, and the SHA-256 of the secret that shows who it is. The secrets themselves are nowhere.
 *
 * YAML or JSON: `tokens`, a list. docs/gateway.md describes the fields.
 */
import { type Document, isMap, LineCounter, parseDocument, type Scalar } from 'yaml';
import { z } from 'zod';
import { RECORD_TYPES, type RecordType } from '../../../schemas/codes.ts';
import { closed, policyProblems } from '../../../schemas/policy/problems.ts';
import { give, oneOf, printable, quoted } from '../../../schemas/policy/wording.ts';

/** What a token may send that does not say it: what hosts report. Facts of authority are given by name only. */
export const TYPES_DEFAULT = [
  'ntk.access',
  'ntk.declaration',
  'ntk.consent',
  'ntk.heartbeat',
] as const satisfies readonly RecordType[];

const FILE_CHARS_MAX = 1024 * 1024;
const TOKENS_MAX = 1_000;
const LIST_MAX = 100;
const SOURCE_CHARS_MAX = 256;
const PER_SECOND_MAX = 1_000_000_000;
const BURST_MAX = 1_000_000_000_000;
const PROBLEM_CHARS_MAX = 200;

const name = z.string({ error: give('a name') }).regex(/^[A-Za-z0-9][\w.-]{0,63}$/, {
  error: give('a name of up to 64 letters, digits, dots, hyphens and underscores'),
});
/** What stands here may be a secret that somebody put in the wrong place: it is not repeated. */
const sha256 = z.string({ error: 'give the SHA-256 of the token' }).regex(/^[0-9a-f]{64}$/, {
  error: 'must be the SHA-256 of the token, 64 digits of 0-9 and a-f; ntk tokens make writes it',
});
const SOURCES = `1 to ${LIST_MAX} sources like host/ios, or host/* for all that begin so`;
const source = z
  .string({ error: give('a source') })
  .min(1, { error: give('a source') })
  .max(SOURCE_CHARS_MAX, { error: `a source may have ${SOURCE_CHARS_MAX} characters` });
const PER_SECOND = give(`a whole number from 1 to ${PER_SECOND_MAX}`);
const perSecond = z
  .int({ error: PER_SECOND })
  .min(1, { error: PER_SECOND })
  .max(PER_SECOND_MAX, { error: PER_SECOND })
  .optional();
const BURST = give(`a whole number from 1 to ${BURST_MAX}`);
const burst = z.int({ error: BURST }).min(1, { error: BURST }).max(BURST_MAX, { error: BURST }).optional();

const entrySchema = closed('field of a token', {
  name,
  sha256,
  sources: z
    .array(source, { error: give(SOURCES) })
    .min(1, { error: give(SOURCES) })
    .max(LIST_MAX, { error: give(SOURCES) }),
  types: z
    .array(z.enum(RECORD_TYPES, { error: oneOf('type', RECORD_TYPES) }), { error: give('a list of types') })
    .min(1, { error: give('a list of types') })
    .max(LIST_MAX, { error: give('a list of types') })
    .default([...TYPES_DEFAULT]),
  recordsPerSecond: perSecond,
  recordsBurst: burst,
  bytesPerSecond: perSecond,
  bytesBurst: burst,
  expires: z.iso.datetime({ offset: true, error: give('a time like 2027-01-31T00:00:00Z') }).optional(),
});

const fileSchema = closed('field', {
  tokens: z
    .array(entrySchema, { error: give('a list of tokens') })
    .max(TOKENS_MAX, { error: `a file may hold ${TOKENS_MAX} tokens` })
    .superRefine((tokens, context) => {
      for (const field of ['name', 'sha256'] as const) {
        const places = new Map<string, number>();
        for (const [index, token] of tokens.entries()) {
          if (places.has(token[field]))
            context.addIssue({
              code: 'custom',
              path: [index, field],
              message: `token ${places.get(token[field])! + 1} of the list has the same ${field}: each needs its own`,
            });
          else places.set(token[field], index);
        }
      }
    }),
});

/** As it is written in the file. */
export type TokenEntry = z.input<typeof entrySchema>;

/** A token in force. */
export interface Token {
  readonly name: string;
  readonly sha256: string;
  /** Exact, or with `*` at the end for all that begin so. */
  readonly sources: readonly string[];
  /** Null: all, also those of later releases. */
  readonly types: readonly string[] | null;
  readonly recordsPerSecond?: number | undefined;
  readonly recordsBurst?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
  readonly bytesBurst?: number | undefined;
  readonly expires?: string | undefined;
}

/** `line` counts from 1. */
export interface TokenFileProblem {
  readonly line: number;
  readonly message: string;
}

type ParsedTokenFile =
  | { readonly ok: true; readonly tokens: readonly Token[]; readonly document: Document }
  | { readonly ok: false; readonly problems: readonly TokenFileProblem[] };

/** All problems at once, in the order of the lines. No secret is in their words. */
export function parseTokenFile(text: string): ParsedTokenFile {
  if (text.length > FILE_CHARS_MAX) return failed([{ line: 1, message: `the file is larger than ${FILE_CHARS_MAX} bytes` }]);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    stringKeys: true,
    prettyErrors: false,
    logLevel: 'error',
    lineCounter: lines,
  });
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0) {
    return failed(
      syntax.map(({ message, pos }) => ({
        line: lines.linePos(pos[0]).line,
        message: `not YAML 1.2: ${printable(message, PROBLEM_CHARS_MAX)}`,
      })),
    );
  }
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: 0 }) as unknown;
  } catch {
    return failed([{ line: 1, message: 'aliases (*name) have no place here: write the value' }]);
  }
  const checked = fileSchema.safeParse(content);
  if (checked.success) return { ok: true, tokens: checked.data.tokens, document };
  return failed(
    policyProblems(checked.error).map(({ path, isKey, message }) => ({
      line: lineOf(document, lines, path, isKey),
      message: path.length === 0 ? message : `${pathText(path)}: ${message}`,
    })),
  );
}

function failed(problems: TokenFileProblem[]): ParsedTokenFile {
  return {
    ok: false,
    problems: problems.map((one) => ({ ...one, line: Math.max(1, one.line) })).sort((a, b) => a.line - b.line),
  };
}

/** Of the last step of the path that is there. */
function lineOf(document: Document, lines: LineCounter, path: readonly (string | number)[], isKey: boolean): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    if (isKey && depth === path.length) {
      const map = document.getIn(path.slice(0, -1), true);
      const key = isMap<Scalar<string>>(map) ? map.items.find((pair) => pair.key.value === path.at(-1))?.key : undefined;
      if (key?.range) return lines.linePos(key.range[0]).line;
    }
    const range = (node as { range?: readonly number[] | null } | null | undefined)?.range;
    if (range) return lines.linePos(range[0]!).line;
  }
  return 1;
}

function pathText(path: readonly (string | number)[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += /^\w{1,40}$/.test(step) ? `${text === '' ? '' : '.'}${step}` : `[${quoted(step)}]`;
  }
  return text;
}
