/** `ntk query`: read-only SQL on the results. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { jsonOption, type StoreFlags, storeOptions } from '../options.ts';

export function registerQuery(program: Command, context: CliContext): void {
  jsonOption(storeOptions(program.command('query')))
    .argument('<sql>', 'one SELECT statement; results are in ntk.access_results, the ledger in ntk.blocks')
    .description('read-only SQL on the results')
    .option(
      '--format <format>',
      'a ClickHouse format: JSONEachRow, CSV, Vertical, ...; a terminal is shown escapes, it does not obey them',
      'PrettyCompactNoEscapes',
    )
    .addHelpText(
      'after',
      `
Examples:
  ntk query "SELECT program, count() FROM ntk.access_results FINAL WHERE category = 'photos' GROUP BY program ORDER BY 2 DESC"
  ntk query --format CSV "SELECT * FROM ntk.blocks FINAL"`,
    )
    .action(async (sql: string, flags: StoreFlags & { readonly format: string }) => {
      await context.withStore(flags, async ({ warehouse }) => {
        const stream = await warehouse.stream(sql, { format: flags.json ? 'JSON' : flags.format, readonly: true });
        await context.out.bytes(stream);
      });
    });
}
