/** What a person gets wrong ends in one line that says what, never in a stack trace. */
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ntkHere } from './in-process.ts';
import { Desk, ntk, ntkOk, ONE_LINE_ERROR, ROOT, rowsOf } from './ntk.ts';
import { access, ndjson } from './records.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const POLICY = 'version: "1"\n';
const BROKEN_POLICY =
  'version: "1"\npurposes: sometimes\nlimits:\n  - name: a\n    count: 0\n    per: 1m\n    burst: 1\nsurprise: 1\n';

const desk = new Desk();
const place = (name: string): string => join(desk.path, name);

beforeAll(async () => {
  const events = desk.write('events.ndjson', ndjson(access({ id: 'a' }), access({ id: 'b' })));
  const policy = desk.write('policy.yaml', POLICY);
  desk.write('broken.yaml', BROKEN_POLICY);
  desk.write('no-yaml.yaml', 'version: "1\nlimits: [\n');
  desk.write('binary.yaml', Buffer.from([0xff, 0xfe, 0x00, 0x01]));
  desk.write('a-file', 'x');
  await ntkOk(['keys', 'make', '--out', place('root.key')]);
  desk.write('cases.test.yaml', 'cases: [{ name: a, given: [access: { api: x }], expect: { verdict: allow } }]\n');
  desk.write('archive.zip', Buffer.from('PK\u0003\u0004rest'));
  mkdirSync(place('a-folder'));
  await ntkOk(['run', '--data', desk.data, '--policy', policy, '--input', events]);
});
afterAll(() => desk.clear());

const DATA = ['--data', desk.data];
const INPUT = ['--input', place('events.ndjson')];

interface Mistake {
  readonly name: string;
  readonly args: readonly string[];
  /** What the line says. */
  readonly says: string | RegExp;
  /** @default 1 */
  readonly code?: number;
}

