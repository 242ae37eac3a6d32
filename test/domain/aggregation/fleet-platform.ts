/** Ordinary programs, and a developer's fleet that begins to take more of a category after some quiet days. */
import { idIn, PARTITIONS, type Program } from './small-platform.ts';

export const DAY = 24;
export const QUIET_DAYS = 8;
/** Parts of location, photos, clipboard, contacts. */
export const ORDINARY = [0.25, 0.3, 0.35, 0.1];
const MORE_LOCATION = [0.43, 0.21, 0.26, 0.1];
/** Hour from which on. */
export const FLEET_FROM = QUIET_DAYS * DAY + 8;

/** Three in each partition: too few to be summed there beyond doubt, and each too little above its share. */
export const FLEET = Array.from(
  { length: 12 },
  (_, i): Program => ({
    id: idIn(i % PARTITIONS, `fleet${i}`),
    developer: 'fleet',
    className: 'maps',
    from: 0,
    accesses: 5,
    shares: (hour) => (hour >= FLEET_FROM ? MORE_LOCATION : ORDINARY),
  }),
);
export const OTHERS = Array.from(
  { length: 28 },
  (_, i): Program => ({
    id: `other${i}`,
    developer: `developer${i % 13}`,
    className: i % 2 === 0 ? 'games' : 'maps',
    from: 0,
    accesses: 5,
    shares: () => ORDINARY,
  }),
);
