/** Every format leaves out as many candidates as an earlier import has dealt with, wherever its runs of lines end. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { convertAppOps } from '../../services/importers/android/appops.ts';
import { convertAppleReport } from '../../services/importers/apple/apple-report.ts';
import { type Candidate, type Convert, isRemembered } from '../../services/importers/candidate.ts';
import { convertCloudEvents } from '../../services/importers/cloudevents.ts';
import { linesOf } from '../../services/importers/lines.ts';
import { OddThings } from '../../services/importers/odd-things.ts';
import { convertWeChatDeclarations } from '../../services/importers/wechat/wechat-declarations.ts';
import { FIXTURES } from './imported.ts';

/** Of an App Privacy Report. */
const RUN_LINES = 131_072;

/** What each candidate would be known by, its key or its bytes, in the batches in which they come. */
async function batches(convert: Convert, content: Buffer, chunkBytes: number, skip: number): Promise<string[][]> {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < content.length; at += chunkBytes) yield content.subarray(at, at + chunkBytes);
  }
  const options = { partitions: 4, skip, odd: new OddThings(), deviceUser: 'device-1', utcOffset: 'Z' };
  const said = (candidate: Candidate): string =>
    isRemembered(candidate) ? candidate.key : Buffer.from(candidate.value).toString('utf8');
  const all: string[][] = [];
  for await (const candidates of convert(linesOf(chunks()), options)) all.push(candidates.map(said));
  return all;
}

async function converted(convert: Convert, content: Buffer, chunkBytes: number, skip: number): Promise<string[]> {
  return (await batches(convert, content, chunkBytes, skip)).flat();
}

const dump = readFileSync(join(FIXTURES, 'android/appops-14.txt'));
const lines = (count: number, line: (i: number) => string): Buffer =>
  Buffer.from(Array.from({ length: count }, (_, i) => `${line(i)}\n`).join(''));

describe('an import that goes on', () => {
  test.each<[string, Convert, Buffer]>([
    ['CloudEvents', convertCloudEvents, lines(40, (i) => `{"id":${i}}`)],
    ['manifests', convertWeChatDeclarations, lines(40, (i) => `{"appid":"wx${i}","calledApis":[]}`)],
    ['two dumps', convertAppOps, Buffer.concat([dump, Buffer.from('\n'), dump])],
  ])('with %s has all that is left, and nothing twice', async (_, convert, content) => {
    const all = await converted(convert, content, 100, 0);
    expect(all.length).toBeGreaterThan(20);
    for (let skip = 1; skip <= all.length; skip++) expect(await converted(convert, content, 100, skip)).toEqual(all.slice(skip));
  });

  test('with a report of more lines than a run takes has all that is left, and nothing twice', async () => {
    const content = lines(RUN_LINES + 100, (i) => `"line ${i}"`);
    const runs = await batches(convertAppleReport, content, 1_000_000, 0);
    expect(runs.map(({ length }) => length)).toEqual([RUN_LINES, 100]);
    const all = runs.flat();
    for (const skip of [7, RUN_LINES - 1, RUN_LINES, RUN_LINES + 3])
      expect((await converted(convertAppleReport, content, 1_000_000, skip)).join()).toBe(all.slice(skip).join());
  });
});

test('what begins like the domains of an older report, and goes on for longer than they may, is each line once', async () => {
  const line = (i: number): string => `"${i} ${'x'.repeat(65_536)}"`;
  const content = Buffer.concat([Buffer.from('{\n'), lines(300, line)]);
  const all = await converted(convertAppleReport, content, 1_000_000, 0);
  expect(all).toHaveLength(301);
  expect(new Set(all).size).toBe(301);
});
