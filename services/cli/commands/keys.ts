/** `ntk keys make | add | revoke | list | sign`: whose facts of authority count (docs/authority.md). */
import type { Command } from 'commander';
import { AUTHORITY_TYPES } from '../../../schemas/codes.ts';
import { KEYID, keyidOf } from '../../../schemas/public-key.ts';
import type { Authority } from '../../domain/authority/authority.ts';
import { publicKeyOf, type Signer } from '../../domain/authority/signature.ts';
import { makeKeyFiles, publicFileOf } from '../../platform/keys/key-files.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import { authorityOf, publicKeysOf, requireAuthoritySetting, signerFrom } from '../../system/opening/authority.ts';
import { appendKey, type KeyHistory, keyHistory } from '../../system/facts/key-history.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { type JsonFlags, jsonOptions, type LogFlags, logOptions, type SigningFlags, signingOption } from '../options.ts';
import { brief } from '../output/terminal.ts';
import { printKeys } from './key-table.ts';
import { signLines } from './sign-lines.ts';

interface AddFlags extends SigningFlags, LogFlags, JsonFlags {
  readonly types?: readonly string[];
  readonly reason?: string;
}

export function registerKeys(program: Command, context: CliContext): void {
  const keys = program
    .command('keys')
    .description('make, list and revoke the keys of those whose facts of authority count')
    .addHelpText(
      'after',
      `
Examples:
  ntk keys make --out root.key
  ntk keys add policy.key.pub --types ntk.policy --signing-key root.key
  ntk keys list`,
    );
  registerMake(keys, context);
  registerAdd(keys, context);
  registerRevoke(keys, context);
  jsonOptions(logOptions(keys.command('list')))
    .description('which keys the log names, whether they are in force, who said so and where')
    .addHelpText('after', '\nExample:\n  ntk keys list --data ./data')
    .action((flags: LogFlags & JsonFlags) =>
      context.withLog(flags, async (log, config) => {
        const authority = authorityOf(config);
        await requireAuthoritySetting(log, authority);
        printKeys(context.out, await keyHistory(log, authority), authority, flags.json ?? false);
      }),
    );
  signingOption(keys.command('sign'))
    .option('--log <id>', 'the log that the facts are meant for; no other accepts them')
    .description('sign facts of authority, one JSON event a line, from standard input to standard output')
    .addHelpText(
      'after',
      '\nExample:\n  ntk keys sign --signing-key reviewer.key < standings.ndjson > signed.ndjson\n  ntk ingest signed.ndjson --data ./data',
    )
    .action(async (flags: SigningFlags & { readonly log?: string }) => {
      const signer = requiredSigner(context, flags);
      if (!(await signLines(context.out, process.stdin, signer, flags.log))) context.fail();
    });
}

function registerMake(keys: Command, { out }: CliContext): void {
  jsonOptions(keys.command('make'))
    .requiredOption('--out <file>', 'where the private key goes (mode 600); its public key goes to FILE.pub')
    .description('make a key pair (Ed25519); nothing is overwritten')
    .addHelpText(
      'after',
      '\nExamples:\n  ntk keys make --out root.key\n  NTK_AUTHORITY=signed NTK_ROOT_KEYS_FILE=root.key.pub ntk up',
    )
    .action(({ out: file, json }: JsonFlags & { readonly out: string }) => {
      const made = makeKeyFiles(file);
      if ('problem' in made) throw new UserError(`${brief(file)} ${made.problem}`);
      const keyid = keyidOf(publicKeyOf(made.publicKey));
      if (json) return out.json({ keyid, privateKeyFile: file, publicKeyFile: publicFileOf(file) });
      out.line(keyid);
      out.note(`private key ${brief(file)} (keep it to yourself), public key ${brief(publicFileOf(file))}`);
    });
}

