/** `ntk export`: what hosts and reviewers said, to judge it anew elsewhere. */
import type { Command } from 'commander';
import { TIME_END_US } from '../../domain/record/time.ts';
import { counted } from '../../domain/wording/counted.ts';
import { type ExportCounts, exportedLines } from '../../system/questions/export-log.ts';
import type { CliContext } from '../context.ts';
import { type LogFlags, logOptions } from '../options.ts';
import { type RangeFlags, rangeOf } from '../time-range.ts';

const US_MS = 1_000;

export function registerExport(program: Command, context: CliContext): void {
  logOptions(program.command('export'))
    .option(
      '--from <time>',
      'accesses that arrived before are left out, facts are not; a date or RFC 3339; default: the beginning',
    )
    .option('--to <time>', 'the end, by arrival; default: the end of the log')
    .description('the records of a log as a file, to rehearse another policy on them')
    .addHelpText(
      'after',
      `
Policies, keys, priors, heartbeats and reviews of this log are left out, and so is what was rejected. The file has user ids as hosts
sent them: only its owner should read it, and it should go when the rehearsal is over.

Examples:
  (umask 077; ntk export --from 2026-03-01 --to 2026-04-01 > march.ndjson)
  ntk run --data ./rehearsal --policy stricter.yaml --input march.ndjson
  ntk report interceptions --data ./rehearsal`,
    )
    .action((flags: LogFlags & RangeFlags) =>
      context.withLog(flags, async (log) => {
        const { out } = context;
        const { fromUs, toUs } = rangeOf(flags);
        const range = { fromMs: fromUs / US_MS, toMs: toUs === TIME_END_US ? Number.POSITIVE_INFINITY : toUs / US_MS };
        const counts: ExportCounts = { accesses: 0, facts: 0, rejected: 0 };
        let total = 0;
        for (let partition = 0; partition < log.partitions; partition++) {
          const { start, end } = await log.bounds('access', partition);
          total += end - start;
        }
        const bar = out.progress('exporting', 'records');
        try {
          await out.bytes(exportedLines(log, range, counts, (read) => bar.update(read, total)));
        } finally {
          bar.stop();
        }
        out.note(
          `${counted(counts.accesses, 'access')} and ${counted(counts.facts, 'fact')} exported; ${counted(counts.rejected, 'record')} that could not be read, or did not count here, left out`,
        );
      }),
    );
}
