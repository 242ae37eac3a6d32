/**
 * What a data folder stores of users, hashes or ids as they are, is settled with its first verdicts and remembered in it. Otherwise
 * a command that lacks the setting would call every row different, and `ntk repair` would put others in their place.
 */
import type { DataFolder, StoredUserKind } from '../../platform/folder/data-folder.ts';
import type { EventLog } from '../../platform/log/event-log.ts';
import type { ScorerObserver } from '../../scorer/scorer.ts';
import { UserError } from '../user-error.ts';

/**
 * Before anything is judged: remembers the configuration in a folder whose log has no results yet. One that an earlier release judged
 * has nothing that says what its rows hold; then the configuration counts, as it did, and is remembered with the next rows.
 * @returns the observer to judge with
 * @throws UserError where the folder remembers another one
 */
export async function bindStoredUser<O extends Pick<ScorerObserver, 'scored'>>(
  folder: DataFolder,
  log: Pick<EventLog, 'bounds' | 'partitions'>,
  configured: StoredUserKind,
  observer: O,
): Promise<O> {
  const remembered = folder.storedUser() ?? ((await hasResults(log)) ? null : folder.rememberStoredUser(configured));
  if (remembered === configured) return observer;
  if (remembered !== null)
    throw new UserError(
      `data folder ${folder.path} stores users ${remembered}, and the configuration says ${configured}: set NTK_STORE_USER=${remembered}, or begin another folder with --data DIR`,
    );
  let isRemembered = false;
  const scored: ScorerObserver['scored'] = (partition, outcome, state) => {
    if (!isRemembered && outcome.rowOffsets.length > 0) {
      folder.rememberStoredUser(configured);
      isRemembered = true;
    }
    observer.scored(partition, outcome, state);
  };
  return { ...observer, scored };
}

async function hasResults(log: Pick<EventLog, 'bounds' | 'partitions'>): Promise<boolean> {
  for (let partition = 0; partition < log.partitions; partition++)
    if ((await log.bounds('results', partition)).end > 0) return true;
  return false;
}