const MISTAKES: readonly Mistake[] = [
  ...(process.platform === 'linux'
    ? [
        {
          name: 'a data folder where the system allows none',
          args: ['run', '--data', '/proc/none', '--policy', place('policy.yaml'), ...INPUT],
          says: 'cannot write to the data folder at /proc/none; check who owns it, or name another one',
        },
      ]
    : []),
  {
    name: 'a data folder without a name, as of a variable that is not set',
    args: ['run', '--data', '', '--policy', place('policy.yaml'), ...INPUT],
    says: '--data is empty: name what is meant, or leave it out',
  },
  {
    name: 'brokers without a name, in place of which the data folder would answer',
    args: ['report', ...DATA, '--kafka', ''],
    says: '--kafka is empty: name what is meant, or leave it out',
  },
  {
    name: 'a conclusion that nobody says',
    args: ['review', '0-1', 'expected', '--by', '', ...DATA],
    says: '--by is empty: name what is meant, or leave it out',
  },
  {
    name: 'a policy file that is not there',
    args: ['run', ...DATA, '--policy', place('none.yaml'), ...INPUT],
    says: /there is no policy file '.*none\.yaml'/,
  },
  {
    name: 'scores in the place of the series',
    args: ['baseline', 'score', '--input', place('a-file'), '--output', join(desk.path, 'a-folder/../a-file')],
    says: 'is the input, which would be lost: name another file',
  },
  {
    name: 'a policy file that is a folder',
    args: ['run', ...DATA, '--policy', place('a-folder'), ...INPUT],
    says: /'.*a-folder' is a folder, not a policy file/,
  },
  {
    name: 'a public key to sign with',
    args: ['policy', 'apply', place('policy.yaml'), ...DATA, '--signing-key', place('root.key.pub')],
    says: /root\.key\.pub holds a public key: name the private one/,
  },
  {
    name: 'a policy with mistakes',
    args: ['run', ...DATA, '--policy', place('broken.yaml'), ...INPUT],
    says: /broken\.yaml:2: purposes: .*\(and \d+ more: ntk policy check .*broken\.yaml\)/,
  },
  {
    name: 'a policy that is no YAML',
    args: ['run', ...DATA, '--policy', place('no-yaml.yaml'), ...INPUT],
    says: /no-yaml\.yaml:\d+: /,
  },
  {
    name: 'a policy of bytes',
    args: ['policy', 'apply', place('binary.yaml'), ...DATA],
    says: /binary\.yaml:1: bytes that are no text in UTF-8/,
  },
  {
    name: 'an input that is not there',
    args: ['run', ...DATA, '--input', place('none.ndjson')],
    says: /none\.ndjson: no such file/,
  },
  {
    name: 'a second input that is not there',
    args: ['run', ...DATA, ...INPUT, place('none.ndjson')],
    says: /none\.ndjson: no such file/,
  },
  {
    name: 'an input that is a folder',
    args: ['run', ...DATA, '--input', place('a-folder')],
    says: /a-folder is a folder, not a file/,
  },
  {
    name: 'an input of a format that is not read',
    args: ['run', ...DATA, '--input', place('archive.zip')],
    says: /archive\.zip is .*: unpack it first/,
  },
  {
    name: 'an unknown format',
    args: ['run', ...DATA, ...INPUT, '--format', 'xml'],
    says: "format 'xml' is unknown: one of cloudevents, ",
  },
  ...[['run', ...DATA, '--input'], ['ingest', ...DATA], ['drift']].map((command) => ({
    name: `a misspelt format of a file of ntk ${command[0]}`,
    args: [...command, `wechat-declaratoins:${place('events.ndjson')}`],
    says: /format 'wechat-declaratoins' is unknown: did you mean wechat-declarations:.*events\.ndjson\?/,
  })),
  {
    name: 'a format that is like none',
    args: ['run', ...DATA, '--input', `spreadsheet:${place('events.ndjson')}`],
    says: "format 'spreadsheet' is unknown: one of cloudevents, ",
  },
  {
    name: 'an offset from UTC that is none',
    args: ['run', ...DATA, ...INPUT, '--utc-offset', '8'],
    says: "--utc-offset '8' is no offset: write Z, +08:00 or -05:00",
  },
  { name: 'a manifest that is not there', args: ['drift', place('none.ndjson')], says: /none\.ndjson: no such file/ },
  {
    name: 'a file that declares nothing',
    args: ['drift', `cloudevents:${place('events.ndjson')}`],
    says: /no program declares or calls anything/,
  },
  {
    name: 'policy tests with a policy that has mistakes',
    args: ['policy', 'test', place('cases.test.yaml'), '--policy', place('broken.yaml')],
    says: /broken\.yaml:2: purposes: /,
  },
  { name: 'no input at all', args: ['run', ...DATA], says: "required option '--input", code: 2 },
  {
    name: 'an unknown option, before one that is missing',
    args: ['run', '--dat', 'x'],
    says: /unknown option '--dat'.*--data/,
    code: 2,
  },
  { name: 'an unknown report', args: ['report', 'intercptions'], says: /unknown report .*Did you mean interceptions\?/, code: 2 },
  {
    name: 'an argument that a report has no use for',
    args: ['report', 'interceptions', 'x'],
    says: /unknown report 'x'/,
    code: 2,
  },
  { name: 'a data folder that is a file', args: ['run', '--data', place('a-file'), ...INPUT], says: /a-file/ },
  { name: 'a data folder inside a file', args: ['run', '--data', join(place('a-file'), 'data'), ...INPUT], says: /a-file/ },
  { name: 'an unknown command', args: ['reprot'], says: /unknown command 'reprot'.*Did you mean report/, code: 2 },
  { name: 'an unknown subcommand', args: ['policy', 'aply'], says: /unknown command 'aply'/, code: 2 },
  { name: 'an unknown option', args: ['verify', '--dtaa', 'x'], says: /unknown option '--dtaa'.*Did you mean --data/, code: 2 },
  { name: 'a command without its argument', args: ['query', ...DATA], says: "missing required argument 'sql'", code: 2 },
  { name: 'too many arguments', args: ['verify', 'everything', ...DATA], says: /too many arguments/, code: 2 },
  ...(['report', 'verify', 'repair'] as const).map((command) => ({
    name: `${command} of a folder that is not there`,
    args: [command, '--data', place('nowhere')],
    says: /nowhere/,
  })),
  { name: 'query in a folder that is not there', args: ['query', '--data', place('nowhere'), 'SELECT 1'], says: /nowhere/ },
  { name: 'rejects of a folder that is not there', args: ['rejects', 'list', '--data', place('nowhere')], says: /nowhere/ },
  { name: 'report of a folder without a log', args: ['report', '--data', place('a-folder')], says: /a-folder/ },
  {
    name: 'a beginning that is no time',
    args: ['report', ...DATA, '--from', 'yesterday'],
    says: "--from 'yesterday' is no time: write a date such as 2026-03-01",
  },
  {
    name: 'an end that is later than all times of accesses',
    args: ['report', ...DATA, '--to', '9999-12-31'],
    says: "--to '9999-12-31' is outside of 1970 to 2254, where all accesses are: name a time within",
  },
  { name: 'an end that no calendar has', args: ['report', ...DATA, '--to', '2026-02-30'], says: "--to '2026-02-30' is no time" },
  {
    name: 'a beginning behind the end',
    args: ['report', ...DATA, '--from', '2026-03-02', '--to', '2026-03-01'],
    says: "--from '2026-03-02' is not before --to '2026-03-01'",
  },
  {
    name: 'an unknown report format',
    args: ['report', ...DATA, '--format', 'pdf'],
    says: "--format 'pdf' is unknown: table, json, csv or html",
  },
  { name: 'a query with a syntax error', args: ['query', ...DATA, 'SELEC 1'], says: /[Ss]yntax error/ },
  { name: 'a query of a table that is not there', args: ['query', ...DATA, 'SELECT * FROM ntk.nothing'], says: /nothing/ },
  { name: 'a query in an unknown output format', args: ['query', ...DATA, '--format', 'Papyrus', 'SELECT 1'], says: /Papyrus/ },
  {
    name: 'an INSERT as a query',
    args: ['query', ...DATA, 'INSERT INTO ntk.blocks SELECT * FROM ntk.blocks'],
    says: 'a read-only query',
  },
  {
    name: 'an ALTER as a query',
    args: ['query', ...DATA, 'ALTER TABLE ntk.access_results DELETE WHERE 1'],
    says: 'a read-only query',
  },
  { name: 'a DROP as a query', args: ['query', ...DATA, 'DROP TABLE ntk.access_results'], says: 'a read-only query' },
  {
    name: 'a query that reads a file',
    args: ['query', ...DATA, "SELECT * FROM file('/etc/passwd', 'LineAsString')"],
    says: 'a read-only query',
  },
  {
    name: 'two queries in one',
    args: ['query', ...DATA, 'SELECT 1; DROP TABLE ntk.access_results'],
    says: /a read-only query|[Ss]yntax error/,
  },
  { name: 'an empty query', args: ['query', ...DATA, ''], says: /./ },
  { name: 'explain of an unknown id', args: ['explain', ...DATA, 'nothing'], says: "no stored access has event id 'nothing'" },
  { name: 'explain of nothing', args: ['explain', ...DATA], says: 'say which access' },
  { name: 'explain with a limit that is no number', args: ['explain', ...DATA, 'a', '--limit', 'many'], says: "--limit 'many'" },
  { name: 'explain of an unknown verdict', args: ['explain', ...DATA, 'a', '--verdict', 'maybe'], says: "--verdict 'maybe'" },
  { name: 'a reject that is not there', args: ['rejects', 'show', '9:9', ...DATA], says: "there is no reject '9:9'" },
  { name: 'an unknown reject reason', args: ['rejects', 'list', '--reason', 'ugly', ...DATA], says: "'ugly'" },
  { name: 'rollback without an earlier policy', args: ['policy', 'rollback', ...DATA], says: 'there is no policy to go back to' },
  {
    name: 'ingest to what is no URL',
    args: ['ingest', place('events.ndjson'), '--to', 'nowhere', '--token', 't'],
    says: "--to 'nowhere' is no URL",
  },
  {
    name: 'ingest without a token',
    args: ['ingest', place('events.ndjson'), '--to', 'http://127.0.0.1:9'],
    says: '--to needs a token',
  },
  {
    name: 'ingest to where nobody listens',
    args: ['ingest', place('events.ndjson'), '--to', 'http://127.0.0.1:9', '--token', 't'],
    says: 'cannot send',
  },
  {
    name: 'ingest of a file that is not there, by URL',
    args: ['ingest', place('none.ndjson'), '--to', 'http://127.0.0.1:9', '--token', 't'],
    says: /error: [^:]*none\.ndjson: no such file\n/,
  },
  {
    name: 'a ClickHouse that nobody runs',
    args: ['report', ...DATA, '--clickhouse', 'http://127.0.0.1:9'],
    says: /127\.0\.0\.1:9/,
  },
  {
    name: 'a ClickHouse URL that is none',
    args: ['report', ...DATA, '--clickhouse', 'nowhere'],
    says: 'the ClickHouse URL is none',
  },
];

