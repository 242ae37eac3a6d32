/** Below what is not all: nobody should take the end of a table for the end of what there is. */
export function moreWords(more: number, howToSeeAll: string): string {
  return `… and ${more.toLocaleString('en-US')} more; ${howToSeeAll}`;
}
