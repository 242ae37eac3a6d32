/** An accepted gap in words, the same in every command. */
import type { LedgerGap } from '../../platform/warehouse/accepted-gaps.ts';
import { brief } from './terminal.ts';

type GapInWords = Omit<LedgerGap, 'arrivedAfter' | 'arrivedBefore'>;

/** One line without a full stop. */
export function gapInWords({ partition, from, to, stateFrom, stateTo, acceptedAt, by, reason }: GapInWords): string {
  const rows = from === to ? '' : `offsets ${from} to ${to} have no verdicts`;
  const state = stateFrom === stateTo ? '' : `${rows === '' ? '' : '; '}the state lacks the records ${stateFrom} to ${stateTo}`;
  const why = reason === '' ? '' : `: ${brief(reason, 200)}`;
  return `partition ${partition}: ${rows}${state} (accepted as lost by ${brief(by, 80)} at ${acceptedAt}${why})`;
}
