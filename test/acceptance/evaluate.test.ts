/** Stored results of known alarms, measured against labels: through the real command line, on a real folder. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Evaluation } from '../../schemas/report/evaluation.ts';
import { routeRecords } from '../../services/domain/partitioning/route-record.ts';
import { behindItsBack, Desk, ntk, ntkJson, ntkOk, ONE_LINE_ERROR, rowsOf, withLog } from './ntk.ts';

const desk = new Desk();
afterAll(() => desk.clear());

function access(id: string, program: string, time: string): string {
  const data = { user: 'u_1', api: 'wx.getLocation' };
  return JSON.stringify({ specversion: '1.0', id, source: 'host/test', type: 'ntk.access', subject: program, time, data });
}

/** An incident from 10 to 12 o'clock. */
function incident(id: string, program: string, kind: string, more: object = {}): object {
  return { id, program, kind, category: 'location', start: '2026-03-03T10:00:00Z', end: '2026-03-03T12:00:00Z', ...more };
}

/** `PROGRAM/HOUR:MINUTE` is the id of an access; these get a baseline reason. */
const ALARMED: Readonly<Record<string, string>> = {
  'wx1/10:20': 'rate_above_baseline',
  'wx1/10:50': 'rate_above_baseline',
  'wx2/09:30': 'users_above_baseline',
  'wx2/10:10': 'users_above_baseline',
  'wx3/20:00': 'periodic_polling',
};
const QUIET = ['wx1/08:00', 'wx2/08:00', 'wx4/11:00'];

const labels = desk.write(
  'labels.json',
  JSON.stringify({
    seed: 1,
    programs: 4,
    days: 5,
    incidents: [
      incident('i1', 'wx1', 'rate_burst', { strength: 'strong', camouflaged: true }),
      incident('i2', 'wx2', 'spread', { strength: 'weak', camouflaged: false }),
    ],
  }),
);

beforeAll(async () => {
  const ids = [...Object.keys(ALARMED), ...QUIET];
  const events = ids.map((id) => access(id, id.split('/')[0]!, `2026-03-03T${id.split('/')[1]}:00.5Z`));
  await ntkOk(['run', '--data', desk.data, '--input', desk.write('events.ndjson', events.join('\n'))]);
  await behindItsBack(desk.data, async (warehouse) => {
    for (const [id, reason] of Object.entries(ALARMED)) {
      await warehouse.command(
        `ALTER TABLE ntk.access_results UPDATE reasons = ['undeclared_program', {reason:String}], effective = ['allow', 'allow']
         WHERE event_id = {id:String} SETTINGS mutations_sync = 2`,
        { id, reason },
      );
    }
  });
});