function registerAdd(keys: Command, context: CliContext): void {
  const { out, clock, userName: by } = context;
  jsonOptions(signingOption(logOptions(keys.command('add'))))
    .argument('<pubfile>', 'public key (PEM), as ntk keys make or openssl pkey -pubout writes it')
    .option('--types <type...>', `facts that it may sign: ${AUTHORITY_TYPES.join(', ')}; without it all of them`)
    .option('--reason <text>', 'why, for whoever reads the log')
    .description('put a key in force, from its place in the log on; signed by a root key')
    .addHelpText(
      'after',
      '\nExamples:\n  ntk keys add reviewer.key.pub --types ntk.standing --signing-key root.key\n  ntk keys add policy.key.pub --types ntk.policy ntk.entitlement --signing-key root.key',
    )
    .action(async (file: string, flags: AddFlags) => {
      const types = flags.types === undefined ? null : flags.types.map(authorityType);
      const [publicKey, more] = publicKeysOf(file);
      if (publicKey === undefined || more !== undefined)
        throw new UserError(`the key file ${brief(file)} holds more than one key: add them one by one`);
      const key = { publicKey, state: 'active' as const, types, by, reason: flags.reason ?? '', nowMs: clock.nowMs() };
      await change(context, flags, (log, history, signer) => appendKey(log, history, key, signer));
      const keyid = keyidOf(publicKey);
      if (flags.json) return out.json({ keyid, state: 'active', types, by, reason: key.reason });
      out.line(keyid);
      out.note(`the key is in force from here on for ${types === null ? 'all facts of authority' : types.join(', ')}`);
    });
}

function registerRevoke(keys: Command, context: CliContext): void {
  const { out, clock, userName: by } = context;
  jsonOptions(signingOption(logOptions(keys.command('revoke'))))
    .argument('<keyid>', 'of the key, see ntk keys list')
    .requiredOption('--reason <text>', 'why, for whoever reads the log')
    .description('take a key out of force, from its place in the log on; what it signed before stays')
    .addHelpText('after', "\nExample:\n  ntk keys revoke 3f0c… --reason 'laptop lost' --signing-key root.key")
    .action(async (keyid: string, flags: AddFlags & { readonly reason: string }) => {
      if (!KEYID.test(keyid)) throw new UserError(`'${brief(keyid, 40)}' is no key id: 32 hex digits, see ntk keys list`);
      await change(context, flags, async (log, history, signer) => {
        const known = history.keys.get(keyid);
        if (known === undefined) throw new UserError(`this log names no key ${keyid}: see ntk keys list`);
        const { publicKey, types } = known;
        const key = { publicKey, state: 'revoked' as const, types, by, reason: flags.reason, nowMs: clock.nowMs() };
        await appendKey(log, history, key, signer);
      });
      if (flags.json) return out.json({ keyid, state: 'revoked', by, reason: flags.reason });
      out.note(`key ${keyid} is revoked from here on; what it signed before stays: look it over, and take back what is wrong`);
    });
}

async function change(
  context: CliContext,
  flags: AddFlags,
  append: (log: EventLog, history: KeyHistory, signer: Signer) => Promise<void>,
): Promise<void> {
  const signer = requiredSigner(context, flags);
  await context.withLog(flags, async (log, config) => {
    const authority = authorityOf(config);
    await requireAuthoritySetting(log, authority);
    requireSigned(authority);
    await append(log, await keyHistory(log, authority), signer);
  });
}

/** In an open log a key would be a word without effect, now and after it was closed. */
function requireSigned(authority: Authority): void {
  if (authority.mode === 'signed') return;
  throw new UserError(
    'this log accepts facts of authority from everybody who can append, so keys have no effect: set NTK_AUTHORITY=signed and NTK_ROOT_KEYS_FILE first, for the scorer too',
  );
}

function requiredSigner(context: CliContext, { signingKey }: SigningFlags): Signer {
  const signer = signerFrom(signingKey ?? context.config().signingKeyFile);
  if (signer === null) throw new UserError('name the private key to sign with: --signing-key FILE');
  return signer;
}

function authorityType(text: string): (typeof AUTHORITY_TYPES)[number] {
  const type = AUTHORITY_TYPES.find((known) => known === text);
  if (type === undefined)
    throw new UserError(`'${brief(text, 40)}' is no fact of authority: one of ${AUTHORITY_TYPES.join(', ')}`);
  return type;
}
