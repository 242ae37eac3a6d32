/** Numbers in ascending order: where one belongs is found by halves. */

/** Place of the first number that is not smaller; the length of the list where there is none. */
export function placeAmongAscending(numbers: readonly number[], value: number): number {
  let [from, to] = [0, numbers.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (numbers[middle]! < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Puts a number where it belongs; those behind it are moved. */
export function insertAscending(numbers: number[], value: number): void {
  numbers.splice(placeAmongAscending(numbers, value), 0, value);
}
