/**
 * A heartbeat as a record of the log, and its answer. The id says when it was sent and carries a mark that only the process which sent
 * it can make: an answer needs no list of what is under way, and nobody can make up a heartbeat that was never sent, or take the id of
 * one that is still to come.
 */
import { createHmac } from 'node:crypto';
import { heartbeatAnswerSchema } from '../../../schemas/results/verdict.ts';

/** Where heartbeats come from. No host has it: a token is for the sources that it names. */
const HEARTBEAT_SOURCE = 'ntk/heartbeat';
/** How an answer begins and no verdict does: most of what is read is verdicts, which are not looked at. */
const ANSWER_BEGINS = Buffer.from('{"type":"ntk.heartbeat",', 'utf8');
const MARK_CHARACTERS = 24;

export class HeartbeatEvents {
  readonly #secret: Uint8Array | string;

  /** @param secret of this process alone, at least 16 random bytes */
  constructor(secret: Uint8Array | string) {
    this.#secret = secret;
  }

  /** @param sentAtMs milliseconds since 1970, another one for each heartbeat of a partition */
  record(partition: number, sentAtMs: number): Buffer {
    const event = {
      specversion: '1.0',
      id: this.#id(partition, sentAtMs),
      source: HEARTBEAT_SOURCE,
      type: 'ntk.heartbeat',
      subject: '*',
      time: new Date(sentAtMs).toISOString(),
      data: { partition },
    };
    return Buffer.from(JSON.stringify(event), 'utf8');
  }

  /**
   * When the heartbeat was sent that a record of `ntk.verdicts.v1` answers, milliseconds since 1970; null for verdicts, and for answers
   * to heartbeats of other processes. The record is `bytes[start, end)`.
   */
  answeredAt(partition: number, bytes: Buffer, start: number, end: number): number | null {
    const isAnswer = ANSWER_BEGINS.compare(bytes, start, Math.min(end, start + ANSWER_BEGINS.length)) === 0;
    if (!isAnswer) return null;
    const answer = heartbeatAnswerSchema.safeParse(jsonOrNull(bytes.toString('utf8', start, end)));
    if (!answer.success || answer.data.source !== HEARTBEAT_SOURCE) return null;
    const { eventId } = answer.data;
    const sentAtMs = Number(/^\d+-(\d{1,15})-/.exec(eventId)?.[1]);
    return eventId === this.#id(partition, sentAtMs) ? sentAtMs : null;
  }

  #id(partition: number, sentAtMs: number): string {
    const said = `${partition}-${sentAtMs}`;
    const mark = createHmac('sha256', this.#secret).update(said).digest('hex').slice(0, MARK_CHARACTERS);
    return `${said}-${mark}`;
  }
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
