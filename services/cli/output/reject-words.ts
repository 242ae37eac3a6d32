/** What a person reads of a record that could not be read: what is wrong, and what it should be. */
import { RECORD_TYPES, type REJECT_REASONS } from '../../../schemas/codes.ts';
import { cloudEventSchema } from '../../../schemas/events/cloudevent.ts';
import { eventSchema } from '../../../schemas/events/index.ts';
import { unknownName } from '../../../schemas/policy/wording.ts';

type RejectReason = (typeof REJECT_REASONS)[number];

export const REASON_IN_WORDS: Readonly<Record<RejectReason, string>> = {
  too_large: 'the record has more than 1,048,576 bytes',
  invalid_json: 'the bytes are no JSON text in UTF-8 (RFC 8259), or nest more than 512 levels',
  not_cloudevent: 'a CloudEvents attribute (specversion, id, source, type, subject, time) is missing or wrong',
  unknown_type: 'the type is none of the known ntk.* types',
  invalid_data: 'a field of data is missing, of the wrong type or out of range',
  wrong_partition: 'the subject belongs to another partition of the log',
  unauthorised: 'a fact of authority that does not count here',
};

const PROBLEMS_MAX = 10;
/** V8 counts within the text, which is one line of a file. */
const PLACE_IN_TEXT = / \(line [0-9]+ column [0-9]+\)$/;

/** Which fields are wrong and what they should be, one a line; none where the fields are not what is wrong. May hold text of the record. */
export function problemsOf(reason: RejectReason, value: Uint8Array): string[] {
  if (reason === 'too_large') return [];
  let event: unknown;
  try {
    event = JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8'));
  } catch (error) {
    return error instanceof Error ? [error.message.replace(PLACE_IN_TEXT, '')] : [];
  }
  const named = (event as { type?: unknown } | null)?.type;
  if (reason === 'unknown_type' && typeof named === 'string') return [`type: ${unknownName('type', named, RECORD_TYPES)}`];
  const type = RECORD_TYPES.find((known) => known === named);
  const { error } = (type === undefined ? cloudEventSchema : eventSchema(type)).safeParse(event, {
    error: ({ input }) => (input === undefined ? 'is missing' : undefined),
  });
  return (error?.issues ?? [])
    .slice(0, PROBLEMS_MAX)
    .map(({ path, message }) => `${path.length === 0 ? 'the record' : path.join('.')}: ${message}`);
}
