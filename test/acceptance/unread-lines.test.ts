/** A line that cannot be read is told by its file, its line, its field and what that should be. */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Desk, ntk, ntkJson, ntkOk } from './ntk.ts';
import { access, ndjson } from './records.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const desk = new Desk();
const fine = ndjson(access({ id: 'a' }), access({ id: 'b' }));
const wrongTime =
  '{"specversion":"1.0","id":"c","source":"host/x","type":"ntk.access","subject":"p","time":"yesterday","data":{}}';
const wrongType =
  '{"specversion":"1.0","id":"d","source":"host/x","type":"ntk.acces","subject":"p","time":"2026-03-01T09:30:00Z"}';

const EXPECTED = [
  /^ {2}\S*broken\.ndjson\.gz:4: not_cloudevent: time: must be an RFC 3339 time with its offset, e\.g\. 2026-03-01T09:30:00Z; data\.user: is missing; data\.api: is missing$/m,
  /^ {2}\S*broken\.ndjson\.gz:5: invalid_json: .+$/m,
  /^ {2}\S*other\.ndjson:1: unknown_type: type: unknown type 'ntk\.acces'; did you mean 'ntk\.access'\?$/m,
];

let inputs: string[];
let said: string;
beforeAll(async () => {
  inputs = [
    desk.write('broken.ndjson.gz', gzipSync(`${fine}\n${wrongTime}\n{"specversion"\n`)),
    desk.write('other.ndjson', `${wrongType}\n`),
  ];
  said = (await ntkOk(['run', '--data', desk.data, '--input', ...inputs])).stderr;
});
afterAll(() => desk.clear());

test('a run says of its inputs which lines could not be read, and why', () => {
  for (const line of EXPECTED) expect(said).toMatch(line);
});

test('the same run again, which reads nothing, does not tell them again', async () => {
  const { stderr } = await ntkOk(['run', '--data', desk.data, '--input', ...inputs]);
  expect(stderr).not.toContain('not_cloudevent');
});

test('JSON has them with their fields', async () => {
  const [first] = inputs as [string];
  const { rejects } = await ntkJson<{ rejects: unknown[] }>(['run', '--data', `${desk.data}-2`, '--json', '--input', first]);
  expect(rejects).toEqual([
    expect.objectContaining({
      input: first,
      line: 4,
      reason: 'not_cloudevent',
      problems: expect.arrayContaining(['data.user: is missing']),
    }),
    expect.objectContaining({ input: first, line: 5, reason: 'invalid_json' }),
  ]);
});

test('a list of rejects says in which line each stands, of the files that it is given', async () => {
  const { stdout } = await ntkOk(['rejects', 'list', '--data', desk.data, '--input', ...inputs]);
  for (const place of ['broken.ndjson.gz:4', 'broken.ndjson.gz:5', 'other.ndjson:1']) expect(stdout).toContain(place);
  const listed = await ntkJson<{ place: string | null }[]>([
    'rejects',
    'list',
    '--data',
    desk.data,
    '--json',
    '--input',
    inputs[1]!,
  ]);
  expect(listed.map(({ place }) => place).filter((place) => place !== null)).toEqual([`${inputs[1]}:1`]);
});

test('a file that is not there is a mistake of the command', async () => {
  const { code, stderr } = await ntk(['rejects', 'list', '--data', desk.data, '--input', 'nowhere.ndjson']);
  expect(code).toBe(1);
  expect(stderr).toContain('nowhere.ndjson: no such file');
});

test('lines that are equal are not told apart by the log, and so all of them are said to be meant', async () => {
  const data = `${desk.data}-equal`;
  const file = desk.write('equal.ndjson', '{"a":1}\n{"b":\n{"a":1}\n{"a":1}\n');
  await ntkOk(['run', '--data', data, '--input', file]);
  const { stdout } = await ntkOk(['rejects', 'list', '--data', data, '--input', file]);
  expect(stdout.match(/equal\.ndjson:1, or 2 equal /g)).toHaveLength(3);
  expect(stdout).toMatch(/equal\.ndjson:2 /);
});
