/**
 * A rhythm that was told is no news while it goes on: a timer sets in again each morning, and what refreshes a page on somebody's phone does so for
 * months. It is told once, to the end of its episode, and then again only when it is quicker, or was not heard for weeks. Until then it adds nothing
 * to a score and is no surprise of a day; whatever else its program does is judged as ever.
 */
import { DISCOUNT, RHYTHM } from './features.ts';
import type { PartitionKnowledge } from './partition-knowledge.ts';
import type { Sighting } from './sighting.ts';
import type { ToldOfKey } from './state/key-rows.ts';
import { numbersRow, P_LAST_ALARM, P_SCALE, programRow } from './state/program-rows.ts';
import { EPISODE_SECONDS, QUICKER_RHYTHM, RHYTHM_TOLD_HOURS } from './tuning.ts';

/**
 * Whether the rhythm of an access was told before; then it has been heard once more. The key has been touched.
 * @param interval seconds between its calls
 * @param nats its evidence
 */
export function isToldRhythm(
  known: PartitionKnowledge,
  seen: Sighting,
  key: number,
  hour: number,
  interval: number,
  nats: number,
): boolean {
  const told = known.keys.told(key);
  if (told === undefined || told.rhythmSeconds === 0 || isForgotten(told, hour)) return false;
  if (interval < QUICKER_RHYTHM * told.rhythmSeconds) return false;
  const lastAlarm = known.programs.numbersOf(seen.program)[numbersRow(seen.program) + P_LAST_ALARM]!;
  if (seen.seconds - lastAlarm < EPISODE_SECONDS && hour - told.hour <= 1) return false;
  const scale = known.programs.cellsOf(seen.program)[programRow(seen.program) + P_SCALE + RHYTHM]!;
  if (known.calibrations[RHYTHM]!.folds(nats / scale) > DISCOUNT[RHYTHM]) known.keys.makeTold(key).rhythmHour = hour;
  return true;
}

/** An alarm says it. @param interval seconds between its calls */
export function rememberRhythm(told: ToldOfKey, hour: number, interval: number): void {
  const isFirst = told.rhythmSeconds === 0 || isForgotten(told, hour);
  told.rhythmSeconds = isFirst ? Math.round(interval) : Math.min(told.rhythmSeconds, Math.round(interval));
  told.rhythmHour = hour;
}

function isForgotten(told: Readonly<ToldOfKey>, hour: number): boolean {
  return hour - told.rhythmHour > RHYTHM_TOLD_HOURS;
}
