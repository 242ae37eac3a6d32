/** A number as people read it: 1,234,567. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
