/** A body to its records. Each is a view of the body's own bytes: nothing is parsed and printed again. */
import { RECORD_BYTES_KEPT } from '../../schemas/codes.ts';
import { arrayElements, type NotCut } from './array-elements.ts';
import type { BodyForm } from './media-type.ts';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** In the order of the body. */
export function cutRecords(form: BodyForm, body: Buffer, recordsMax: number): readonly Buffer[] | NotCut {
  // The mark is no part of a record (contracts.md section 1), and it can only stand where a text begins.
  const text = body.subarray(0, MARK.length).equals(MARK) ? body.subarray(MARK.length) : body;
  const records = cut(form, text, recordsMax);
  return 'problem' in records ? records : records.map((record) => record.subarray(0, RECORD_BYTES_KEPT));
}

function cut(form: BodyForm, text: Buffer, recordsMax: number): readonly Buffer[] | NotCut {
  switch (form) {
    case 'single':
      return text.length > 0 ? [text] : { problem: 'the body is empty; send one CloudEvent', isTooMany: false };
    case 'batch':
      return arrayElements(text, recordsMax);
    case 'lines':
      return lines(text, recordsMax);
  }
}

/** Lines end with a newline, before which one carriage return may stand. Blank ones are none. */
function lines(text: Buffer, linesMax: number): readonly Buffer[] | NotCut {
  const found: Buffer[] = [];
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf(NEWLINE, start);
    const next = newline === -1 ? text.length : newline;
    const end = newline !== -1 && next > start && text[next - 1] === RETURN ? next - 1 : next;
    if (!isBlank(text, start, end)) {
      if (found.length === linesMax) return { problem: `at most ${linesMax} records a request`, isTooMany: true };
      found.push(text.subarray(start, end));
    }
    start = next + 1;
  }
  return found;
}

function isBlank(text: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (text[at] !== 0x20 && text[at] !== 0x09) return false;
  return true;
}
