/** Flags that many commands share: the same words everywhere. */
import { type Command, Option } from 'commander';

export interface StoreFlags {
  readonly data: string;
  readonly clickhouse?: string;
  readonly log?: string;
  readonly json?: boolean;
}

/** Where the store is: a data folder, or a ClickHouse server by URL (then with --data for what needs the log). */
export function storeOptions(command: Command): Command {
  return dataOption(command)
    .option('--clickhouse <url>', 'results on a ClickHouse server (also: NTK_CLICKHOUSE_URL)')
    .option('--log <id>', 'which log, where the server has the results of several')
    .option('--json', 'print JSON');
}

export function dataOption(command: Command): Command {
  return command.addOption(new Option('--data <dir>', 'data folder').env('NTK_DATA').default('./data'));
}
