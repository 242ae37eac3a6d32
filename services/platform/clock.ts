/** The clock. Nothing else in the house asks for the time; whoever needs it takes a {@link Clock}. */

export interface Clock {
  /** Milliseconds since 1970, UTC; may jump. For what is written down. */
  nowMs(): number;
  /** Milliseconds since some moment; never goes back. For how long something takes. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
