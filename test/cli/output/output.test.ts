import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Output } from '../../../services/cli/output/output.ts';

function output(
  isTTY = false,
  columns = 80,
): { readonly out: Output; readonly printed: () => string; readonly said: () => string } {
  const texts = [Buffer.alloc(0), Buffer.alloc(0)];
  const stream = (which: number): NodeJS.WriteStream =>
    Object.assign(
      new Writable({
        write: (chunk: Buffer, _, done) => {
          texts[which] = Buffer.concat([texts[which]!, chunk]);
          done();
        },
      }),
      { isTTY, columns },
    ) as unknown as NodeJS.WriteStream;
  return {
    out: new Output(stream(0), stream(1)),
    printed: () => texts[0]!.toString('utf8'),
    said: () => texts[1]!.toString('utf8'),
  };
}

describe('a list of any length', () => {
  test('as JSON is what one text of it would be', async () => {
    for (const list of [[], [1], [{ a: [{ b: 'c\nd' }], e: [] }, null, 'f']]) {
      const [members, whole] = [output(), output()];
      await members.out.jsonList(list);
      whole.out.json(list);
      expect(members.printed()).toBe(whole.printed());
    }
  });

  test.each(['jsonList', 'taken'] as const)('waits where nobody reads, and goes no further (%s)', async (way) => {
    const held: (() => void)[] = [];
    const stream = Object.assign(new Writable({ highWaterMark: 1, write: (_, __, done) => void held.push(done) }), {
      isTTY: false,
    }) as unknown as NodeJS.WriteStream;
    const out = new Output(stream, stream);
    let made = 0;
    function* members(): Generator<number> {
      while (made < 1_000) yield made++;
    }
    const printing = async (): Promise<void> => {
      if (way === 'jsonList') return out.jsonList(members());
      for (const member of members()) if (await out.taken()) out.line(String(member));
    };
    const printed = printing();
    await new Promise((resolve) => setImmediate(resolve));
    expect(made).toBeLessThan(5);
    let isPrinted = false;
    void printed.then(() => (isPrinted = true));
    while (!isPrinted) {
      held.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(made).toBe(1_000);
  });
});

describe('what commands print', () => {
  test('keeps results and words about the work apart', () => {
    const { out, printed, said } = output();
    out.line('result');
    out.note('done');
    out.problem('went wrong');
    expect(printed()).toBe('result\n');
    expect(said()).toBe('done\nerror: went wrong\n');
  });

  test('has numbers on the right with thousands, and cells that cannot move the cursor', () => {
    const { out, printed } = output();
    out.table(
      ['name', 'n'],
      [
        ['a\u001b[2J', 3_252],
        ['b', 7],
      ],
    );
    const lines = printed().trimEnd().split('\n');
    expect(lines[1]).toMatch(/^ ?a\\u\{1b\}\[2J +3,252 *$/);
    expect(lines[2]).toMatch(/^ ?b +7 *$/);
    expect(lines[1]!.trimEnd().length).toBe(lines[2]!.trimEnd().length);
  });

  test('cuts a cell that no line could hold, instead of padding every other one to it', () => {
    const { out, printed } = output();
    out.table(
      ['class', 'n'],
      [['c'.repeat(1_000_000), 1], ...Array.from({ length: 1_000 }, (_, i): [string, number] => [`class ${i}`, i])],
    );
    const lines = printed().trimEnd().split('\n');
    expect(lines).toHaveLength(1_002);
    expect(lines[1]).toMatch(/^ ?c{499}… +1 *$/);
  });

  const wide: Parameters<Output['table']> = [
    ['program', 'category', 'with findings', 'found'],
    [['wx00000000522482a9', 'phone_number', 15, 'consent_missing excess_volume rate_limited undeclared_category']],
  ];

  test('folds the cells of a table for a terminal that is too narrow, and cuts no word', () => {
    const { out, printed } = output(true, 72);
    out.table(...wide);
    const lines = printed().trimEnd().split('\n');
    for (const line of lines) expect([...line.trimEnd()].length).toBeLessThanOrEqual(72);
    const words = wide[1].flat().flatMap((cell) => String(cell).split(' '));
    for (const word of words) expect(printed()).toContain(word);
  });

  test.each(['微信小程序商城管理', '한국어프로그램', '\u{1f468}\u{1f469}\u{1f466}-app', 'e\u0301te\u0301-app'])(
    'folds them by the columns that letters take: %s is not cut',
    (program) => {
      const { out, printed } = output(true, 64);
      out.table(wide[0], [[program, ...wide[1][0]!.slice(1)]]);
      expect(printed().trimEnd().split('\n').length).toBeGreaterThan(2);
      expect(printed()).toContain(program);
    },
  );

  test.each([
    { why: 'a pipe', isTTY: false, columns: 72 },
    { why: 'a terminal that is wide enough', isTTY: true, columns: 140 },
    { why: 'a terminal that is too narrow for its words', isTTY: true, columns: 40 },
  ])('leaves a row on its line for $why', ({ isTTY, columns }) => {
    const { out, printed } = output(isTTY, columns);
    out.table(...wide);
    expect(printed().trimEnd().split('\n')).toHaveLength(2);
  });

  test('has CSV that no spreadsheet takes for a formula', () => {
    const { out, printed } = output();
    out.csv([
      ['program', 'attempts'],
      ['=cmd()', 1],
      ['@x', 2],
      ['a,"b"', 3],
    ]);
    expect(printed()).toBe('program,attempts\r\n\'=cmd(),1\r\n\'@x,2\r\n"a,""b""",3\r\n');
  });

  test('has bytes, CSV and JSON that cannot command a terminal, and that stay as they are elsewhere', async () => {
    const hostile = 'é\t\u001b]0;x\u0007\u009b2J\u007f\u202e\r\n';
    const shown = 'é\t\\u{1b}]0;x\\u{7}\\u{9b}2J\\u{7f}\\u{202e}\r\n';
    for (const isTTY of [true, false]) {
      const { out, printed } = output(isTTY);
      // Cut inside of every letter, and between the two characters of a line end.
      await out.bytes([...Buffer.from(hostile, 'utf8')].map((byte) => Uint8Array.of(byte)));
      out.csv([['a\u001b[2J\u009b', 1]]);
      out.json('\u009b');
      expect(printed()).toBe(
        isTTY ? `${shown}a\\u{1b}[2J\\u{9b},1\r\n"\\u{9b}"\n` : `${hostile}a\u001b[2J\u009b,1\r\n"\u009b"\n`,
      );
    }
  });

  test('has no progress bar where nobody looks', () => {
    const { out, said } = output();
    const bar = out.progress('importing', 'bytes');
    bar.update(1, 2);
    bar.stop();
    expect(said()).toBe('');
  });

  test('has no colours where nobody looks', () => {
    const { out, printed } = output();
    out.line(out.paint('red', 'plain'));
    expect(printed()).toBe('plain\n');
  });
});
