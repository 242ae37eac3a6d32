/** `ntk simulate`: a made-up super-app, into files or into a running system. */
import type { Command } from 'commander';
import { TIME_END_US } from '../../domain/record/time.ts';
import { durationUs } from '../../../schemas/policy/duration.ts';
import { systemCodeOf } from '../../platform/system-error.ts';
import { gatewaySink, SinkRefused } from '../../simulator/gateway-sink.ts';
import { DAY_MS_MIN, PROGRAMS_DEFAULT, RATE_MAX, runLiveSource } from '../../simulator/live-source.ts';
import { DAY_MS } from '../../simulator/spans.ts';
import { DAILY_DEFAULT, DAYS_MAX, START_DEFAULT_MS, writeFiles } from '../../simulator/write-files.ts';
import { PROGRAMS_MAX } from '../../simulator/world/world.ts';
import { UserError } from '../../system/user-error.ts';
import type { CliContext } from '../context.ts';
import { jsonOptions, systemAt } from '../options.ts';
import { brief } from '../output/terminal.ts';
import { parseBound } from '../time-range.ts';
import { counted, grouped } from '../../domain/wording/counted.ts';

interface SimulateFlags {
  readonly seed: string;
  readonly programs?: string;
  readonly days?: string;
  readonly output?: string;
  readonly from?: string;
  readonly daily?: string;
  readonly to?: string;
  readonly rate?: string;
  readonly day?: string;
  readonly token?: string;
  readonly json?: boolean;
}

const PROGRAMS_MIN = 2;
const FILE_PROGRAMS_DEFAULT = 500;
const DAYS_DEFAULT = 7;
const DAILY_MAX = 1_000_000;
const RATE_DEFAULT = 50;

export function registerSimulate(program: Command, context: CliContext): void {
  jsonOptions(program.command('simulate'))
    .description('make up a super-app from a seed: programs, users, and what goes wrong; as files, or live into a running system')
    .option('--seed <n>', 'the same seed and options give the same bytes, on any machine', '1')
    .option('--programs <n>', `how many programs (default: ${FILE_PROGRAMS_DEFAULT}, live ${PROGRAMS_DEFAULT})`)
    .option('--days <n>', `how many days (default: ${DAYS_DEFAULT})`)
    .option('--output <dir>', 'folder for events.ndjson and labels.json')
    .option('--from <time>', `when the events begin, a date or RFC 3339 (default: ${isoDay(START_DEFAULT_MS)})`)
    .option('--daily <n>', `records of a program a day, on average (default: ${DAILY_DEFAULT})`)
    .option('--to <url>', 'send to this system instead, as things happen, until stopped')
    .option('--rate <n>', `with --to: records a second, on average (default: ${RATE_DEFAULT})`)
    .option('--day <duration>', 'with --to: how long a day of its seasons lasts, such as 20m (default: 1d)')
    .option('--token <token>', 'bearer token for --to; also NTK_TOKEN')
    .addHelpText(
      'after',
      `
What it makes up, and how: docs/simulator.md.

Examples:
  ntk simulate --seed 1 --programs 200 --days 3 --output ./made-up
  ntk run --data ./made-up/data --policy policies/default.yaml --input ./made-up/events.ndjson
  NTK_TOKEN="$(cat simulator.token)" ntk simulate --to http://127.0.0.1:7077 --rate 100 --day 20m`,
    )
    .action(async (flags: SimulateFlags) => {
      if ((flags.output === undefined) === (flags.to === undefined))
        throw new UserError('say where to: --output DIR for files, or --to URL for a running system');
      forbid(flags, flags.to === undefined ? ['rate', 'day', 'token'] : ['days', 'from', 'daily']);
      if (flags.to === undefined) await simulateFiles(context, flags, flags.output!);
      else await simulateLive(context, flags, flags.to);
    });
}

function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** A flag that has no effect would look as if it had one. */
function forbid(flags: SimulateFlags, names: readonly (keyof SimulateFlags)[]): void {
  for (const name of names) {
    if (flags[name] !== undefined)
      throw new UserError(
        `--${name} has no meaning with ${flags.to === undefined ? '--output' : '--to'}: see ntk simulate --help`,
      );
  }
}

