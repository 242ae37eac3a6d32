/** People's right to be forgotten, said in the log: one copy of each erasure in every partition. */
import { randomUUID } from 'node:crypto';
import { EVERY_PROGRAM } from '../../../schemas/events/cloudevent.ts';
import { type EventLog, ORIGIN } from '../../platform/log/event-log.ts';
import { appendToEveryPartition, type Publisher, requirePublisher } from './publish.ts';

/** In one transaction; each is a record of some hundred bytes in every partition. */
const AT_ONCE = 500;

/** @param users as hosts name them. @param onAppended told after each transaction how many there are in the log. @throws UserError, before anything is appended, when it would be refused */
export async function publishErasures(
  log: EventLog,
  users: readonly string[],
  publisher: Publisher,
  onAppended: (users: number) => void,
): Promise<void> {
  const { by, nowMs, signer } = publisher;
  await requirePublisher(log, publisher, 'ntk.erasure');
  const time = new Date(nowMs).toISOString();
  for (let from = 0; from < users.length; from += AT_ONCE) {
    const some = users.slice(from, from + AT_ONCE);
    const events = some.map((user) => {
      // Of its own: a user who comes back after an erasure may be erased again.
      const id = randomUUID();
      return {
        specversion: '1.0',
        id,
        source: 'ntk/erasure',
        type: 'ntk.erasure',
        subject: EVERY_PROGRAM,
        time,
        by,
        data: { user },
      };
    });
    // Not `live`: a command is no host that could fall silent, and a log of history stays one.
    await appendToEveryPartition(log, events, signer, { origin: ORIGIN.run, puts: [] });
    onAppended(from + some.length);
  }
}
