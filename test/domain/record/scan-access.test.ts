import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodingOf } from '../../../services/domain/record/json.ts';
import { parseGenerally, parseRecord } from '../../../services/domain/record/parse.ts';
import { type AccessRecord, type ParsedRecord, type Reject, TEXT } from '../../../services/domain/record/record.ts';
import { scanAccess } from '../../../services/domain/record/scan-access.ts';
import { EVENTS } from '../../conformance/example.ts';
import { hostileJson } from '../../reference/hostile-text.ts';
import { Random } from '../../reference/random.ts';
import { data, event, FULL, ODD_OUTCOMES, ODD_TEXTS, ODD_TIMES, ODD_VALUES, ORDINARY, shuffled, text } from './drawn-accesses.ts';

/** A record whose neighbours are other records, as in a batch. */
function among(record: string | Buffer, after = JSON.stringify(ORDINARY)): { bytes: Buffer; start: number; end: number } {
  const [before, own] = [Buffer.from(JSON.stringify(ORDINARY)), typeof record === 'string' ? Buffer.from(record) : record];
  return { bytes: Buffer.concat([before, own, Buffer.from(after)]), start: before.length, end: before.length + own.length };
}

/** What the short way says is what the general way says, or nothing. Answers whether it said something. */
function agrees(record: string | Buffer, after?: string): boolean {
  const { bytes, start, end } = among(record, after);
  const general = parseGenerally(bytes, start, end, encodingOf(bytes));
  expect(said(parseRecord(bytes, start, end, encodingOf(bytes)))).toEqual(said(general));
  const scanned = scanAccess(bytes, start, end);
  if (scanned === null) return false;
  expect(said(scanned)).toEqual(said(general));
  expect(textsOf(scanned)).toEqual(stringsOf(scanned));
  return true;
}

/** What a record says, without where it stands. */
function said(record: ParsedRecord | Reject): object {
  if (record.type !== 'ntk.access') return record;
  const { type, data, attributes } = record;
  const { id, source, subject, timeUs } = attributes;
  const { user, api, category, purpose, page, foreground, fields, rows, bytes, outcome, link, durationMs } = data;
  const access = { user, api, category, purpose, page, foreground, fields, rows, bytes, outcome, link, durationMs };
  return { type, data: access, attributes: { id, source, subject, timeUs } };
}

/** What stands at the places where the strings of a row are said to stand. */
function textsOf({ texts }: AccessRecord): string[] {
  const { bytes, places } = texts!;
  return Object.values(TEXT).map((which) => bytes.toString('latin1', places[2 * which], places[2 * which + 1]));
}

function stringsOf({ attributes: { id, source, subject }, data: { api, purpose, page, user } }: AccessRecord): string[] {
  const strings: Record<keyof typeof TEXT, string> = { id, source, subject, api, purpose, page, user };
  return Object.keys(TEXT).map((name) => strings[name as keyof typeof TEXT]);
}

/** Says records, and the share of them that took the short way: without enough of these nothing is held against anything. */
function counted(): { readonly told: (record: string | Buffer) => void; readonly scanned: () => number } {
  const results: boolean[] = [];
  return {
    told: (record) => void results.push(agrees(record)),
    scanned: () => results.filter((isScanned) => isScanned).length / results.length,
  };
}

