/** Which review counts for an episode. */
import type { Disposition } from '../../../schemas/codes.ts';
import type { Episode, RowPlace } from './episode.ts';

/** Of a reviewer's name, and of a note. */
export const REVIEW_WORDS_CHARS_MAX = 500;

export interface Review {
  readonly program: string;
  /** The row that it names: any one of the episode. */
  readonly about: RowPlace;
  readonly disposition: Disposition;
  readonly by: string;
  readonly note: string;
  /** Where it lies in the log of its program: a later one replaces an earlier one. */
  readonly offset: number;
  readonly appendedAtMs: number;
}

/** A review whose row is stored, and is one of that program with a baseline reason. */
export interface PlacedReview extends Review {
  /** Event time of that row, milliseconds since 1970. */
  readonly rowAtMs: number;
}

export interface ReviewedEpisode {
  readonly episode: Episode;
  /** Latest first. None: nobody has concluded anything, or the log is not at hand. */
  readonly reviews: readonly PlacedReview[];
}

/** Reviews of episodes that have grown together since are all about the whole: the latest counts. */
export class Conclusions {
  /** Latest first. A program is in one partition, so its reviews have one order. */
  readonly #byProgram: ReadonlyMap<string, readonly PlacedReview[]>;

  constructor(reviews: readonly PlacedReview[]) {
    const latestFirst = reviews.toSorted((a, b) => b.offset - a.offset);
    this.#byProgram = Map.groupBy(latestFirst, ({ program }) => program);
  }

  /** One of each program that has any. */
  get ofEachProgram(): readonly PlacedReview[] {
    return [...this.#byProgram.values()].map(([latest]) => latest!);
  }

  /** Latest first. */
  allOf({ program, startMs, lastMs }: Pick<Episode, 'program' | 'startMs' | 'lastMs'>): readonly PlacedReview[] {
    const reviews = this.#byProgram.get(program) ?? [];
    return reviews.filter(({ rowAtMs }) => rowAtMs >= startMs && rowAtMs <= lastMs);
  }
}
