/** Thousands of schedules of scorers and writers under faults: docs/simulation.md. */
import { describe, expect, test } from 'vitest';
import { describeCampaign, describeFailure, runCampaign } from './campaign.ts';
import { FAULT_KINDS } from './faults.ts';
import { MUTANTS } from './mutants.ts';
import { runCampaignOnAllCores } from './parallel-campaign.ts';
import { runSchedule, traceHash } from './schedule.ts';

const SECONDS = process.env['NTK_SIMULATION_SECONDS'];
const SEED = process.env['NTK_SIMULATION_SEED'];

/** In the normal suite always the same ones; on request other ones each time, or the one that is asked for. */
const FIRST_SEED = SEED !== undefined ? Number(SEED) : SECONDS !== undefined ? Math.floor(Date.now() / 1000) : 1;
const SCHEDULES = SEED !== undefined ? 1 : SECONDS !== undefined ? Number.POSITIVE_INFINITY : 300;
/** Where others use the machine the normal suite runs as many as there is time for. */
const BUDGET_MS = SECONDS === undefined ? 8_000 : Number(SECONDS) * 1000;
const TIMEOUT_MS = 200_000;
/** With fewer the rarest faults may not come up. */
const SCHEDULES_WITH_ALL_FAULTS = 300;
const SCHEDULES_TO_FIND_A_MISTAKE = 300;

describe('scorers and writers', () => {
  test(
    'are exact whatever fails, in whatever order',
    async () => {
      const run = SECONDS === undefined ? runCampaign : runCampaignOnAllCores;
      const result = await run({
        firstSeed: FIRST_SEED,
        schedulesMax: SCHEDULES,
        untilMs: performance.now() + BUDGET_MS,
      });
      console.log(`seeds from ${FIRST_SEED} on: ${describeCampaign(result)}`);
      if (result.failure !== null) expect.fail(await describeFailure(result.failure));
      expect(result.schedules).toBeGreaterThan(SEED === undefined ? 10 : 0);
      if (result.schedules < SCHEDULES_WITH_ALL_FAULTS) return;
      // What never happens is not tested.
      expect(FAULT_KINDS.filter((kind) => !result.faults.has(kind))).toEqual([]);
      expect(result.fenced).toBeGreaterThan(result.schedules);
    },
    TIMEOUT_MS + BUDGET_MS,
  );
});

describe.skipIf(SECONDS !== undefined || SEED !== undefined)('a schedule', () => {
  test('is the same each time for the same seed, and another one for another seed', async () => {
    const hashes: string[] = [];
    for (const seed of [3, 17, 3, 17]) hashes.push(traceHash(await runSchedule(seed)));
    expect(hashes[2]).toBe(hashes[0]);
    expect(hashes[3]).toBe(hashes[1]);
    expect(hashes[1]).not.toBe(hashes[0]);
  });
});

describe.skipIf(SECONDS !== undefined || SEED !== undefined)('the simulation finds', () => {
  test.each(Object.entries(MUTANTS))(
    '%s',
    async (_, mutation) => {
      const { failure } = await runCampaign({
        firstSeed: 1,
        schedulesMax: SCHEDULES_TO_FIND_A_MISTAKE,
        untilMs: Number.POSITIVE_INFINITY,
        options: { mutation },
      });
      expect(failure).not.toBeNull();
    },
    TIMEOUT_MS,
  );

  test(
    'what is left of a failure: the faults that it takes, and the history',
    async () => {
      const mutation = MUTANTS['a writer that takes a failed insert for done']!;
      const { failure } = await runCampaign({ firstSeed: 1, schedulesMax: 300, untilMs: Infinity, options: { mutation } });
      const said = await describeFailure(failure!, { mutation });
      expect(said).toMatch(/^seed \d+ fails: .*\nrun it again: NTK_SIMULATION_SEED=\d+ npm run simulate\n/);
      expect(said).toMatch(/no other faults than .*(?:insert_(?:lost|late|partial|unanswered)|warehouse_away)/);
      expect(said).toMatch(/ insert access_results /);
    },
    TIMEOUT_MS,
  );
});
