/** Policies by command and inside files, runs that are repeated, rejects that are looked at, users that are erased. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ntkHere, ntkHereJson, ntkHereOk } from './in-process.ts';
import { behindItsBack, Desk, ntkJson, ntkOk, ONE_LINE_ERROR, ROOT, rowsOf } from './ntk.ts';
import { access, erasure, ndjson, policyRecord } from './records.ts';

vi.setConfig({ testTimeout: 60_000 });

/** An access of a program that declared nothing: what is done with it shows which policy was in force. */
const POLICY_P = 'version: "P"\nmodes: { default: enforce }\nactions: { undeclared_program: intercept }\n';
const POLICY_Q = { version: 'Q', modes: { default: 'enforce' }, actions: { undeclared_program: 'throttle' } };

interface PolicyEntry {
  readonly hash: string;
  readonly version: string;
  readonly by: string;
}

let desk: Desk;
let data: string[];
beforeEach(() => {
  desk = new Desk();
  data = ['--data', desk.data];
});
afterEach(() => desk.clear());

async function verdicts(): Promise<Record<string, string>> {
  const sql = 'SELECT mapFromArrays(groupArray(event_id), groupArray(verdict)) AS verdicts FROM ntk.access_results FINAL';
  const { stdout } = await ntkHereOk(['query', '--format', 'JSONEachRow', sql, ...data]);
  return (JSON.parse(stdout) as { verdicts: Record<string, string> }).verdicts;
}

const versions = async (): Promise<string[]> =>
  (await ntkHereJson<PolicyEntry[]>(['policy', 'log', ...data])).map(({ version }) => version);

