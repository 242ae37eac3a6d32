/** Pages of one kind of state as a store would keep them. */
import type { PageSet } from '../../../services/domain/state/page-set.ts';

/** Of a checkpoint that begins now; what did not change since the last one is what `before` has. */
export function drawnPages(set: PageSet, before: Buffer[] = []): Buffer[] {
  set.begin();
  return pagesLeft(set, before);
}

/** Of a checkpoint that has begun. */
export function pagesLeft(set: PageSet, before: Buffer[] = []): Buffer[] {
  for (let next = set.next(); next !== null; next = set.next()) before[next.page] = Buffer.from(next.bytes);
  return before;
}