test.each(MISTAKES)('$name is one line', async ({ args, says, code = 1 }) => {
  const result = await ntk(args, { cwd: desk.path });
  expect(result.stderr).toMatch(ONE_LINE_ERROR);
  expect(result.stderr).toMatch(says);
  expect(result.stderr).not.toMatch(/ {4}at |should not happen/);
  expect(result.stdout).toBe('');
  expect(result.code).toBe(code);
});

test.each([
  ['an input that is not there', ['--input', place('none.ndjson')]],
  ['a second input that is not there', [...INPUT, place('none.ndjson')]],
  ['an input that is a folder', ['--input', place('a-folder')]],
  ['an input of a format that is not read', ['--input', place('archive.zip')]],
  ['an unknown format', [...INPUT, '--format', 'xml']],
])('%s leaves no data folder behind', async (_, args) => {
  const data = place('not-made');
  const { code, stderr } = await ntkHere(['run', '--data', data, ...args]);
  expect([code, stderr]).toEqual([1, expect.stringMatching(ONE_LINE_ERROR)]);
  expect(existsSync(data)).toBe(false);
});

test.each([
  ['--rate', '200'],
  ['--no-simulator', undefined],
])('%s without --simulate is said to go with it, and nothing is started', async (flag, value) => {
  const data = place('not-made');
  const { code, stderr } = await ntkHere(['up', '--data', data, flag, ...(value === undefined ? [] : [value])]);
  expect([code, stderr]).toEqual([1, `error: ${flag} goes with --simulate\n`]);
  expect(existsSync(data)).toBe(false);
});

