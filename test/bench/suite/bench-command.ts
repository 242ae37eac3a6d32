/** `npm run bench`: runs benchmarks, prints what they found, keeps it, compares it. */
import { join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { systemClock } from '../../../services/platform/clock.ts';
import type { Output } from '../../../services/cli/output/output.ts';
import type { TestBroker } from '../../kafka/broker.ts';
import { type Benchmark, SIZES, type Size } from './benchmark.ts';
import { BENCHMARKS } from './benchmarks.ts';
import { markdownOf, writeInto } from './markdown.ts';
import { compared, fallen, readRatios, updated, writeRatios } from './ratios.ts';
import { readReport, type Report, writeReport } from './report.ts';
import { runSuite } from './suite.ts';
import { HEAD, linesOf, machineWords, remarksOf, rowOf } from './table.ts';

const RATIOS = join(import.meta.dirname, '../ratios.json');
const PAGE = join(import.meta.dirname, '../../../docs/speed.md');
const ROUNDS: Readonly<Record<Size, number>> = { tiny: 1, small: 3, full: 3 };

interface Flags {
  readonly size: Size;
  readonly only?: string;
  readonly runs?: string;
  readonly json?: string;
  readonly from?: string;
  readonly markdown?: boolean;
  readonly docs?: boolean;
  readonly check?: boolean;
  readonly updateRatios?: boolean;
  readonly ratios: string;
  readonly list?: boolean;
}

async function bench(out: Output, flags: Flags): Promise<number> {
  if (flags.list) {
    out.table(
      ['name', 'what'],
      BENCHMARKS.map(({ name, title }) => [name, title]),
    );
    return 0;
  }
  const report = flags.from === undefined ? await run(out, flags) : readReport(flags.from);
  if (flags.json !== undefined) writeReport(flags.json, report);
  if (flags.markdown) out.line(markdownOf(report, BENCHMARKS));
  else print(out, report);
  if (flags.docs) writeInto(PAGE, markdownOf(report, BENCHMARKS));
  if (flags.updateRatios) writeRatios(flags.ratios, updated(report, readRatios(flags.ratios)));
  const isWhole = report.benchmarks.every(({ problem }) => problem === null);
  return (flags.check && !check(out, report, flags.ratios)) || !isWhole ? 1 : 0;
}

function chosen({ only }: Flags): readonly Benchmark[] {
  if (only === undefined) return BENCHMARKS;
  return only.split(',').map((name) => {
    const found = BENCHMARKS.find((benchmark) => benchmark.name === name);
    if (found === undefined) throw new Error(`--only ${name}: there are ${BENCHMARKS.map((each) => each.name).join(', ')}`);
    return found;
  });
}

function roundsOf({ runs, size }: Flags): number {
  const rounds = Number(runs ?? ROUNDS[size]);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= 99) return rounds;
  throw new Error(`--runs ${runs}: a whole number from 1 to 99`);
}

async function run(out: Output, flags: Flags): Promise<Report> {
  const benchmarks = chosen(flags);
  const rounds = roundsOf(flags);
  const bar = out.progress('measuring', 'rounds');
  let broker: TestBroker | null = null;
  let before = 0;
  try {
    return await runSuite({
      benchmarks,
      size: flags.size,
      rounds,
      startBroker: async () => {
        // Loaded only here: what starts containers takes a second, and a report that was kept needs no broker.
        const { startBroker } = await import('../../kafka/broker.ts');
        broker = await startBroker({ isFast: true });
        return broker.address;
      },
      nowMs: systemClock.nowMs(),
      onRound: ({ name }, done) => {
        bar.update(before + done, benchmarks.length * rounds);
        if (!out.errors.isTTY) out.note(done === 0 ? `${name}: ${rounds} rounds` : `${name}: round ${done} is measured`);
      },
      onResult: () => (before += rounds),
    });
  } finally {
    bar.stop();
    await (broker as TestBroker | null)?.stop();
  }
}

function print(out: Output, report: Report): void {
  out.table(HEAD, linesOf(report, BENCHMARKS).map(rowOf));
  out.line();
  for (const { name, hashes } of report.benchmarks.filter((result) => Object.keys(result.hashes).length > 0))
    out.line(
      `${name}: ${Object.entries(hashes)
        .map(([of, hash]) => `${of} ${hash}`)
        .join(', ')}`,
    );
  out.line(machineWords(report));
  for (const remark of remarksOf(report)) out.line(out.paint('yellow', remark));
}

/** Says which ratios fell; whether none did. */
function check(out: Output, report: Report, file: string): boolean {
  const stored = readRatios(file);
  const problems = fallen(report, stored);
  for (const problem of problems) out.problem(problem);
  const names = compared(report, stored);
  if (names.length === 0) out.problem(`no ratios are stored for size ${report.size}: --update-ratios stores those of a run`);
  else if (problems.length === 0) out.note(`all ${names.length} stored ratios are reached`);
  return names.length > 0 && problems.length === 0;
}

/** Answers the exit code. */
export async function benchCommand(out: Output, argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command('npm run bench --')
    .description('measures the product beside its floors; docs/speed.md explains each figure')
    .addOption(new Option('--size <size>', 'how much is measured').choices(SIZES).default('full'))
    .option('--only <names>', 'benchmarks, separated by commas')
    .option('--runs <n>', `rounds of each (${SIZES.map((size) => `${size} ${ROUNDS[size]}`).join(', ')})`)
    .option('--json <file>', 'keeps everything that was measured')
    .option('--from <file>', 'measures nothing: takes what --json kept')
    .option('--markdown', 'prints Markdown')
    .option('--docs', 'puts it into docs/speed.md')
    .option('--check', 'fails when a ratio fell below the stored one by more than its tolerance')
    .option('--update-ratios', 'stores the ratios of this run for later checks')
    .option('--ratios <file>', 'where they are stored', RATIOS)
    .option('--list', 'names the benchmarks')
    .addHelpText(
      'after',
      `
Examples:
  npm run bench
  npm run bench -- --size small --only scoring,latency --json results.json
  npm run bench:check -- --only scoring
  npm run bench -- --from results.json --markdown`,
    )
    .configureOutput({ writeErr: (text) => out.note(text.trimEnd()), writeOut: (text) => out.line(text.trimEnd()) })
    .exitOverride()
    .action(async (flags: Flags) => {
      code = await bench(out, flags);
    });
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    out.problem(error instanceof Error ? error.message : String(error));
    return 1;
  }
  return code;
}