describe('the short way to an access', () => {
  it('is taken by an ordinary one, spaced or not, at whatever offset of time, and by one with all that it may have', () => {
    expect(agrees(JSON.stringify(ORDINARY))).toBe(true);
    expect(agrees(JSON.stringify(ORDINARY).replaceAll(/([,:])"/g, '$1 "'))).toBe(true);
    expect(agrees(JSON.stringify({ ...ORDINARY, time: '2026-03-01T08:00:00.25+08:00' }))).toBe(true);
    expect(agrees(JSON.stringify(FULL))).toBe(true);
  });

  it.each([...Object.keys(FULL), ...Object.keys(FULL.data).map((name) => `data.${name}`)])(
    'says what the general way says of a record whose %s is anything',
    (path) => {
      const name = path.replace('data.', '');
      const { told, scanned } = counted();
      for (const odd of [...ODD_TEXTS, ...ODD_VALUES, ...ODD_TIMES, ...ODD_OUTCOMES, 'refused', 'ntk.consent', 'ntk.acces']) {
        const record = JSON.stringify(
          path === name ? { ...FULL, [name]: odd } : { ...FULL, data: { ...FULL.data, [name]: odd } },
        );
        // The third time the end of an access is known.
        for (let times = 0; times < 3; times++) told(record);
      }
      expect(scanned()).toBeLessThan(1);
    },
  );

  it('says what the general way says, of whatever is sent', () => {
    const { told, scanned } = counted();
    fc.assert(
      fc.property(event, fc.nat(), (value, order) => {
        told(JSON.stringify(shuffled({ ...value, data: shuffled(Object(value.data), order) }, order)));
        told(JSON.stringify(value));
      }),
      { numRuns: 500 },
    );
    expect(scanned()).toBeGreaterThan(0.2);
  });

  it('says what the general way says, however it is written', () => {
    const { told, scanned } = counted();
    fc.assert(
      fc.property(event, fc.nat(), (value, seed) => told(hostileJson(value, new Random(seed)))),
      { numRuns: 500 },
    );
    expect(scanned()).toBeGreaterThan(0.1);
  });

  it('says the same of a record that ends as others before it did, whoever and whatever it begins with', () => {
    const begin = fc.record({ id: text, source: text, subject: text, user: text });
    const { told, scanned } = counted();
    fc.assert(
      fc.property(
        data,
        fc.array(begin, { minLength: 4, maxLength: 8 }),
        fc.constantFrom('', ' ', ',"user":"b"', ',"page":"c"'),
        (accessed, begins, more) => {
          const { user: _, ...rest } = accessed;
          const end = JSON.stringify(rest).slice(1, -1);
          for (const { user, ...attributes } of begins) {
            const { data: __, ...top } = { ...ORDINARY, ...attributes };
            told(`${JSON.stringify(top).slice(0, -1)},"data":{"user":${JSON.stringify(user)},${end}${more}}}`);
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(scanned()).toBeGreaterThan(0.2);
  });

  it('says the same of records whose ends are longer than what is kept, between others that are kept', () => {
    const length = fc.oneof(fc.nat(16), fc.integer({ min: 60, max: 180 }), fc.constantFrom(300, 1_000, 65_536, 65_600, 70_000));
    fc.assert(
      fc.property(
        fc.array(length, { minLength: 2, maxLength: 5 }),
        fc.array(fc.nat(4), { minLength: 20, maxLength: 60 }),
        (lengths, order) => {
          // Each end is of a length of its own; half of the records have the end of the one before.
          for (const [i, which] of order.entries()) {
            const page = String.fromCharCode(97 + (which % lengths.length)).repeat(lengths[which % lengths.length]!);
            const { user: _, ...rest } = { ...ORDINARY.data, page };
            const user = `u_${i}`;
            const record = JSON.stringify({ ...ORDINARY, data: { user, ...rest } });
            expect(agrees(record)).toBe(true);
            if (i % 2 === 0) expect(agrees(record)).toBe(true);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('leaves a record with any byte changed, added or taken away to where it belongs', () => {
    const ordinary = JSON.stringify(ORDINARY);
    const byte = fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', ' ', '\n', '0', '1', '-', '.', 'a', '\u0000', 'é');
    fc.assert(
      fc.property(fc.nat(ordinary.length - 1), fc.nat(2), byte, (at, taken, put) => {
        agrees(ordinary.slice(0, at) + put + ordinary.slice(at + taken));
        agrees(ordinary.slice(0, at), ordinary.slice(at));
      }),
      { numRuns: 1_000 },
    );
  });

  it('says what the general way says, whatever byte stands in a string', () => {
    const { told, scanned } = counted();
    for (const name of ['access-1', 'host/wechat-ios', 'application/json', 'u_0000002a', 'pages/order/track', 'longitude']) {
      const [before, behind] = JSON.stringify(FULL).split(name) as [string, string];
      for (let byte = 0; byte < 256; byte++) {
        for (const more of ['', 'a'])
          told(Buffer.concat([Buffer.from(before + more), Buffer.of(byte), Buffer.from(more + behind)]));
      }
    }
    expect(scanned()).toBeGreaterThan(0.2);
  });

  it.each(['rows', 'bytes', 'durationMs'])('says what the general way says, however %s is written', (name) => {
    const { told, scanned } = counted();
    const wholes = ['0', '7', '10', '999999999999999', '1000000000000000', '9007199254740991', '9007199254740992'];
    const others = ['', '-', '+1', '.5', '5.', '1.0', '1e0', '1E400', '0x1', '1_0', '1 1', 'NaN', '"1"', ' 1', '1 ', '\t1'];
    for (const written of [...wholes, ...wholes.flatMap((whole) => [`0${whole}`, `00${whole}`, `-${whole}`]), ...others]) {
      told(JSON.stringify(FULL).replace(new RegExp(`"${name}":\\d+`), `"${name}":${written}`));
    }
    expect(scanned()).toBeGreaterThan(0.1);
  });

  it('is no way round the largest record: with a mebibyte it is one, with a byte more it is too large', () => {
    const rest = JSON.stringify({ ...ORDINARY, data: { ...ORDINARY.data, page: '' } }).length;
    const typeWith = (bytes: number): string => {
      const page = 'p'.repeat(bytes - rest);
      const record = Buffer.from(JSON.stringify({ ...ORDINARY, data: { ...ORDINARY.data, page } }));
      const parsed = parseRecord(record, 0, record.length, encodingOf(record));
      expect(said(parsed)).toEqual(said(parseGenerally(record, 0, record.length, encodingOf(record))));
      return parsed.type === 'reject' ? parsed.reason : parsed.type;
    };
    expect([1_048_576, 1_048_577].map(typeWith)).toEqual(['ntk.access', 'too_large']);
  });

  it('does not take a repeated member, whose last one counts', () => {
    for (const [name, again] of [
      ['"rows":1', '"rows":2'],
      ['"user":"u_0000002a"', '"user":"other"'],
      ['"id":"access-1"', '"id":"2"'],
    ] as const) {
      expect(agrees(JSON.stringify(ORDINARY).replace(name, `${name},${again}`))).toBe(false);
    }
  });

  it('agrees on the worked example of the contract', () => {
    const lines = EVENTS.toString().trim().split('\n');
    // Most of them are hostile in one way or another.
    expect(lines.filter((line) => agrees(line)).length).toBeGreaterThan(600);
  });
});
