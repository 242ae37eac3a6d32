/** What people concluded, as it lies in the log: what counts of it, what the log no longer has, and what nobody has stored yet. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { partitionOf } from '../../../services/domain/partitioning/murmur2.ts';
import { ORIGIN } from '../../../services/platform/log/event-log.ts';
import type { Warehouse } from '../../../services/platform/warehouse/warehouse.ts';
import { positionsNow, type ReportSource } from '../../../services/system/questions/report.ts';
import { type ReviewHistory, reviewHistory, unwrittenButReviews } from '../../../services/system/questions/review-history.ts';
import { ScoredLog } from '../../crash/scored-log.ts';

let scored: ScoredLog;
let warehouse: Warehouse;
beforeEach(async () => {
  scored = await ScoredLog.make(2);
  warehouse = await scored.openWarehouse();
});
afterEach(() => scored.remove());

/** Programs of partition 0 of two, and one of the other. */
const programs = Array.from({ length: 20 }, (_, i) => `wx${i}`);
const [ONE, TWO] = programs.filter((program) => partitionOf(program, 2) === 0) as [string, string];
const ELSEWHERE = programs.find((program) => partitionOf(program, 2) === 1)!;

/** Appends reviews of partition 0, each with a note of its own. */
async function review(...reviews: readonly { id: string; subject?: string; note: string; data?: object }[]): Promise<void> {
  const values = reviews.map(({ id, subject = ONE, note, data = {} }) =>
    Buffer.from(
      JSON.stringify({
        specversion: '1.0',
        id,
        source: 'desk',
        type: 'ntk.review',
        subject,
        time: '2026-03-01T12:00:00Z',
        data: { episode: '0-3', disposition: 'expected', by: 'anna', note, ...data },
      }),
    ),
  );
  await scored.log.commit({ appends: [{ stream: 'access', partition: 0, values, origin: ORIGIN.run }] });
}

const source = (): ReportSource & { log: ScoredLog['log'] } => ({ log: scored.log, logId: scored.log.logId, warehouse });
const history = async (): Promise<ReviewHistory> => reviewHistory(source(), await positionsNow(source()));
const notes = ({ reviews }: ReviewHistory): string[] => reviews.map(({ note }) => note);

async function store(): Promise<void> {
  await (await scored.scored()).stop();
  await scored.store(warehouse);
}

test('a review counts once, under its program in its place, when it concludes something about a place', async () => {
  await review({ id: 'a', note: 'first' }, { id: 'a', note: 'repeated' }, { id: 'a', subject: TWO, note: 'of another program' });
  await store();
  await review(
    { id: 'a', note: 'repeated behind what is stored' },
    { id: 'b', subject: ELSEWHERE, note: 'in a place that is not its own' },
    { id: 'c', note: 'about nothing', data: { episode: 'the night' } },
    { id: 'd', note: 'concludes nothing', data: { disposition: null } },
    { id: 'e', note: 'last' },
  );
  expect(notes(await history())).toEqual(['first', 'of another program', 'last']);
});

test('what nobody has stored yet are reviews for as many as they are, and the rest may be alarms', async () => {
  await review({ id: 'a', note: 'a' }, { id: 'b', note: 'b' }, { id: 'c', note: 'c' });
  await store();
  expect(await history()).toMatchObject({ unstored: 0, gone: 0 });
  await review({ id: 'd', note: 'd' });
  await scored.append(4);
  const positions = await positionsNow(source());
  expect(positions.unwritten).toBe(5);
  expect(await unwrittenButReviews(source(), positions)).toBe(4);
  // One that was appended since is not among those that were counted.
  await review({ id: 'e', note: 'e' });
  expect(await reviewHistory(source(), positions)).toMatchObject({ unstored: 2 });
  expect(await unwrittenButReviews(source(), { ...positions, unwritten: 1 })).toBe(0);
});

test('each review is missed that lay in a block of which the log has nothing any more; of the others what is left is read', async () => {
  await review({ id: 'a', note: 'a' }, { id: 'b', note: 'b' });
  await store();
  await review({ id: 'c', note: 'c' });
  await review({ id: 'd', note: 'd' });
  await store();
  await scored.log.deleteBefore('access', 0, 3);
  const found = await history();
  expect(found).toMatchObject({ gone: 2, unstored: 0 });
  expect(notes(found)).toEqual(['d']);
});
