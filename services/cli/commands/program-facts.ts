/** `ntk standing` and `ntk entitlement`: what reviewers decide about a program. */
import type { Command } from 'commander';
import { CATEGORIES, CATEGORY_INDEX, type Standing, STANDINGS } from '../../../schemas/codes.ts';
import { authorityOf, requireAuthoritySetting, signerFrom } from '../../system/opening/authority.ts';
import {
  LOOKED_BACK_RECORDS,
  type ProgramFact,
  type PublishedFact,
  publishProgramFact,
} from '../../system/facts/program-facts.ts';
import { REVIEW_WORDS_CHARS_MAX } from '../../domain/review/conclusions.ts';
import { nameOf } from '../../domain/review/episode.ts';
import { grouped } from '../../domain/wording/counted.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { type JsonFlags, jsonOptions, type LogFlags, logOptions, type SigningFlags, signingOption } from '../options.ts';
import { brief } from '../output/terminal.ts';
import { parseBound } from '../time-range.ts';

interface FactFlags extends LogFlags, JsonFlags, SigningFlags {
  readonly by?: string;
  readonly until?: string;
}

const PROGRAM_CHARACTERS_MAX = 80;
const NEVER_US = Number.POSITIVE_INFINITY;

function factOptions(command: Command): Command {
  return jsonOptions(signingOption(logOptions(command)))
    .option('--until <time>', 'when it lapses, a date or RFC 3339; default: it does not')
    .option('--by <name>', 'who decides it; default: who is logged in');
}

export function registerStanding(program: Command, context: CliContext): void {
  factOptions(program.command('standing'))
    .argument('<program>', 'the program, by its id')
    .argument('<state>', STANDINGS.join(', '))
    .option('--reason <text>', 'why, for whoever reads the log', '')
    .description('suspend or ban a program, put it under review, or let it go on')
    .addHelpText(
      'after',
      `
suspended and banned: what the policy says of program_suspended and program_banned happens to each of its accesses. under_review
stops nothing. It acts from its place in the log on, and excuses or accuses nothing before.

Examples:
  ntk standing wx1234567890abcdef suspended --reason "sends contacts to a third party"
  ntk standing wx1234567890abcdef suspended --until 2026-04-01 --signing-key reviewer.key
  ntk standing wx1234567890abcdef active --reason "mended in version 7"`,
    )
    .action(async (id: string, text: string, flags: FactFlags & { readonly reason: string }) => {
      const state = standingNamed(text);
      const { reason, by = context.userName } = flags;
      requireShort({ '--reason': reason, '--by': by });
      const until = untilOf(context, flags);
      if (state === 'active' && until !== undefined)
        throw new UserError('--until says when a standing lapses, and active has nothing to lapse to');
      const fact = { type: 'ntk.standing', data: { state, by, reason, until } } as const;
      await decide(context, { program: id, fact, by, flags, words: `${state}${untilInWords(until)}` });
    });
}

function standingNamed(text: string): Standing {
  const state = STANDINGS.find((known) => known === text);
  if (state !== undefined) return state;
  throw new UserError(`'${brief(text, 40)}' is no standing: one of ${STANDINGS.join(', ')}`);
}

const GRANTS = { granted: true, withdrawn: false } as const;

export function registerEntitlement(program: Command, context: CliContext): void {
  factOptions(program.command('entitlement'))
    .argument('<program>', 'the program, by its id')
    .argument('<category>', 'the kind of data, by the name that the policy lists under restricted')
    .argument('<state>', Object.keys(GRANTS).join(', '))
    .description('open a restricted kind of data to a program, or close it again')
    .addHelpText(
      'after',
      `
It acts from its place in the log on. The program still has to declare the kind of data, and its users to agree where they are asked.

Examples:
  ntk entitlement wx1234567890abcdef contacts granted --until 2027-03-01
  ntk entitlement wx1234567890abcdef contacts withdrawn --signing-key reviewer.key`,
    )
    .action(async (id: string, category: string, text: string, flags: FactFlags) => {
      if (!CATEGORY_INDEX.has(category))
        throw new UserError(`'${brief(category, 40)}' is no kind of data: one of ${CATEGORIES.join(', ')}`);
      if (!Object.hasOwn(GRANTS, text)) throw new UserError(`'${brief(text, 40)}' is neither granted nor withdrawn`);
      const granted = GRANTS[text as keyof typeof GRANTS];
      const { by = context.userName } = flags;
      requireShort({ '--by': by });
      const until = untilOf(context, flags);
      if (!granted && until !== undefined)
        throw new UserError('--until says when what was granted lapses; withdrawn it is at once');
      const fact = { type: 'ntk.entitlement', data: { category, granted, until } } as const;
      await decide(context, { program: id, fact, by, flags, words: `${category} ${text}${untilInWords(until)}` });
    });
}

function requireShort(words: Readonly<Record<string, string>>): void {
  for (const [option, text] of Object.entries(words))
    if (text.length > REVIEW_WORDS_CHARS_MAX) throw new UserError(`${option} has more than ${REVIEW_WORDS_CHARS_MAX} characters`);
}

/** RFC 3339; undefined where it does not lapse. @throws UserError for what is no time */
function untilOf({ out, clock }: CliContext, { until }: FactFlags): string | undefined {
  const us = parseBound('--until', until, NEVER_US);
  if (us === NEVER_US) return undefined;
  if (us <= clock.nowMs() * 1000) out.note('--until is over already: it concerns only accesses that happened before then');
  return new Date(us / 1000).toISOString();
}

function untilInWords(until: string | undefined): string {
  return until === undefined ? '' : ` until ${until}`;
}

interface Decision {
  readonly program: string;
  readonly fact: ProgramFact;
  readonly by: string;
  readonly flags: FactFlags;
  readonly words: string;
}

async function decide(context: CliContext, { program, fact, by, flags, words }: Decision): Promise<void> {
  const { out, clock } = context;
  const published = await context.withLog(flags, async (log, config): Promise<PublishedFact> => {
    const authority = authorityOf(config);
    await requireAuthoritySetting(log, authority);
    const signer = signerFrom(flags.signingKey ?? config.signingKeyFile);
    return publishProgramFact(log, program, fact, { by, nowMs: clock.nowMs(), authority, signer });
  });
  if (flags.json) {
    out.json({
      program,
      type: fact.type,
      ...fact.data,
      until: fact.data.until ?? null,
      by,
      place: nameOf(published),
      isSeenLately: published.isSeenLately,
    });
    return;
  }
  out.line(
    `${brief(program, PROGRAM_CHARACTERS_MAX)}: ${words} by ${brief(by, PROGRAM_CHARACTERS_MAX)}, from ${nameOf(published)} in the log on`,
  );
  if (!published.isSeenLately)
    out.note(
      `nothing of ${brief(program, PROGRAM_CHARACTERS_MAX)} is among the newest ${grouped(LOOKED_BACK_RECORDS)} records of its partition: if that surprises you, look at the id`,
    );
}
