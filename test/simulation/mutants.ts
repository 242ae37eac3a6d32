/** Mistakes that services or logs could make, each as something put between the two. */
import type { EventLog, Owner, Position, Transaction } from '../../services/platform/log/event-log.ts';
import { decodeBlock } from '../../services/domain/results/block.ts';
import { decodeWriterNote, encodeWriterNote } from '../../services/platform/log/writer-note.ts';
import { WarehouseError } from '../../services/platform/warehouse/warehouse.ts';
import type { Mutation } from './fleet.ts';

type Claim = EventLog['claim'];

/** The log with some members replaced. */
function withMembers<Port extends object>(port: Port, members: Partial<Port>): Port {
  return new Proxy(port, {
    get(target, name) {
      if (Object.hasOwn(members, name)) return members[name as keyof Port];
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

function withCommit(log: EventLog, commit: (owner: Owner, transaction: Transaction) => ReturnType<Owner['commit']>): EventLog {
  const claim: Claim = async (role, partition) => {
    const owner = await log.claim(role, partition);
    return { role, partition, release: () => owner.release(), commit: (transaction) => commit(owner, transaction) };
  };
  return withMembers(log, { claim });
}

/** A position with what the note says changed. */
function withPosition(transaction: Transaction, change: (position: Position) => Position): Transaction {
  const { position } = transaction;
  return position === undefined || position.consumer !== 'writer' ? transaction : { ...transaction, position: change(position) };
}

export const MUTANTS: Readonly<Record<string, Mutation>> = {
  'a scorer that goes on with its state after a commit that failed': {
    log: (log) =>
      withCommit(log, async (owner, transaction) => {
        const result = await owner.commit(transaction).catch(() => null);
        return result ?? { status: 'committed', baseOffsets: [] };
      }),
  },
  'a service that reads the position before it claims': {
    log: (log, _, process) => {
      const before = new Map<number, Awaited<ReturnType<EventLog['last']>>>();
      return withMembers(log, {
        claim: async (role, partition) => {
          if (role === 'scorer') {
            before.set(partition, await log.last('results', partition));
            await process.clock.sleep(5);
          }
          return log.claim(role, partition);
        },
        last: async (stream, partition) => before.get(partition) ?? log.last(stream, partition),
      });
    },
  },
  'a service that tries a commit again with the same output when it was not answered': {
    log: (log) => withCommit(log, (owner, transaction) => owner.commit(transaction).catch(() => owner.commit(transaction))),
  },
  'a writer that moves its position before the insert': {
    log: (log, cluster) =>
      withCommit(log, (owner, transaction) =>
        owner.commit(
          withPosition(transaction, (position) => {
            const { to } = decodeWriterNote(position.note);
            if (to === undefined) return position;
            const last = cluster.partition('results', owner.partition).records.findLast(({ offset }) => offset < to)!;
            return { ...position, offset: to, note: encodeWriterNote({ next: decodeBlock(last.value).header.next }) };
          }),
        ),
      ),
  },
  'a writer that does not note the range that it inserts': {
    log: (log) =>
      withCommit(log, (owner, transaction) =>
        owner.commit(
          withPosition(transaction, (position) => ({
            ...position,
            note: encodeWriterNote({ next: decodeWriterNote(position.note).next }),
          })),
        ),
      ),
  },
  'a writer that takes a failed insert for done': {
    warehouse: (warehouse) =>
      withMembers(warehouse, {
        insertRows: (insert) =>
          warehouse.insertRows(insert).catch((error: unknown) => {
            if (!(error instanceof WarehouseError)) throw error;
          }),
      }),
  },
  'a writer that writes the ledger before the rows': {
    warehouse: (warehouse) => {
      let rows: Parameters<typeof warehouse.insertRows>[0] | null = null;
      return withMembers(warehouse, {
        insertRows: async (insert) => {
          if (insert.table === 'access_results') {
            rows = insert;
            return;
          }
          const waiting = rows;
          rows = null;
          await warehouse.insertRows(insert);
          if (waiting !== null) await warehouse.insertRows(waiting);
        },
      });
    },
  },
  'a log that writes for an owner who was fenced': {
    log: (log, cluster) =>
      withCommit(log, async (owner, transaction) => {
        const result = await owner.commit(transaction);
        return result.status === 'committed' ? result : cluster.commit(null, transaction);
      }),
  },
  'a log that says committed to an owner who was fenced': {
    log: (log) =>
      withCommit(log, async (owner, transaction) => {
        const result = await owner.commit(transaction);
        return result.status === 'committed' ? result : { status: 'committed', baseOffsets: [] };
      }),
  },
  'a log whose transactions are two: the verdicts, and the rest': {
    log: (log) =>
      withCommit(log, async (owner, { appends = [], ...rest }) => {
        const verdicts = appends.filter(({ stream }) => stream === 'verdicts');
        if (verdicts.length > 0) await owner.commit({ appends: verdicts });
        return owner.commit({ ...rest, appends: appends.filter(({ stream }) => stream !== 'verdicts') });
      }),
  },
  'a log that loses the last record of a batch it cuts short': {
    log: (log) =>
      withMembers(log, {
        read: async (stream, partition, offset, limits) => {
          const batch = await log.read(stream, partition, offset, limits);
          if (stream !== 'access' || batch.count < 2 || batch.count === limits.maxRecords) return batch;
          return { ...batch, count: batch.count - 1 };
        },
      }),
  },
};
