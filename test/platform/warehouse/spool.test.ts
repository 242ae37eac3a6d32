/** Rows on their way into the embedded engine: for their owner only, and gone whatever happens. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Spool } from '../../../services/platform/warehouse/spool.ts';
import { temporaryFolder } from './temporary-folder.ts';

let folder: ReturnType<typeof temporaryFolder>;
let path: string;
beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, 'a', 'spool');
});
afterEach(() => folder.remove());

const modeOf = (file: string): number => statSync(file).mode & 0o777;
async function* pieces(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

test('rows are in a file that only their owner can read while they are needed, and in none afterwards', async () => {
  const spool = await Spool.open(path, 'insert');
  expect(modeOf(path)).toBe(0o700);
  const seen = await spool.with([Buffer.from('one'), Buffer.alloc(0), Buffer.from('two')], async (file) => {
    expect([modeOf(file), readdirSync(path).length]).toEqual([0o600, 1]);
    return readFileSync(file, 'utf8');
  });
  expect([seen, readdirSync(path)]).toEqual(['onetwo', []]);
  const streamed = await spool.withStream(pieces('one', 'two'), 6, async (file) => readFileSync(file, 'utf8'));
  expect([streamed, readdirSync(path)]).toEqual(['onetwo', []]);
});

test('nothing is left of what fails, nor of what is more than may come', async () => {
  const spool = await Spool.open(path, 'insert');
  const failing = async (): Promise<never> => {
    throw new Error('refused');
  };
  await expect(spool.with([Buffer.from('one')], failing)).rejects.toThrow('refused');
  let isUsed = false;
  const tooMuch = spool.withStream(pieces('one', 'two'), 5, async () => (isUsed = true));
  await expect(tooMuch).rejects.toMatchObject({ code: 'TOO_LARGE', retryable: false });
  expect([isUsed, readdirSync(path)]).toEqual([false, []]);
});

test('those that are needed at the same time do not share a file', async () => {
  const spool = await Spool.open(path, 'insert');
  const seen = await Promise.all(
    ['a', 'b', 'c'].map((text) => spool.with([Buffer.from(text)], async (file) => readFileSync(file, 'utf8'))),
  );
  expect(seen).toEqual(['a', 'b', 'c']);
});

test('what a killed process left is removed by the next of its kind, and nothing of others', async () => {
  mkdirSync(path, { recursive: true });
  for (const name of ['insert-0.rowbinary', 'insert-12.rowbinary', 'proxy-0.rowbinary', 'insert-notes.txt', 'inserted.rowbinary'])
    writeFileSync(join(path, name), '');
  await Spool.open(path, 'insert');
  expect(readdirSync(path).toSorted()).toEqual(['insert-notes.txt', 'inserted.rowbinary', 'proxy-0.rowbinary']);
});

test.each(['sp*ol', 'sp?ol', 'sp{o,}l', 'sp::ol'])(
  'a folder that the engine would take for a pattern is refused and not made: %s',
  async (name) => {
    const pattern = join(folder.path, name);
    await expect(Spool.open(pattern, 'insert')).rejects.toMatchObject({ code: 'UNUSABLE_PATH' });
    expect(existsSync(pattern)).toBe(false);
  },
);
