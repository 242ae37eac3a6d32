/** A fold that stands still at one place of a log, to be gone on with as often as wanted. */
import type { PartitionFold } from '../../../services/domain/fold/fold.ts';
import { type PageKind, pagesByKind } from '../../../services/domain/fold/partition-state.ts';
import { newFold } from './partitioned.ts';

export type Pages = Record<PageKind, Buffer[]>;

export function pagesOf(fold: PartitionFold): Pages {
  fold.state.beginCheckpoint();
  return pagesLeft(fold);
}

/** Of a checkpoint that has begun. */
export function pagesLeft(fold: PartitionFold): Pages {
  const pages = pagesByKind<Buffer>();
  for (let next = fold.state.nextPage(); next !== null; next = fold.state.nextPage())
    pages[next.kind][next.page] = Buffer.from(next.bytes);
  return pages;
}

export function foldFrom(pages: Pages): PartitionFold {
  const fold = newFold();
  fold.state.restore(pages);
  return fold;
}
