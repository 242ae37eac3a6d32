import { describe, expect, test } from 'vitest';
import { fnv1a32 } from './actions.ts';
import { instantOf } from './instants.ts';
import { judge } from './judge.ts';
import type { Judgement, Verdict } from './judge.ts';
import { murmur2 } from './partitions.ts';
import { workedExample } from './worked-example.ts';
import type { PublishedVerdict } from './worked-example.ts';

const asPublished = (verdict: Verdict): PublishedVerdict => ({
  event_id: verdict.event_id,
  source: verdict.source,
  program: verdict.program,
  event_time: verdict.event_time,
  verdict: verdict.verdict,
  proposed: verdict.proposed,
  reasons: verdict.reasons.toSorted(),
  effective: verdict.effective,
  limit: verdict.limit,
  class: verdict.class,
  declaration_version: verdict.declaration_version,
  policy_hash: verdict.policy_hash,
});

describe('the worked example', () => {
  const example = workedExample();
  const judgement = judge({ lines: example.events, policyYamlText: example.policyYaml }, { partitions: 4 });

  test('gets the verdicts that its independent checker wrote down, one by one', () => {
    expect(judgement.verdicts).toHaveLength(4_919);
    expect(judgement.verdicts.map(asPublished)).toStrictEqual(example.verdicts);
  });
  test('has the rejects that its independent checker wrote down', () => {
    expect(judgement.rejects).toStrictEqual(example.rejects);
  });
  test('gives its report', () => {
    expect(judgement.report).toStrictEqual(example.report);
  });
});

const POLICY = `
version: one
purposes: optional
actions: { rate_limited: throttle, undeclared_program: allow, consent_missing: intercept }
consent: { required: [contacts] }
modes: { default: enforce }
limits: [{ name: slow, key: [user], count: 1, per: 10s, burst: 2 }]
`;
let made = 0;
/** One line; what is not said is an access of one program to the location at the start of the log. */
const line = ({ data, ...attributes }: { readonly [name: string]: unknown } = {}): Buffer =>
  Buffer.from(
    JSON.stringify({
      specversion: '1.0',
      id: `made-${(made += 1)}`,
      source: 'host/one',
      type: 'ntk.access',
      subject: 'program',
      time: '2026-03-01T00:00:00Z',
      ...attributes,
      data: { user: 'u', api: 'wx.getLocation', ...(data as object) },
    }),
  );
const at = (time: string): Buffer => line({ time: `2026-03-01T${time}Z` });
const judged = (lines: readonly Buffer[], duplicateWindowRecords = 1_000): Judgement =>
  judge({ lines, policyYamlText: POLICY }, { partitions: 4, duplicateWindowRecords });

describe('a limit', () => {
  test('lets its burst pass, refuses the microsecond before the next interval and passes on it', () => {
    const { verdicts } = judged(['00:00:00', '00:00:00', '00:00:09.999999', '00:00:10', '00:00:10'].map(at));
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(['allow', 'allow', 'throttle', 'allow', 'throttle']);
    expect(verdicts.map((verdict) => verdict.retry_after_ms)).toEqual([0, 0, 1, 0, 10_000]);
    expect(verdicts[2]).toMatchObject({ limit: 'slow', reasons: ['undeclared_program', 'rate_limited'] });
  });
  test('never runs backwards: an earlier access is asked at the latest moment of its key', () => {
    const { verdicts } = judged(['00:01:00', '00:01:00', '00:00:00'].map(at));
    expect(verdicts.map((verdict) => verdict.retry_after_ms)).toEqual([0, 0, 10_000]);
  });
  test('is not asked about what checks 1 to 8 intercepted', () => {
    const contacts = line({ data: { api: 'x', category: 'contacts' } });
    expect(judged([contacts, contacts, contacts, at('00:00:00')]).verdicts.map(({ verdict }) => verdict)).toEqual([
      'intercept',
      'allow',
    ]);
  });
});

describe('a file', () => {
  test('may start with one byte-order mark, end lines either way, and have blank lines that count nowhere', () => {
    const text = `\ufeff${line().toString()}\r\n \t\n\r\n${line().toString()}\n\ufeff${line().toString()}\n\r\r\n${line().toString()}`;
    const { verdicts, rejects, quality } = judge({ lines: Buffer.from(text) }, { partitions: 4 });
    expect(verdicts.map(({ record }) => record)).toEqual([1, 2, 5]);
    expect(rejects).toEqual([
      { record: 3, reason: 'invalid_json' },
      { record: 4, reason: 'invalid_json' },
    ]);
    expect(quality.recordsRead).toBe(5);
  });
  test('brings the policy none before it brings another', () => {
    const { verdicts } = judge({ lines: [line()] }, { partitions: 4 });
    expect(verdicts[0]).toMatchObject({ policy_hash: 'fed7d07719f21189', verdict: 'allow', proposed: 'flag' });
  });
});

