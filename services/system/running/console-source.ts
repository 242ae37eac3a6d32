/** Where the pages of a running system have their figures from: its scorer, its log and its warehouse. */
import { MODES } from '../../../schemas/codes.ts';
import { printable } from '../../../schemas/policy/wording.ts';
import { accessAt, type StoredAccess } from '../../auditor/find-access.ts';
import type { AboutSystem, ConsoleSource, OpenedAccess, Standing } from '../../console/console-source.ts';
import { newestAccesses, told } from '../../console/live/newest-accesses.ts';
import { TIME_END_US } from '../../domain/record/time.ts';
import { categoryInWords } from '../../domain/wording/categories.ts';
import { storedChecks } from '../../domain/wording/stored-checks.ts';
import type { Authority } from '../../domain/authority/authority.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Health } from '../../platform/http/health.ts';
import { LogError } from '../../platform/log/event-log.ts';
import type { Warehouse } from '../../platform/warehouse/warehouse.ts';
import { backlogOf } from './backlog.ts';
import { reviewSource } from './review-source.ts';
import { quotedForShell } from './shell-words.ts';
import { certifiedReport } from '../questions/certified-report.ts';
import type { System } from '../opening/open-system.ts';
import { reportInterceptions } from '../questions/report.ts';

interface ConsoleSourceOptions {
  readonly system: System;
  readonly warehouse: Warehouse;
  readonly authority: Authority;
  readonly health: Health;
  readonly clock: Clock;
  readonly about: Omit<AboutSystem, 'logId'>;
  /** What a command needs to find the store: ` --data DIR`, or nothing where the default does. */
  readonly storeFlags: string;
}

const FACT_CHARACTERS_MAX = 200;

export function consoleSource(options: ConsoleSourceOptions): ConsoleSource {
  const { system, warehouse, authority, health, clock, about, storeFlags } = options;
  const { log } = system;
  const source = { log, logId: log.logId, warehouse };
  const everything = (): { fromUs: number; toUs: number; nowMs: number } => ({
    fromUs: 0,
    toUs: TIME_END_US,
    nowMs: clock.nowMs(),
  });
  return {
    about: { ...about, logId: log.logId },
    standing: () => standingOf(system, health, clock),
    report: () => reportInterceptions(source, everything()),
    certified: () => certifiedReport({ ...source, isFed: true }, everything(), authority),
    newest: () => newestAccesses(warehouse, log.logId),
    ...reviewSource(options),
    open: async (partition, offset) => {
      const row = await accessAt(warehouse, log.logId, partition, offset);
      return row === null ? null : opened(row, storeFlags);
    },
  };
}

async function standingOf(system: System, health: Health, clock: Clock): Promise<Standing> {
  const waitingRecords = await waitingIn(system, clock);
  const [first] = system.scorer?.owned().values() ?? [];
  const policy = first?.state.hasPolicy ? first.state.policy : null;
  const { checks } = await health.report();
  return {
    waitingRecords,
    policy:
      policy === null
        ? null
        : { hash: policy.hash, version: printable(policy.version, FACT_CHARACTERS_MAX), mode: MODES[policy.defaultMode]! },
    troubles: Object.entries(checks).flatMap(([name, { ok, detail }]) => (ok ? [] : [`${name}: ${detail}.`])),
  };
}

async function waitingIn(system: System, clock: Clock): Promise<number | null> {
  try {
    const { records } = await backlogOf(system, clock.nowMs());
    return [...records.values()].reduce((sum, waiting) => sum + waiting, 0);
  } catch (error) {
    // Health says that the log is away; the page goes on.
    if (error instanceof LogError) return null;
    throw error;
  }
}

/** A stored row has a user; what is opened has none. */
function opened(row: StoredAccess, storeFlags: string): OpenedAccess {
  const facts: readonly (readonly [string, string])[] = [
    ['Kind of data', categoryInWords(row.category)],
    ['API', row.api],
    ['Class of program', row.class],
    ['Developer', row.developer],
    ['Page', row.page],
    ['Reported by', row.source],
    ['Happened', `${row.event_time} UTC`],
    ['Arrived', `${row.appended_at} UTC`],
    ['Declaration', row.declaration_version === 0 ? 'none' : `version ${row.declaration_version}`],
    ['Policy', row.policy_hash],
    ['Event', row.event_id],
    ['Place in the log', `partition ${row.partition}, offset ${row.offset}`],
  ];
  return {
    told: told(row),
    programId: row.program,
    verdict: row.verdict,
    proposed: row.proposed,
    checks: storedChecks(row),
    facts: facts.flatMap(([name, value]) => (value === '' ? [] : [{ name, value: printable(value, FACT_CHARACTERS_MAX) }])),
    command: `ntk explain ${quotedForShell(row.event_id)} --recompute${storeFlags}`,
  };
}
