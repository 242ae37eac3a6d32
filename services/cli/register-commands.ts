/**
 * Commands are loaded when they are asked for: reading the sources of all of them takes longer than most of them run. Their order is
 * the one of `ntk --help`.
 */
import type { Command } from 'commander';
import type { CliContext } from './context.ts';

type Register = (program: Command, context: CliContext) => void;

interface Source {
  /** As they are typed. */
  readonly names: readonly string[];
  readonly load: () => Promise<Register>;
}

const SOURCES: readonly Source[] = [
  { names: ['run'], load: async () => (await import('./commands/run.ts')).registerRun },
  { names: ['up', 'scorer', 'writer', 'gateway', 'aggregator'], load: async () => (await import('./commands/up.ts')).registerUp },
  { names: ['ingest'], load: async () => (await import('./commands/ingest.ts')).registerIngest },
  { names: ['report'], load: async () => (await import('./commands/report.ts')).registerReport },
  { names: ['explain'], load: async () => (await import('./commands/explain.ts')).registerExplain },
  { names: ['query'], load: async () => (await import('./commands/query.ts')).registerQuery },
  { names: ['verify'], load: async () => (await import('./commands/verify.ts')).registerVerify },
  { names: ['repair'], load: async () => (await import('./commands/verify.ts')).registerRepair },
  { names: ['evaluate'], load: async () => (await import('./commands/evaluate.ts')).registerEvaluate },
  { names: ['drift'], load: async () => (await import('./commands/drift.ts')).registerDrift },
  { names: ['baseline'], load: async () => (await import('./commands/baseline.ts')).registerBaseline },
  { names: ['accept-gap'], load: async () => (await import('./commands/accept-gap.ts')).registerAcceptGap },
  { names: ['policy'], load: async () => (await import('./commands/policy.ts')).registerPolicy },
  { names: ['review'], load: async () => (await import('./commands/review.ts')).registerReview },
  { names: ['standing'], load: async () => (await import('./commands/program-facts.ts')).registerStanding },
  { names: ['entitlement'], load: async () => (await import('./commands/program-facts.ts')).registerEntitlement },
  { names: ['erasure'], load: async () => (await import('./commands/erasure.ts')).registerErasure },
  { names: ['keys'], load: async () => (await import('./commands/keys.ts')).registerKeys },
  { names: ['rejects'], load: async () => (await import('./commands/rejects.ts')).registerRejects },
  { names: ['tokens'], load: async () => (await import('./commands/tokens.ts')).registerTokens },
  { names: ['export'], load: async () => (await import('./commands/export.ts')).registerExport },
  { names: ['simulate'], load: async () => (await import('./commands/simulate.ts')).registerSimulate },
];

/** Registers the command that `argv` begins with; all of them where it is none, for help, completion and "did you mean". */
export async function registerCommands(program: Command, context: CliContext, argv: readonly string[]): Promise<void> {
  const asked = SOURCES.find(({ names }) => names.includes(argv[0] ?? ''));
  const registers = await Promise.all((asked === undefined ? SOURCES : [asked]).map(({ load }) => load()));
  for (const register of registers) register(program, context);
  if (asked !== undefined) return;
  const { registerCompletion } = await import('./completion.ts');
  registerCompletion(program, argv);
}
