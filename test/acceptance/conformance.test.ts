/** The worked example of the contract through the command line, against what an independent checker made of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVENTS, EVENTS_GZ_PATH, type ExpectedVerdict, POLICY_PATH, REJECTS, REPORT, VERDICTS } from '../conformance/example.ts';
import { Desk, ntk, ntkJson, ntkOk, rowsOf, withLog } from './ntk.ts';

interface StoredVerdict extends Omit<ExpectedVerdict, 'effective'> {
  readonly effective: readonly string[];
}

/** In what order two accesses of the same event id come is the partitions' affair. */
const keyOf = (row: { source: string; event_id: string; program: string }): string =>
  JSON.stringify([row.program, row.source, row.event_id]);
const byKey = (a: Parameters<typeof keyOf>[0], b: Parameters<typeof keyOf>[0]): number => (keyOf(a) < keyOf(b) ? -1 : 1);

const VERDICTS_SQL = `SELECT event_id, source, program, concat(replaceOne(toString(event_time), ' ', 'T'), 'Z') AS event_time, verdict, proposed,
  reasons, effective, limit, class, declaration_version, policy_hash FROM ntk.access_results FINAL`;

describe('the worked example', () => {
  const desk = new Desk();
  const run = ['run', '--data', desk.data, '--policy', POLICY_PATH, '--input', EVENTS_GZ_PATH];

  beforeAll(async () => {
    await ntkOk(run);
  });
  afterAll(() => desk.clear());

  test('has the report of the independent checker, in every field that it has', async () => {
    expect(await ntkJson(['report', 'interceptions', '--data', desk.data])).toMatchObject(REPORT);
  });

  test('has its verdicts, row for row', async () => {
    const stored = await rowsOf<StoredVerdict>(desk.data, VERDICTS_SQL);
    const comparable = stored.map(({ reasons, effective, ...row }) => ({
      ...row,
      reasons: [...reasons].sort(),
      effective: Object.fromEntries(reasons.map((reason, i) => [reason, effective[i]])),
    }));
    const expected = VERDICTS.map(({ reasons, ...row }) => ({ ...row, reasons: [...reasons].sort() }));
    expect(comparable.sort(byKey)).toEqual(expected.sort(byKey));
  });

  test('has its rejects, by reason', async () => {
    const rejects = await ntkJson<{ reason: string }[]>(['rejects', 'list', '--data', desk.data, '--limit', '1000']);
    expect(rejects.map(({ reason }) => reason).sort()).toEqual(REJECTS.map(({ reason }) => reason).sort());
    expect(rejects).toHaveLength(74);
  });

  test('is proved by verify', async () => {
    const { stdout, code } = await ntk(['verify', '--data', desk.data]);
    expect(stdout).toContain('Proved: every stored row is what the log gives, and nothing is missing.');
    expect(code).toBe(0);
  });

  test('run once more changes not one byte of rows, ledger and log', async () => {
    const dump = async (): Promise<string[]> => {
      const rows = await ntkOk([
        'query',
        '--data',
        desk.data,
        '--format',
        'TSV',
        'SELECT * FROM ntk.access_results FINAL ORDER BY partition, offset',
      ]);
      const ledger = await ntkOk([
        'query',
        '--data',
        desk.data,
        '--format',
        'TSV',
        'SELECT * FROM ntk.blocks FINAL ORDER BY partition, first',
      ]);
      const physical = await ntkOk(['query', '--data', desk.data, '--format', 'TSV', 'SELECT count() FROM ntk.access_results']);
      const ends = await withLog(desk.data, async (log) => {
        const bounds: string[] = [];
        for (const stream of ['access', 'results', 'rejects', 'verdicts'] as const) {
          for (let partition = 0; partition < log.partitions; partition++)
            bounds.push(JSON.stringify(await log.bounds(stream, partition)));
        }
        return bounds.join();
      });
      return [rows.stdout, ledger.stdout, physical.stdout, ends];
    };
    const before = await dump();
    expect(before[2]).toBe(`${VERDICTS.length}\n`);
    const again = await ntkOk(run);
    expect(again.stderr).toContain('imported before, nothing to do');
    expect(await dump()).toEqual(before);
  });

  test('comes out the same from standard input, whatever the folder', async () => {
    const other = new Desk();
    try {
      const { report } = await ntkJson<{ report: unknown }>(
        ['run', '--data', other.data, '--policy', POLICY_PATH, '--input', '-'],
        {
          input: EVENTS,
        },
      );
      expect(report).toMatchObject(REPORT);
    } finally {
      other.clear();
    }
  });
});
