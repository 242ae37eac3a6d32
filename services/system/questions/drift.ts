/** Reads what the drift report compares: manifests and declarations of files, declarations of a log, calls of the results. */
import { type CalledRow, DRIFT_PROGRAMS_MAX, KnownPrograms } from '../../domain/drift/known-programs.ts';
import { type Drift, driftReport } from '../../domain/drift/drift-report.ts';
import type { KnownProgram } from '../../domain/drift/known-program.ts';
import { CALLED_SQL } from '../../domain/drift/queries.ts';
import { encodingOf } from '../../domain/record/json.ts';
import type { ImportFormat } from '../../importers/formats.ts';
import type { Input } from '../../importers/input/open-input.ts';
import { lookedAt } from '../../importers/likely-format.ts';
import { type LineBatch, linesOf } from '../../importers/lines.ts';
import { type OddThing, OddThings } from '../../importers/odd-things.ts';
import type { Manifest } from '../../importers/wechat/manifest.ts';
import { readManifests } from '../../importers/wechat/wechat-declarations.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import { readBatches } from '../../platform/log/read-batches.ts';
import type { Warehouse } from '../../platform/warehouse/warehouse.ts';
import { UserError } from '../user-error.ts';

/** Formats that declare something. */
export const DRIFT_FORMATS = ['wechat-declarations', 'cloudevents'] as const satisfies readonly ImportFormat[];
type DriftFormat = (typeof DRIFT_FORMATS)[number];

/** Programs times kinds of data that were called, at most: about half a gigabyte. */
const CALLED_ROWS_MAX = 2 * DRIFT_PROGRAMS_MAX;
const READ = { maxRecords: 20_000, maxBytes: 16 * 1024 * 1024 };

export class DriftReader {
  readonly #programs = new KnownPrograms();
  #called: CalledRow[] | null = null;

  /** Programs that declare something in what was read so far. */
  get declared(): number {
    return this.#programs.count;
  }

  /** Answers what was strange in the file. @throws UserError when there are too many programs */
  async readFile(input: Input, format: DriftFormat): Promise<readonly OddThing[]> {
    const odd = new OddThings();
    const lines = lookedAt(linesOf(input.chunks()), format, odd);
    if (format === 'cloudevents') {
      for await (const batch of lines) this.#takeRecords(batch);
      return odd.list();
    }
    for await (const read of readManifests(lines, odd)) {
      for (const { manifest } of read)
        if (manifest !== null && !this.#programs.declare(manifest.version, knownBy(manifest))) throw tooMany();
    }
    return odd.list();
  }

  /** Declarations in force at the end of the log. */
  async readLog(log: EventLog): Promise<void> {
    for (let partition = 0; partition < log.partitions; partition++) {
      for await (const { bytes, count, starts } of readBatches(log, 'access', partition, READ))
        this.#takeRecords({ bytes, count, starts, ends: starts.subarray(1) });
    }
  }

  async readCalls(warehouse: Warehouse, logId: string): Promise<void> {
    type Row = Record<'program' | 'developer' | 'category' | 'accesses' | 'background', string>;
    const rows = await warehouse.query<Row>(CALLED_SQL, { logId, max: CALLED_ROWS_MAX });
    if (rows.length === CALLED_ROWS_MAX) throw tooMany();
    // Where nothing at all was called there is nothing to compare with: nobody watched yet.
    if (rows.length === 0) return;
    this.#called = rows.map((row) => ({ ...row, accesses: Number(row.accesses), background: Number(row.background) }));
  }

  report(): Drift {
    return driftReport(this.#programs.all(this.#called));
  }

  #takeRecords({ bytes, count, starts, ends }: Omit<LineBatch, 'lineEndsBefore'>): void {
    if (count === 0) return;
    const encoding = encodingOf(bytes.subarray(starts[0], ends[count - 1]));
    for (let i = 0; i < count; i++) if (!this.#programs.declareFrom(bytes, starts[i]!, ends[i]!, encoding)) throw tooMany();
  }
}

function tooMany(): UserError {
  return new UserError(`there are more than ${DRIFT_PROGRAMS_MAX} programs: compare them in parts`);
}

function knownBy(manifest: Manifest): Omit<KnownProgram, 'called'> {
  const { program, developer, timeUs, purposes, calls, detected, requiredApis, isWhole } = manifest;
  const named = new Set(calls.map(({ category }) => category));
  const onlyDetected = (detected ?? []).filter((category) => !named.has(category));
  return {
    program,
    developer: developer ?? '',
    isDeclared: true,
    changedUs: timeUs,
    purposes: purposes.map(({ id, text, entries }) => ({ id, text, categories: entries.map(({ category }) => category) })),
    found: detected === null ? null : [...calls, ...onlyDetected.map((category) => ({ category, api: null, isBundled: false }))],
    requiredApis,
    isWhole,
  };
}
