/**
 * Story time and event time. A story is told in milliseconds since 1970 of its own calendar, which decides seasons and when what
 * happens; records carry event time. In files the two are one. A live source may tell a day in less than one: then each millisecond of
 * event time is `stretch` of the story's, and what people do at their own speed (the steps of a visit, a network's delays) is
 * stretched in the story, so that it takes as long as ever.
 */
import { MINUTE_MS } from '../spans.ts';

export interface Timeline {
  /** Milliseconds of the story for one of event time; at least 1. */
  readonly stretch: number;
  /** Whole milliseconds since 1970. */
  toEventMs(storyMs: number): number;
}

export const REAL_TIME: Timeline = { stretch: 1, toEventMs: (storyMs) => Math.round(storyMs) };

/** A day of the story lasts `dayMs` of event time, at most a day. The story's time at a moment is the same for every run. */
export function compressed(dayMs: number): Timeline & { toStoryMs(eventMs: number): number } {
  const stretch = 86_400_000 / dayMs;
  return {
    stretch,
    toEventMs: (storyMs) => Math.round(storyMs / stretch),
    toStoryMs: (eventMs) => eventMs * stretch,
  };
}

const two = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, '0'));
const three = Array.from({ length: 1_000 }, (_, value) => String(value).padStart(3, '0'));

/** Minutes whose text is kept: those of a slice and what is late. A power of two. */
const MINUTES_KEPT = 64;

/** RFC 3339 in UTC, with milliseconds; several times as fast as `toISOString`, because a minute is written once. */
export class IsoTimes {
  readonly #minutes = new Float64Array(MINUTES_KEPT).fill(Number.NaN);
  readonly #texts = new Array<string>(MINUTES_KEPT).fill('');

  /** `ms`: whole, since 1970. */
  of(ms: number): string {
    const minute = Math.floor(ms / MINUTE_MS);
    const place = minute & (MINUTES_KEPT - 1);
    if (this.#minutes[place] !== minute) {
      this.#minutes[place] = minute;
      this.#texts[place] = new Date(minute * MINUTE_MS).toISOString().slice(0, 17);
    }
    const rest = ms - minute * MINUTE_MS;
    return `${this.#texts[place]!}${two[Math.floor(rest / 1_000)]!}.${three[rest % 1_000]!}Z`;
  }
}
