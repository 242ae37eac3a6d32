/** What a table leaves out is said below it, with a command that shows all. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Desk, ntkOk } from './ntk.ts';
import { access, ndjson } from './records.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Nobody declares anything, so each of their accesses is intercepted. */
const PROGRAMS = 43;
const POLICY = 'version: "1"\nmodes: { default: enforce }\nactions: { undeclared_program: intercept }\n';

describe('of more programs than are shown', () => {
  const desk = new Desk();
  let run: string;
  beforeAll(async () => {
    const records = Array.from({ length: PROGRAMS }, (_, i) => access({ id: `a${i}`, subject: `wx${i}` }));
    const more = Array.from({ length: 4 }, (_, i) => access({ id: `b${i}`, subject: 'wx1' }));
    const input = desk.write('events.ndjson', ndjson(...records, ...more));
    const args = ['run', '--data', desk.data, '--policy', desk.write('policy.yaml', POLICY), '--input', input];
    run = (await ntkOk(args)).stdout;
  });
  afterAll(() => desk.clear());

  /** The lines that the query prints which stands below a table. */
  async function rowsOfQuery(printed: string): Promise<number> {
    const sql = /all of them: ntk query "([^"]+)"/.exec(printed)![1]!;
    const { stdout } = await ntkOk(['query', '--data', desk.data, '--format', 'CSV', sql]);
    return stdout.trim().split('\n').length;
  }

  test('ntk run', async () => {
    expect(run).toContain('… and 3 more; all of them: ntk query ');
    expect(await rowsOfQuery(run)).toBe(PROGRAMS);
  });

  test('ntk report', async () => {
    const { stdout } = await ntkOk(['report', '--data', desk.data]);
    expect(stdout).toContain('… and 33 more; all of them: ntk query ');
    expect(await rowsOfQuery(stdout)).toBe(PROGRAMS);
    expect((await ntkOk(['report', '--data', desk.data, '--from', '2030-01-01'])).stdout).not.toContain('more;');
  });

  test('ntk explain', async () => {
    const explain = ['explain', '--data', desk.data, '--program', 'wx1'];
    expect((await ntkOk([...explain, '--limit', '2'])).stderr).toBe('… and 3 more; --limit 5 explains all of them\n');
    expect((await ntkOk([...explain, '--limit', '5'])).stderr).toBe('');
  });
});
