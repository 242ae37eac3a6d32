import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Config, type ConfigResult, describeConfig, loadConfig } from '../../../services/platform/config/load-config.ts';
import { environmentName, SETTING_NAMES } from '../../../services/platform/config/settings.ts';

function configOf(result: ConfigResult): Config {
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.config;
}
const problemsOf = (result: ConfigResult): readonly string[] => (result.ok ? [] : result.problems);

describe('the configuration', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ntk-config-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  function file(text: string): string {
    const path = join(folder, 'ntk.yaml');
    writeFileSync(path, text);
    return path;
  }

  test('needs nothing to be said', () => {
    expect(configOf(loadConfig({ env: {} }))).toMatchObject({
      data: './data',
      clickhouseUrl: null,
      httpHost: '127.0.0.1',
      httpPort: 7077,
      partitions: null,
      storeUser: 'hashed',
      userKeyFile: null,
      logLevel: 'info',
      groupWaitMs: 500,
      groupRowsMax: 500_000,
      groupBytesMax: 64 * 1024 * 1024,
      writerNice: 5,
      rollups: 'off',
    });
  });

  test('takes the environment over the file and the file over what is built in', () => {
    const path = file('httpPort: 8000\nlogLevel: debug\npartitions: 8\n');
    const config = configOf(loadConfig({ env: { NTK_HTTP_PORT: '9000', NTK_LOG_LEVEL: '' }, file: path }));
    expect([config.httpPort, config.logLevel, config.partitions, config.storeUser]).toEqual([9000, 'debug', 8, 'hashed']);
  });

  test('is read from JSON too', () => {
    expect(configOf(loadConfig({ env: {}, file: file('{"data": "/var/ntk", "storeUser": "plain"}') }))).toMatchObject({
      data: '/var/ntk',
      storeUser: 'plain',
    });
  });

  test('has a name in the environment for each setting', () => {
    const names = SETTING_NAMES.map(environmentName);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      expect.arrayContaining([
        'NTK_DATA',
        'NTK_CLICKHOUSE_URL',
        'NTK_HTTP_HOST',
        'NTK_HTTP_PORT',
        'NTK_PARTITIONS',
        'NTK_STORE_USER',
        'NTK_USER_KEY_FILE',
        'NTK_LOG_LEVEL',
        'NTK_BATCH_RECORDS_MAX',
        'NTK_CHECKPOINT_INTERVAL_MS',
        'NTK_CHECKPOINT_RECORDS',
      ]),
    );
  });

  test('tells all that is wrong at once: where, what it is, what it should be', () => {
    const path = file('httpPort: 70000\nspeed: fast\ngroupWaitMs: soon\nport: 1\ndateien: x\n');
    const env = { NTK_PARTITIONS: '0', NTK_STORE_USER: 'clear', NTK_CLICKHOUSE_URL: 'clickhouse:8123' };
    const problems = problemsOf(loadConfig({ env, file: path }));
    expect(problems).toHaveLength(8);
    expect(problems).toEqual(
      expect.arrayContaining([
        'NTK_CLICKHOUSE_URL = clickhouse:8123: must be a URL like http://127.0.0.1:8123',
        'NTK_PARTITIONS = 0: must be a whole number from 1 to 1024',
        "NTK_STORE_USER = clear: must be 'hashed' or 'plain'",
        expect.stringContaining(`${path}:2: 'speed' is no setting; the settings are data, `),
        `${path}:4: 'port' is no setting; did you mean httpPort?`,
        `${path}:5: 'dateien' is no setting`,
        `${path}: groupWaitMs = soon: must be a whole number from 10 to 60000 (milliseconds); 500 when it is left out`,
        `${path}: httpPort = 70000: must be a whole number from 0 to 65535 (0: any free port); 7077 when it is left out`,
      ]),
    );
  });

  test.each(['1.5', '1e3', '0x10', ' 80', 'port', '-1'])('takes no port like %j', (text) => {
    expect(problemsOf(loadConfig({ env: { NTK_HTTP_PORT: text } }))).toEqual([
      expect.stringMatching(/^NTK_HTTP_PORT = .*: must be a whole number/),
    ]);
  });

  test('calls what the command line sets as it is called there', () => {
    const overrides = { NTK_HTTP_PORT: 'x', NTK_KAFKA_BROKERS: 'kafka', NTK_CLICKHOUSE_URL: 'y', NTK_ASSIGNMENT: '5/2' };
    const problems = problemsOf(loadConfig({ env: { NTK_HTTP_PORT: '1', NTK_PARTITIONS: '0' }, overrides }));
    const names = ['--port = x', '--kafka = kafka', '--clickhouse = y', '--assignment = 5/2', 'NTK_PARTITIONS = 0'];
    expect(problems.map((problem) => problem.split(': must be', 1)[0])).toEqual(expect.arrayContaining(names));
    expect(problems).toHaveLength(names.length);
  });

  test('leaves a password of digits a text', () => {
    expect(configOf(loadConfig({ env: { NTK_CLICKHOUSE_PASSWORD: '123456' } })).clickhousePassword).toBe('123456');
  });

  test('says which line of the file cannot be read', () => {
    expect(problemsOf(loadConfig({ env: {}, file: file('httpPort: 1\nhttpPort: 2\n') }))).toEqual([
      expect.stringMatching(/ntk\.yaml:2: .*unique/i),
    ]);
    expect(problemsOf(loadConfig({ env: {}, file: file('- a\n- b\n') }))).toEqual([
      expect.stringContaining('must hold settings like httpPort: 7077'),
    ]);
    expect(problemsOf(loadConfig({ env: {}, file: join(folder, 'none.yaml') }))).toEqual([
      expect.stringContaining('cannot be read (ENOENT, no such file or directory)'),
    ]);
  });

  test('takes an empty file for nothing said', () => {
    expect(loadConfig({ env: {}, file: file('# later\n') }).ok).toBe(true);
  });

  test('cannot be given a prototype', () => {
    const result = loadConfig({ env: {}, file: file('__proto__: {httpPort: 1}\nconstructor: 1\n') });
    expect(result.ok).toBe(false);
    expect(({} as { httpPort?: number }).httpPort).toBeUndefined();
  });

  test('never shows a password, right or wrong', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z0-9]{12,20}$/),
        fc.constantFrom('http://', 'tcp://', '//', ''),
        (password, scheme) => {
          const env = { NTK_CLICKHOUSE_URL: `${scheme}writer:${password}@host:8123`, NTK_CLICKHOUSE_PASSWORD: password };
          const result = loadConfig({ env });
          const shown = result.ok ? describeConfig(result.config) : result.problems;
          expect(shown.join('\n')).not.toContain(password);
          expect(shown.join('\n')).toContain('writer:***@host:8123');
        },
      ),
    );
  });

  test('can be shown, setting by setting', () => {
    const lines = describeConfig(configOf(loadConfig({ env: { NTK_CLICKHOUSE_PASSWORD: 'x' } })));
    expect(lines).toHaveLength(SETTING_NAMES.length);
    expect(lines).toEqual(expect.arrayContaining(['httpPort = 7077', 'clickhouseUrl = not set', 'clickhousePassword = ***']));
  });
});
