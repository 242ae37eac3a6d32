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

  it('is up to a half for one sender, in bytes and in requests, and up to the whole for all', () => {
    const inFlight = new InFlight({ inFlightBytesMax: 1_000, inFlightRequestsMax: 6 });
    const told = (holder: string, bytes: number): string => {
      const place = inFlight.take(holder, bytes);
      return place instanceof Place ? 'in' : place;
    };
    expect(['a', 'a', 'a', 'a'].map((holder) => told(holder, 10))).toEqual(['in', 'in', 'in', 'own_share_full']);
    expect([told('b', 30), told('b', 471), told('b', 470)]).toEqual(['in', 'own_share_full', 'in']);
    expect([told('c', 471), told('c', 470), told('d', 0)]).toEqual(['full', 'in', 'full']);
  });

  it('that a request does not get when it turns out larger leaves it with what it had', () => {
    const inFlight = new InFlight({ inFlightBytesMax: 1_000, inFlightRequestsMax: 6 });
    const [first, second] = [inFlight.take('a', 100), inFlight.take('b', 100)] as [Place, Place];
    expect([first.resize(901), inFlight.bytes]).toEqual([false, 200]);
    expect([first.resize(900), inFlight.bytes]).toEqual([true, 1_000]);
    // Less is always possible.
    expect([second.resize(40), first.resize(30), inFlight.bytes]).toEqual([true, true, 70]);
    second.giveBack();
    // Alone it has all there is, and more.
    expect([first.resize(5_000), inFlight.bytes]).toEqual([true, 5_000]);
    first.giveBack();
    expect(inFlight.bytes).toBe(0);
  });
});
