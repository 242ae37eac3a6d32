/**
 * The short way to an access: one pass over the bytes of a record that is as nearly all are. ASCII without escapes, only members of
 * the contract, each once, none null, no link. It accepts nothing that parseRecord's general way would not, gives the same, and leaves
 * whatever is otherwise to it (test/domain/record/scan-access.test.ts holds the two against each other). Half the time of
 * `JSON.parse` alone, and what comes after it is faster too, because a program or an API is the same string object each time.
 */
import type { Outcome } from '../../../schemas/codes.ts';
import { type AccessEnd, AccessEnds } from './access-ends.ts';
import { Keys, NONE, PlainJson, word } from './plain-json.ts';
import { type Access, type AccessRecord, type AccessTexts, type Attributes, TEXT, TEXTS } from './record.ts';
import { TimeScan } from './scan-time.ts';

/** As exact-rules.md says; ASCII has a byte for each code point. */
const USER_BYTES_MAX = 128;

const CLOSE = 0x7d;

const TOP = new Keys(['specversion', 'id', 'source', 'type', 'subject', 'time', 'data', 'datacontenttype']);
const [SPECVERSION, ID, SOURCE, TYPE, SUBJECT, TIME, DATA, DATACONTENTTYPE] = [0, 1, 2, 3, 4, 5, 6, 7];
const TOP_NEEDED = 0x7f;
const MEMBERS = new Keys([
  'user',
  'api',
  'category',
  'purpose',
  'page',
  'foreground',
  'fields',
  'rows',
  'bytes',
  'outcome',
  'durationMs',
]);
const [USER, API, CATEGORY, PURPOSE, PAGE, FOREGROUND, FIELDS, ROWS, BYTES, OUTCOME, DURATION] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
];
const DATA_NEEDED = 0x03;

const [VERSION, ACCESS] = [word('"1.0"'), word('"ntk.access"')];
const [PERFORMED, PENDING, REFUSED] = [word('"performed"'), word('"pending"'), word('"refused"')];

/** An id is new each time, and hardly anybody asks for it as a string: it is made then. */
class ScannedAttributes implements Attributes {
  readonly source: string;
  readonly subject: string;
  readonly timeUs: number;
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;

  constructor(bytes: Buffer, start: number, end: number, source: string, subject: string, timeUs: number) {
    this.source = source;
    this.subject = subject;
    this.timeUs = timeUs;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  get id(): string {
    return this.#bytes.toString('latin1', this.#start, this.#end);
  }
}

/** Users are many, and most accesses are judged without their names: the string is made when somebody asks. */
class ScannedAccess implements Access {
  readonly api: string;
  readonly category: string;
  readonly purpose: string;
  readonly page: string;
  readonly foreground: boolean;
  readonly fields: readonly string[] | null;
  readonly rows: number;
  readonly bytes: number;
  readonly outcome: Outcome;
  readonly link = null;
  readonly durationMs: number;
  readonly #record: Buffer;
  readonly #userStart: number;
  readonly #userEnd: number;

  constructor(record: Buffer, userStart: number, userEnd: number, said: AccessEnd['said']) {
    this.#record = record;
    this.#userStart = userStart;
    this.#userEnd = userEnd;
    this.api = said.api;
    this.category = said.category;
    this.purpose = said.purpose;
    this.page = said.page;
    this.foreground = said.foreground;
    this.fields = said.fields;
    this.rows = said.rows;
    this.bytes = said.bytes;
    this.outcome = said.outcome;
    this.durationMs = said.durationMs;
  }

  get user(): string {
    return this.#record.toString('latin1', this.#userStart, this.#userEnd);
  }
}

/** One record at a time; what is kept between them only makes the next one faster. */
class AccessScan {
  readonly #json = new PlainJson();
  readonly #times = new TimeScan();
  readonly #ends = new AccessEnds();
  /** Of the bytes of the last record. */
  #viewed: Buffer | null = null;
  #view: DataView = new DataView(new ArrayBuffer(0));
  readonly #texts: AccessTexts = { bytes: Buffer.alloc(0), end: null, places: new Int32Array(2 * TEXTS) };

  /** Null for everything that the general way has to look at. */
  scan(bytes: Buffer, start: number, end: number): AccessRecord | null {
    const json = this.#json;
    json.begin(bytes, start);
    if (!json.isObject()) return null;
    this.#texts.bytes = bytes;
    this.#texts.end = null;
    let seen = 0;
    let key = DATACONTENTTYPE;
    let source = '';
    let subject = '';
    let timeUs = 0;
    let data: AccessRecord['data'] | null = null;
    while (json.isUsual) {
      key = json.key(TOP, key);
      if (key === NONE || (seen & (1 << key)) !== 0) return null;
      seen |= 1 << key;
      if (key === ID) this.#skipped(TEXT.id);
      else if (key === SOURCE) source = this.#placed(TEXT.source, json.text());
      else if (key === SUBJECT) subject = this.#placed(TEXT.subject, json.text());
      else if (key === TIME) timeUs = this.#times.read(json);
      else if (key === DATA) data = this.#data(end, (seen & TOP_NEEDED) === TOP_NEEDED);
      else if (key === SPECVERSION) json.word(VERSION);
      else if (key === TYPE) json.word(ACCESS);
      else if (key === DATACONTENTTYPE) json.text();
      if (json.isLast()) break;
    }
    const isWhole = json.isUsual && json.at === end && (seen & TOP_NEEDED) === TOP_NEEDED;
    if (!isWhole || data === null || source === '' || subject === '' || subject === '*') return null;
    const [idStart, idEnd] = [this.#texts.places[2 * TEXT.id]!, this.#texts.places[2 * TEXT.id + 1]!];
    if (idStart === idEnd) return null;
    const attributes = new ScannedAttributes(bytes, idStart, idEnd, source, subject, timeUs);
    return { type: 'ntk.access', attributes, data, texts: this.#texts };
  }

  #skipped(which: number): void {
    this.#json.skipString();
    this.#placed(which, '');
  }

  /** `text` is the string that was read last. */
  #placed(which: number, text: string): string {
    const { places } = this.#texts;
    places[2 * which] = this.#json.stringAt;
    places[2 * which + 1] = this.#json.at - 1;
    return text;
  }

