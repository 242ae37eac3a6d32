/** An accepted gap in words, the same in every command. */
import { brief } from './terminal.ts';

export interface GapInWords {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly stateFrom: number;
  readonly stateTo: number;
  readonly acceptedAt: string;
  readonly by: string;
  readonly reason: string;
}

/** One line without a full stop. */
export function gapInWords({ partition, from, to, stateFrom, stateTo, acceptedAt, by, reason }: GapInWords): string {
  const rows = from === to ? '' : `offsets ${from} to ${to} have no verdicts`;
  const state = stateFrom === stateTo ? '' : `${rows === '' ? '' : '; '}the state lacks the records ${stateFrom} to ${stateTo}`;
  const why = reason === '' ? '' : `: ${brief(reason, 200)}`;
  return `partition ${partition}: ${rows}${state} (accepted as lost by ${brief(by, 80)} at ${acceptedAt}${why})`;
}
