/**
 * What becomes of one request, from its headers to the log's acknowledgement. Each step costs more than the one before it, so the cheap
 * refusals come first, and nothing of the body is read before there is room for it:
 *
 * 1. what the headers say: type, compression, length;
 * 2. whether the token may send now, and a place in memory;
 * 3. the body, whole, within its time;
 * 4. its records, what they cost, and whether the token may send each of them;
 * 5. the log. Only its acknowledgement makes 202.
 */
import type { IncomingMessage } from 'node:http';
import { routeRecords } from '../domain/partitioning/route-record.ts';
import type { Clock } from '../platform/clock.ts';
import { printable } from '../../schemas/policy/wording.ts';
import type { EventLog } from '../platform/log/event-log.ts';
import { outOfBounds } from './binding.ts';
import { type BodyProblem, inflated, readBody, toldLength } from './body.ts';
import { cutRecords } from './cut-records.ts';
import { type Acknowledgement, type GroupCommit, retryAfterSeconds } from './group-commit.ts';
import { type InFlight, type Place, RECORD_OVERHEAD_BYTES } from './in-flight.ts';
import type { GatewayLimits } from './limits.ts';
import { type BodyKind, bodyKind } from './media-type.ts';
import { TokenRates } from './token-rates.ts';
import type { Token } from './tokens/token-file.ts';

/** Code 0: the sender has gone, there is nobody to answer. */
export interface Answer {
  readonly code: number;
  readonly body: { readonly accepted: number } | { readonly error: string; readonly [field: string]: unknown };
  readonly retryAfterSeconds?: number;
  /** The rest of the body is not waited for. */
  readonly isLast?: true;
  /** Of the request, as far as they were counted. */
  readonly records?: number;
  readonly bytes?: number;
}

interface DoorOptions {
  readonly partitions: EventLog['partitions'];
  readonly limits: GatewayLimits;
  readonly inFlight: InFlight;
  readonly queue: GroupCommit;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

export interface Arrived {
  readonly request: IncomingMessage;
  readonly token: Token;
  /** Called when the body is wanted: `100 Continue` for who waits for it. */
  readonly onBodyWanted: () => void;
}

/** Room, or an acknowledgement, is there within a commit or two. */
const SOON_SECONDS = 1;
const VALUE_CHARS_MAX = 100;
const AGAIN = 'send the same again: what is in the log already is recognised and counted once';

export class Door {
  readonly #options: DoorOptions;
  readonly rates: TokenRates;

  constructor(options: DoorOptions) {
    this.#options = options;
    this.rates = new TokenRates(options.clock);
  }

  async handle(arrived: Arrived): Promise<Answer> {
    const { limits, inFlight } = this.#options;
    const { request, token } = arrived;
    const kind = bodyKind(request.headers);
    if ('problem' in kind) return refused(415, kind.problem);
    const told = toldLength(request);
    if (told !== null && told > limits.bodyBytesMax) return this.#bodyAnswer('too_large');
    const waitMs = this.rates.waitMs(token);
    if (waitMs > 0) return overRate(waitMs);
    const place = inFlight.take(token.name, (told ?? limits.bodyBytesMax) + (kind.isGzip ? limits.bodyBytesMax : 0));
    if (place === 'full') return full();
    if (place === 'own_share_full') {
      const error = 'this token has as many requests under way as one may; wait for their answers';
      return { ...refused(429, error), retryAfterSeconds: SOON_SECONDS };
    }
    const keeper = { isHandedOver: false };
    try {
      return await this.#admitted(arrived, kind, place, keeper);
    } finally {
      if (!keeper.isHandedOver) place.giveBack();
    }
  }

  /** Steps 3 to 5. The place goes over to the queue together with the records. */
  async #admitted(
    { request, token, onBodyWanted }: Arrived,
    kind: BodyKind,
    place: Place,
    keeper: { isHandedOver: boolean },
  ): Promise<Answer> {
    const { limits, queue, partitions } = this.#options;
    onBodyWanted();
    let body = await readBody(request, limits);
    if (kind.isGzip && Buffer.isBuffer(body)) body = await inflated(body, limits.bodyBytesMax);
    if (!Buffer.isBuffer(body)) return this.#bodyAnswer(body);

    const records = cutRecords(kind.form, body, limits.recordsMax);
    if ('problem' in records) return refused(records.isTooMany ? 413 : 400, records.problem);
    const counted = { records: records.length, bytes: body.length };
    // The whole buffer: that of a body whose length was not told can be larger than what came.
    if (!place.resize(body.buffer.byteLength + records.length * RECORD_OVERHEAD_BYTES)) return { ...full(), ...counted };
    const waitMs = this.rates.charge(token, counted);
    if (waitMs > 0) return { ...overRate(waitMs), ...counted };
    const outside = outOfBounds(token, records);
    if (outside !== null) {
      const { attribute, record, value } = outside;
      const error = `record ${record}: the token may not send ${attribute} '${printable(value, VALUE_CHARS_MAX)}'; nothing was taken`;
      return { ...refused(403, error), body: { error, record, attribute }, ...counted };
    }
    if (records.length === 0) return { code: 202, body: { accepted: 0 }, ...counted };

    const routed = routeRecords(records, partitions);
    if (routed.bytes > limits.copiedBytesMax)
      return {
        ...refused(413, 'every partition gets a copy of these records, which is too much at once; send fewer'),
        ...counted,
      };
    keeper.isHandedOver = true;
    const acknowledgement = await queue.submit({ ...routed, onLetGo: () => place.giveBack() });
    return { ...acknowledged(acknowledgement, records.length), ...counted };
  }

  #bodyAnswer(problem: BodyProblem): Answer {
    const { bodyBytesMax, bodyTimeoutMs } = this.#options.limits;
    switch (problem) {
      case 'too_large':
        return refused(413, `a body may have ${bodyBytesMax} bytes, also when it is inflated; send fewer records at once`);
      case 'too_slow':
        return { ...refused(408, `a body has to be in whole within ${bodyTimeoutMs / 1_000} seconds`), isLast: true };
      case 'no_gzip':
        return refused(400, 'the body is no gzip, or its end is missing');
      case 'aborted':
        return refused(0, 'aborted');
    }
  }
}

function refused(code: number, error: string): Answer {
  return { code, body: { error } };
}

function full(): Answer {
  const error = 'as many requests are under way as fit into memory; wait and send again';
  return { ...refused(503, error), retryAfterSeconds: SOON_SECONDS };
}

function overRate(waitMs: number): Answer {
  const error = 'this token sends more than it may; wait and send again';
  return { ...refused(429, error), retryAfterSeconds: Math.ceil(waitMs / 1_000) };
}

function acknowledged(acknowledgement: Acknowledgement, accepted: number): Answer {
  switch (acknowledgement.status) {
    case 'committed':
      return { code: 202, body: { accepted } };
    case 'too_late': {
      const error =
        acknowledgement.outcome === 'waiting'
          ? 'the log is behind, and nothing of this request is in it; send it again later'
          : `the log has not acknowledged in time; ${AGAIN}`;
      return { ...refused(503, error), retryAfterSeconds: SOON_SECONDS };
    }
    case 'failed': {
      const seconds = retryAfterSeconds(acknowledgement.error);
      // A bug: whoever registered the route says so in the log.
      if (seconds === null) throw acknowledgement.error;
      return { ...refused(503, `the log cannot take records now; ${AGAIN}`), retryAfterSeconds: seconds };
    }
  }
}
