import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Output } from '../../../services/cli/output/output.ts';

function output(): { readonly out: Output; readonly printed: () => string; readonly said: () => string } {
  const texts = ['', ''];
  const stream = (which: number): NodeJS.WriteStream =>
    new Writable({
      write: (chunk: Buffer, _, done) => {
        texts[which] += chunk.toString('utf8');
        done();
      },
    }) as unknown as NodeJS.WriteStream;
  return { out: new Output(stream(0), stream(1)), printed: () => texts[0]!, said: () => texts[1]! };
}

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
