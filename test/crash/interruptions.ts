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
    after?: (operation: string) => void;
    change?: (insert: RowsInsert) => RowsInsert;
  },
): Warehouse {
  const around = async <T>(operation: string, work: () => Promise<T>): Promise<T> => {
    await hooks.before?.(operation);
    const result = await work();
    hooks.after?.(operation);
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

/** The log with something that happens before each reading of accesses. */
export function beforeAccessRead(log: EventLog, happens: () => Promise<void>): EventLog {
  return {
    logId: log.logId,
    partitions: log.partitions,
    commit: (transaction) => log.commit(transaction),
    claim: (...args) => log.claim(...args),
    async read(stream, ...args) {
      if (stream === 'access') await happens();
      return log.read(stream, ...args);
    },
    last: (...args) => log.last(...args),
    bounds: (...args) => log.bounds(...args),
    position: (...args) => log.position(...args),
    shownOffset: (...args) => log.shownOffset(...args),
    readKeyed: (...args) => log.readKeyed(...args),
    getKeyed: (...args) => log.getKeyed(...args),
    waitForAppend: (...args) => log.waitForAppend(...args),
    close: async () => {},
  };
}

/** The log whose writer dies before it moves its position: the second commit of a step. */
export function dyingAtCommit(log: EventLog, dying: number): EventLog {
  return {
    logId: log.logId,
    partitions: log.partitions,
    commit: (transaction) => log.commit(transaction),
    read: (...args) => log.read(...args),
    last: (...args) => log.last(...args),
    bounds: (...args) => log.bounds(...args),
    position: (...args) => log.position(...args),
    shownOffset: (...args) => log.shownOffset(...args),
    readKeyed: (...args) => log.readKeyed(...args),
    getKeyed: (...args) => log.getKeyed(...args),
    waitForAppend: (...args) => log.waitForAppend(...args),
    close: async () => {},
    async claim(role, partition): Promise<Owner> {
      const owner = await log.claim(role, partition);
      let commits = 0;
      return {
        role,
        partition,
        release: () => owner.release(),
        async commit(transaction) {
          if (++commits === dying) throw new Killed();
          return owner.commit(transaction);
        },
      };
    },
  };
}

type Side = 'before' | 'after' | null;

/** The log with commits that fail: `fails` is asked with the number of the commit (from 1) and says whether, and on which side; what it takes for its answer the commit takes, too. */
export function failing(log: EventLog, fails: (commit: number, transaction: Transaction) => Side | Promise<Side>): EventLog {
  let commits = 0;
  return new Proxy(log, {
    get(target, name) {
      if (name !== 'claim') {
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      }
      return async (role: 'scorer' | 'writer', partition: number): Promise<Owner> => {
        const owner = await target.claim(role, partition);
        return {
          role,
          partition,
          release: () => owner.release(),
          async commit(transaction: Transaction): Promise<CommitResult> {
            const side = await fails(++commits, transaction);
            if (side === 'before') throw new LogError('log_busy', 'made up: nothing was written');
            const result = await owner.commit(transaction);
            if (side === 'after') throw new LogError('log_unreachable', 'made up: the answer was lost');
            return result;
          },
        };
      };
    },
  });
}
