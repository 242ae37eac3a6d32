/** Whose row it is, of rows as a scorer encodes them (schemas/results/columns.ts); the columns before are passed over. */

const UINT64_BYTES = 8;
/** Columns before `user`: bytes of a number, or null for a string. */
const BEFORE_USER: readonly (number | null)[] = [
  UINT64_BYTES, // offset
  null, // event_id
  null, // source
  UINT64_BYTES, // event_time
  UINT64_BYTES, // appended_at
  null, // program
  null, // developer
  null, // class
];

/**
 * @param start where the row begins
 * @throws RangeError when the row ends early: the log is damaged
 */
export function userOfRow(rows: Buffer, start: number): string {
  let at = start;
  for (const bytes of BEFORE_USER) at = bytes === null ? endOfString(rows, at) : at + bytes;
  const end = endOfString(rows, at);
  return rows.toString('utf8', textStart(rows, at), end);
}

/** A string has its length first: LEB128, seven bits a byte, lowest first. */
function endOfString(rows: Buffer, start: number): number {
  let length = 0;
  let at = start;
  for (let scale = 1; ; scale *= 0x80) {
    const byte = rows.readUInt8(at++);
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
  }
  if (at + length > rows.length) throw new RangeError('a row of a block ends early: the log is damaged');
  return at + length;
}

function textStart(rows: Buffer, start: number): number {
  let at = start;
  while (rows.readUInt8(at) >= 0x80) at++;
  return at + 1;
}