describe('policy check', () => {
  const BAD = 'version: "1"\npurposes: sometimes\nlimits:\n  - name: a\n    count: 0\n    per: 1m\n    burst: 1\nsurprise: 1\n';

  test('names every problem of every file with its line and column, and fails', async () => {
    const good = desk.write('good.yaml', POLICY_P);
    const bad = desk.write('bad.yaml', BAD);
    const { code, stdout, stderr } = await ntkHere(['policy', 'check', good, bad]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^.*good\.yaml: fine \(policy [0-9a-f]{16}, version P, 0 limits\)\n$/);
    const lines = stderr.trimEnd().split('\n');
    expect(lines.map((line) => /bad\.yaml:(\d+):\d+: (\S+)/.exec(line)?.slice(1))).toEqual([
      ['2', 'purposes:'],
      ['4', 'limits[0].key:'],
      ['5', 'limits[0].count:'],
      ['8', 'surprise:'],
    ]);
  });

  test('says the same in JSON', async () => {
    const { code, stdout } = await ntkHere(['policy', 'check', desk.write('bad.yaml', BAD), '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([
      { ok: false, problems: [{ line: 2, path: 'purposes' }, { line: 4 }, { line: 5 }, { line: 8 }] },
    ]);
  });

  test('is content with the policies that come with the program', async () => {
    const shipped = ['policies', 'examples'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    );
    const files = shipped.filter((name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml'));
    expect(files).toContain('examples/ios-week/policy.yaml');
    const { code, stderr } = await ntkHere(['policy', 'check', ...files]);
    expect([stderr, code]).toEqual(['', 0]);
  });
});

describe('apply, log and rollback', () => {
  test('publish policies, say who published what, and go back', async () => {
    await ntkOk([
      'run',
      ...data,
      '--policy',
      desk.write('p.yaml', POLICY_P),
      '--input',
      desk.write('a.ndjson', ndjson(access({ id: 'a' }))),
    ]);
    const q = desk.write('q.yaml', JSON.stringify(POLICY_Q));
    expect((await ntkOk(['policy', 'apply', q, ...data])).stderr).toMatch(
      /^policy [0-9a-f]{16} \(version Q\) is published to 4 partitions; before it [0-9a-f]{16}\n$/,
    );
    expect((await ntkHereOk(['policy', 'apply', q, ...data])).stderr).toContain('is in force already; nothing was published');
    await ntkOk(['run', ...data, '--input', desk.write('b.ndjson', ndjson(access({ id: 'b' })))]);
    expect((await ntkHereOk(['policy', 'rollback', ...data])).stderr).toContain('(version P)');
    await ntkOk(['run', ...data, '--input', desk.write('c.ndjson', ndjson(access({ id: 'c' })))]);
    expect(await verdicts()).toEqual({ a: 'intercept', b: 'throttle', c: 'intercept' });
    const log = await ntkHereJson<PolicyEntry[]>(['policy', 'log', ...data]);
    expect(log.map(({ version }) => version)).toEqual(['P', 'Q', 'P']);
    expect(log[0]!.hash).toBe(log[2]!.hash);
    for (const { by } of log) expect(by).not.toBe('');
    expect((await ntkHereOk(['policy', 'log', ...data])).stdout).toMatch(/at +policy +version +by/);
    expect((await ntkHere(['verify', ...data])).code).toBe(0);
    // By how its hash begins, or by its version.
    expect((await ntkHereOk(['policy', 'rollback', '--to', log[1]!.hash.slice(0, 10), ...data])).stderr).toContain('(version Q)');
    expect((await ntkHereOk(['policy', 'rollback', '--to', 'Q', ...data])).stderr).toContain(
      'in force already; nothing was published',
    );
    const unknown = await ntkHere(['policy', 'rollback', '--to', 'S', ...data]);
    const said = "error: no policy 'S' has been in force: ntk policy log shows those that were\n";
    expect([unknown.code, unknown.stderr]).toEqual([1, said]);
    // A version that another's hash begins with is that version.
    const version = log[0]!.hash.slice(0, 4);
    const r = desk.write('r.yaml', POLICY_P.replace(/^version: .*/m, `version: "${version}"`));
    await ntkHereOk(['policy', 'apply', r, ...data]);
    expect((await ntkHereOk(['policy', 'rollback', '--to', version, ...data])).stderr).toContain('in force already');
    expect((await ntkHereOk(['policy', 'rollback', '--to', log[0]!.hash, ...data])).stderr).toContain('(version P)');
  });

  test('another policy under a version that was used before is not published, the same one again is', async () => {
    await ntkOk(['run', ...data, '--input', desk.write('a.ndjson', ndjson(access({ id: 'a' })))]);
    const p = desk.write('p.yaml', POLICY_P);
    await ntkHereOk(['policy', 'apply', p, ...data]);
    await ntkHereOk(['policy', 'apply', desk.write('q.yaml', JSON.stringify(POLICY_Q)), ...data]);
    const { code, stderr } = await ntkHere([
      'policy',
      'apply',
      desk.write('other.yaml', `${POLICY_P}purposes: required\n`),
      ...data,
    ]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(ONE_LINE_ERROR)]);
    expect(stderr).toMatch(
      /version P was that of another policy, [0-9a-f]{16}, applied at 2\d{3}-\S+Z: give this one a version of its own/,
    );
    expect(await versions()).toEqual(['P', 'Q']);
    await ntkHereOk(['policy', 'apply', p, ...data]);
    expect(await versions()).toEqual(['P', 'Q', 'P']);
  });

  test('a policy with mistakes is not published', async () => {
    await ntkOk(['run', ...data, '--input', desk.write('a.ndjson', ndjson(access({ id: 'a' })))]);
    const { code, stderr } = await ntkHere(['policy', 'apply', desk.write('bad.yaml', 'version: 1\n'), ...data]);
    expect(stderr).toMatch(ONE_LINE_ERROR);
    expect(stderr).toMatch(/bad\.yaml:1: version/);
    expect(code).toBe(1);
    expect(await versions()).toEqual([]);
  });
});

describe('a run with another policy on inputs that were imported before', () => {
  const runWith = async (policy: string): Promise<unknown> =>
    ntkOk([
      'run',
      ...data,
      '--policy',
      desk.write(`${policy}.yaml`, POLICY_P.replace('"P"', `"${policy}"`)),
      '--input',
      desk.write('a.ndjson', ndjson(access({ id: 'a' }))),
    ]);
  const apply = async (policy: string): Promise<unknown> => {
    const file = desk.write(`${policy}.yaml`, POLICY_P.replace('"P"', `"${policy}"`));
    return ntkHereOk(['policy', 'apply', file, ...data]);
  };

  test('puts it in force, and the same run again changes nothing, whatever came meanwhile', async () => {
    await runWith('P');
    await runWith('R');
    await runWith('R');
    expect(await versions()).toEqual(['P', 'R']);
    await apply('S');
    await runWith('R');
    await runWith('P');
    expect(await versions()).toEqual(['P', 'R', 'S']);
    await runWith('T');
    expect(await versions()).toEqual(['P', 'R', 'S', 'T']);
    expect((await ntkHere(['verify', ...data])).code).toBe(0);
  });

  test('is remembered also where the policy was in force already', async () => {
    await runWith('P');
    await apply('R');
    await runWith('R');
    expect(await versions()).toEqual(['P', 'R']);
    await apply('S');
    await runWith('R');
    expect(await versions()).toEqual(['P', 'R', 'S']);
  });
});

describe('a policy that comes after what was imported', () => {
  test('judges nothing of it anew, which is said, with how to have it judged', async () => {
    const input = ['--input', desk.write('a.ndjson', ndjson(access({ id: 'a' })))];
    const another = 'ntk run --data OTHER --policy policies/default.yaml --input ...';
    expect((await ntkOk(['run', ...data, ...input])).stderr).toContain(
      `no policy was in force, so everything was allowed and stays so; to judge the same files by one: ${another}\n`,
    );
    const late = await ntkOk(['run', ...data, '--policy', desk.write('p.yaml', POLICY_P), ...input]);
    expect(late.stderr).toContain('the policy is for what comes now: what was imported before stays as it was judged;');
    expect(await verdicts()).toEqual({ a: 'allow' });
    const again = await ntkOk(['run', ...data, '--policy', desk.write('p.yaml', POLICY_P), ...input]);
    expect(again.stderr).not.toContain('policy');
    const twice = ['--input', ...Array<string>(2).fill(desk.write('b.ndjson', ndjson(access({ id: 'b' }))))];
    const fresh = await ntkOk(['run', ...data, '--policy', desk.write('r.yaml', POLICY_P.replace('P', 'R')), ...twice]);
    expect(fresh.stderr).not.toContain('stays as it was judged');
  });
});

describe('a policy inside a file', () => {
  const runA = (): string[] => [
    'run',
    ...data,
    '--policy',
    desk.write('p.yaml', POLICY_P),
    '--input',
    desk.write('a.ndjson', ndjson(access({ id: 'a1' }), policyRecord('q', POLICY_Q), access({ id: 'a2' }))),
  ];

  test('is in force from its place on, and the same run again changes nothing', async () => {
    await ntkOk(runA());
    expect(await verdicts()).toEqual({ a1: 'intercept', a2: 'throttle' });
    expect((await ntkOk(runA())).stderr).toContain('a.ndjson: imported before, nothing to do');
    expect(await versions()).toEqual(['P', 'Q']);
    expect(await verdicts()).toEqual({ a1: 'intercept', a2: 'throttle' });
  });

  test('gives way to the run’s own policy, which is published again before the next file', async () => {
    await ntkOk(runA());
    const c = desk.write('c.ndjson', ndjson(access({ id: 'c' })));
    await ntkOk(['run', ...data, '--policy', desk.write('p.yaml', POLICY_P), '--input', c]);
    expect(await versions()).toEqual(['P', 'Q', 'P']);
    expect(await verdicts()).toEqual({ a1: 'intercept', a2: 'throttle', c: 'intercept' });
    // The first run once more, and the second: nothing new in either.
    await ntkOk(runA());
    await ntkOk(['run', ...data, '--policy', desk.write('p.yaml', POLICY_P), '--input', c]);
    expect(await versions()).toEqual(['P', 'Q', 'P']);
  });

  test('with mistakes is one reject, and the policy before it stays', async () => {
    const file = desk.write('a.ndjson', ndjson(policyRecord('q', { ...POLICY_Q, surprise: 1 }), access({ id: 'a' })));
    await ntkOk(['run', ...data, '--policy', desk.write('p.yaml', POLICY_P), '--input', file]);
    expect(await ntkHereJson(['rejects', 'list', ...data])).toMatchObject([{ reason: 'invalid_data' }]);
    expect(await verdicts()).toEqual({ a: 'intercept' });
  });
});

describe('rejects', () => {
  const broken = '{"half": ';

  test('are listed by reason and shown with their bytes', async () => {
    const file = desk.write('a.ndjson', ndjson(access({ id: 'a' }), broken, access({ id: 'b' }, { rows: -1 })));
    await ntkOk(['run', ...data, '--input', file]);
    expect((await ntkOk(['rejects', 'list', ...data])).stderr).toBe('2 rejects\n');
    const [only] = await ntkHereJson<{ id: string; bytes: number }[]>(['rejects', 'list', '--reason', 'invalid_json', ...data]);
    expect(only!.bytes).toBe(broken.length);
    const { stdout } = await ntkHereOk(['rejects', 'show', only!.id, ...data]);
    expect(stdout).toContain('invalid_json: the bytes are no JSON text');
    expect(stdout).toContain(broken);
    const shown = await ntkHereJson<{ raw: string }>(['rejects', 'show', only!.id, ...data]);
    expect(Buffer.from(shown.raw, 'base64').toString()).toBe(broken);
  });

  test('that still cannot be read are not appended again', async () => {
    await ntkOk(['run', ...data, '--input', desk.write('a.ndjson', ndjson(broken))]);
    expect((await ntkHereOk(['rejects', 'redrive', ...data])).stderr).toBe(
      '0 appended again, 1 still cannot be read, 0 had been appended again before\n',
    );
  });
});

describe('rejects redrive of what is not there', () => {
  test('is a mistake of one line, and nothing of the others is appended', async () => {
    await ntkOk(['run', ...data, '--input', desk.write('a.ndjson', ndjson('{"half": '))]);
    const [{ id }] = await ntkHereJson<[{ id: string }]>(['rejects', 'list', ...data]);
    for (const [args, said] of [
      [[id, '9:9'], "there is no reject '9:9': ids are partition:offset"],
      [[id, '--reason', 'too_large'], `there is no reject '${id}' of reason too_large: ids are`],
    ] as const) {
      const { code, stderr } = await ntkHere(['rejects', 'redrive', ...args, ...data]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(ONE_LINE_ERROR)]);
      expect(stderr).toContain(said);
    }
    expect((await ntkHereOk(['rejects', 'redrive', id, ...data])).stderr).toContain('0 appended again, 1 still');
  });
});

