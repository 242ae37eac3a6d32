/** Sharing partitions among the members of a group so that as few as possible change hands. */

export interface Member {
  readonly id: string;
  /** What it had before; may be out of date, or claimed by others too. */
  readonly had: readonly number[];
}

/**
 * Every partition goes to one member; shares differ by one at most. A member keeps what it had as far as its share reaches; of two
 * that had the same the first by id keeps it. A function of its arguments: whoever computes it gets the same.
 */
export function stickyShares(members: readonly Member[], partitions: number): Map<string, number[]> {
  const sorted = members.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const shares = new Map<string, number[]>(sorted.map(({ id }) => [id, []]));
  const least = Math.floor(partitions / sorted.length);
  const free = new Set(Array.from({ length: partitions }, (_, partition) => partition));
  const keep = (member: Member, upTo: number): void => {
    const share = shares.get(member.id)!;
    for (const partition of member.had) {
      if (share.length >= upTo) return;
      if (free.delete(partition)) share.push(partition);
    }
  };
  for (const member of sorted) keep(member, least);
  // Those that had more than the others keep one more, as long as there are any to spare.
  let spare = partitions % sorted.length;
  for (const member of sorted) {
    if (spare === 0) break;
    const before = shares.get(member.id)!.length;
    keep(member, least + 1);
    if (before === least && shares.get(member.id)!.length > least) spare--;
  }
  for (const { id } of sorted) {
    const share = shares.get(id)!;
    while (share.length < least) share.push(takeFrom(free));
  }
  for (const { id } of sorted) {
    if (free.size === 0) break;
    const share = shares.get(id)!;
    if (share.length === least) share.push(takeFrom(free));
  }
  for (const share of shares.values()) share.sort((a, b) => a - b);
  return shares;
}

function takeFrom(free: Set<number>): number {
  const [partition] = free;
  free.delete(partition!);
  return partition!;
}
