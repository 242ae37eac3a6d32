import { describe, expect, it } from 'vitest';
import { CATEGORIES } from '../../../schemas/codes.ts';
import { comparedBy } from '../../../services/domain/baselines/explain.ts';
import { FIRST } from '../../../services/domain/baselines/features.ts';
import { betweenAfter } from '../../../services/domain/baselines/partition-knowledge.ts';
import { LOCATION, NOON, OneClass, PHOTOS } from './one-class.ts';

const CAMERA = CATEGORIES.indexOf('camera');

/** The surprise of a new program's first hour of 24 visits, half of them for photos or another kind, in nats; and what is told of it. */
function firstHour(isForeground: boolean, kind = PHOTOS): { readonly nats: number; readonly observed: Record<string, unknown> } {
  const ofClass = new OneClass();
  const { baselines } = ofClass;
  const slot = baselines.known.addProgram('new');
  for (let i = 0; i < 24; i++) {
    ofClass.see(slot, i % 2 === 0 ? LOCATION : kind, NOON + i * 60, { isForeground: isForeground || i % 2 === 0 });
  }
  const { observed } = comparedBy(baselines, FIRST, slot);
  return { nats: baselines.surprises.nats[FIRST]!, observed };
}

describe('a program on its first day', () => {
  it('that takes much more of a kind than its class is surprising, and more so where nobody sees it', () => {
    const seen = firstHour(true);
    const unseen = firstHour(false);
    expect(seen.nats).toBeGreaterThan(0);
    expect(unseen.nats).toBeGreaterThan(seen.nats + 1);
  });

  it('that takes what six programs of its class never took is surprising, but no sensation', () => {
    const { nats } = firstHour(true, CAMERA);
    expect(nats).toBeGreaterThan(firstHour(true).nats);
    expect(nats).toBeLessThan(14);
  });

  it('may differ from its class as much as programs do, until many days show how much those of its class differ', () => {
    expect(betweenAfter(8, 0.03)).toBeGreaterThan(0.15);
    expect(betweenAfter(400, 0.03)).toBeLessThan(0.05);
    expect(betweenAfter(400, 0.4)).toBeGreaterThan(0.35);
  });

  it('is judged no otherwise than one that was hardly used for a week before', () => {
    const ofClass = new OneClass();
    const { baselines } = ofClass;
    const slot = baselines.known.addProgram('seldom');
    for (let day = 9; day >= 1; day--) ofClass.see(slot, LOCATION, NOON - day * 86_400);
    for (let i = 0; i < 24; i++) ofClass.see(slot, PHOTOS, NOON + i * 60);
    expect(baselines.surprises.nats[FIRST]!).toBeGreaterThan(2);
    expect(comparedBy(baselines, FIRST, slot).observed).toMatchObject({ usesOfCategory: 24, usesOfProgram: 24 });
  });

  it('is told by the part that says most', () => {
    expect(firstHour(true).observed).toMatchObject({ feature: 'first_days', usesOfCategory: 12, usesOfProgram: 24 });
    expect(firstHour(false).observed).toMatchObject({ usesInBackground: 12, usesOfCategory: 12 });
  });
});
