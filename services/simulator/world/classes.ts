/** The classes of programs: what they ask for, when people use them, how a visit goes. */
import type { NeedName } from './needs.ts';
import type { Shape } from './seasons.ts';

export interface ProgramClass {
  readonly name: string;
  /** How many of a hundred programs, roughly. */
  readonly frequency: number;
  readonly shape: Shape;
  /** Use on a Saturday or Sunday compared with a working day. */
  readonly weekend: number;
  /** How the holidays of the region change it. */
  readonly holiday: number;
  /** Accesses a visit, on average. */
  readonly visitAccesses: number;
  /** Between two accesses of a visit. Regular ones follow something, a trip or a workout: near-constant, and honest. */
  readonly gapMs: number;
  readonly isRegular: boolean;
  /** Share of the visits that happen off screen, for programs whose declaration allows it. */
  readonly background: number;
  /** What it may ask for, and how often compared with the others. Every program of the class has the first two. */
  readonly needs: Readonly<Partial<Record<NeedName, number>>>;
}

/** Somebody who looks, reads and taps. */
const HUMAN = { gapMs: 14_000, isRegular: false, background: 0 };

export const CLASSES: readonly ProgramClass[] = [
  {
    ...HUMAN,
    name: 'food-delivery',
    frequency: 10,
    shape: 'meals',
    weekend: 1.25,
    holiday: 1.5,
    visitAccesses: 3.2,
    needs: { nearby: 6, address: 3, phone: 1, picture: 1, paste: 1, site: 1, share: 1, invoice: 0.5 },
  },
  {
    ...HUMAN,
    name: 'groceries',
    frequency: 7,
    shape: 'day',
    weekend: 1.4,
    holiday: 1.6,
    visitAccesses: 2.8,
    needs: { address: 3, nearby: 3, phone: 1, scan: 2, paste: 1, partner: 1, invoice: 0.5 },
  },
  {
    name: 'ride-hailing',
    frequency: 5,
    shape: 'commute',
    weekend: 0.8,
    holiday: 0.7,
    visitAccesses: 16,
    gapMs: 12_000,
    isRegular: true,
    background: 0.12,
    needs: { track: 20, place: 2, nearby: 1, phone: 1, invoice: 0.5 },
  },
  {
    ...HUMAN,
    name: 'travel',
    frequency: 6,
    shape: 'evening',
    weekend: 1.3,
    holiday: 2.4,
    visitAccesses: 3,
    needs: { region: 3, place: 2, nearby: 2, phone: 1, remind: 1, site: 2, picture: 1, invoice: 1 },
  },
  {
    ...HUMAN,
    name: 'shopping',
    frequency: 14,
    shape: 'evening',
    weekend: 1.3,
    holiday: 1.4,
    visitAccesses: 3.4,
    needs: { address: 3, profile: 2, region: 2, phone: 1, picture: 1, share: 2, site: 2, partner: 1, paste: 2, invoice: 0.5 },
  },
  {
    ...HUMAN,
    name: 'banking',
    frequency: 5,
    shape: 'office',
    weekend: 0.45,
    holiday: 0.3,
    visitAccesses: 2,
    needs: { phone: 3, scan: 3, region: 1, documents: 1, site: 1 },
  },
  {
    ...HUMAN,
    name: 'health',
    frequency: 5,
    shape: 'office',
    weekend: 0.6,
    holiday: 0.4,
    visitAccesses: 2.4,
    needs: { phone: 2, remind: 2, steps: 3, picture: 2, video: 1, nearby: 1, documents: 1 },
  },
  {
    name: 'fitness',
    frequency: 4,
    shape: 'commute',
    weekend: 1.2,
    holiday: 1.1,
    visitAccesses: 12,
    gapMs: 20_000,
    isRegular: true,
    background: 0.15,
    needs: { steps: 3, track: 12, shake: 3, pair: 1, board: 2, share: 1 },
  },
  {
    ...HUMAN,
    name: 'education',
    frequency: 8,
    shape: 'evening',
    weekend: 0.9,
    holiday: 0.35,
    visitAccesses: 2.6,
    needs: { profile: 3, voice: 3, scan: 2, pictures: 2, documents: 1, phone: 1, share: 1 },
  },
  {
    name: 'mini-game',
    frequency: 14,
    shape: 'night',
    weekend: 1.5,
    holiday: 1.6,
    visitAccesses: 10,
    gapMs: 25_000,
    isRegular: false,
    background: 0,
    needs: { board: 6, profile: 3, share: 4, shake: 2, partner: 2, site: 1, keep: 0.5 },
  },
  {
    ...HUMAN,
    name: 'social',
    frequency: 5,
    shape: 'night',
    weekend: 1.3,
    holiday: 1.3,
    visitAccesses: 6,
    needs: { pictures: 5, profile: 3, voice: 3, people: 1, nearby: 2, board: 1, share: 3, video: 1 },
  },
  {
    ...HUMAN,
    name: 'news',
    frequency: 4,
    shape: 'commute',
    weekend: 0.9,
    holiday: 0.9,
    visitAccesses: 2.2,
    needs: { region: 4, share: 3, site: 3, profile: 1, keep: 0.5 },
  },
  {
    ...HUMAN,
    name: 'photo-editor',
    frequency: 4,
    shape: 'evening',
    weekend: 1.5,
    holiday: 2,
    visitAccesses: 4.5,
    needs: { pictures: 6, keep: 4, scan: 1, share: 2, avatar: 1 },
  },
  {
    ...HUMAN,
    name: 'government',
    frequency: 3,
    shape: 'office',
    weekend: 0.25,
    holiday: 0.15,
    visitAccesses: 2.2,
    needs: { phone: 3, documents: 2, scan: 2, region: 1, address: 1, remind: 1 },
  },
  {
    name: 'smart-home',
    frequency: 3,
    shape: 'day',
    weekend: 1.15,
    holiday: 1.1,
    visitAccesses: 3,
    gapMs: 8_000,
    isRegular: false,
    background: 0.1,
    needs: { pair: 5, region: 2, nearby: 2, voice: 1, scan: 1, phone: 0.5 },
  },
  {
    ...HUMAN,
    name: 'parking',
    frequency: 3,
    shape: 'commute',
    weekend: 0.85,
    holiday: 0.8,
    visitAccesses: 2,
    needs: { plate: 5, nearby: 3, scan: 1, phone: 1, invoice: 1 },
  },
];
