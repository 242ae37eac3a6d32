/** `ntk keys sign`: lines of facts of authority to the same lines with signatures. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { SIGNED_TYPES } from '../../../schemas/codes.ts';
import { isSignedType } from '../../domain/authority/authority.ts';
import { signEvent, type Signer } from '../../domain/authority/signature.ts';
import { isObject } from '../../domain/record/fields.ts';
import { encodingOf, INVALID_JSON, parseJson } from '../../domain/record/json.ts';
import { parseRecord } from '../../domain/record/parse.ts';
import type { Output } from '../output/output.ts';

/** A line that cannot be signed is told with its number and left out. Answers whether there was none. */
export async function signLines(out: Output, input: Readable, signer: Signer, logId: string | undefined): Promise<boolean> {
  let number = 0;
  let isClean = true;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    if (/^[ \t]*$/.test(line)) continue;
    const signed = signLine(line, signer, logId);
    if ('problem' in signed) {
      out.problem(`line ${number}: ${signed.problem}`);
      isClean = false;
    } else await out.bytes([Buffer.from(`${signed.line}\n`, 'utf8')]);
  }
  return isClean;
}

function signLine(
  text: string,
  signer: Signer,
  logId: string | undefined,
): { readonly line: string } | { readonly problem: string } {
  const bytes = Buffer.from(text, 'utf8');
  const event = parseJson(bytes, 0, bytes.length, 'utf8');
  if (event === INVALID_JSON || !isObject(event)) return { problem: 'it is no JSON object' };
  const { type } = event;
  if (typeof type !== 'string' || !isSignedType(type))
    return { problem: `its type is none of those that are signed: ${SIGNED_TYPES.join(', ')}` };
  const signed = signEvent(logId === undefined ? event : { ...event, logid: logId }, signer);
  if (signed === null) return { problem: 'it holds a number that JSON cannot say again' };
  const line = Buffer.from(JSON.stringify(signed), 'utf8');
  const record = parseRecord(line, 0, line.length, encodingOf(line));
  // Signed all the same it would be rejected, and whoever signed it would not know.
  if (record.type === 'reject') return { problem: `it would be rejected as ${record.reason}` };
  return { line: line.toString('utf8') };
}
