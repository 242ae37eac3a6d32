/** The pages for people, put together for a process that judges and stores. */
import type { FastifyInstance } from 'fastify';
import { registerConsole } from '../../console/http/register-console.ts';
import type { LiveFigures } from '../../console/live/live-figures.ts';
import { LivePage } from '../../console/live/live-page.ts';
import { ANY_SIMULATED_SQL } from '../../domain/report/certificate-queries.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Config } from '../../platform/config/load-config.ts';
import type { Health } from '../../platform/http/health.ts';
import type { Part } from '../../platform/lifecycle.ts';
import type { Logger } from '../../platform/logger.ts';
import { type Warehouse, WarehouseError } from '../../platform/warehouse/warehouse.ts';
import { consoleSource } from './console-source.ts';
import type { Keys } from '../opening/process-keys.ts';
import type { System } from '../opening/open-system.ts';

/** What only the command line knows. */
export interface PagesOptions {
  /** As `--version` says it. */
  readonly version: string;
  /** With the guides. */
  readonly docsFolder: string;
  /** Where the data lies, as a person writes it. */
  readonly dataIn: string;
  /** What a command needs to find the store: ` --data DIR`, or nothing where the default does. */
  readonly storeFlags: string;
}

interface PagesParts {
  readonly pages: PagesOptions;
  readonly keys: Keys;
  /** The simulator is the host now. What it sent earlier is found. */
  readonly isSimulated: boolean;
  readonly system: System;
  readonly figures: LiveFigures;
  readonly config: Config;
  readonly token: string;
  readonly health: Health;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Null where nothing is judged and stored, so that there is nothing to show. */
export async function openPages(app: FastifyInstance, parts: PagesParts): Promise<Part | null> {
  const { pages, keys, isSimulated, system, figures, config, token, health, clock, logger } = parts;
  const { warehouse } = system;
  if (warehouse === null || keys.scoring === null) return null;
  const { authority } = keys.scoring;
  const { version, docsFolder, dataIn, storeFlags } = pages;
  const onProblem = (reason: string): void => logger.warn({ reason }, 'the page cannot have its stored figures, trying again');
  const simulated = isSimulated ? 'now' : (await wasSimulated(warehouse, system.log.logId, onProblem)) ? 'earlier' : 'never';
  const about = { version, dataIn, simulated } as const;
  const source = consoleSource({ system, warehouse, authority, health, clock, about, storeFlags });
  const live = new LivePage({ source, figures, clock, onProblem });
  await registerConsole(app, { source, live, clock, host: config.httpHost, token, docsFolder });
  return { name: 'pages', start: () => live.start(), stop: () => live.stop(), ended: () => live.ended() };
}

/** Of what is stored. A server that is away, or has no tables yet, keeps nobody from judging: then it is not said. */
async function wasSimulated(warehouse: Warehouse, logId: string, onProblem: (reason: string) => void): Promise<boolean> {
  try {
    return (await warehouse.query(ANY_SIMULATED_SQL, { logId })).length > 0;
  } catch (error) {
    if (!(error instanceof WarehouseError)) throw error;
    onProblem(error.message);
    return false;
  }
}
