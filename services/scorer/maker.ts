/**
 * What made a block or a checkpoint: the engine, the catalogue, and whose facts of authority counted. Folding the log again under
 * another maker gives other verdicts, so a change takes place only where nothing has to be folded again: at a clean end.
 */
import { CATALOGUE_HASH } from '../../schemas/catalogue/index.ts';
import type { BlockHeader } from '../../schemas/results/block.ts';
import { type Authority, authorityMark, OPEN_MARK } from '../domain/authority/authority.ts';
import { ENGINE_VERSION } from '../domain/engine.ts';

export type Maker = Pick<BlockHeader, 'engine' | 'catalogueHash' | 'authority'>;

export interface MakerChange {
  readonly code: 'engine_changed' | 'authority_changed';
  /** What to do about it. */
  readonly message: string;
}

export function makerOf(authority: Authority): Maker {
  return { engine: ENGINE_VERSION, catalogueHash: CATALOGUE_HASH, authority: authorityMark(authority) };
}

export function isSameMaker(a: Maker, b: Maker): boolean {
  return a.engine === b.engine && a.catalogueHash === b.catalogueHash && a.authority === b.authority;
}

/**
 * What stands between one maker's end and another that would have to fold a part of it again; null when they are the same.
 * `isUnread`: a checkpoint stands at the end, but it is damaged, or of a release whose pages this one does not know.
 */
export function makerChange(partition: number, before: Maker, now: Maker, isUnread: boolean): MakerChange | null {
  const why = isUnread ? 'the checkpoint at its end cannot be read' : 'no checkpoint stands at its end';
  if (before.engine !== now.engine || before.catalogueHash !== now.catalogueHash) {
    return {
      code: 'engine_changed',
      message: `partition ${partition} ends with a block of engine ${before.engine}, this is engine ${now.engine}, and ${why}: start the release that wrote it once more, stop it with SIGTERM, then start this one${isUnread ? '; where that changes nothing, that release is too old to go on from: begin a new log, or data folder, with the same inputs (what is stored of this one can still be read)' : ''}`,
    };
  }
  if (before.authority === now.authority) return null;
  return {
    code: 'authority_changed',
    message: `partition ${partition} was judged with facts of authority ${inWords(before.authority)}, the configuration now says ${inWords(now.authority)}, and ${why}: put NTK_AUTHORITY and NTK_ROOT_KEYS_FILE back as they were, start once more, stop with SIGTERM, then change them`,
  };
}

/** A setting that somebody forgot must not open what was closed, not even at a clean end. */
export function unsaidOpening(partition: number, before: Maker, authority: Authority): MakerChange | null {
  if (before.authority === OPEN_MARK || authority.mode !== 'open' || authority.isAssumed !== true) return null;
  return {
    code: 'authority_changed',
    message: `partition ${partition} was judged with facts of authority ${inWords(before.authority)}, and now nothing says whose count: set NTK_AUTHORITY=signed and NTK_ROOT_KEYS_FILE as they were (NTK_AUTHORITY=open would accept everybody's from here on)`,
  };
}

function inWords(mark: string): string {
  return mark === OPEN_MARK ? 'open' : `signed (root keys ${mark.replace('signed:', '')})`;
}
