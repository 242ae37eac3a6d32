import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InFlight, Place } from '../../services/gateway/in-flight.ts';

describe('memory for requests', () => {
  it('stays within its bounds whatever comes and goes, and is all given back', () => {
    const step = fc.oneof(
      fc.record({ take: fc.integer({ min: 0, max: 700 }), holder: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ giveBack: fc.nat(100) }),
      fc.record({ resize: fc.nat(100), to: fc.nat(700) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const inFlight = new InFlight({ inFlightBytesMax: 1_000, inFlightRequestsMax: 5 });
        const places: Place[] = [];
        for (const one of steps) {
          if ('take' in one) {
            const place = inFlight.take(one.holder, one.take);
            if (place instanceof Place) places.push(place);
          } else if (places.length > 0) {
            if ('giveBack' in one) {
              const [place] = places.splice(one.giveBack % places.length, 1);
              place!.giveBack();
              place!.giveBack();
            } else places[one.resize % places.length]!.resize(one.to);
          }
          expect(inFlight.requests).toBe(places.length);
          expect(inFlight.requests).toBeLessThanOrEqual(5);
          expect(inFlight.bytes).toBeLessThanOrEqual(1_000);
        }
        for (const place of places) place.giveBack();
        expect([inFlight.bytes, inFlight.requests]).toEqual([0, 0]);
      }),
    );
  });

  it('is not for one sender alone', () => {
    const inFlight = new InFlight({ inFlightBytesMax: 1_000, inFlightRequestsMax: 100 });
    expect(inFlight.take('greedy', 400)).toBeInstanceOf(Place);
    expect(inFlight.take('greedy', 400)).toBe('own_share_full');
    expect(inFlight.take('modest', 400)).toBeInstanceOf(Place);
    expect(inFlight.take('third', 400)).toBe('full');
  });

  it('lets in what is larger than all of it when nothing else is there', () => {
    const inFlight = new InFlight({ inFlightBytesMax: 1_000, inFlightRequestsMax: 100 });
    const place = inFlight.take('a', 5_000);
    expect(place).toBeInstanceOf(Place);
    expect(inFlight.take('b', 1)).toBe('full');
  });
});
