/**
 * How many contacts of a program with a domain are known, from the windows of several reports. Where windows overlap, the larger
 * count holds and not the sum, because the same contacts may be in both. So what is certain is the largest sum over windows of
 * which no two overlap, whatever the order in which the reports came.
 */

/** Windows that are remembered of one program and domain: more than a year of weekly reports. */
const WINDOWS_MAX = 64;

export interface Window {
  readonly firstUs: number;
  readonly lastUs: number;
  readonly hits: number;
}

/** What the import ledger keeps of a (program, domain, context, kind of initiation) of one device. */
export interface KnownContacts {
  readonly windows: readonly Window[];
  /** Contacts from windows that are no longer remembered. */
  readonly earlier: number;
  /** Contacts that were imported: the sum of the accesses' `rows`. */
  readonly imported: number;
}

export const NO_CONTACTS: KnownContacts = { windows: [], earlier: 0, imported: 0 };

/** With one more window; `imported` is what should be imported by then and never becomes less. */
export function withWindow(known: KnownContacts, added: Window): KnownContacts {
  const windows = [...known.windows, added].sort((a, b) => a.lastUs - b.lastUs || a.firstUs - b.firstUs || a.hits - b.hits);
  const distinct = windows.filter((window, i) => !isSame(window, windows[i + 1]));
  const imported = Math.max(known.imported, Math.min(Number.MAX_SAFE_INTEGER, known.earlier + largestSum(distinct)));
  if (distinct.length <= WINDOWS_MAX) return { windows: distinct, earlier: known.earlier, imported };
  const remembered = distinct.slice(-WINDOWS_MAX);
  return { windows: remembered, earlier: Math.max(0, imported - largestSum(remembered)), imported };
}

/** Of the same window with two counts the larger stands last and stays. */
function isSame(a: Window, b: Window | undefined): boolean {
  return b !== undefined && a.firstUs === b.firstUs && a.lastUs === b.lastUs;
}

/** Largest sum of hits over windows that do not overlap (weighted interval scheduling). `windows` ascend by their last moment. */
function largestSum(windows: readonly Window[]): number {
  /** `best[i]`: with the first `i` windows. */
  const best = [0];
  for (const [i, { firstUs, hits }] of windows.entries()) {
    let before = i;
    while (before > 0 && windows[before - 1]!.lastUs >= firstUs) before--;
    best.push(Math.max(best[i]!, best[before]! + hits));
  }
  return best[windows.length]!;
}

export function encodeContacts({ windows, earlier, imported }: KnownContacts): Buffer {
  return Buffer.from(JSON.stringify([imported, earlier, windows.map(({ firstUs, lastUs, hits }) => [firstUs, lastUs, hits])]));
}

export function decodeContacts(entry: Buffer): KnownContacts {
  const [imported, earlier, windows] = JSON.parse(entry.toString('utf8')) as [number, number, [number, number, number][]];
  return { windows: windows.map(([firstUs, lastUs, hits]) => ({ firstUs, lastUs, hits })), earlier, imported };
}