function whole(name: string, text: string | undefined, fallback: number, low: number, high: number): number {
  if (text === undefined) return fallback;
  const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= low && value <= high))
    throw new UserError(`--${name} '${brief(text, 20)}' is no number from ${low} to ${grouped(high)}`);
  return value;
}

const seedOf = ({ seed }: SimulateFlags): number => whole('seed', seed, 1, 0, 2 ** 32 - 1);

async function simulateFiles(context: CliContext, flags: SimulateFlags, folder: string): Promise<void> {
  const { out, signal } = context;
  const options = {
    seed: seedOf(flags),
    programs: whole('programs', flags.programs, FILE_PROGRAMS_DEFAULT, PROGRAMS_MIN, PROGRAMS_MAX),
    days: whole('days', flags.days, DAYS_DEFAULT, 1, DAYS_MAX),
    daily: whole('daily', flags.daily, DAILY_DEFAULT, 1, DAILY_MAX),
    startMs: Math.floor(parseBound('--from', flags.from, START_DEFAULT_MS * 1_000) / 1_000),
  };
  if (options.startMs + (options.days + 1) * DAY_MS > TIME_END_US / 1_000)
    throw new UserError('the events would be later than 2254, which no event may be: see --from and --days');
  const bar = out.progress('simulating', 'hours');
  try {
    const onProgress = (hours: number, total: number): void => bar.update(hours, total);
    const written = await writeFiles({ ...options, folder, signal, onProgress });
    bar.stop();
    if (written.status === 'stopped') {
      out.problem(`stopped: nothing was written to ${brief(folder)}`);
      context.fail();
    } else if (flags.json) out.json(written);
    else {
      out.line(`${written.events}: ${counted(written.records, 'record')}`);
      out.line(`${written.labels}: ${counted(written.incidents, 'incident')}`);
    }
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === null) throw error;
    const why = code === 'ENOSPC' ? ', the disk is full' : code === 'ENOTDIR' ? ', a file is in the way' : '';
    throw new UserError(`cannot write to ${brief(folder)}: ${code}${why}`);
  } finally {
    bar.stop();
  }
}

/** Milliseconds. */
function dayOf({ day }: SimulateFlags): number {
  if (day === undefined) return DAY_MS;
  const us = durationUs(day);
  const ms = us === undefined ? Number.NaN : Number(us) / 1_000;
  if (!(ms >= DAY_MS_MIN && ms <= DAY_MS))
    throw new UserError(`--day '${brief(day, 20)}' is no duration from 1m to 1d, such as 20m`);
  return ms;
}

async function simulateLive({ out, clock, signal, token: known }: CliContext, flags: SimulateFlags, to: string): Promise<void> {
  const { url, token } = systemAt(to, flags.token ?? known);
  const rate = whole('rate', flags.rate, RATE_DEFAULT, 1, RATE_MAX);
  const options = {
    seed: seedOf(flags),
    programs: whole('programs', flags.programs, PROGRAMS_DEFAULT, PROGRAMS_MIN, PROGRAMS_MAX),
    dayMs: dayOf(flags),
  };
  const onRetry = (why: string, inMs: number): void =>
    out.note(`${brief(to)}: ${brief(why, 200)}; trying again in ${Math.ceil(inMs / 1_000)} s`);
  out.note(`sending ${counted(rate, 'record')} a second to ${brief(to)}, until stopped (Ctrl-C)`);
  try {
    const sink = gatewaySink({ url, token, clock, signal, onRetry });
    const { records, skippedSeconds } = await runLiveSource({ ...options, sink, clock, signal, rate });
    if (flags.json) out.json({ records, skippedSeconds });
    else out.line(`${counted(records, 'record')} sent`);
  } catch (error) {
    if (!(error instanceof SinkRefused)) throw error;
    throw new UserError(
      `${brief(to)} refused: ${brief(error.message, 300)} (docs/simulator.md says which token the simulator needs)`,
    );
  }
}
