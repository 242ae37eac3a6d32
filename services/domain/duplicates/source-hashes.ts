/** The part of a record's hash that repeats: that of (subject, source), of the source that each program came from last. No part of a checkpoint. */
import { grownInt32 } from '../state/columns.ts';
import { sipAbsorb, type SipKey, type SipState } from '../state/half-sip-hash.ts';

const WORDS = 8;
const SLOTS_AT_FIRST = 64;

/** What of a program is looked at. */
export interface HashedProgram {
  readonly id: string;
  /** -1 before its first record. */
  sourceSlot: number;
}

export class SourceHashes {
  readonly #key: SipKey;
  readonly #sources: string[] = [];
  #states = new Int32Array(SLOTS_AT_FIRST * WORDS);
  readonly #state: SipState = new Int32Array(WORDS);

  constructor(key: SipKey) {
    this.#key = key;
  }

  /** To go on from and to write to, until the next call. */
  of(program: HashedProgram, source: string): SipState {
    const state = this.#state;
    const at = program.sourceSlot * WORDS;
    if (at >= 0 && this.#sources[program.sourceSlot] === source) {
      for (let word = 0; word < WORDS; word++) state[word] = this.#states[at + word]!;
      return state;
    }
    sipAbsorb(this.#key.initial, program.id, state);
    sipAbsorb(state, source, state);
    this.#keep(program, source, state);
    return state;
  }

  #keep(program: HashedProgram, source: string, state: SipState): void {
    if (program.sourceSlot === -1) {
      program.sourceSlot = this.#sources.length;
      this.#states = grownInt32(this.#states, (program.sourceSlot + 1) * WORDS);
    }
    this.#sources[program.sourceSlot] = source;
    this.#states.set(state, program.sourceSlot * WORDS);
  }
}