test('ingest to a system without TLS, as if it had it, is told how to write it', async () => {
  const plain = createServer((socket) =>
    // As a server does: what was not read when it ends would reset the connection, and the answer with it.
    socket.on('error', () => {}).once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  );
  await once(plain.listen(0, '127.0.0.1'), 'listening');
  const url = `https://127.0.0.1:${(plain.address() as AddressInfo).port}`;
  const { code, stderr } = await ntkHere(['ingest', place('events.ndjson'), '--to', url, '--token', 't']);
  plain.close();
  expect([code, stderr]).toEqual([1, expect.stringMatching(/: it does not speak TLS there; write http:\/\/\n$/)]);
});

test('files for a log on Kafka that cannot be opened leave no data folder behind', async () => {
  vi.stubEnv('NTK_KAFKA_TLS', 'on').stubEnv('NTK_KAFKA_CA_FILE', place('none.pem'));
  const data = place('not-made');
  const { code, stderr } = await ntkHere(['ingest', place('events.ndjson'), '--data', data, '--kafka', '127.0.0.1:9']);
  vi.unstubAllEnvs();
  expect([code, stderr]).toEqual([1, expect.stringContaining('NTK_KAFKA_CA_FILE=')]);
  expect(existsSync(data)).toBe(false);
});

test('a variable that is empty names no data folder: the default one is asked', async () => {
  const { code, stderr } = await ntk(['report'], { cwd: desk.path, env: { NTK_DATA: '' } });
  expect([code, stderr]).toEqual([0, '']);
});

test('none of these mistakes changed what is stored', async () => {
  expect(await rowsOf(desk.data, 'SELECT event_id FROM ntk.access_results ORDER BY event_id')).toEqual([
    { event_id: 'a' },
    { event_id: 'b' },
  ]);
  expect((await ntk(['verify', ...DATA])).code).toBe(0);
});

test('a variable that is misspelt is said once, and changes nothing', async () => {
  const { code, stderr, stdout } = await ntk(['up', '--validate'], { env: { NTK_GATEWAY_TOKEN_FILE: 'tokens.yaml' } });
  expect(code).toBe(0);
  expect(stderr).toBe('NTK_GATEWAY_TOKEN_FILE is no setting and changes nothing; did you mean NTK_GATEWAY_TOKENS_FILE?\n');
  expect(stdout).toContain('gatewayTokensFile = not set');
});

