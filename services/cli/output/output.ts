/**
 * All that the commands print. Results go to standard output, everything about the work to standard error, so that pipes stay
 * clean; colours and progress bars only where a person looks. The one module that owns the console.
 */
import { styleText } from 'node:util';
import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import { stringify } from 'csv-stringify/sync';
import { brief, safe, SafeBytes, safeLines } from './terminal.ts';
import { fitColumns } from './fit-columns.ts';
import { grouped } from '../../domain/wording/counted.ts';

type Style = Parameters<typeof styleText>[0];

/** Every cell of a column is padded to its widest, and a class may have a million characters. All reasons in one cell take 300. */
const CELL_CHARACTERS_MAX = 500;

/** Between columns; where there is room, with a space of padding on both sides. */
const BETWEEN = '  ';

export interface Progress {
  /** Absolute; `total` may grow. */
  update(done: number, total?: number): void;
  stop(): void;
}

export class Output {
  readonly #stdout: NodeJS.WriteStream;
  readonly #stderr: NodeJS.WriteStream;
  #isRead = true;

  /**
   * Where nothing can be written any more a command goes on to its end: leaving in the midst of it would take the process from under the
   * ClickHouse in it, which ends in a crash, and a service stops for nobody who stops reading what it says.
   */
  constructor(stdout: NodeJS.WriteStream = process.stdout, stderr: NodeJS.WriteStream = process.stderr) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    stdout.on('error', (error: NodeJS.ErrnoException) => this.#lost(error));
    // Nobody could be told.
    stderr.on('error', () => {});
  }

  #lost({ code = 'unknown error' }: NodeJS.ErrnoException): void {
    // A reader that went away (head, less) is no error.
    if (this.#isRead && code !== 'EPIPE') {
      this.problem(`cannot write to standard output (${code}); what it shows is not all`);
      process.exitCode = 1;
    }
    this.#isRead = false;
  }

  /** A line of the result. */
  line(text = ''): void {
    this.#stdout.write(`${text}\n`);
  }

  /** Bytes of the result, with back-pressure. Pipes and files get them as they are; on a terminal they cannot command it. */
  async bytes(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const shown = this.#stdout.isTTY ? new SafeBytes() : null;
    for await (const piece of pieces) {
      await this.#write(shown === null ? piece : shown.push(piece));
      if (!this.#isRead) return;
    }
    if (shown !== null) await this.#write(shown.end());
  }

  async #write(piece: string | Uint8Array): Promise<void> {
    if (!this.#stdout.write(piece)) await this.#drained();
  }

  async #drained(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const end of ['drain', 'error'] as const) this.#stdout.once(end, resolve);
    await promise;
    for (const end of ['drain', 'error'] as const) this.#stdout.off(end, resolve);
  }

  json(value: unknown): void {
    this.line(this.#shown(JSON.stringify(value, null, 1)));
  }

  /**
   * A list as {@link json} prints it, a member at a time and with back-pressure: as one text a long one is more than a string holds, and what
   * nobody has read yet more than memory.
   */
  async jsonList(values: Iterable<unknown> | AsyncIterable<unknown>): Promise<void> {
    let before = '[\n ';
    for await (const value of values) {
      // No string of JSON has a line end of its own.
      await this.#write(this.#shown(`${before}${JSON.stringify(value, null, 1).replaceAll('\n', '\n ')}`));
      if (!this.#isRead) return;
      before = ',\n ';
    }
    this.line(before.startsWith('[') ? '[]' : '\n]');
  }

  /** Awaited between the members of a list of any length: until what was printed is on its way. False: nobody reads any more. */
  async taken(): Promise<boolean> {
    if (this.#stdout.writableNeedDrain) await this.#drained();
    return this.#isRead;
  }

  /** What a program reads stays as it is; what a person looks at cannot command the terminal. */
  #shown(text: string): string {
    return this.#stdout.isTTY ? safeLines(text) : text;
  }

  /** Where lines about the work go; for {@link paint}. */
  get errors(): NodeJS.WriteStream {
    return this.#stderr;
  }

  /** A line about the work. */
  note(text: string): void {
    this.#stderr.write(`${text}\n`);
  }

  problem(text: string): void {
    this.#stderr.write(`${this.paint('red', 'error:', this.#stderr)} ${text}\n`);
  }

  paint(style: Style, text: string, stream: NodeJS.WriteStream = this.#stdout): string {
    return styleText(style, text, { stream });
  }

  /** Cells are made safe and cut here; numbers stand on the right. On a terminal that is too narrow, cells are folded. */
  table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
    const numeric = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
    const cells = rows.map((row) =>
      row.map((cell) => (typeof cell === 'number' ? grouped(cell) : brief(cell, CELL_CHARACTERS_MAX))),
    );
    const widths = this.#stdout.isTTY ? fitColumns([head, ...cells], this.#stdout.columns || Infinity, BETWEEN.length) : null;
    const table = new Table({
      ...(widths === null ? {} : { colWidths: widths, wordWrap: true }),
      head: [...head],
      colAligns: numeric.map((isNumber) => (isNumber ? 'right' : 'left')),
      style: { head: [], border: [], compact: true, ...(widths === null ? {} : { 'padding-left': 0, 'padding-right': 0 }) },
      chars: {
        top: '',
        'top-mid': '',
        'top-left': '',
        'top-right': '',
        bottom: '',
        'bottom-mid': '',
        'bottom-left': '',
        'bottom-right': '',
        left: '',
        'left-mid': '',
        mid: '',
        'mid-mid': '',
        right: '',
        'right-mid': '',
        middle: BETWEEN,
      },
    });
    table.push(...cells);
    this.line(table.toString());
  }

  /** RFC 4180; cells that a spreadsheet would take for a formula are quoted with an apostrophe. */
  csv(rows: readonly (readonly (string | number)[])[]): void {
    const text = stringify(
      rows.map((row) => [...row]),
      { escape_formulas: true, record_delimiter: '\r\n' },
    );
    this.#stdout.write(this.#shown(text));
  }

  /** A bar on a terminal, nothing in pipes. */
  progress(label: string, unit: string): Progress {
    if (!this.#stderr.isTTY) return { update: () => {}, stop: () => {} };
    const bar = new SingleBar({
      stream: this.#stderr,
      hideCursor: true,
      clearOnComplete: true,
      etaBuffer: 50,
      format: `${safe(label)} {bar} {percentage}% | {value}/{total} ${unit} | {eta_formatted} left`,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 24,
    });
    bar.start(1, 0);
    return {
      update: (done, total) => {
        if (total !== undefined) bar.setTotal(Math.max(total, done, 1));
        bar.update(done);
      },
      stop: () => bar.stop(),
    };
  }
}
