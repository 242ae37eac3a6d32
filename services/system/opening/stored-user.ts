/**
 * What the column `user` holds: a keyed hash of the user id, 128 bits in hexadecimal. The same user is the same value in every row
 * and report, and nobody without the folder's key can tell whose it is.
 *
 * SHA-512/256 over key and id: its output is half of its state, so a prefix key makes a sound MAC without HMAC's second pass (NIST
 * SP 800-107, section 5.3.4 on why truncation stops length extension); 1.1 against 2.2 microseconds a user.
 */
import { hash } from 'node:crypto';

/** Bytes that are hashed as they lie here, without a string to be put together and encoded; longer ids are rare. */
const INPUT_BYTES = 512;

export function hashedUsers(key: Uint8Array): (user: string) => string {
  // Hexadecimal, so that key and id cannot run into one another.
  const prefix = `${Buffer.from(key).toString('hex')}:`;
  const input = Buffer.alloc(INPUT_BYTES);
  const start = input.write(prefix, 'latin1');
  const inputs = Array.from({ length: INPUT_BYTES - start }, (_, length) => input.subarray(0, start + length));
  return (user) => {
    const { length } = user;
    let isAscii = length < inputs.length;
    for (let i = 0; isAscii && i < length; i++) {
      const unit = user.charCodeAt(i);
      input[start + i] = unit;
      isAscii = unit < 0x80;
    }
    return hash('sha512-256', isAscii ? inputs[length]! : prefix + user, 'hex').slice(0, 32);
  };
}

/** When the configuration says that ids are stored as they are. */
export function plainUsers(user: string): string {
  return user;
}
