/** What real mini-programs declare against what is in their code (examples/wechat), and against what they called. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DriftProgram, DriftReport } from '../../schemas/report/drift.ts';
import { routeRecords } from '../../services/domain/partitioning/route-record.ts';
import { Desk, ntk, ntkJson, ntkOk, ONE_LINE_ERROR, ROOT, withLog } from './ntk.ts';
import { access, declaration, ndjson } from './records.ts';

const EXAMPLE = join(ROOT, 'examples/wechat/programs.ndjson');
/** The whole survey that the example is from; it lies beside the checkout where the design pages do. */
const PROGRAMS = join(ROOT, '../shared/data/wechat/programs.ndjson');

const desk = new Desk();
afterAll(() => desk.clear());

describe('the example', () => {
  test('says who leaves a location API undeclared, by category, and the worst programs', async () => {
    const { stdout } = await ntkOk(['drift', EXAMPLE]);
    expect(stdout).toContain('Of 5 programs that call a location API, 3 leave one undeclared (60 %)\n');
    expect(stdout).toMatch(/^ *location +7 +5 +0 +3 +2 +0 *$/m);
    expect(stdout).toMatch(/^ *0730chen\/wx-litter +address +wx\.getLocation wx\.chooseAddress/m);
  });

  test('shows one program, every kind of data', async () => {
    const { stdout } = await ntkOk(['drift', EXAMPLE, '--program', 'Vawter-001/lvxiaobu']);
    expect(stdout).toMatch(/location +declared, but not every API +wx\.getLocation \(not declared\)/);
    const json = await ntkJson<DriftProgram>(['drift', EXAMPLE, '--program', 'Vawter-001/lvxiaobu']);
    expect(json.uses.find(({ category }) => category === 'location')).toMatchObject({ finding: 'undeclared_api' });
  });

  test('shows the first kinds of data of a developer who names many that there are not, and says how many more', async () => {
    const detected = Array.from({ length: 1_060 }, (_, i) => `kind${i}`);
    const event = {
      specversion: '1.0',
      id: '1',
      source: 's',
      type: 'ntk.declaration',
      subject: 'wx1',
      time: '2026-03-01T10:00:00Z',
    };
    const line = JSON.stringify({ ...event, data: { version: 1, purposes: [], detected } });
    const file = desk.write('many-kinds.ndjson', `${line}\n`);
    for (const only of [[], ['--program', 'wx1']]) {
      const { stdout } = await ntkOk(['drift', `cloudevents:${file}`, ...only]);
      expect(stdout.match(/^ *kind\d+ /gm)).toHaveLength(50);
      expect(stdout).toContain('\n… and 1,010 more; all of them: --json\n');
    }
  });

  test('says in one line that a program is not there, and which may be meant', async () => {
    const { code, stderr } = await ntk(['drift', EXAMPLE, '--program', 'LVXIAOBU']);
    expect(code).toBe(1);
    expect(stderr).toMatch(ONE_LINE_ERROR);
    expect(stderr).toContain("there is 'Vawter-001/lvxiaobu'");
  });
});

