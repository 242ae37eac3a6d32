/**
 * `ntk completion bash|zsh|fish|powershell` prints a script for that shell; each press of the Tab key then asks `ntk complete -- WORDS`.
 * Names of commands, flags and their choices come from the commands themselves; for what is a file, names of files are offered.
 */
import { type Dirent, readdirSync } from 'node:fs';
import completionOf from '@bomb.sh/tab/commander';
import type { Command } from 'commander';

const NAME = 'completion';
/** Flags and arguments whose values are paths. */
const PATHS = /^(?:data|input|policy|output|out|config|labels|file|files|series|signing-key|.*-file)$/;
/** More than anybody reads. */
const FILES_MAX = 200;

type Offer = (value: string, description: string) => void;

/** After all other commands. @param words of the command line, the one that is being written last */
export function registerCompletion(program: Command, words: readonly string[]): void {
  const root = completionOf(program, { completionCommandName: NAME });
  const offerFiles = (offer: Offer): void => {
    for (const name of filesFrom(words.at(-1) ?? '')) offer(name, '');
  };
  for (const command of root.commands.values()) {
    for (const each of command.options.values()) if (PATHS.test(each.value)) each.handler = offerFiles;
    for (const each of command.arguments.values()) if (PATHS.test(each.name)) each.handler = offerFiles;
  }
  program.commands
    .find((command) => command.name() === NAME)
    ?.description('print a script that lets the shell complete commands, flags and files')
    .addHelpText(
      'after',
      `
Examples:
  source <(ntk completion bash)                    in this shell only
  ntk completion bash > ~/.local/share/bash-completion/completions/ntk
  ntk completion zsh > "\${fpath[1]}/_ntk"`,
    );
}

/** Paths that begin like this; those of folders end with a slash. */
function filesFrom(begun: string): string[] {
  const folder = begun.slice(0, begun.lastIndexOf('/') + 1);
  const start = begun.slice(folder.length);
  return entriesOf(folder === '' ? '.' : folder)
    .filter(({ name }) => name.startsWith(start) && (start !== '' || !name.startsWith('.')))
    .slice(0, FILES_MAX)
    .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`);
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // Not there or not ours: nothing to offer.
    return [];
  }
}
