import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { Output } from '../../../services/cli/output/output.ts';
import { benchCommand } from './bench-command.ts';
import { madeReport } from './made-report.ts';
import { writeReport } from './report.ts';

const folder = mkdtempSync(join(tmpdir(), 'ntk-bench-main-'));
const [results, ratios] = [join(folder, 'results.json'), join(folder, 'ratios.json')];
const NAME = 'scoring scorer/bare';

async function bench(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const texts = ['', ''];
  const stream = (which: number): NodeJS.WriteStream =>
    new Writable({
      write: (chunk: Buffer, _, done) => {
        texts[which] += chunk.toString('utf8');
        done();
      },
    }) as unknown as NodeJS.WriteStream;
  const code = await benchCommand(new Output(stream(0), stream(1)), ['--ratios', ratios, ...args]);
  return { code, stdout: texts[0]!, stderr: texts[1]! };
}

beforeEach(() => {
  writeReport(results, madeReport({ name: 'scoring', rounds: [], ratios: { 'scorer/bare': 0.4 } }));
  writeFileSync(ratios, JSON.stringify({ full: { [NAME]: { ratio: 0.5, tolerance: 0.1 } } }));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('npm run bench', () => {
  it('--check fails with a line that names the ratio, the stored one and the measured one', async () => {
    const { code, stderr } = await bench('--from', results, '--check');
    expect(stderr).toBe(`error: ${NAME} fell: stored 0.500, measured 0.400, at least 0.450 is asked for\n`);
    expect(code).toBe(1);
  });

  it('--update-ratios stores what was measured, which --check then accepts', async () => {
    expect((await bench('--from', results, '--update-ratios')).code).toBe(0);
    expect(JSON.parse(readFileSync(ratios, 'utf8'))).toEqual({ full: { [NAME]: { ratio: 0.4, tolerance: 0.1 } } });
    expect(await bench('--from', results, '--check')).toMatchObject({ code: 0, stderr: 'all 1 stored ratios are reached\n' });
  });

  it('--check of a size that has nothing stored is no success', async () => {
    writeFileSync(ratios, '{}');
    const { code, stderr } = await bench('--from', results, '--check');
    expect(stderr).toContain('no ratios are stored for size full');
    expect(code).toBe(1);
  });

  it('fails when a result was wrong, and says so', async () => {
    writeReport(results, madeReport({ name: 'scoring', rounds: [], ratios: {}, problem: 'the result of scorer differs' }));
    const { code, stdout } = await bench('--from', results);
    expect(stdout).toContain('scoring: the result of scorer differs');
    expect(code).toBe(1);
  });

  it('says in one line what it does not know', async () => {
    expect((await bench('--only', 'nothing')).stderr).toMatch(/^error: --only nothing: there are scoring, rows, [\w, ]+\n$/);
    expect((await bench('--runs', '0')).stderr).toBe('error: --runs 0: a whole number from 1 to 99\n');
  });
});
