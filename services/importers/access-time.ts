/** When an access happened, of a record as it goes into the log. */
import { INVALID_TIME, parseTimeUs } from '../domain/record/time.ts';

const TYPE = Buffer.from('"ntk.access"');
/** A longer record is not looked at. */
const RECORD_BYTES_MAX = 64 * 1024;

/** Microseconds since 1970. Null where it is no access, or none that can be read. */
export function accessTimeUs(value: Uint8Array): number | null {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (bytes.length > RECORD_BYTES_MAX || !bytes.includes(TYPE)) return null;
  try {
    const { type, time } = JSON.parse(bytes.toString('utf8')) as { type?: unknown; time?: unknown };
    const timeUs = type === 'ntk.access' && typeof time === 'string' ? parseTimeUs(time) : INVALID_TIME;
    return timeUs === INVALID_TIME ? null : timeUs;
  } catch {
    return null;
  }
}
