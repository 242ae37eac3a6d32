/** Hostile traffic of a log that asks for signatures: most facts are signed as they should be, the others in every wrong way. */
import { type KEY_STATES, SIGNED_TYPES } from '../../schemas/codes.ts';
import { signed, signerCalled } from '../domain/authority/signing.ts';
import { splitLines } from '../domain/fold/partitioned.ts';
import { hostileJson, hostileTime } from './hostile-text.ts';
import { Random } from './random.ts';
import { makeTraffic } from './traffic.ts';
import type { TrafficOptions } from './traffic.ts';

export const ROOTS = ['root', 'spare root'].map(signerCalled);
const PEOPLE = ['reviewer', 'policy owner', 'aggregator'].map(signerCalled);
const STRANGER = signerCalled('stranger');
const START_MICROS = BigInt(Date.UTC(2026, 2, 1)) * 1000n;
const DAY_MICROS = 86_400_000_000;
/** Before the end of the traffic, so that some of it is ahead of its time. */
export const APPENDED_MS: number = Date.UTC(2026, 2, 20);

type Event = Readonly<Record<string, unknown>>;

class SignedTraffic {
  readonly lines: Buffer[] = [];
  private readonly random: Random;
  private readonly logId: string;
  private readonly kept: Buffer[] = [];
  private keyFacts = 0;

  constructor(random: Random, logId: string) {
    this.random = random;
    this.logId = logId;
    for (const person of PEOPLE) this.key(person, 'active', ROOTS[0]!, START_MICROS);
  }

  take(line: Buffer): void {
    const { random } = this;
    if (random.chance(0.02)) {
      const micros = START_MICROS + BigInt(random.below(25 * DAY_MICROS));
      const by = random.weighted({ root: 8, spare: 3, person: 1, stranger: 1 });
      const signer = { root: ROOTS[0]!, spare: ROOTS[1]!, person: random.pick(PEOPLE), stranger: STRANGER }[by];
      this.key(
        random.pick([...PEOPLE, ...PEOPLE, ROOTS[1]!, STRANGER]),
        random.chance(0.75) ? 'active' : 'revoked',
        signer,
        micros,
      );
    }
    if (this.kept.length > 0 && random.chance(0.03)) this.lines.push(random.pick(this.kept));
    const event = eventOf(line);
    this.lines.push(event === null ? line : this.written(this.signedSomehow(event)));
  }

  private key(
    key: (typeof PEOPLE)[number],
    state: (typeof KEY_STATES)[number],
    by: (typeof PEOPLE)[number],
    micros: bigint,
  ): void {
    const { random } = this;
    const types = random.chance(0.5) ? {} : { types: [...random.some(SIGNED_TYPES, 4), 'ntk.unheard'] };
    const event = {
      specversion: '1.0',
      id: `k${(this.keyFacts += 1)}`,
      source: 'keys',
      type: 'ntk.key',
      subject: '*',
      time: hostileTime(micros, random),
      data: { keyid: key.keyid, publicKey: key.publicKey, state, ...types, reason: random.pick(['', 'é', null]) },
    };
    const line = this.written(signed(event, by));
    this.kept.push(line);
    this.lines.push(line);
  }

  private signedSomehow(event: Event): object {
    const { random } = this;
    const way = random.weighted({
      well: 24,
      root: 4,
      unsigned: 2,
      stranger: 1,
      changed: 2,
      spelled: 1,
      otherLog: 1,
      thisLog: 2,
      half: 1,
    });
    // What holds a number that JSON cannot say again cannot be signed.
    if (way === 'unsigned' || JSON.stringify(event) !== JSON.stringify(JSON.parse(JSON.stringify(event))) || hasInfinity(event))
      return event;
    const person = random.pick(PEOPLE);
    if (way === 'stranger') return signed(event, STRANGER);
    if (way === 'root') return signed(event, random.pick(ROOTS));
    if (way === 'otherLog') return signed({ ...event, logid: random.pick<unknown>(['another', '', 5, {}]) }, person);
    if (way === 'thisLog') return signed({ ...event, logid: random.pick([this.logId, null]) }, person);
    const well = signed(event, person) as Event;
    const sig = String(well['sig']);
    if (way === 'changed')
      return {
        ...well,
        ...random.pick([
          { more: 1 },
          { keyid: random.pick([...PEOPLE, ...ROOTS]).keyid },
          { data: { ...(event['data'] as object), by: 'x' } },
        ]),
      };
    if (way === 'spelled')
      return { ...well, sig: random.pick<unknown>([sig.slice(1), `${sig} `, sig.replace('==', ''), sig.toLowerCase(), null, 7]) };
    if (way === 'half') return { ...event, keyid: person.keyid, ...random.pick([{}, { sig: '' }, { sig: null }]) };
    return well;
  }

  private written(event: object): Buffer {
    const line = Buffer.from(hostileJson(event, this.random), 'utf8');
    if (this.random.chance(0.3)) this.kept.push(line);
    return line;
  }
}

const hasInfinity = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.values(value).some(hasInfinity) : value === Infinity;

/** Of a line that is a fact of authority. */
function eventOf(line: Buffer): Event | null {
  if (!/ntk\./.test(line.toString('latin1')) || line.length > 100_000) return null;
  try {
    const event = JSON.parse(line.toString('utf8')) as Event;
    return (SIGNED_TYPES as readonly unknown[]).includes(event['type']) && typeof event['data'] === 'object' ? event : null;
  } catch {
    return null;
  }
}

/** Deterministic: the same seed and options give the same bytes. Lines end with CR LF. */
export function makeSignedTraffic(
  seed: number,
  options: TrafficOptions,
  logId: string,
): { readonly events: Buffer; readonly policyYaml: string } {
  const { events, policyYaml } = makeTraffic(seed, options);
  const traffic = new SignedTraffic(new Random(seed + 1), logId);
  for (const line of splitLines(events)) traffic.take(line);
  return { events: Buffer.concat(traffic.lines.flatMap((line) => [line, Buffer.from('\r\n')])), policyYaml };
}
