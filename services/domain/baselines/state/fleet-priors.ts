/**
 * Fleets that priors told of: programs of one developer, over all partitions, that together take more of a category than their share. Of each
 * (developer, category, length of blocks) the latest word. It is past after its block and the next.
 */
import { CATEGORY_INDEX } from '../../../../schemas/codes.ts';
import type { FleetPrior } from '../../../../schemas/events/prior.ts';
import type { ByteReader, ByteWriter } from '../../state/bytes.ts';
import { PageSet } from '../../state/page-set.ts';
import { SCALE_HOURS, SCALES } from '../tuning.ts';

/** Fleets that a partition keeps in mind; when it is full, one that is past makes room for one that is not. */
export const FLEET_PRIORS_MAX = 1024;

export interface Fleet {
  /** Index in CATEGORIES, and in SCALE_HOURS. */
  readonly category: number;
  readonly scale: number;
  /** Hours since 1970 by the length of blocks. */
  readonly block: number;
  readonly nats: number;
  readonly inExcess: number;
  readonly members: number;
}

/** Null: of a category or a length of blocks that this engine has not. */
export function fleetOf({ category, scaleHours, block, nats, inExcess, members }: FleetPrior): Fleet | null {
  const index = CATEGORY_INDEX.get(category);
  const scale = (SCALE_HOURS as readonly number[]).indexOf(scaleHours);
  return index === undefined || scale === -1 ? null : { category: index, scale, block, nats, inExcess, members };
}

export class FleetPriors {
  readonly pages = new PageSet((_, out) => this.#encode(out));
  readonly #byDeveloper = new Map<string, Fleet[]>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Null where nothing was told. */
  of(developer: string): readonly Fleet[] | null {
    return this.#count === 0 ? null : (this.#byDeveloper.get(developer) ?? null);
  }

  /** False, and nothing changes, when there is no room for another one. */
  put(developer: string, fleet: Fleet): boolean {
    const isSame = ({ category, scale }: Fleet): boolean => category === fleet.category && scale === fleet.scale;
    const before = this.#byDeveloper.get(developer)?.find(isSame);
    // Sums grow while a block fills. One that is repeated after a restart takes nothing back.
    if (before !== undefined && before.block === fleet.block && before.nats >= fleet.nats) return true;
    if (before === undefined && this.#count >= FLEET_PRIORS_MAX && !this.#makeRoom(fleet)) return false;
    this.pages.touch(0);
    const known = this.#byDeveloper.get(developer) ?? [];
    if (before === undefined) {
      known.push(fleet);
      this.#count++;
    } else known[known.indexOf(before)] = fleet;
    this.#byDeveloper.set(developer, known);
    return true;
  }

  /**
   * Forgets the one whose time is farthest from the newcomer's, before or behind; false where all are of that time. One for one, so that nobody
   * whose clock is wrong makes those of others go.
   */
  #makeRoom(newcomer: Fleet): boolean {
    const hour = newcomer.block * SCALE_HOURS[newcomer.scale]!;
    let farthest = 0;
    let leaves: { readonly developer: string; readonly fleet: Fleet } | null = null;
    for (const [developer, fleets] of this.#byDeveloper) {
      for (const fleet of fleets) {
        const hours = SCALE_HOURS[fleet.scale]!;
        if (Math.abs(Math.floor(hour / hours) - fleet.block) <= 1) continue;
        const distance = Math.abs(hour - fleet.block * hours);
        if (distance <= farthest) continue;
        farthest = distance;
        leaves = { developer, fleet };
      }
    }
    if (leaves === null) return false;
    this.pages.touch(0);
    const { developer, fleet } = leaves;
    const left = this.#byDeveloper.get(developer)!.filter((one) => one !== fleet);
    this.#count--;
    if (left.length === 0) this.#byDeveloper.delete(developer);
    else this.#byDeveloper.set(developer, left);
    return true;
  }

  #encode(out: ByteWriter): void {
    for (const [developer, fleets] of this.#byDeveloper) {
      for (const { category, scale, block, nats, inExcess, members } of fleets) {
        out.string(developer);
        for (const value of [category, scale, block, inExcess, members]) out.varint(value);
        out.double(nats);
      }
    }
  }

  restore(reader: ByteReader): void {
    while (!reader.done) {
      const developer = reader.string();
      const [category, scale, block, inExcess, members] = [
        reader.varint(),
        Math.min(SCALES - 1, reader.varint()),
        reader.varint(),
        reader.varint(),
        reader.varint(),
      ];
      this.put(developer, { category, scale, block, inExcess, members, nats: reader.double() });
    }
  }
}
