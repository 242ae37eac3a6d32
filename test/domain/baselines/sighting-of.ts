/** An access as the baselines see it. */
import type { Sighting } from '../../../services/domain/baselines/sighting.ts';

/** One in the foreground, of a category that was listed long ago, unless said otherwise. */
export function sightingOf(said: Pick<Sighting, 'program' | 'category' | 'seconds'> & Partial<Sighting>): Sighting {
  const listed = { isNewlyListed: false, isFreshlyListed: false, isLatelyListed: false };
  return { classNumber: 0, fleets: null, isForeground: true, rows: 1, bytes: 1, ...listed, ...said };
}
