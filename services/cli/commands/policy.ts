/** `ntk policy check | test | apply | rollback | log`. */
import type { Command } from 'commander';
import { parsePolicyYaml } from '../../domain/policy/document.ts';
import { type EventLog, ORIGIN } from '../../platform/log/event-log.ts';
import type { Config } from '../../platform/config/load-config.ts';
import type { Authority } from '../../domain/authority/authority.ts';
import type { Signer } from '../../domain/authority/signature.ts';
import { authorityOf, requireAuthoritySetting, signerFrom } from '../../system/opening/authority.ts';
import { appendPolicy, type PolicyChange, policyHistory } from '../../system/facts/policy-history.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { type JsonFlags, jsonOptions, type LogFlags, logOptions, type SigningFlags, signingOption } from '../options.ts';
import type { Output } from '../output/output.ts';
import { brief, safe } from '../output/terminal.ts';
import { WHY_IN_WORDS } from './authority-words.ts';
import { loadPolicyFile, type PolicyFile, readBytes } from './policy-file.ts';
import { testPolicies } from './policy-test.ts';
import { counted } from '../../domain/wording/counted.ts';

type PolicyFlags = LogFlags & JsonFlags;

export function registerPolicy(program: Command, context: CliContext): void {
  const { out, clock } = context;
  const policy = program
    .command('policy')
    .description('check, publish and look back at policies')
    .addHelpText(
      'after',
      `
Examples:
  ntk policy check policy.yaml
  ntk policy test policies/default.test.yaml
  ntk policy apply policy.yaml --data ./data
  ntk policy log --data ./data`,
    );
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
    .action((file: string, flags: PolicyFlags & SigningFlags) =>
      context.withLog(flags, (log, config) => applyPolicy(out, log, file, publisher(config, flags), flags.json ?? false)),
    );
  jsonOptions(signingOption(logOptions(policy.command('rollback'))))
    .option('--to <policy>', 'an earlier policy by its version, its hash or how that begins, see ntk policy log')
    .description('publish again the policy that was in force before the current one, or an earlier one')
    .addHelpText('after', '\nExamples:\n  ntk policy rollback --data ./data\n  ntk policy rollback --to 67b78bb4 --data ./data')
    .action((flags: PolicyFlags & SigningFlags & { readonly to?: string }) =>
      context.withLog(flags, (log, config) =>
        rollbackPolicy(out, log, publisher(config, flags), { to: flags.to ?? null, json: flags.json ?? false }),
      ),
    );
  jsonOptions(logOptions(policy.command('log')))
    .description('which policies were in force, since when, and who published them')
    .addHelpText('after', '\nExample:\n  ntk policy log --data ./data')
    .action((flags: PolicyFlags) =>
      context.withLog(flags, (log, config) => printPolicyLog(out, log, authorityOf(config), flags.json ?? false)),
    );
}

/** All problems of all files at once; answers whether there were none. */
async function checkPolicies(out: Output, files: readonly string[], json: boolean): Promise<boolean> {
  const results: { file: string; ok: boolean; hash?: string; problems: unknown[] }[] = [];
  for (const file of files) {
    const parsed = parsePolicyYaml(await readBytes(file));
    if (parsed.ok) {
      results.push({ file, ok: true, hash: parsed.hash, problems: [] });
      if (!json)
        out.line(
          `${brief(file)}: ${out.paint('green', 'fine')} (policy ${parsed.hash}, version ${brief(parsed.policy.version)}, ${counted(parsed.policy.limits.length, 'limit')})`,
        );
      continue;
    }
    results.push({ file, ok: false, problems: parsed.problems });
    for (const { line, column, path, message } of parsed.problems) {
      if (!json) out.note(`${brief(file)}:${line}:${column}: ${path === '' ? '' : `${safe(path)}: `}${brief(message, 300)}`);
    }
  }
  if (json) out.json(results);
  return results.every(({ ok }) => ok);
}

interface ApplyOptions {
  readonly by: string;
  readonly nowMs: number;
  readonly authority: Authority;
  readonly signer: Signer | null;
}

async function applyPolicy(out: Output, log: EventLog, file: string, options: ApplyOptions, json: boolean): Promise<void> {
  const policy = await loadPolicyFile(file);
  const { authority, ...publisher } = options;
  await requireAuthoritySetting(log, authority);
  const history = await policyHistory(log, authority);
  const inForce = history.changes.at(-1);
  const isDue = inForce?.policy.hash !== policy.hash;
  if (isDue) {
    requireNewVersion(history.changes, policy);
    await appendPolicy(log, history, { ...policy, ...publisher, origin: ORIGIN.live });
  }
  if (json) return out.json(publishedJson(policy, inForce, isDue));
  if (!isDue) return sayInForce(out, policy.hash);
  out.note(
    `policy ${policy.hash} (version ${brief(policy.version)}) is published to ${counted(log.partitions, 'partition')}${inForce === undefined ? '' : `; before it ${inForce.policy.hash}`}`,
  );
}

