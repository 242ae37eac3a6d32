import { describe, expect, it } from 'vitest';
import { CATEGORIES } from '../../../schemas/codes.ts';
import { NOVEL, SHARE } from '../../../services/domain/baselines/features.ts';
import { LOCATION, NOON, OneClass } from './one-class.ts';

const CAMERA = CATEGORIES.indexOf('camera');
const HOUR = 3600;
const DAY = 24 * HOUR;

/** Twelve uses in an hour, a third of them of the camera; answers how new that is, or how much more than its share, in nats. */
function hourWithCamera(ofClass: OneClass, begin: number, isNewlyListed: boolean): number {
  let most = 0;
  for (let i = 0; i < 12; i++) {
    const category = i % 3 === 0 ? CAMERA : LOCATION;
    ofClass.see(0, category, begin + i * 300, { isNewlyListed: isNewlyListed && category === CAMERA });
    const { nats } = ofClass.baselines.surprises;
    if (category === CAMERA) most = Math.max(most, nats[NOVEL]!, nats[SHARE]!);
  }
  return most;
}

/** One use of the camera. */
function useOnce(ofClass: OneClass, seconds: number): void {
  ofClass.see(0, CAMERA, seconds, { isNewlyListed: true });
}

describe('a category that a program never used', () => {
  it('is new once it has been listed for a week', () => {
    expect(hourWithCamera(new OneClass(), NOON, false)).toBeGreaterThan(3);
  });

  it('is not new when it came into use while newly listed, however little, and is learned for a week', () => {
    const ofClass = new OneClass();
    useOnce(ofClass, NOON - HOUR);
    for (let day = 0; day < 6; day++) expect(hourWithCamera(ofClass, NOON + day * DAY, false)).toBe(0);
  });

  it('is not new within the hours in which its week of being newly listed ends', () => {
    const ofClass = new OneClass();
    useOnce(ofClass, NOON - 60);
    expect(hourWithCamera(ofClass, NOON, false)).toBe(0);
  });
});
