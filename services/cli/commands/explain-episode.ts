/** Which alarm episode an explained access is part of, and what was concluded about it. */
import { BASELINE_REASONS } from '../../../schemas/codes.ts';
import type { StoredAccess } from '../../auditor/find-access.ts';
import { AlarmView } from '../../system/questions/episodes.ts';
import type { Store } from '../../system/opening/store.ts';
import { isReviewed, reviewsInWords } from './review-words.ts';
import { counted } from '../../domain/wording/counted.ts';

const BASELINES: ReadonlySet<string> = new Set(BASELINE_REASONS);

/** A line; null for an access of which the baselines found nothing. Reads the alarms of its program. */
export async function episodeInWords(store: Store, { reasons, partition, offset }: StoredAccess): Promise<string | null> {
  if (!reasons.some((reason) => BASELINES.has(reason))) return null;
  const found = await (await AlarmView.at(store)).episodeAt({ partition, offset: Number(offset) });
  if (found === null) return null;
  const { episode, reviews } = found;
  const concluded = isReviewed(reviews) ? reviewsInWords(reviews) : `not reviewed (ntk review ${episode.id} ...)`;
  return `part of episode ${episode.id} of ${counted(episode.results, 'result')}${store.log === null ? '' : `: ${concluded}`}`;
}
