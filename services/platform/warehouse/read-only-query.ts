/**
 * What a read-only query may be, beyond what the engine's `readonly = 1` refuses. That setting stops every change of data,
 * tables and settings, and every table function that reaches outside, but lets these through (ClickHouse 26.7, embedded):
 * `SELECT ... INTO OUTFILE`, the function `file('/etc/passwd')` (also as `arrayMap(file, ...)` or `APPLY file`), `DESCRIBE` of a
 * path or a URL, `USE`, `KILL QUERY`, and a second statement after a semicolon.
 *
 * The query is judged in the form that the engine's own parser prints (`formatQuerySingleLine`): one statement, no comments,
 * only backquotes around names, and it is that form that runs. So no trick of spelling lies between what is judged and what runs.
 */

/** How the engine prints a query; the text is bound, so nothing of it runs. One statement, or it is a syntax error. */
export const NORMALISE_SQL = 'SELECT formatQuerySingleLine({sql:String}) AS sql';

type ReadOnlyQuery =
  | {
      readonly ok: true;
      /** Without its FORMAT clause. */
      readonly sql: string;
      /** Of the FORMAT clause, if it had one. */
      readonly format: string | null;
    }
  | { readonly ok: false; readonly problem: string };

const STATEMENTS = new Set(['select', 'with', '(', 'show', 'describe', 'exists', 'explain']);

/** Read files or call out wherever their name stands: a function can be passed by its bare name. */
const DENIED_NAMES = new Set([
  'file',
  'catboostevaluate',
  'aiclassify',
  'aiembed',
  'aiextract',
  'aigenerate',
  'aitranslate',
  'showcertificate',
]);

/** Table functions (`system.table_functions` of 26.7) that read or write outside of the tables, or read under another name. */
const DENIED_CALLS = new Set(
  `arrowstream azureblobstorage azureblobstoragecluster cluster clusterallreplicas cosn deltalake deltalakeazure
   deltalakeazurecluster deltalakecluster deltalakelocal deltalakes3 deltalakes3cluster dictionary eval executable file filecluster
   filesystem fuzzjson fuzzquery gcs hdfs hdfscluster hudi hudicluster iceberg icebergazure icebergazurecluster icebergcluster
   iceberghdfs iceberghdfscluster iceberglocal iceberglocalcluster icebergs3 icebergs3cluster input jdbc loop merge mongodb mysql
   odbc oss paimon paimonazure paimonazurecluster paimoncluster paimonhdfs paimonhdfscluster paimonlocal paimons3
   paimons3cluster postgresql prometheusquery prometheusqueryrange python redis remote remotesecure s3 s3cluster sqlite
   timeseriesdata timeseriesmetrics timeseriessamples timeseriesselector timeseriestags url urlcluster ytsaurus`.split(/\s+/),
);

/** A word, a quoted text or name with its escapes, or any other single sign; nothing else is printed by the parser. */
const TOKEN = /\s+|([A-Za-z_0-9]+)|`((?:[^`\\]|\\.)*)`|('(?:[^'\\]|\\.)*')|([ -~])/suy;

interface Token {
  readonly kind: 'word' | 'name' | 'text' | 'sign';
  readonly text: string;
  readonly at: number;
}

/** Judges a query in the engine's own spelling. */
export function judgeReadOnly(normalised: string): ReadOnlyQuery {
  const tokens = tokensOf(normalised);
  if (tokens === null) return no('cannot be taken apart; write it without characters beyond ASCII outside of quotes');
  if (!STATEMENTS.has(tokens[0]?.text.toLowerCase() ?? '')) return no('is a SELECT, WITH, SHOW, DESCRIBE, EXISTS or EXPLAIN');
  for (const [i, token] of tokens.entries()) {
    const problem = problemAt(token, tokens[i - 1], tokens[i + 1]);
    if (problem !== null) return no(problem);
  }
  return { ok: true, ...withoutFormat(normalised, tokens) };
}

function problemAt(token: Token, before: Token | undefined, after: Token | undefined): string | null {
  const lower = token.text.toLowerCase();
  if (token.kind === 'sign') return lower === ';' ? 'is one statement' : null;
  if (token.kind === 'text') return null;
  if (lower === 'into' && after?.kind === 'word' && after.text.toLowerCase() === 'outfile')
    return 'may not write a file; redirect the output instead';
  if (DENIED_NAMES.has(lower) || (DENIED_CALLS.has(lower) && after?.text === '('))
    return `may not use ${lower}, which reaches outside of the results`;
  // The embedded engine's database `default` shows files as tables.
  if (lower === 'default' && after?.text === '.') return 'may not use the database default; tables are in ntk and system';
  if (token.kind === 'name' && /[/\\.~]/.test(token.text)) return 'may not name a table like a path';
  if (lower === 'identifier' && before?.text === ':') return 'may not take a name from a parameter';
  return null;
}

function no(problem: string): ReadOnlyQuery {
  return { ok: false, problem: `a read-only query ${problem}` };
}

function tokensOf(sql: string): Token[] | null {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < sql.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(sql);
    if (match === null) return null;
    const [, word, name, text, sign] = match;
    if (word !== undefined) tokens.push({ kind: 'word', text: word, at });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name, at });
    else if (text !== undefined) tokens.push({ kind: 'text', text, at });
    // A quote that is not closed, a second quote sign, a comment: the parser prints none of them.
    else if (sign !== undefined && /['"`#$\\]/.test(sign)) return null;
    else if (sign !== undefined) {
      const before = tokens.at(-1);
      if (before?.at === at - 1 && ['--', '/*'].includes(before.text + sign)) return null;
      tokens.push({ kind: 'sign', text: sign, at });
    }
  }
  return tokens;
}

/** The parser prints `FORMAT name` last, but for SETTINGS, and never inside brackets. */
function withoutFormat(sql: string, tokens: readonly Token[]): { sql: string; format: string | null } {
  let depth = 0;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token.kind === 'sign' && '([{'.includes(token.text)) depth++;
    if (token.kind === 'sign' && ')]}'.includes(token.text)) depth--;
    const name = tokens[i + 1];
    const end = tokens[i + 2];
    // Keywords are printed in capitals; `SELECT FORMAT FROM x` has no word after it that could be the end.
    if (
      depth === 0 &&
      i > 0 &&
      token.kind === 'word' &&
      token.text === 'FORMAT' &&
      name?.kind === 'word' &&
      (end === undefined || end.text === 'SETTINGS')
    ) {
      return { sql: (sql.slice(0, token.at) + (end === undefined ? '' : sql.slice(end.at))).trim(), format: name.text };
    }
  }
  return { sql, format: null };
}
