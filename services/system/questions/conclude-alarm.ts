/** A person's word about an alarm: looked up, appended, and looked up again, because two people may be at the same alarm at once. */
import type { Disposition } from '../../../schemas/codes.ts';
import type { PlacedReview } from '../../domain/review/conclusions.ts';
import type { Episode, RowPlace } from '../../domain/review/episode.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import { AlarmView } from './episodes.ts';
import type { ReportSource } from './report.ts';
import { appendReview } from './review-history.ts';

export interface Word {
  readonly disposition: Disposition;
  readonly by: string;
  readonly note: string;
}

export interface Concluded {
  readonly episode: Episode;
  /** What was said about the episode when it was looked up, latest first. */
  readonly before: readonly PlacedReview[];
  /** What others said until it was looked up again, latest first. */
  readonly meanwhile: readonly PlacedReview[];
  /** False: this very word was the latest one already. */
  readonly isAppended: boolean;
  /** The latest word is the one that was given here. */
  readonly counts: boolean;
}

interface WordToSay extends Word {
  readonly place: RowPlace;
  readonly nowMs: number;
}

/** Null, and how many records are not judged and stored yet, where no result of the place has a finding of the baselines. */
export async function concludeAlarm(
  source: ReportSource & { readonly log: EventLog },
  { place, nowMs, ...word }: WordToSay,
): Promise<Concluded | { readonly episode: null; readonly unwritten: number }> {
  const view = await AlarmView.at(source);
  const found = await view.episodeAt(place);
  if (found === null) return { episode: null, unwritten: view.unwritten };
  const { episode, reviews: before } = found;
  if (isSame(before[0], word)) return { episode, before, meanwhile: [], isAppended: false, counts: true };
  await appendReview(source.log, { ...word, episode, before: before.length, nowMs });
  // Whoever comes last of several at once sees all of them here: nobody's word is replaced without anybody being told.
  const after = (await (await AlarmView.at(source)).episodeAt(place))?.reviews ?? [];
  const known = new Set(before.map(({ offset }) => offset));
  const meanwhile = after.filter((review) => !known.has(review.offset) && !isSame(review, word));
  return { episode, before, meanwhile, isAppended: true, counts: isSame(after[0], word) };
}

function isSame(review: PlacedReview | undefined, { disposition, by, note }: Word): boolean {
  return review?.disposition === disposition && review.by === by && review.note === note;
}
