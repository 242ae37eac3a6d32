/** Commands that change something in the log: policy and rejects. */
import type { Command } from 'commander';
import { REJECT_REASONS } from '../../../schemas/codes.ts';
import { placesOf } from '../../domain/partitioning/route-record.ts';
import type { Config } from '../../platform/config/load-config.ts';
import { authorityOf, signerFrom } from '../../system/authority.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { type JsonFlags, jsonOptions, limitOf, type LogFlags, logOptions, type SigningFlags, signingOption } from '../options.ts';
import { brief } from '../output/terminal.ts';
import { type ApplyOptions, applyPolicy, checkPolicies, printPolicyLog, rollbackPolicy } from './policy.ts';
import { testPolicies } from './policy-test.ts';
import { listRejects, printRedriven, redriveRejects, showReject } from './rejects.ts';

type DataFlags = LogFlags & JsonFlags;

export function registerPolicy(program: Command, context: CliContext): void {
  const { out, clock } = context;
  const policy = program.command('policy').description('check, publish and look back at policies');
  jsonOptions(policy.command('check'))
    .argument('<file...>', 'policy files (YAML)')
    .description('say all that is wrong with policy files, with line numbers; exit 1 if anything is')
    .addHelpText('after', '\nExample:\n  ntk policy check policies/default.yaml')
    .action(async (files: string[], flags: JsonFlags) => {
      if (!(await checkPolicies(out, files, flags.json ?? false))) context.fail();
    });
  jsonOptions(policy.command('test'))
    .argument('<file...>', 'files of policy tests (YAML): given these records, expect these verdicts')
    .option('--policy <file>', 'try the cases on this policy instead of the one they are for')
    .description('judge the records of each case as the scorer would; exit 1 if any verdict is not as expected')
    .addHelpText(
      'after',
      '\nExamples:\n  ntk policy test policies/*.test.yaml\n  ntk policy test policies/default.test.yaml --policy draft.yaml',
    )
    .action(async (files: string[], { policy: asked, json = false }: JsonFlags & { readonly policy?: string }) => {
      if (!(await testPolicies(out, files, { policy: asked, json }))) context.fail();
    });
  const publisher = (config: Config, { signingKey }: SigningFlags): ApplyOptions => {
    const signer = signerFrom(signingKey ?? config.signingKeyFile);
    return { by: context.userName, nowMs: clock.nowMs(), authority: authorityOf(config), signer };
  };
  jsonOptions(signingOption(logOptions(policy.command('apply'))))
    .argument('<file>', 'policy file (YAML)')
    .description('publish a policy to every partition; it is in force from its place in the log on')
    .addHelpText(
      'after',
      '\nExamples:\n  ntk policy apply policy.yaml --data ./data\n  ntk policy apply policy.yaml --signing-key policy.key   (where facts of authority are signed)',
    )
    .action((file: string, flags: DataFlags & SigningFlags) =>
      context.withLog(flags, (log, config) => applyPolicy(out, log, file, publisher(config, flags), flags.json ?? false)),
    );
  jsonOptions(signingOption(logOptions(policy.command('rollback'))))
    .option('--to <policy>', 'an earlier policy by its version, its hash or how that begins, see ntk policy log')
    .description('publish again the policy that was in force before the current one, or an earlier one')
    .addHelpText('after', '\nExamples:\n  ntk policy rollback --data ./data\n  ntk policy rollback --to 67b78bb4 --data ./data')
    .action((flags: DataFlags & SigningFlags & { readonly to?: string }) =>
      context.withLog(flags, (log, config) =>
        rollbackPolicy(out, log, publisher(config, flags), { to: flags.to ?? null, json: flags.json ?? false }),
      ),
    );
  jsonOptions(logOptions(policy.command('log')))
    .description('which policies were in force, since when, and who published them')
    .addHelpText('after', '\nExample:\n  ntk policy log --data ./data')
    .action((flags: DataFlags) =>
      context.withLog(flags, (log, config) => printPolicyLog(out, log, authorityOf(config), flags.json ?? false)),
    );
}

interface RejectFlags extends LogFlags, JsonFlags {
  readonly reason?: string;
  readonly newest?: boolean;
  readonly input?: readonly string[];
  readonly limit: string;
}

/** A reason that is spelled wrongly would look like one that nothing was rejected for. */
function reasonFilter(reason: string | undefined): { readonly reason?: string } {
  if (reason === undefined) return {};
  if (!REJECT_REASONS.some((known) => known === reason)) {
    throw new UserError(`reason '${brief(reason, 40)}' is unknown: one of ${REJECT_REASONS.join(', ')}`);
  }
  return { reason };
}

export function registerRejects(program: Command, context: CliContext): void {
  const { out } = context;
  const rejects = program.command('rejects').description('records that could not be read');
  jsonOptions(logOptions(rejects.command('list')))
    .option('--reason <reason>', 'only those of one reason')
    .option('--newest', 'what was rejected last first; without it from the oldest on, partition by partition')
    .option('--limit <n>', 'how many are shown', '50')
    .option('--input <file...>', 'files that were imported: says in which line of them each stands')
    .description('what was rejected, and why')
    .addHelpText(
      'after',
      `
Examples:
  ntk rejects list --reason invalid_json
  ntk rejects list --newest --limit 5
  ntk rejects list --input events.ndjson.gz`,
    )
    .action(async (flags: RejectFlags) => {
      const limit = limitOf(flags);
      const filter = reasonFilter(flags.reason);
      const listing = { limit, isNewestFirst: flags.newest ?? false, isJson: flags.json ?? false, inputs: flags.input ?? [] };
      await context.withLog(flags, (log) => listRejects(out, log, filter, listing));
    });
  jsonOptions(logOptions(rejects.command('show')))
    .argument('<id>', 'partition:offset, see ntk rejects list')
    .description('one rejected record with its raw bytes, in JSON as base64')
    .addHelpText('after', '\nExample:\n  ntk rejects show 0:1312')
    .action((id: string, flags: DataFlags) => context.withLog(flags, (log) => showReject(out, log, id, flags.json ?? false)));
  jsonOptions(logOptions(rejects.command('redrive')))
    .argument('[id...]', 'partition:offset; without any, all')
    .option('--reason <reason>', 'only those of one reason')
    .description('append again what can be read by now (after a newer release, a mended importer); each at most once')
    .addHelpText('after', '\nExample:\n  ntk rejects redrive --reason unknown_type')
    .action(async (ids: string[], flags: RejectFlags) => {
      const filter = { ...reasonFilter(flags.reason), ...(ids.length === 0 ? {} : { ids }) };
      await context.withLog(flags, async (log) => {
        const redriven = await redriveRejects(log, filter, placesOf, out.progress('redriving', 'rejects'));
        printRedriven(out, redriven, flags.json ?? false);
      });
    });
}
