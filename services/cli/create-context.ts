/** Wires what the commands are given. Log, warehouse and system are loaded by whoever opens them. */
import type { Clock } from '../platform/clock.ts';
import type { Environment } from '../platform/config/environment.ts';
import { type Config, loadConfig } from '../platform/config/load-config.ts';
import { misspeltVariables } from '../platform/config/misspelt.ts';
import { openFolder } from '../platform/folder/data-folder.ts';
import type { EventLog } from '../platform/log/event-log.ts';
import type { ScoringKeys } from '../system/opening/process-keys.ts';
import type { System, SystemOptions } from '../system/opening/open-system.ts';
import { isOnKafka } from '../system/opening/open-log.ts';
import type { Store, StoreRequest } from '../system/opening/store.ts';
import { UserError } from '../system/user-error.ts';
import type { CliContext } from './context.ts';
import { type LogFlags, overridesOf, type StoreFlags } from './options.ts';
import type { Output } from './output/output.ts';
import { brief } from './output/terminal.ts';

interface ContextParts {
  readonly out: Output;
  readonly clock: Clock;
  readonly env: Environment;
  readonly signal: AbortSignal;
  readonly userName: string;
  /** As `--version` says it. */
  readonly version: string;
}

export function createContext({ env, ...parts }: ContextParts): CliContext & { readonly exitCode: number } {
  const { out, clock } = parts;
  let exitCode = 0;
  /** What was said of the environment, once. */
  const warned = new Set<string>();
  const configured = (file?: string, overrides: Readonly<Record<string, string>> = {}): Config => {
    const result = loadConfig({ file, overrides });
    for (const warning of misspeltVariables()) {
      if (!warned.has(warning)) out.note(brief(warning, 200));
      warned.add(warning);
    }
    if (result.ok) return result.config;
    for (const problem of result.problems) out.problem(brief(problem, 400));
    throw new UserError(
      `the configuration has ${result.problems.length === 1 ? 'a problem' : `${result.problems.length} problems`}, see above`,
    );
  };
  const withStore = async <T>(flags: StoreFlags, use: (store: Store) => Promise<T>, without?: WithoutLog): Promise<T> =>
    withOpenStore({ ...configured(undefined, overridesOf(flags)), ...without, clock }, flags, use);
  return {
    ...parts,
    token: env.token,
    config: configured,
    get exitCode() {
      return exitCode;
    },
    fail(code = 1) {
      exitCode = code;
    },
    async withLog<T>(flags: LogFlags, use: (log: EventLog, config: Config) => Promise<T>): Promise<T> {
      const config = configured(undefined, overridesOf(flags));
      const folder = isOnKafka(config) ? null : openFolder(flags.data, { create: false });
      const { openExistingLog } = await import('../system/opening/store.ts');
      const log = await openExistingLog({ ...config, clock }, folder);
      try {
        return await use(log, config);
      } finally {
        await log.close();
      }
    },
    withStore: (flags, use) => withStore(flags, use),
    withStoreEvenWithoutLog: (flags, use) => withStore(flags, use, { onLogMissing: (message) => out.note(message) }),
    async openBatch(data: string, config: Config, keys: ScoringKeys): Promise<System> {
      const [{ openSystem }, { tuningOf }] = await Promise.all([
        import('../system/opening/open-system.ts'),
        import('../system/opening/tuning.ts'),
      ]);
      return openSystem({
        ...config,
        ...quiet(out),
        data,
        keys,
        roles: ['scorer', 'writer'],
        syncMode: 'barriers',
        tuning: tuningOf(config),
        clock,
      });
    },
  };
}

type WithoutLog = Pick<StoreRequest, 'onLogMissing'>;

async function withOpenStore<T>(
  config: Config & WithoutLog & Pick<StoreRequest, 'clock'>,
  { data, clickhouse, log }: StoreFlags,
  use: (store: Store) => Promise<T>,
): Promise<T> {
  const { openStore } = await import('../system/opening/store.ts');
  const store = await openStore({ ...config, data, clickhouseUrl: clickhouse ?? config.clickhouseUrl, logId: log });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** Says only what a person should know while a batch runs. */
function quiet(out: Output): Pick<SystemOptions, 'scorerObserver' | 'writerObserver'> {
  const failed = (what: string, error: Error, retryInMs: number): void =>
    out.note(`${what}: ${brief(error.message, 300)}; trying again in ${retryInMs} ms`);
  return {
    scorerObserver: {
      scored: () => {},
      taken: () => {},
      lost: (partition) => out.note(`partition ${partition} was taken by another scorer`),
      nearlyFull: (partition, { kind, count, max }) =>
        out.note(`partition ${partition} holds ${count} ${kind} of the ${max} allowed (NTK_STATE_*)`),
      failed: (partition, error, retryInMs) => failed(`scorer, partition ${partition}`, error, retryInMs),
    },
    writerObserver: {
      written: () => {},
      lost: (partition) => out.note(`partition ${partition} was taken by another writer`),
      failed: (partition, error, _, retryInMs) => failed(`writer, partition ${partition}`, error, retryInMs),
    },
  };
}