  #absent(which: number): void {
    const { places } = this.#texts;
    places[2 * which] = 0;
    places[2 * which + 1] = 0;
  }

  /** What is left to read of a record whose attributes are all there begins behind the user: `,"api":...}}`. */
  #data(end: number, hasAttributes: boolean): AccessRecord['data'] | null {
    const json = this.#json;
    if (!json.isObject()) return null;
    this.#absent(TEXT.purpose);
    this.#absent(TEXT.page);
    let seen = 0;
    let key = DURATION;
    let from = -1;
    let api = '';
    let category = '';
    let purpose = '';
    let page = '';
    let foreground = true;
    let fields: readonly string[] | null = null;
    let rows = 1;
    let bytes = 0;
    let durationMs = 0;
    let outcome: Outcome = 'performed';
    while (json.isUsual) {
      key = json.key(MEMBERS, key);
      if (key === NONE || (seen & (1 << key)) !== 0) return null;
      seen |= 1 << key;
      if (key === USER) {
        this.#skipped(TEXT.user);
        // Not when something stands before it: the end may say that again.
        if (hasAttributes && seen === 1 << USER && json.isUsual && this.#hasUser()) {
          from = json.at;
          const known = this.#known(from, end);
          if (known !== null) return known;
        }
      } else if (key === API) api = this.#placed(TEXT.api, json.text());
      else if (key === CATEGORY) category = json.text();
      else if (key === PURPOSE) purpose = this.#placed(TEXT.purpose, json.text());
      else if (key === PAGE) page = this.#placed(TEXT.page, json.text());
      else if (key === FOREGROUND) foreground = json.boolean();
      else if (key === FIELDS) fields = json.strings();
      else if (key === ROWS) rows = json.integer();
      else if (key === BYTES) bytes = json.integer();
      else if (key === OUTCOME) outcome = this.#outcome();
      else if (key === DURATION) durationMs = json.integer();
      if (json.isLast()) break;
    }
    const hasCategory = (seen & (1 << CATEGORY)) === 0 || category !== '';
    if (!json.isUsual || (seen & DATA_NEEDED) !== DATA_NEEDED || !hasCategory) return null;
    if (!this.#hasUser() || api === '') return null;
    const said = { api, category, purpose, page, foreground, fields, rows, bytes, outcome, durationMs };
    if (from !== -1 && this.#ends.isWanted()) this.#keep(from, end, said);
    return this.#access(said);
  }

  #access(said: AccessEnd['said']): ScannedAccess {
    const { bytes, places } = this.#texts;
    return new ScannedAccess(bytes, places[2 * TEXT.user]!, places[2 * TEXT.user + 1]!, said);
  }

  #hasUser(): boolean {
    const { places } = this.#texts;
    const length = places[2 * TEXT.user + 1]! - places[2 * TEXT.user]!;
    return length > 0 && length <= USER_BYTES_MAX;
  }

  /** The access whose end was read before; then the record has been read to its last bracket but one. */
  #known(start: number, end: number): ScannedAccess | null {
    const json = this.#json;
    const known = this.#ends.find(this.#viewOf(json.bytes), start, end);
    if (known === null) return null;
    const { places } = this.#texts;
    for (let which = TEXT.api; which <= TEXT.page; which++) {
      const isThere = known.places[2 * which + 1] !== 0;
      places[2 * which] = isThere ? start + known.places[2 * which]! : 0;
      places[2 * which + 1] = isThere ? start + known.places[2 * which + 1]! : 0;
    }
    json.at = end - 1;
    this.#texts.end = known;
    return this.#access(known.said);
  }

  /** Of an end that was read to the bracket that closes `data`: whether the record's own is all that follows, only reading on says. */
  #keep(start: number, end: number, said: AccessEnd['said']): void {
    const { bytes, at } = this.#json;
    if (at !== end - 1 || bytes[at] !== CLOSE) return;
    const places = new Int32Array(2 * TEXTS);
    for (let which = TEXT.api; which <= TEXT.page; which++) {
      const [from, to] = [this.#texts.places[2 * which]!, this.#texts.places[2 * which + 1]!];
      if (to !== 0) places.set([from - start, to - start], 2 * which);
    }
    this.#ends.keep(this.#viewOf(bytes), start, end, { said, places });
  }

  #viewOf(bytes: Buffer): DataView {
    if (this.#viewed !== bytes) {
      this.#viewed = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    return this.#view;
  }

  #outcome(): Outcome {
    const json = this.#json;
    const { bytes, at } = json;
    const letter = bytes[at + 2];
    if (letter === PENDING[2] && bytes[at + 3] === PENDING[3]) {
      json.word(PENDING);
      return 'pending';
    }
    const isRefused = bytes[at + 1] === REFUSED[1];
    json.word(isRefused ? REFUSED : PERFORMED);
    return isRefused ? 'refused' : 'performed';
  }
}

const scan = new AccessScan();

/** The access in `bytes[start, end)`, or null when only the general way can say what is there. */
export function scanAccess(bytes: Buffer, start: number, end: number): AccessRecord | null {
  return scan.scan(bytes, start, end);
}
