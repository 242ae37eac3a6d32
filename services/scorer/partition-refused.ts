/** Why a partition cannot be taken: one line that says what to do, with the numbers to type where there is a command for it. */
import { ErrorForAPerson } from '../platform/error-for-a-person.ts';
import type { MakerChange } from './maker.ts';

/** A partition cannot be taken until somebody does what the message says. */
export class PartitionRefused extends ErrorForAPerson {
  readonly code: 'engine_changed' | 'authority_changed' | 'log_lost' | 'hash_mismatch' | 'state_full' | 'users_changed';
  constructor(code: PartitionRefused['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Records that are gone from the log although they are needed. */
export interface LostRecords {
  /** Source offsets that get no verdict, from (included) to (not): from the position to the log's start, if that lies behind it. */
  readonly from: number;
  readonly to: number;
  /** The state lacks the records from here (included) to where the log begins (not). */
  readonly stateFrom: number;
  readonly stateTo: number;
}

/** The command that goes on without the lost records, as it is typed. */
export function acceptGapCommand(partition: number, { from, to }: Pick<LostRecords, 'from' | 'to'>): string {
  return `ntk accept-gap ${partition} ${from} ${to}`;
}

export function recordsLost(partition: number, lost: LostRecords): PartitionRefused {
  const { from, to, stateFrom, stateTo } = lost;
  const what =
    from === to
      ? `everything before offset ${from} is judged, but folding it again needs the records from ${stateFrom} on`
      : `offset ${from} is next, so the records up to ${to} will never be judged${stateFrom < from ? `, and the state lacks those from ${stateFrom} on` : ''}`;
  return new PartitionRefused(
    'log_lost',
    `partition ${partition}: the log begins at offset ${stateTo}, but ${what}; restore the log from a copy, or go on without them: ${acceptGapCommand(partition, lost)}; nothing of this partition is judged until then`,
  );
}

/** No gap can be accepted here: offsets would be given twice. */
export function logEnded(partition: number, end: number, position: number): PartitionRefused {
  return new PartitionRefused(
    'log_lost',
    `partition ${partition}: the log ends at offset ${end}, but everything before ${position} was judged already: new records would take offsets that are in use; restore the log from a copy, or begin a new log`,
  );
}

export function makerChanged({ code, message }: MakerChange): PartitionRefused {
  return new PartitionRefused(code, message);
}

export function hashMismatch(partition: number, position: number): PartitionRefused {
  return new PartitionRefused(
    'hash_mismatch',
    `partition ${partition}: folding the log again up to offset ${position} gives other rows than were stored; run 'ntk verify' and check that the user key and the release are the ones that made them`,
  );
}

/** Where nothing has to be folded again, no hash would show it. */
export function usersChanged(partition: number): PartitionRefused {
  return new PartitionRefused(
    'users_changed',
    `partition ${partition}: its users are stored under another user key, or as NTK_STORE_USER says otherwise; put NTK_USER_KEY_FILE and NTK_STORE_USER back as they were: from here on each user would be another one, whose rows of before no erasure finds`,
  );
}
