/** The real log and the real warehouse with somebody in between who makes operations fail. */
import {
  type CommitResult,
  type EventLog,
  LogError,
  type Owner,
  type Transaction,
} from '../../services/platform/log/event-log.ts';
import type { RowsInsert, Warehouse } from '../../services/platform/warehouse/warehouse.ts';

/** What a process that is killed does not get to see. */
export class Killed extends Error {}

/** The warehouse with something that happens before an operation (`insertRows access_results`, `command`) or after it. */
export function intercepted(
  warehouse: Warehouse,
  hooks: {
    before?: (operation: string) => void | Promise<void>;
    after?: (operation: string) => void | Promise<void>;
    change?: (insert: RowsInsert) => RowsInsert;
  },
): Warehouse {
  const around = async <T>(operation: string, work: () => Promise<T>): Promise<T> => {
    await hooks.before?.(operation);
    const result = await work();
    await hooks.after?.(operation);
    return result;
  };
  return {
    description: 'the warehouse of a test',
    query: (sql, params) => around('query', () => warehouse.query(sql, params)),
    stream: (sql, options) => around('stream', () => warehouse.stream(sql, options)),
    command: (sql, params) => around('command', () => warehouse.command(sql, params)),
    insertRows: (insert) => around(`insert ${insert.table}`, () => warehouse.insertRows(hooks.change?.(insert) ?? insert)),
    close: async () => {},
  };
}

/** The log with some of its operations changed. */
export function changed(log: EventLog, changes: Partial<EventLog>): EventLog {
  return new Proxy(log, {
    get(target, name) {
      if (Object.hasOwn(changes, name)) return Reflect.get(changes, name) as unknown;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

/** The log with something that happens before each reading of accesses. */
export function beforeAccessRead(log: EventLog, happens: () => Promise<void>): EventLog {
  return changed(log, {
    async read(stream, ...args) {
      if (stream === 'access') await happens();
      return log.read(stream, ...args);
    },
    close: async () => {},
  });
}

/** The log of whom somebody is ahead of: they look, and find what they looked at changed when they have claimed the partition. */
export function beforeClaim(log: EventLog, happens: () => Promise<unknown>): EventLog {
  return changed(log, {
    async claim(role, partition) {
      await happens();
      return log.claim(role, partition);
    },
  });
}

type CommitOf = (owner: Owner, transaction: Transaction) => Promise<CommitResult>;

/** The log whose owners commit in another way; each owner has a way of its own. */
export function committing(log: EventLog, wayOf: () => CommitOf): EventLog['claim'] {
  return async (role, partition) => {
    const owner = await log.claim(role, partition);
    const commit = wayOf();
    return { role, partition, release: () => owner.release(), commit: (transaction) => commit(owner, transaction) };
  };
}

/** The log whose writer dies before it moves its position: the second commit of a step. */
export function dyingAtCommit(log: EventLog, dying: number): EventLog {
  const claim = committing(log, () => {
    let commits = 0;
    return async (owner, transaction) => {
      if (++commits === dying) throw new Killed();
      return owner.commit(transaction);
    };
  });
  return changed(log, { claim, close: async () => {} });
}

type Side = 'before' | 'after' | null;

/** The log with commits that fail: `fails` is asked with the number of the commit (from 1) and says whether, and on which side; what it takes for its answer the commit takes, too. */
export function failing(log: EventLog, fails: (commit: number, transaction: Transaction) => Side | Promise<Side>): EventLog {
  let commits = 0;
  const claim = committing(log, () => async (owner, transaction) => {
    const side = await fails(++commits, transaction);
    if (side === 'before') throw new LogError('log_busy', 'made up: nothing was written');
    const result = await owner.commit(transaction);
    if (side === 'after') throw new LogError('log_unreachable', 'made up: the answer was lost');
    return result;
  });
  return changed(log, { claim });
}