describe('a repeated id', () => {
  test('is one event whatever its type, and another one under another source or program', () => {
    const same = { id: 'same' };
    const consent = line({ ...same, type: 'ntk.consent', data: { state: 'granted', categories: ['*'] } });
    const lines = [consent, line(same), line({ ...same, source: 'host/two' }), line({ ...same, subject: 'other' })];
    expect(judged(lines).quality).toMatchObject({
      recordsRead: 4,
      duplicates: 1,
      accepted: { 'ntk.consent': 1, 'ntk.access': 2 },
    });
  });
  test('is remembered for as many accepted records of the partition as the window holds', () => {
    const first = line();
    const others = [line(), line()];
    expect(judged([first, ...others, first], 3).quality.duplicates).toBe(1);
    expect(judged([first, ...others, line(), first], 3).quality.duplicates).toBe(0);
  });
  test('of a reject was never there', () => {
    const { quality } = judged([line({ id: 'same', data: { user: '' } }), line({ id: 'same' })]);
    expect(quality).toMatchObject({ recordsRead: 2, rejected: 1, duplicates: 0 });
  });
});

describe('what goes to every partition', () => {
  test('counts as one record, a heartbeat as none', () => {
    const star = { subject: '*' };
    const policy = line({ ...star, id: 'p', type: 'ntk.policy', data: { user: undefined, api: undefined, version: 'two' } });
    const { quality, verdicts } = judged([
      policy,
      policy,
      line({ ...star, type: 'ntk.heartbeat', data: { partition: 3 } }),
      line(),
    ]);
    expect(quality).toMatchObject({ recordsRead: 3, duplicates: 1 });
    expect(verdicts[0]!.policy_hash).not.toBe(judged([line()]).verdicts[0]!.policy_hash);
  });
  test('erases the consents of a user in every program, and the rows before it from the second report', () => {
    const programs = ['one', 'two', 'three', 'four', 'five'];
    const consents = programs.map((subject) =>
      line({ subject, type: 'ntk.consent', data: { state: 'granted', categories: ['*'] } }),
    );
    const accesses = (): Buffer[] => programs.map((subject) => line({ subject, data: { category: 'contacts' } }));
    const erasure = line({ subject: '*', type: 'ntk.erasure' });
    const { verdicts, report, reportAfterErasures } = judged([...consents, ...accesses(), erasure, ...accesses()]);
    expect(verdicts.filter(({ verdict }) => verdict === 'intercept').map(({ record }) => record)).toEqual([12, 13, 14, 15, 16]);
    expect([report.accesses, reportAfterErasures.accesses]).toEqual([10, 5]);
  });
});

test('times are microseconds, cut off, with a second 60 and bounds', () => {
  const micros = (text: string): bigint | undefined => instantOf(text);
  expect(micros('1970-01-01t00:00:00.0000019z')).toBe(1n);
  expect(micros('1969-12-31T23:59:59-00:01')).toBe(59_000_000n);
  expect(micros('2016-12-31T23:59:60Z')).toBe(micros('2017-01-01T00:00:00Z'));
  expect(micros('2024-02-29T00:00:00+23:59')).toBe(micros('2024-02-28T00:01:00-00:00'));
  expect(micros('2255-01-01T00:00:00+00:01')).toBe(micros('2254-12-31T23:59:00Z'));
  expect(['1969-12-31T23:59:59Z', '2255-01-01T00:00:00Z', '2023-02-29T00:00:00Z', '2024-01-01T24:00:00Z'].map(micros)).toEqual(
    Array.from({ length: 4 }, () => undefined),
  );
});

test('hashes are those of Kafka and of FNV', () => {
  // From the tests of Kafka's own clients, and of the authors of FNV.
  const kafka = { '21': -973_932_308, foobar: -790_332_482, 'a-little-bit-long-string': -985_981_536, abc: 479_470_107 };
  expect(Object.keys(kafka).map(murmur2)).toEqual(Object.values(kafka));
  expect(['', 'a', 'foobar'].map(fnv1a32)).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
});
