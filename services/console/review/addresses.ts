/** Where a page about something is. */

/** In an address longer ones are cut off by whatever lies between; what is so long nobody reads either. */
const PROGRAM_CHARACTERS_MAX = 500;

/** Null where the program's id is too long for an address, or no text that one can hold. */
export function programAddress(program: string): string | null {
  return program.length > PROGRAM_CHARACTERS_MAX || !program.isWellFormed()
    ? null
    : `/programs?id=${encodeURIComponent(program)}`;
}

/** @param place `PARTITION-OFFSET` */
export function accessAddress(place: string): string {
  return `/accesses/${place}`;
}
