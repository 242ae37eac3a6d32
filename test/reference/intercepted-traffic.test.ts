import { describe, expect, test } from 'vitest';
import { instantOf } from './instants.ts';
import { makeInterceptedTraffic } from './intercepted-traffic.ts';
import type { InterceptedTraffic } from './intercepted-traffic.ts';
import { judge } from './judge.ts';
import { reportOf } from './report.ts';
import type { Report } from './report.ts';

async function bytesOf({ events }: InterceptedTraffic): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of events) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function reportBetween(traffic: InterceptedTraffic, from: string, to: string): Promise<Report> {
  const { verdicts, quality } = judge({ lines: await bytesOf(traffic), policyYamlText: traffic.policyYaml }, { partitions: 4 });
  return reportOf(verdicts, quality, instantOf(`${from}T00:00:00Z`)!, instantOf(`${to}T00:00:00Z`)!);
}

describe('traffic with a known headline', () => {
  test('has 3,252 attempts by 2,392 programs between the dates, and more outside of them', async () => {
    const traffic = makeInterceptedTraffic({ accesses: 12_000, programs: 2_400, outside: 500, duplicates: 70 });
    expect(traffic.expected.intercepted).toMatchObject({
      attempts: 3_252,
      programs: 2_392,
      users: 2_871,
      prevented: 2_454,
      alreadyRefused: 798,
    });
    expect(await reportBetween(traffic, '2020-01-01', '2020-03-10')).toMatchObject(traffic.expected);
    const longer = await reportBetween(traffic, '2019-01-01', '2021-03-10');
    expect(longer.intercepted).toMatchObject({ attempts: 3_752, programs: 2_400 });
  });
  test('has other numbers where others are asked for', async () => {
    const dates = { from: '2024-02-28', to: '2024-03-01' };
    const counts = {
      accesses: 400,
      programs: 60,
      interceptions: 100,
      interceptedPrograms: 30,
      outside: 25,
      refused: 20,
      performed: 10,
    };
    const traffic = makeInterceptedTraffic({ ...dates, ...counts, seed: 5 });
    const report = await reportBetween(traffic, dates.from, dates.to);
    expect(report).toMatchObject(traffic.expected);
    expect(report).toMatchObject({ accesses: 375, intercepted: { prevented: 70, alreadyRefused: 20, late: 10 } });
  });
  test('can be read twice', async () => {
    const traffic = makeInterceptedTraffic({ accesses: 50, programs: 20, interceptions: 10, interceptedPrograms: 5, outside: 2 });
    expect((await bytesOf(traffic)).equals(await bytesOf(traffic))).toBe(true);
  });
  test('cannot be made of counts that contradict one another', () => {
    expect(() => makeInterceptedTraffic({ accesses: 50, programs: 20, outside: 2 })).toThrow('no such traffic');
  });
});
