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
  for (const bytes of BEFORE_USER) at = bytes === null ? stringAt(rows, at).end : at + bytes;
  const user = stringAt(rows, at);
  return rows.toString('utf8', user.start, user.end);
}

/** Where the text of a string lies. Its length comes first: LEB128, seven bits a byte, lowest first. */
function stringAt(rows: Buffer, at: number): { readonly start: number; readonly end: number } {
  let start = at;
  let length = 0;
  for (let scale = 1; ; scale *= 0x80) {
    const byte = rows.readUInt8(start++);
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
  }
  const end = start + length;
  if (end > rows.length) throw new RangeError('a row of a block ends early: the log is damaged; restore it from a copy');
  return { start, end };
}
