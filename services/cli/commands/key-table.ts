/** What `ntk keys list` prints. */
import type { Authority } from '../../domain/authority/authority.ts';
import type { KeyEntry, KeyHistory } from '../../system/facts/key-history.ts';
import type { Output } from '../output/output.ts';
import { WHY_IN_WORDS } from './authority-words.ts';

export function printKeys(out: Output, { keys, refused }: KeyHistory, authority: Authority, json: boolean): void {
  const isOpen = authority.mode === 'open';
  if (json) {
    const rows = [...keys.values()].map((entry) => ({ ...shown(entry), isInForce: !isOpen && entry.state === 'active' }));
    out.json({
      authority: authority.mode,
      keys: rows,
      refused: refused.map((entry) => ({ ...shown(entry), refused: entry.refused })),
    });
    return;
  }
  if (isOpen) out.note('this log accepts facts of authority from everybody who can append: keys have no effect (NTK_AUTHORITY)');
  if (keys.size > 0)
    out.table(
      ['key', 'state', 'types', 'by', 'when', 'offset', 'reason'],
      [...keys.values()]
        .map(shown)
        .map(({ keyid, state, isRoot, types, by, at, offset, reason }) => [
          keyid,
          isRoot ? `${state} (root)` : state,
          isRoot || types === null ? 'all' : types.join(' '),
          by,
          at ?? 'configured',
          offset === null ? '' : String(offset),
          reason,
        ]),
    );
  else out.note('no key yet: ntk keys make, then ntk keys add');
  for (const { keyid, offset, refused: why } of refused)
    out.note(`no effect: what offset ${offset} says of key ${keyid}; ${WHY_IN_WORDS[why]}`);
}

/** A root of which the log says nothing has no time. */
function shown({
  appendedAtMs,
  timeMs,
  ...entry
}: KeyEntry): Omit<KeyEntry, 'appendedAtMs' | 'timeMs'> & { readonly at: string | null } {
  return { ...entry, at: timeMs === 0 ? null : new Date(appendedAtMs ?? timeMs).toISOString() };
}