/** Back to the policy that was in force before the one that is, or to an earlier one: `to` is its version, its hash or how that begins. */
async function rollbackPolicy(
  out: Output,
  log: EventLog,
  options: ApplyOptions,
  { to, json }: { readonly to: string | null; readonly json: boolean },
): Promise<void> {
  const { authority, ...publisher } = options;
  await requireAuthoritySetting(log, authority);
  const history = await policyHistory(log, authority);
  const current = history.changes.at(-1);
  const before =
    to === null
      ? history.changes.findLast(({ policy }) => policy.hash !== current?.policy.hash)
      : earlierPolicy(history.changes, to);
  if (current === undefined || before === undefined) {
    throw new UserError(
      'there is no policy to go back to: the log has seen fewer than two; publish one with ntk policy apply FILE',
    );
  }
  const { document, hash, version } = before.policy;
  const isDue = hash !== current.policy.hash;
  if (isDue) await appendPolicy(log, history, { document, hash, ...publisher, origin: ORIGIN.live });
  if (json) return out.json(publishedJson(before.policy, current, isDue));
  if (!isDue) return sayInForce(out, hash);
  out.note(`back to policy ${hash} (version ${brief(version)}) from ${current.policy.hash}`);
}

/** `before`: what was in force when this was asked for; the same policy where nothing was to be done. */
function publishedJson(
  { hash, version }: Pick<PolicyFile, 'hash' | 'version'>,
  before: PolicyChange | undefined,
  published: boolean,
): unknown {
  return { hash, version, published, before: before?.policy.hash ?? null };
}

/**
 * Whoever reads a version in the log, or goes back to one, means one document. The fold does not ask: a log may hold two.
 * @throws UserError where another document had it
 */
function requireNewVersion(changes: readonly PolicyChange[], { hash, version }: PolicyFile): void {
  const other = changes.findLast(({ policy }) => policy.version === version && policy.hash !== hash);
  if (other === undefined) return;
  const at = new Date(other.appendedAtMs).toISOString();
  throw new UserError(
    `version ${brief(version, 80)} was that of another policy, ${other.policy.hash}, applied at ${at}: give this one a version of its own`,
  );
}

function sayInForce(out: Output, hash: string): void {
  out.note(`policy ${hash} is in force already; nothing was published`);
}

/** @throws UserError when none, or more than one, is meant */
function earlierPolicy(changes: readonly PolicyChange[], to: string): PolicyChange {
  // In this order: a hash is what nobody can choose, a version is what somebody called it, and the beginning of a hash may be either.
  const ways: readonly ((change: PolicyChange) => boolean)[] = [
    ({ policy }) => policy.hash === to.toLowerCase(),
    ({ policy }) => policy.version === to,
    ({ policy }) => to !== '' && policy.hash.startsWith(to.toLowerCase()),
  ];
  const meant = ways.map((isMeant) => changes.filter(isMeant)).find((found) => found.length > 0) ?? [];
  const hashes = [...new Set(meant.map(({ policy }) => policy.hash))];
  if (hashes.length === 1) return meant.at(-1)!;
  throw new UserError(
    hashes.length === 0
      ? `no policy '${brief(to, 40)}' has been in force: ntk policy log shows those that were`
      : `'${brief(to, 40)}' may be ${hashes.join(' or ')}: give more of the hash`,
  );
}

/** Those that changed nothing stand among the others, and say why. */
async function printPolicyLog(out: Output, log: EventLog, authority: Authority, json: boolean): Promise<void> {
  await requireAuthoritySetting(log, authority);
  const { changes, refused } = await policyHistory(log, authority);
  const effects = [...changes.map((change) => ({ ...change, refused: null })), ...refused].sort((a, b) => a.offset - b.offset);
  const rows = effects.map((change) => ({
    at: new Date(change.appendedAtMs).toISOString(),
    hash: change.policy.hash,
    version: change.policy.version,
    by: change.by,
    signedBy: change.signedBy,
    source: change.source,
    eventId: change.eventId,
    offset: change.offset,
    refused: change.refused,
  }));
  if (json) {
    out.json(rows);
    return;
  }
  if (changes.length === 0) out.note('no policy yet: before the first one every access is let pass (policy {version: none})');
  if (rows.length === 0) return;
  const isRefused = refused.length > 0;
  out.table(
    ['at', 'policy', 'version', 'by', 'source', 'event', ...(isRefused ? ['effect'] : [])],
    rows.map((row) => [
      row.at,
      row.hash,
      row.version,
      row.by,
      row.source,
      row.eventId,
      ...(isRefused ? [row.refused === null ? 'in force from here' : `none: ${WHY_IN_WORDS[row.refused]}`] : []),
    ]),
  );
}
