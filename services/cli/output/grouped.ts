/** A number as people read it: 1,234,567. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/** So many of a thing whose plural ends in s: 1 program, 1,234 programs. */
export function counted(count: number, thing: string): string {
  return `${grouped(count)} ${thing}${count === 1 ? '' : 's'}`;
}
