/** What is stored was named by others: `ntk query` shows it to a person without letting it command the terminal. */
import { Readable, Writable } from 'node:stream';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { registerQuery } from '../../services/cli/commands/query.ts';
import type { CliContext } from '../../services/cli/context.ts';
import { Output } from '../../services/cli/output/output.ts';

const STORED = [Buffer.from('wx\u001b[2J\t1\n'), Buffer.from('wx\u202e2\t1\n')];

async function queried(isTTY: boolean): Promise<string> {
  let printed = '';
  const stdout = new Writable({
    write: (chunk: Buffer, _, done) => {
      printed += chunk.toString('utf8');
      done();
    },
  });
  const warehouse = { stream: () => Promise.resolve(Readable.from(STORED)) };
  const context = {
    out: new Output(Object.assign(stdout, { isTTY }) as unknown as NodeJS.WriteStream),
    withStore: (_: unknown, use: (store: unknown) => Promise<unknown>) => use({ warehouse }),
  } as unknown as CliContext;
  const program = new Command('ntk');
  registerQuery(program, context);
  await program.parseAsync(['query', 'SELECT 1'], { from: 'user' });
  return printed;
}

test('a query has control characters of others made visible on a terminal, and its bytes as they are in a pipe', async () => {
  expect(await queried(true)).toBe('wx\\u{1b}[2J\t1\nwx\\u{202e}2\t1\n');
  expect(await queried(false)).toBe('wx\u001b[2J\t1\nwx\u202e2\t1\n');
});
