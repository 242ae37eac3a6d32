/** What `/health` looks at: whether the loops go round, and what keeps a partition or the log from going on. */
import type { Clock } from '../../platform/clock.ts';
import { Health, type HealthState, progressCheck } from '../../platform/http/health.ts';
import type { AppendStream, EventLog } from '../../platform/log/event-log.ts';
import type { Trouble } from '../../platform/assignment/trouble.ts';
import { ANSWER_MS_MAX, answerInTime } from './answer-in-time.ts';
import type { System } from '../opening/open-system.ts';
import { counted, countedAre, verbOf } from '../../domain/wording/counted.ts';

/** A loop that stands still for this long is not healthy. The writer waits up to 30 s between two tries. */
const SCORER_STILL_MS_MAX = 15_000;
const WRITER_STILL_MS_MAX = 60_000;
/** Senders end theirs within milliseconds. */
const TRANSACTION_MS_USUAL = 2_000;
const TROUBLES_SHOWN_MAX = 5;

type Looked = Pick<System, 'scorer' | 'writer' | 'log' | 'groupTrouble'>;

export function systemHealth(system: Looked, clock: Clock): Health {
  const { scorer, writer, log } = system;
  const health = new Health();
  // A process that only writes rows may not read what hosts sent (acls.ts).
  const stream = writer !== null && scorer === null ? 'results' : 'access';
  health.register('log', () => logAnswers(log, stream, clock));
  if (scorer !== null) {
    health.register('scorer', progressCheck({ clock, limitMs: SCORER_STILL_MS_MAX, progressAtMs: () => scorer.progressAtMs }));
    health.register('partitions', () => partitionsAreJudged(system, scorer, clock));
  }
  if (writer !== null) {
    health.register('writer', progressCheck({ clock, limitMs: WRITER_STILL_MS_MAX, progressAtMs: () => writer.progressAtMs }));
    health.register('stored', () => partitionsAreStored(writer));
  }
  return health;
}

async function logAnswers(log: EventLog, stream: AppendStream, clock: Clock): Promise<HealthState> {
  const answer = endOf(log, stream, clock).then(
    (detail): HealthState => ({ ok: true, detail }),
    (error: unknown): HealthState => ({ ok: false, detail: error instanceof Error ? error.message : 'the log does not answer' }),
  );
  const late = { ok: false, detail: `the log has not answered for ${ANSWER_MS_MAX} ms` };
  return (await answerInTime(clock, answer)) ?? late;
}

/**
 * The end of a partition is waited for by who has written to it, for as long as somebody else's transaction is open there: that of a
 * gateway that was killed must not take the others out of service.
 */
async function endOf(log: EventLog, stream: AppendStream, clock: Clock): Promise<string> {
  const { from, to, sinceMs } = await log.undecided(stream, 0);
  if (from < to && clock.nowMs() - sinceMs > TRANSACTION_MS_USUAL)
    return 'the log answers; in partition 0 a transaction has not ended for a while';
  if (from === to) await log.bounds(stream, 0);
  return 'the log answers';
}

interface Owning {
  owned(): ReadonlyMap<number, unknown>;
  troubles(): ReadonlyMap<number, Trouble>;
}

async function partitionsAreJudged({ log, groupTrouble }: Looked, scorer: Owning, clock: Clock): Promise<HealthState> {
  const wrong: string[] = [];
  // Which of them it should have nobody can tell then.
  if (groupTrouble !== null) wrong.push(`the group that shares the partitions does not have this process: ${groupTrouble}`);
  // Null when it is not known in time: the check of the log says why.
  const now = await answerInTime(
    clock,
    log.partitionsNow().catch(() => null),
  );
  if (now !== null && now.partitions > log.partitions)
    wrong.push(
      `topic ${now.topic} has ${counted(now.partitions, 'partition')} and the log ${log.partitions}: what is written to those that were added is not judged, and no process of this log can be started any more; begin another log under another NTK_KAFKA_TOPIC_PREFIX`,
    );
  return partitionsGoOn('judged', scorer, wrong);
}

/** No verdict depends on it, so a ClickHouse that is away takes nothing out of service; but it is said. */
function partitionsAreStored(writer: Owning & { readonly failure: string | null }): HealthState {
  const { ok, detail } = partitionsGoOn('stored', writer, []);
  const { failure } = writer;
  return { ok, detail: failure === null ? detail : `${detail}, storing fails and is tried again: ${failure}` };
}

function partitionsGoOn(done: 'judged' | 'stored', service: Owning, others: readonly string[]): HealthState {
  const troubles = [...service.troubles()];
  // One that is tried again is taken first, and may be in trouble still.
  const goingOn = [...service.owned().keys()].filter((partition) => !service.troubles().has(partition));
  const has = `${countedAre(goingOn.length, 'partition')} ${done}`;
  const wrong: string[] = [];
  if (troubles.length > 0) {
    const said = troubles.slice(0, TROUBLES_SHOWN_MAX).map(([partition, { message }]) => named(partition, message));
    wrong.push(`${troubles.length} ${verbOf(troubles.length, 'do')} not go on: ${said.join('; ')}`);
  }
  wrong.push(...others);
  return { ok: wrong.length === 0, detail: [has, ...wrong].join(', ') };
}

/** Some messages name their partition themselves. */
function named(partition: number, message: string): string {
  const name = `partition ${partition}: `;
  return message.startsWith(name) ? message : `${name}${message}`;
}