describe('a file without any declaration', () => {
  test('is refused, and makes no program look as if it had none', async () => {
    const events = desk.write('declared.ndjson', ndjson(declaration({ id: 'd', subject: 'wx1' }), access({ id: 'a' })));
    const data = join(desk.path, 'of-a-file');
    await ntkOk(['run', '--data', data, '--input', events]);
    // In the format that files have unless they say otherwise.
    const { code, stdout, stderr } = await ntk(['drift', events, '--data', data]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain("none of the first lines is of the format, once, first in line 1 ('cloudevents')");
    expect(stderr).toMatch(/^error: no declaration could be read from .*: give manifests, or FORMAT:FILE for another format: /m);
    const calls = desk.write('calls.ndjson', ndjson(access({ id: 'a' })));
    expect((await ntk(['drift', `cloudevents:${calls}`, '--data', data])).code).toBe(1);
    expect((await ntkOk(['drift', `cloudevents:${events}`, '--data', data])).stdout).not.toContain('no declaration at all');
  });
});

describe.skipIf(!existsSync(PROGRAMS))('93 real programs', () => {
  let report: DriftReport;
  beforeAll(async () => {
    report = await ntkJson<DriftReport>(['drift', PROGRAMS]);
  });

  test('leave a location API undeclared as often as counting in the file says', () => {
    expect(report.programs).toBe(93);
    expect(report.locationApis).toMatchObject({ programs: 37, undeclared: 20, since: { programs: 24, undeclared: 7 } });
  });

  test('explain themselves most often with the sentence of the documentation', () => {
    expect(report.purposeTexts[0]).toEqual({ text: '你的位置信息将用于小程序位置接口的效果展示', programs: 10, isSample: true });
    expect(report.purposes).toMatchObject({ withText: 46, sample: 11, samplePrograms: 11 });
  });

  test('give the same report again', async () => {
    expect(await ntkJson(['drift', PROGRAMS])).toEqual(report);
  });
});

describe('hostile names', () => {
  const line = JSON.stringify({
    appid: '=cmd|\u001b[2J\u202e',
    calledApis: ['getLocation'],
    permission: { 'scope.userLocation': { desc: '@SUM(1)\u0007\nnext' } },
    requiredPrivateInfos: [],
  });

  test('cannot move a cursor, turn the reading direction or be a formula', async () => {
    const file = desk.write('hostile.ndjson', line);
    for (const args of [[], ['--format', 'csv'], ['--program', '=cmd|\u001b[2J\u202e']]) {
      const { stdout } = await ntkOk(['drift', file, ...args]);
      // oxlint-disable-next-line no-control-regex -- these are the characters that must not be there
      expect(stdout).not.toMatch(/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u202e]/);
      if (args[1] === 'csv') expect(stdout.split('\r\n')[1]).toMatch(/^'=cmd\|/);
    }
  });
});

describe('with results', () => {
  const access = (id: string, program: string, api: string): string =>
    JSON.stringify({
      specversion: '1.0',
      id,
      source: 'host/test',
      type: 'ntk.access',
      subject: program,
      time: '2026-03-01T00:00:00Z',
      data: { user: 'u_1', api, foreground: false },
    });
  const manifest = JSON.stringify({
    appid: 'wx1',
    update_time: 1_700_000_000,
    setting_list: [{ privacy_key: 'Album', privacy_text: 'a' }, { privacy_key: 'Camera' }],
    privacy_list: ['Album', 'Camera'],
  });

  test('calls of the store are compared, with the declarations of its log or of files', async () => {
    const events = desk.write(
      'events.ndjson',
      [access('1', 'wx1', 'wx.chooseImage'), access('2', 'wx2', 'wx.getLocation')].join('\n'),
    );
    const manifests = desk.write('manifests.ndjson', manifest);
    await ntkOk(['run', '--data', desk.data, '--input', `wechat-declarations:${manifests}`, events]);
    const expected = {
      programs: 2,
      hasResults: true,
      undeclaredPrograms: 1,
      programsWith: { undeclared: 1, undeclaredApi: 0, unused: 1, unjudged: 0 },
    };
    expect(await ntkJson(['drift', '--data', desk.data])).toMatchObject(expected);
    expect(await ntkJson(['drift', manifests, '--data', desk.data])).toMatchObject(expected);
    const { stdout } = await ntkOk(['drift', '--data', desk.data]);
    expect(stdout).toMatch(/camera +1 +1 +0 +0 +0 +1 +0/);
  });

  const append = (record: string): Promise<void> =>
    withLog(desk.data, async (log) => {
      const { places } = routeRecords([Buffer.from(record)], log.partitions);
      for (const [partition, values] of places) await log.commit({ appends: [{ stream: 'access', partition, values }] });
    });

  test('what people concluded, and is not stored yet, is not said to be missing', async () => {
    const about = { specversion: '1.0', id: 'r1', source: 'ntk/review', type: 'ntk.review', subject: 'wx1' };
    const data = { episode: '0-0', disposition: 'expected', by: 'anna' };
    const record = JSON.stringify({ ...about, time: new Date().toISOString(), data });
    await append(record);
    expect((await ntkOk(['drift', '--data', desk.data])).stderr).toBe('');
  });

  test('what is not judged yet is said to be missing', async () => {
    await append(access('3', 'wx1', 'wx.chooseImage'));
    const { stderr } = await ntkOk(['drift', '--data', desk.data]);
    expect(stderr).toContain('1 record is not judged and stored yet');
  });

  test('a folder in the environment is not asked for by who names a file', async () => {
    const { code } = await ntk(['drift', EXAMPLE], { env: { NTK_DATA: join(desk.path, 'nowhere') } });
    expect(code).toBe(0);
  });
});
