/** Which partitions a process has, as the configuration's `assignment` says. */
import { parseOrdinal, partitionsOfOrdinal } from '../../platform/assignment/ordinal.ts';

/** Of a process that just starts; in a group none until the group has shared. */
export function partitionsAtStart(assignment: string, partitions: number): number[] {
  if (assignment === 'group') return [];
  return partitionsOfOrdinal(parseOrdinal(assignment) ?? { index: 0, of: 1 }, partitions);
}
