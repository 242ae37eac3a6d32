import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { environment } from '../../environment.ts';
import { madeReport } from './made-report.ts';
import { writeReport } from './report.ts';

const folder = mkdtempSync(join(tmpdir(), 'ntk-bench-main-'));
const [results, ratios] = [join(folder, 'results.json'), join(folder, 'ratios.json')];
const NAME = 'scoring scorer/bare';

function bench(...args: readonly string[]): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
  const command = [join(import.meta.dirname, 'main.ts'), '--ratios', ratios, ...args];
  const { status: code, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', env: environment() });
  return { code, stdout, stderr };
}

beforeEach(() => {
  writeReport(results, madeReport({ name: 'scoring', rounds: [], ratios: { 'scorer/bare': 0.4 } }));
  writeFileSync(ratios, JSON.stringify({ full: { [NAME]: { ratio: 0.5, tolerance: 0.1 } } }));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('npm run bench', () => {
  it('--check fails with a line that names the ratio, the stored one and the measured one', () => {
    const { code, stderr } = bench('--from', results, '--check');
    expect(stderr).toBe(`error: ${NAME} fell: stored 0.500, measured 0.400, at least 0.450 is asked for\n`);
    expect(code).toBe(1);
  });

  it('--update-ratios stores what was measured, which --check then accepts', () => {
    expect(bench('--from', results, '--update-ratios').code).toBe(0);
    expect(JSON.parse(readFileSync(ratios, 'utf8'))).toEqual({ full: { [NAME]: { ratio: 0.4, tolerance: 0.1 } } });
    expect(bench('--from', results, '--check')).toMatchObject({ code: 0, stderr: 'all 1 stored ratios are reached\n' });
  });

  it('--check of a size that has nothing stored is no success', () => {
    writeFileSync(ratios, '{}');
    const { code, stderr } = bench('--from', results, '--check');
    expect(stderr).toContain('no ratios are stored for size full');
    expect(code).toBe(1);
  });

  it('fails when a result was wrong, and says so', () => {
    writeReport(results, madeReport({ name: 'scoring', rounds: [], ratios: {}, problem: 'the result of scorer differs' }));
    const { code, stdout } = bench('--from', results);
    expect(stdout).toContain('scoring: the result of scorer differs');
    expect(code).toBe(1);
  });

  it('says in one line what it does not know', () => {
    expect(bench('--only', 'nothing').stderr).toMatch(/^error: --only nothing: there are scoring, rows, [\w, ]+\n$/);
    expect(bench('--runs', '0').stderr).toBe('error: --runs 0: a whole number from 1 to 99\n');
  });
});