describe('an input in another format than it is said to be in', () => {
  const report = join(ROOT, 'examples/ios-week/App_Privacy_Report_v4_2022-03-30.ndjson.gz');

  test('is told from one that was read, with the format that it looks like', async () => {
    const data = ['--data', place('other-format')];
    const wrong = await ntk(['run', ...data, '--input', report]);
    // A bad line is never the file's failure.
    expect(wrong.code).toBe(0);
    expect(wrong.stderr).toContain(
      'none of the first lines can be read as cloudevents; it looks like apple-privacy-report: write apple-',
    );
    expect(wrong.stderr).toContain('no record of any input could be read');
    // Nor are there tables without a line.
    expect(wrong.stdout).toMatch(/^\n0 attempts intercepted/);
    const mixed = await ntk(['run', ...data, ...INPUT, `wechat-declarations:${report}`, desk.write('blank.ndjson', ' \n\n')]);
    expect(mixed.code).toBe(0);
    expect(mixed.stderr).toContain(
      'none of the first lines can be read as wechat-declarations; it looks like apple-privacy-report',
    );
    expect(mixed.stderr).toMatch(
      /blank\.ndjson: .*\n +there is no record in this file; FORMAT:FILE names another format: cloudevents, /,
    );
    expect(mixed.stderr).not.toMatch(/events\.ndjson: .*\n +none/);
  });

  test('is said to be one JSON array when it is, of lines that are no records each', async () => {
    const records = [access({ id: 'a' }), access({ id: 'b' })].map((line) => JSON.parse(line) as unknown);
    for (const indent of [0, 1]) {
      const array = desk.write(`array-${indent}.json`, JSON.stringify(records, null, indent));
      const { code, stderr } = await ntk(['run', '--data', place(`array-${indent}`), '--input', array]);
      expect(code).toBe(0);
      expect(stderr).toContain("this is one JSON array, and a file has one record a line: jq -c '.[]' FILE writes them so");
      expect(stderr).not.toContain('another format');
    }
  });

  test('is said to have several lines a record when it has', async () => {
    const pretty = desk.write('pretty.ndjson', JSON.stringify(JSON.parse(access({ id: 'a' })), null, 2));
    const { code, stderr } = await ntk(['run', '--data', place('pretty'), '--input', pretty]);
    expect(code).toBe(0);
    expect(stderr).toContain(
      'these are JSON objects of several lines, and a file has one record a line: jq -c . FILE writes them so',
    );
    expect(stderr).not.toContain('another format');
  });

  test('is said to be UTF-16 when it is, and its lines are rejected', async () => {
    writeFileSync(place('utf16.ndjson'), '\ufeff{"specversion":"1.0"}\r\n', 'utf16le');
    const { code, stderr, stdout } = await ntk(['run', '--data', place('utf16'), '--input', place('utf16.ndjson')]);
    expect(code).toBe(0);
    expect(stderr).toContain('this is text in UTF-16, of which nothing can be read: save it as UTF-8');
    expect(stderr).not.toContain('another format');
    expect(stdout).toContain('2 records read, 0 duplicates, 2 rejected');
  });
});

describe('a damaged log', () => {
  const commands = [['verify'], ['report'], ['rejects', 'list'], ['policy', 'log']];

  test.each([
    ['of other bytes', Buffer.from('this is not a database. '.repeat(400)), [['run', ...INPUT], ...commands]],
    // For run an empty file is a log that is about to be made.
    ['that is empty', Buffer.alloc(0), commands],
  ])('%s is said in one line by every command', async (name, bytes, all) => {
    const data = place(`data-${name.replaceAll(' ', '-')}`);
    await ntkOk(['run', '--data', data, ...INPUT]);
    writeFileSync(join(data, 'log.db'), bytes);
    for (const args of all) {
      const { code, stderr } = await ntk([...args, '--data', data]);
      expect(stderr).toMatch(ONE_LINE_ERROR);
      expect(stderr).toContain('log.db');
      expect(stderr).not.toMatch(/ {4}at |should not happen/);
      expect(code).toBe(1);
    }
  });
});
