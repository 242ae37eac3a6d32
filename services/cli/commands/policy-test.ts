/** `ntk policy test`: given these records, expect these verdicts. */
import { basename, dirname, join } from 'node:path';
import type { PolicyTest } from '../../../schemas/policy/policy-test.ts';
import { type CaseResult, runCase } from '../../domain/policy-test/run-case.ts';
import { parsePolicyTest } from '../../domain/policy-test/test-file.ts';
import type { YamlFileProblem } from '../../domain/yaml/yaml-file.ts';
import { UserError } from '../../system/user-error.ts';
import type { Output } from '../output/output.ts';
import { brief, safe } from '../output/terminal.ts';
import { loadPolicyFile, readBytes } from './policy-file.ts';
import { counted, verbOf } from '../../domain/wording/counted.ts';

const SUFFIX = /\.test\.ya?ml$/;

interface LineResult extends CaseResult {
  /** Of the case in the file, from 1. */
  readonly line: number;
}

interface FileResult {
  readonly file: string;
  readonly policy: string | null;
  readonly hash: string | null;
  readonly passed: number;
  readonly failed: number;
  readonly problems: readonly YamlFileProblem[];
  readonly cases: readonly LineResult[];
}

/** Runs the cases of all files; answers whether every one passed. `policy` replaces the one that a file names. */
export async function testPolicies(
  out: Output,
  files: readonly string[],
  { policy, json }: { readonly policy: string | undefined; readonly json: boolean },
): Promise<boolean> {
  const results: FileResult[] = [];
  for (const file of files) {
    const result = await testFile(file, policy);
    results.push(result);
    if (!json) printFile(out, result);
  }
  if (json) out.json(results);
  return results.every(({ failed, problems }) => failed === 0 && problems.length === 0);
}

async function testFile(file: string, asked: string | undefined): Promise<FileResult> {
  const parsed = parsePolicyTest(await readBytes(file, 'file of policy tests'));
  if (!parsed.ok) return { file, policy: null, hash: null, passed: 0, failed: 0, problems: parsed.problems, cases: [] };
  const path = asked ?? policyOf(file, parsed.value);
  const { document, hash } = await loadPolicyFile(path);
  const cases = parsed.value.cases.map((one, i) => ({
    ...runCase(document, parsed.value, one),
    line: parsed.lineOf(['cases', i]),
  }));
  const failed = cases.filter(({ differences }) => differences.length > 0).length;
  return { file, policy: path, hash, passed: cases.length - failed, failed, problems: [], cases };
}

function policyOf(file: string, { policy }: PolicyTest): string {
  if (policy !== undefined) return join(dirname(file), policy);
  if (SUFFIX.test(file)) return file.replace(SUFFIX, '.yaml');
  throw new UserError(
    `${brief(file)} does not say which policy it tests: add policy: FILE, call it NAME.test.yaml beside NAME.yaml, or give --policy FILE`,
  );
}

function printFile(out: Output, { file, policy, hash, passed, failed, problems, cases }: FileResult): void {
  for (const { line, column, path, message } of problems)
    out.note(`${brief(file)}:${line}:${column}: ${path === '' ? '' : `${safe(path)}: `}${brief(message, 300)}`);
  if (policy === null) return;
  out.line(`${brief(basename(file))}, policy ${brief(policy)} (${hash})`);
  for (const { name, line, differences } of cases) {
    const isPassed = differences.length === 0;
    const mark = isPassed ? out.paint('green', 'pass') : out.paint('red', 'FAIL');
    out.line(`  ${mark} ${brief(name)}${isPassed ? '' : ` (${brief(basename(file))}:${line})`}`);
    for (const { what, expected, found } of differences) {
      out.line(`         ${what.padEnd(9)} expected ${brief(expected, 300)}`);
      out.line(`         ${''.padEnd(9)} found    ${brief(found, 300)}`);
    }
  }
  const all = passed + failed;
  const sum = `${passed} of ${counted(all, 'case')} ${verbOf(all, 'pass')}`;
  out.line(failed === 0 ? out.paint('green', sum) : out.paint('red', sum));
}
