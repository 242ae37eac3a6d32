/** Who types a command and does not know on gets an example of it. */
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { registerCommands } from '../../services/cli/register-commands.ts';
import type { CliContext } from '../../services/cli/context.ts';

/** Nothing is asked of it until a command runs. */
const CONTEXT = {} as CliContext;

test('the help of each command has an example', async () => {
  let said = '';
  const program = new Command('ntk').configureOutput({ writeOut: (text) => (said += text) });
  await registerCommands(program, CONTEXT, []);
  const without = program.commands.filter((command) => {
    said = '';
    command.outputHelp();
    return !/^Examples?:\n {2}\S/m.test(said);
  });
  expect(program.commands.length).toBeGreaterThan(20);
  // What the Tab key asks is no command for people.
  expect(without.map((command) => command.name()).filter((name) => name !== 'complete')).toEqual([]);
});
