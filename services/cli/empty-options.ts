/**
 * Options that say where something is, or who says it, and are empty: `--data "$FOLDER"` in a shell that has no FOLDER. A folder would be the one
 * that the shell stands in, a broker none at all, so that a command would answer from another system than the one that was meant; and what nobody
 * said stands in the log for good.
 */
import type { Command } from 'commander';
import { UserError } from '../system/user-error.ts';

const NAMES: ReadonlySet<string> = new Set(['data', 'kafka', 'clickhouse', 'config', 'policy', 'signingKey', 'by']);

/** @throws UserError where one was written; one that the environment has empty is not set, as all of NTK_ */
export function settleEmptyOptions(command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName();
    const value: unknown = command.getOptionValue(name);
    if (!NAMES.has(name) || (value !== '' && !(Array.isArray(value) && value.includes('')))) continue;
    if (command.getOptionValueSource(name) !== 'env')
      throw new UserError(`${option.long ?? name} is empty: name what is meant, or leave it out`);
    command.setOptionValueWithSource(name, option.defaultValue, 'default');
  }
}
