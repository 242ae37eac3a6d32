/**
 * Logarithm and exponential made of `+ - * /` alone. IEEE 754 fixes what those give to the last bit, while `Math.log`, `Math.exp` and
 * `Math.pow` may differ from one engine to the next, and a seed has to give the same bytes on every machine.
 */

const LN_2 = 0.6931471805599453;
const SQRT_2 = 1.4142135623730951;
const EXPONENT_BIAS = 1023;

const double = new DataView(new ArrayBuffer(8));

/** Natural logarithm of a positive, normal number: ln(m 2^k) = k ln 2 + 2 artanh((m - 1) / (m + 1)), to about 1e-15. */
export function ln(x: number): number {
  double.setFloat64(0, x);
  const high = double.getUint32(0);
  let exponent = (high >>> 20) - EXPONENT_BIAS;
  double.setUint32(0, (high & 0xfffff) | (EXPONENT_BIAS << 20));
  let mantissa = double.getFloat64(0);
  if (mantissa > SQRT_2) {
    mantissa /= 2;
    exponent++;
  }
  const t = (mantissa - 1) / (mantissa + 1);
  const square = t * t;
  let sum = 0;
  // |t| < 0.172: the term after t^19 is below 1e-17.
  for (let n = 19; n >= 1; n -= 2) sum = sum * square + 1 / n;
  return exponent * LN_2 + 2 * t * sum;
}

/** e^x for |x| < 700: e^x = 2^k e^r with |r| <= ln 2 / 2, whose series needs 14 terms. */
export function exp(x: number): number {
  const k = Math.round(x / LN_2);
  const r = x - k * LN_2;
  let sum = 1;
  for (let n = 14; n >= 1; n--) sum = 1 + (sum * r) / n;
  double.setUint32(0, (EXPONENT_BIAS + k) << 20);
  double.setUint32(4, 0);
  return sum * double.getFloat64(0);
}

/** x^y for positive x. */
export function power(x: number, y: number): number {
  return exp(y * ln(x));
}
