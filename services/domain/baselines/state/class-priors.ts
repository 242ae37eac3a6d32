/** What priors say of classes: of each the latest word. In the order in which their names came first. */
import type { ByteReader, ByteWriter } from '../../state/bytes.ts';
import { PageSet } from '../../state/page-set.ts';
import type { ClassRow } from './class-rows.ts';

/** Classes a partition is told of; more than an aggregator publishes. Later names are left out, never earlier ones. */
export const CLASS_PRIORS_MAX = 1024;
const CLASSES_PER_PAGE = 32;

export class ClassPriors {
  readonly pages = new PageSet((page, out) => this.#encode(page, out));
  readonly #places = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #rows: ClassRow[] = [];

  get count(): number {
    return this.#names.length;
  }

  find(name: string): ClassRow | null {
    const place = this.#places.get(name);
    return place === undefined ? null : this.#rows[place]!;
  }

  /** False, and nothing changes, when there is no room for another name. */
  put(name: string, row: ClassRow): boolean {
    const place = this.#places.get(name) ?? this.#names.length;
    if (place >= CLASS_PRIORS_MAX) return false;
    this.pages.touch(Math.floor(place / CLASSES_PER_PAGE));
    this.#places.set(name, place);
    this.#names[place] = name;
    this.#rows[place] = row;
    return true;
  }

  #encode(page: number, out: ByteWriter): void {
    const from = page * CLASSES_PER_PAGE;
    for (let place = from; place < Math.min(from + CLASSES_PER_PAGE, this.#names.length); place++) {
      out.string(this.#names[place]!);
      out.varint(this.#rows[place]!.length);
      for (const cell of this.#rows[place]!) out.double(cell);
    }
  }

  /** Takes up a stored page; pages come in ascending order. */
  restore(reader: ByteReader): void {
    while (!reader.done) {
      const name = reader.string();
      this.put(
        name,
        Float64Array.from({ length: reader.varint() }, () => reader.double()),
      );
    }
  }
}
