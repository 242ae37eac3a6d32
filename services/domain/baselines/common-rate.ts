/**
 * How much all programs of a partition are used beyond what is expected of the hour: a holiday is nobody's doing. The mean over the
 * last hours of all programs, each worth about the same whatever its size, because the largest would otherwise say it alone.
 */
import { P_DAYS, P_EXPECTED, P_USES, programRow, type ProgramRows } from './state/program-rows.ts';
import type { ByteReader, ByteWriter } from '../state/bytes.ts';
import { SEASON_DAYS } from './tuning.ts';

/** Hours of each program that are averaged over, and a few for a partition with hardly any. */
const HOURS = 3;
const HOURS_MORE = 10;
/** Uses of an hour beyond this many times the expected ones are its program's own. */
const TIMES_MAX = 4;
const EXPECTED_MIN = 5;

export class CommonRate {
  #uses = 0;
  #expected = 0;

  /** Logarithm of the ratio of uses to expected ones; 0 while nothing is known. */
  get logarithm(): number {
    return this.#expected < EXPECTED_MIN || this.#uses <= 0 ? 0 : Math.log(this.#uses / this.#expected);
  }

  /** The filling hour of a program is over. */
  learnHour(programs: ProgramRows, slot: number): void {
    const cells = programs.cellsOf(slot);
    const at = programRow(slot);
    if (cells[at + P_DAYS]! < SEASON_DAYS) return;
    const expected = cells[at + P_EXPECTED]!;
    const weight = 1 / (1 + expected);
    const kept = 1 - 1 / (HOURS * programs.count + HOURS_MORE);
    this.#uses = this.#uses * kept + weight * Math.min(cells[at + P_USES]!, TIMES_MAX * (1 + expected));
    this.#expected = this.#expected * kept + weight * expected;
  }

  write(out: ByteWriter): void {
    out.double(this.#uses);
    out.double(this.#expected);
  }

  restore(reader: ByteReader): void {
    this.#uses = reader.double();
    this.#expected = reader.double();
  }
}