describe('an erasure', () => {
  test('takes away the rows of its user and of nobody else, and verify counts them as erased', async () => {
    const file = desk.write(
      'a.ndjson',
      ndjson(
        access({ id: 'a1' }, { user: 'alice' }),
        access({ id: 'b1' }, { user: 'bob' }),
        access({ id: 'a2', subject: 'wx2' }, { user: 'alice' }),
        access({ id: 'a3', subject: 'wx3' }, { user: 'alice' }),
        erasure('forget', 'alice'),
        access({ id: 'a4' }, { user: 'alice' }),
      ),
    );
    await ntkOk(['run', ...data, '--policy', desk.write('p.yaml', POLICY_P), '--input', file]);
    expect(Object.keys(await verdicts()).sort()).toEqual(['a4', 'b1']);
    const audit = await ntkHereJson<{ ok: boolean; partitions: { erased: number; missing: number }[] }>(['verify', ...data]);
    expect(audit.ok).toBe(true);
    expect(audit.partitions.reduce((sum, { erased }) => sum + erased, 0)).toBe(3);
    expect(audit.partitions.reduce((sum, { missing }) => sum + missing, 0)).toBe(0);
    expect((await ntkHereOk(['repair', ...data])).stdout).toContain('inserted 0 rows');
    expect(Object.keys(await verdicts()).sort()).toEqual(['a4', 'b1']);
    const { report } = await ntkJson<{ report: { quality: object } }>(['run', ...data, '--input', file]);
    expect(report.quality).toMatchObject({ recordsRead: 6, rowsStored: 2, complete: true });
  });

  test('that did not reach a row is found by verify and made good by repair', async () => {
    const file = desk.write(
      'a.ndjson',
      ndjson(access({ id: 'a1' }, { user: 'alice' }), erasure('forget', 'alice'), access({ id: 'a2' }, { user: 'alice' })),
    );
    await ntkOk(['run', ...data, '--input', file]);
    // The row is there again, as from a backup of the table.
    await behindItsBack(desk.data, (warehouse) =>
      warehouse.command(
        'INSERT INTO ntk.access_results SETTINGS insert_deduplicate = 0 SELECT * REPLACE (offset - 2 AS offset) FROM (SELECT * FROM ntk.access_results)',
      ),
    );
    const { code, stdout } = await ntkHere(['verify', '--json', ...data]);
    expect(code).toBe(1);
    const { partitions } = JSON.parse(stdout) as { partitions: { notErased: number }[] };
    expect(partitions.reduce((sum, { notErased }) => sum + notErased, 0)).toBe(1);
    await ntkHereOk(['repair', ...data]);
    expect((await ntkHere(['verify', ...data])).code).toBe(0);
    expect(Object.keys(await verdicts())).toEqual(['a2']);
  });

  test('leaves no user id readable in what is stored', async () => {
    await ntkOk(['run', ...data, '--input', desk.write('a.ndjson', ndjson(access({ id: 'a1' }, { user: 'alice' })))]);
    const [row] = await rowsOf<{ user: string }>(desk.data, 'SELECT user FROM ntk.access_results');
    expect(row!.user).toMatch(/^[0-9a-f]{32}$/);
    expect(readFileSync(`${desk.data}/user-key`).length).toBe(32);
  });
});

