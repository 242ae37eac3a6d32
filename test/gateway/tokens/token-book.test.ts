import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TokenBook, TokenFileError } from '../../../services/gateway/tokens/token-book.ts';
import { tokensPart } from '../../../services/gateway/tokens/hangup.ts';
import { replaceFile } from '../../../services/platform/folder/whole-file.ts';
import { tokenDigest } from '../../../services/platform/http/bearer.ts';
import { createLogger } from '../../../services/platform/logger.ts';
import { TestClock } from '../test-clock.ts';

const entry = (token: string, more = ''): string =>
  `  - {name: ${token}, sha256: ${tokenDigest(token).toString('hex')}, sources: [s]${more}}\n`;
const fileOf = (...entries: string[]): string => (entries.length === 0 ? 'tokens: []\n' : `tokens:\n${entries.join('')}`);

describe('the tokens in force', () => {
  let folder: string;
  let file: string;
  let clock: TestClock;
  let said: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ntk-tokens-'));
    file = join(folder, 'tokens.yaml');
    clock = new TestClock();
    said = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function open(systemToken: string | null = null): TokenBook {
    const logger = createLogger({ level: 'info', short: false, output: { write: (line) => void said.push(line) } });
    return new TokenBook({ file, systemToken: () => systemToken, clock, logger });
  }

  const accepts = (book: TokenBook, token: string): boolean => 'token' in book.find(`Bearer ${token}`);

  it('are those of the file, and of the system', () => {
    writeFileSync(file, fileOf(entry('one')));
    const book = open('system-token');
    expect(book.find('Bearer one')).toMatchObject({ token: { name: 'one' } });
    expect(book.find('bearer  system-token ')).toMatchObject({ token: { types: null, sources: ['*'] } });
    for (const header of ['Bearer two', 'Bearer onee', 'Bearer On', `Bearer ${tokenDigest('one').toString('hex')}`])
      expect(book.find(header)).toEqual({ refused: 'unknown' });
    for (const header of [undefined, '', 'one', 'Basic one', 'Bearer', 'Bearer one two'])
      expect(book.find(header)).toEqual({ refused: 'missing' });
  });

  it('end when they expire', () => {
    writeFileSync(file, fileOf(entry('one', ', expires: "2026-03-01T00:00:10Z"')));
    const book = open();
    expect(accepts(book, 'one')).toBe(true);
    clock.advance(9_000);
    expect(book.find('Bearer one')).toEqual({ refused: 'expired' });
  });

  it('change with the file, a second later', () => {
    writeFileSync(file, fileOf(entry('one'), entry('two')));
    const book = open();
    replaceFile(file, fileOf(entry('two'), entry('new')));
    expect(accepts(book, 'one')).toBe(true);
    clock.advance(1_000);
    expect(['one', 'two', 'new'].map((token) => accepts(book, token))).toEqual([false, true, true]);
  });

  it('change at once when the process is told', () => {
    writeFileSync(file, fileOf(entry('one')));
    const book = open();
    const part = tokensPart(book);
    void part.start();
    try {
      writeFileSync(file, fileOf());
      process.emit('SIGHUP');
    } finally {
      void part.stop();
    }
    expect(accepts(book, 'one')).toBe(false);
  });

  it.each([
    ['broken', () => writeFileSync(file, 'tokens: [')],
    ['gone', () => rmSync(file)],
  ])('stay as they were while the file is %s, which is said once and without secrets', (_, spoil) => {
    writeFileSync(file, fileOf(entry('one')));
    const book = open();
    spoil();
    for (let i = 0; i < 3; i++) {
      clock.advance(1_000);
      expect(accepts(book, 'one')).toBe(true);
    }
    expect(book.isBroken).toBe(true);
    const alarms = said.filter((line) => line.includes('"level":"error"'));
    expect(alarms).toHaveLength(1);
    expect(alarms[0]).toContain('tokens.yaml');
    writeFileSync(file, fileOf(entry('two')));
    clock.advance(1_000);
    expect([accepts(book, 'one'), accepts(book, 'two'), book.isBroken]).toEqual([false, true, false]);
  });

  it('must be right to begin with', () => {
    expect(() => open()).toThrow(TokenFileError);
    writeFileSync(file, 'tokens:\n  - name: a\n');
    expect(() => open()).toThrow(/tokens\.yaml:2: .*sha256/);
  });
});