describe('ntk evaluate', () => {
  test('tells what was found, how soon, what was missed and what was false', async () => {
    const said = await ntkJson<Evaluation>(['evaluate', '--labels', labels, '--data', desk.data]);
    expect(said).toMatchObject({
      programDays: 20,
      activeProgramDays: 4,
      all: { incidents: 2, found: 1, recall: 0.5 },
      mediumAndStrong: { incidents: 1, found: 1, medianSecondsToDetection: 20 * 60 + 0.5 },
      byCamouflage: [
        { name: 'camouflaged', found: 1 },
        { name: 'open', found: 0 },
      ],
      episodes: 3,
      falseEpisodes: 2,
      falsePer1000ProgramDays: { value: 100 },
      falsePer1000ActiveProgramDays: { value: 500 },
      missed: [{ id: 'i2', program: 'wx2', category: 'location' }],
      falseAlarms: [
        { program: 'wx2', start: '2026-03-03T09:30:00.500Z', results: 2, eventId: 'wx2/09:30' },
        { program: 'wx3', reasons: ['periodic_polling'] },
      ],
      quality: { unwritten: 0, gaps: 0, complete: true },
    });
  });

  test('names a false episode by its place in the log, and the event that explains it', async () => {
    const [row] = await rowsOf<{ place: string }>(
      desk.data,
      "SELECT concat(toString(partition), '-', toString(offset)) AS place FROM ntk.access_results FINAL WHERE event_id = 'wx3/20:00'",
    );
    const { stdout } = await ntkOk(['evaluate', '--labels', labels, '--data', desk.data]);
    expect(stdout).toMatch(new RegExp(`^ *${row!.place} +wx3 .* periodic_polling +wx3/20:00 *$`, 'm'));
    expect(stdout).toContain('1 of 2 incidents found, recall 0.50\n');
    expect(stdout).toContain('2 of 3 episodes false, precision 0.33\n');
    expect(stdout).toMatch(/^ *rate_burst +1 +1 +1\.00 +20 min/m);
    const { code } = await ntk(['explain', 'wx3/20:00', '--program', 'wx3', '--data', desk.data]);
    expect(code).toBe(0);
  });

  test('pools worlds: counts add up', async () => {
    const twice = ['evaluate', '--labels', labels, labels, '--data', desk.data, desk.data];
    const said = await ntkJson<Evaluation>(twice);
    expect(said).toMatchObject({ worlds: 2, programDays: 40, all: { incidents: 4, found: 2 }, falseEpisodes: 4 });
    const { stdout } = await ntkOk([...twice, '--format', 'csv']);
    expect(stdout).toMatch(/^missed,i2,,,spread,wx2,/m);
    expect(stdout.match(/^false,/gm)).toHaveLength(4);
  });

  test('says that labels are of less traffic than was judged', async () => {
    const world = { programs: 1, days: 1, incidents: [incident('i1', 'wx1', 'rate_burst')] };
    const small = desk.write('small.json', JSON.stringify(world));
    const { stderr } = await ntkOk(['evaluate', '--labels', small, '--data', desk.data]);
    expect(stderr).toMatch(/small\.json: programs x days is 1, but there are accesses on 4 program-days/);
    const whole = await ntkOk(['evaluate', '--labels', labels, '--data', desk.data]);
    expect(whole.stderr).not.toContain('programs x days');
  });

  test('is complete where nothing but reviews of its alarms waits', async () => {
    const [row] = await rowsOf<{ place: string }>(
      desk.data,
      "SELECT concat(toString(partition), '-', toString(offset)) AS place FROM ntk.access_results FINAL WHERE event_id = 'wx3/20:00'",
    );
    await ntkOk(['review', row!.place, 'false_positive', '--by', 'anna', '--data', desk.data]);
    const { stderr } = await ntkOk(['evaluate', '--labels', labels, '--data', desk.data]);
    expect(stderr).toBe('');
    const said = await ntkJson<Evaluation>(['evaluate', '--labels', labels, '--data', desk.data]);
    expect(said.quality).toEqual({ unwritten: 0, gaps: 0, complete: true });
  });

  test('says what is not judged yet', async () => {
    const record = access('later', 'wx1', '2026-03-04T00:00:00Z');
    await withLog(desk.data, async (log) => {
      const { places } = routeRecords([Buffer.from(record)], log.partitions);
      for (const [partition, values] of places) await log.commit({ appends: [{ stream: 'access', partition, values }] });
    });
    const { stdout, stderr } = await ntkOk(['evaluate', '--labels', labels, '--data', desk.data]);
    expect(stderr).toContain('1 record is not judged and stored yet');
    expect(stdout).toContain('NOT complete: 1 record not stored yet');
  });
});

describe('a mistake is told in one line', () => {
  const broken = desk.write('broken.json', '{"programs": 4,\n"days": 5,\n"incidents": [{"id": "i1"}]}');
  const foreign = desk.write(
    'foreign.json',
    JSON.stringify({ programs: 1, days: 1, incidents: [incident('i1', 'elsewhere', 'volume')] }),
  );
  test.each([
    ['labels with a mistake', [broken], [desk.data], /broken\.json:3 incidents\[0\]\.program: .* \(and 3 more\)/],
    ['labels that are not there', [join(desk.path, 'none.json')], [desk.data], /none\.json: no such file/],
    ['labels of other traffic', [foreign], [desk.data], /of 1 program with incidents none .* labels of other traffic/],
    ['one folder for two label files', [labels, labels], [desk.data], /2 label files and 1 of --data/],
    ['a folder that is not there', [labels], [join(desk.path, 'nowhere')], /nowhere/],
  ])('%s', async (_, files, folders, says) => {
    const { code, stderr } = await ntk(['evaluate', '--labels', ...files, '--data', ...folders]);
    expect(code).toBe(1);
    expect(stderr).toMatch(ONE_LINE_ERROR);
    expect(stderr).toMatch(says);
  });

  test('a folder in which nothing is judged yet', async () => {
    const empty = new Desk();
    await ntkOk(['run', '--data', empty.data, '--input', empty.write('none.ndjson', '')]);
    const { code, stderr } = await ntk(['evaluate', '--labels', labels, '--data', empty.data]);
    empty.clear();
    expect(code).toBe(1);
    expect(stderr).toMatch(/nothing is judged yet in .*: give its events to ntk run first\n$/);
  });
});

test('days with accesses are counted as far as times of accesses reach', async () => {
  const data = join(desk.path, 'far');
  // The second is 65,536 days after the first.
  const times = ['1970-01-02T10:00:00Z', '2149-06-08T10:00:00Z', '2200-01-01T10:00:00Z', '2200-01-01T11:00:00Z'];
  const events = desk.write('far.ndjson', times.map((time, i) => access(`f${i}`, 'wx1', time)).join('\n'));
  await ntkOk(['run', '--data', data, '--input', events]);
  expect(await ntkJson<Evaluation>(['evaluate', '--labels', labels, '--data', data])).toMatchObject({ activeProgramDays: 3 });
});
