/** What partitions tell each other in `ntk run`: a fleet over all of them is found, and a run that was killed tells and judges the same. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ORIGIN } from '../../schemas/codes.ts';
import { DAY, FLEET, FLEET_FROM, OTHERS } from '../domain/aggregation/fleet-platform.ts';
import { SmallPlatform } from '../domain/aggregation/small-platform.ts';
import { NtkProcess, SMALL_STEPS } from './ntk-process.ts';
import { compareRows, NONE, type StoredState, storedState } from './stored-state.ts';

const TIMEOUT_MS = 120_000;
/** Users plain, so that folders compare; batches of a chunk. */
const STEPS = { ...SMALL_STEPS, NTK_BATCH_RECORDS_MAX: '1000' };
const POLICY = 'version: told\nbaselines: { enabled: true, falseAlarmsPerProgramDay: 0.001 }\n';

describe('ntk run over traffic with a fleet that has three programs in each partition', () => {
  let folder: string;
  let told: StoredState;

  const command = (data: string): string[] => {
    const files = ['--policy', join(folder, 'policy.yaml'), '--input', join(folder, 'events.ndjson')];
    return ['run', '--json', '--data', join(folder, data), ...files];
  };

  async function run(data: string): Promise<StoredState> {
    const { code, stderr } = await new NtkProcess(command(data), STEPS).ended;
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return storedState(join(folder, data));
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ntk-told-'));
    const platform = new SmallPlatform([...FLEET, ...OTHERS], { isAggregated: false }).runHours(0, FLEET_FROM + DAY);
    const hosts = platform.log.flat().filter(({ origin }) => origin === ORIGIN.run);
    hosts.sort((a, b) => a.record - b.record);
    writeFileSync(join(folder, 'events.ndjson'), hosts.map(({ value }) => `${value.toString('utf8')}\n`).join(''));
    writeFileSync(join(folder, 'policy.yaml'), POLICY);
    told = await run('told');
  }, TIMEOUT_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const alarmed = ({ rows }: StoredState): Set<string> =>
    new Set(rows.filter((row) => row.includes('"rate_above_baseline"')).map((row) => /"(fleet|other)\d+/.exec(row)?.[1] ?? row));

  test(
    'finds it by what partitions tell each other, and accuses nobody else',
    async () => {
      expect(alarmed(told)).toEqual(new Set(['fleet']));
    },
    TIMEOUT_MS,
  );

  test(
    'makes the same rows when it is killed between chunks and started again',
    async () => {
      mkdirSync(join(folder, 'killed'));
      const dying = new NtkProcess(command('killed'), STEPS);
      const { signal } = await dying.killedAtWrite(join(folder, 'killed'), 150);
      expect(signal).toBe('SIGKILL');
      const killed = await run('killed');
      expect(compareRows(told.rows, killed.rows)).toEqual(NONE);
      expect(killed.ledger).toEqual(told.ledger);
    },
    TIMEOUT_MS,
  );
});
