/** Below what is not all: nobody should take the end of a table for the end of what there is. */
import { grouped } from '../../domain/wording/counted.ts';

export function moreWords(more: number, howToSeeAll: string): string {
  return `… and ${grouped(more)} more; ${howToSeeAll}`;
}
