/**
 * How long whoever lost a partition that is still meant to be his waits before he takes it back. Somebody has to: a process that stood
 * still is fenced by the one that took its place, and when that one dies nobody would be left. But two processes that were given the
 * same partitions by mistake take them from each other: each time somebody folds again what lies behind a checkpoint, so that
 * must not happen at full speed.
 */

/** A replaced process has been told to stop by then, and does not take back what its successor has. */
export const RETAKE_FIRST_MS = 5_000;
export const RETAKE_MAX_MS = 60_000;
/** Who kept a partition for this long did not fight for it. */
const PEACE_MS = 300_000;

export class RetakePause {
  #pauseMs = RETAKE_FIRST_MS;
  #lostAtMs = Number.NEGATIVE_INFINITY;

  /** The partition was lost. Answers how long to wait, milliseconds: twice as long each time it is soon lost again. */
  lost(nowMs: number): number {
    if (nowMs - this.#lostAtMs > PEACE_MS) this.#pauseMs = RETAKE_FIRST_MS;
    this.#lostAtMs = nowMs;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(pauseMs * 2, RETAKE_MAX_MS);
    return pauseMs;
  }
}
