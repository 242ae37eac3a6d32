/** A run of lines of one dump: the accesses in it, gathered until the dump's own time is known and they can be put in order. */
import { createHash } from 'node:crypto';
import { ANDROID_OPS } from '../../../schemas/catalogue/index.ts';
import { partitionOf } from '../../domain/partitioning/murmur2.ts';
import { INVALID_TIME, parseTimeUs } from '../../domain/record/time.ts';
import type { Candidate, ConvertOptions, Importable } from '../candidate.ts';
import { unreadLine } from '../unread-line.ts';
import type { UsedLine } from './appops-line.ts';

const ANDROID_SOURCE = 'host/android';
const ANDROID_API = 'android.';

/** Accesses and rejected lines in a run: more than any device has, so that a file of any length is imported in bounded memory. */
const RUN_THINGS_MAX = 131_072;
const RUN_BYTES_MAX = 64 * 1024 * 1024;
/** Offsets from UTC are multiples of a quarter of an hour, and no change of one is larger than a day and two hours. */
const OFFSET_STEP_MS = 15 * 60_000;
const OFFSET_CHANGE_MAX_MS = 26 * 3_600_000;
/** The process is not on screen and has nothing there. A foreground service (`fgsvc`) shows itself. */
const OFF_SCREEN: ReadonlySet<string> = new Set(['bg', 'cch']);
const STATES: ReadonlySet<string> = new Set(['', 'pers', 'top', 'fgsvcl', 'fgsvc', 'fg', ...OFF_SCREEN]);
const IMPORTED = Buffer.from('1');

interface UsedOp extends UsedLine {
  readonly androidUser: number;
  readonly program: string;
  readonly op: string;
  readonly tag: string | null;
  readonly line: number;
}

export class DumpRun {
  readonly #options: ConvertOptions;
  #used: UsedOp[] = [];
  #unread: Importable[] = [];
  #bytes = 0;

  constructor(options: ConvertOptions) {
    this.#options = options;
  }

  get isFull(): boolean {
    return this.#used.length + this.#unread.length >= RUN_THINGS_MAX || this.#bytes >= RUN_BYTES_MAX;
  }

  /** False when its time is out of range with the offset that the file is read with. */
  use(used: UsedOp): boolean {
    if (parseTimeUs(this.#timeOf(used.localMs)) === INVALID_TIME) return false;
    this.#used.push(used);
    return true;
  }

  addUnknown(line: Buffer, saysItIsAnEvent: boolean): void {
    this.#bytes += line.length;
    this.#unread.push(unreadLine(line, saysItIsAnEvent));
  }

  /** What the run came to, by time, then by place in the file; what could not be read stands last. */
  take(): Candidate[] {
    const dumpedMs = dumpTimeOf(this.#used);
    const placed = this.#used.map((used) => ({ used, localMs: this.#localMsOf(used, dumpedMs) }));
    placed.sort((a, b) => a.localMs - b.localMs || a.used.line - b.used.line);
    const candidates: Candidate[] = placed.map(({ used, localMs }) => this.#candidate(used, localMs));
    for (const record of this.#unread) candidates.push(record);
    this.#used = [];
    this.#unread = [];
    this.#bytes = 0;
    return candidates;
  }

  /**
   * When it was, by the device's clock as it stood at the dump. A line is printed with the offset from UTC of its own time, so across
   * a change of it (summer time, a journey) time and age do not add up to the dump's; then the age is right.
   */
  #localMsOf(used: UsedOp, dumpedMs: number | null): number {
    const { localMs, ageMs, line, state } = used;
    if (!STATES.has(state)) this.#options.odd.note('unknown_state', line, state);
    if (ageMs === null || dumpedMs === null) return localMs;
    const off = localMs + ageMs - dumpedMs;
    if (off === 0) return localMs;
    const byAgeMs = dumpedMs - ageMs;
    const isOffset = off % OFFSET_STEP_MS === 0 && Math.abs(off) <= OFFSET_CHANGE_MAX_MS;
    if (!isOffset || parseTimeUs(this.#timeOf(byAgeMs)) === INVALID_TIME) {
      this.#options.odd.note('age_differs', line);
      return localMs;
    }
    this.#options.odd.note('other_utc_offset', line);
    return byAgeMs;
  }

  #timeOf(localMs: number): string {
    const iso = new Date(localMs).toISOString();
    return `${iso.slice(0, -1)}${this.#options.utcOffset}`;
  }

  #candidate(used: UsedOp, localMs: number): Candidate {
    const { program, op, tag, key, isRefused, text, androidUser, state, durationMs } = used;
    const { partitions, deviceUser } = this.#options;
    // Persons who share a device are told apart.
    const user = androidUser === 0 ? deviceUser : `${deviceUser}/u${androidUser}`;
    const what = JSON.stringify([user, program, op, tag, key, isRefused, text]);
    const id = `android/${createHash('sha256').update(what).digest('hex').slice(0, 32)}`;
    const name = op.toLowerCase();
    const data = {
      user,
      api: `${ANDROID_API}${name}`,
      category: ANDROID_OPS.get(name),
      page: tag ?? undefined,
      foreground: !OFF_SCREEN.has(state),
      outcome: isRefused ? 'refused' : 'performed',
      durationMs: durationMs ?? undefined,
    };
    const time = this.#timeOf(localMs);
    return {
      key: id,
      resolve: (entry) => {
        if (entry !== null) return { record: null, entry };
        const event = { specversion: '1.0', id, source: ANDROID_SOURCE, type: 'ntk.access', subject: program, time, data };
        const record = { partition: partitionOf(program, partitions), value: Buffer.from(JSON.stringify(event)) };
        return { record, entry: IMPORTED };
      },
    };
  }
}

/** The dump's own time: what most lines' time and age add up to, of equals the latest. Null when no line has an age. */
function dumpTimeOf(lines: readonly UsedOp[]): number | null {
  const counts = new Map<number, number>();
  for (const { localMs, ageMs } of lines) if (ageMs !== null) counts.set(localMs + ageMs, (counts.get(localMs + ageMs) ?? 0) + 1);
  let best: number | null = null;
  let most = 0;
  for (const [sum, count] of counts) {
    if (count > most || (count === most && best !== null && sum > best)) [best, most] = [sum, count];
  }
  return best;
}