describe('policy test', () => {
  const CASES = `cases:
  - name: undeclared programs are stopped
    given: [access: { api: wx.getLocation }]
    expect: { verdict: intercept, reasons: [undeclared_program] }
  - name: "they are told what to do\\e[2J"
    given: [access: { api: wx.getLocation }]
    expect: { verdict: allow, remedy: declaration }
`;

  test('says of each case whether it passes, what is otherwise and where it stands, and fails', async () => {
    desk.write('p.yaml', POLICY_P);
    const file = desk.write('p.test.yaml', CASES);
    const { code, stdout } = await ntkHere(['policy', 'test', file]);
    expect(code).toBe(1);
    expect(stdout.split('\n').slice(1)).toEqual([
      '  pass undeclared programs are stopped',
      '  FAIL they are told what to do\\u{1b}[2J (p.test.yaml:5)',
      '         verdict   expected allow',
      '                   found    intercept',
      '1 of 2 cases pass',
      '',
    ]);
  });

  test('tries the cases on another policy, and says the same in JSON', async () => {
    const policy = desk.write('q.yaml', 'version: "Q"\n');
    const file = desk.write('cases.yaml', 'cases: [{ name: a, given: [access: { api: x }], expect: { verdict: allow } }]');
    const [result] = await ntkHereJson<unknown[]>(['policy', 'test', file, '--policy', policy]);
    expect(result).toMatchObject({ passed: 1, failed: 0, problems: [], cases: [{ name: 'a', line: 1, differences: [] }] });
  });

  test('says in one line what is missing', async () => {
    const file = desk.write('cases.yaml', 'cases: [{ name: a, given: [access: { api: x }], expect: { verdict: allow } }]');
    for (const args of [[file], [join(desk.path, 'none.test.yaml')], [desk.write('alone.test.yaml', CASES)]]) {
      const { code, stderr } = await ntkHere(['policy', 'test', ...args]);
      expect(code).toBe(1);
      expect(stderr).toMatch(ONE_LINE_ERROR);
    }
  });

  test('is passed by the default policy', async () => {
    expect((await ntkHereOk(['policy', 'test', 'policies/default.test.yaml'])).stdout).toMatch(/\n53 of 53 cases pass\n$/);
  });
});
