/** Puts a number where it belongs among ascending ones, in the time that its place takes to be found by halves and those behind it to be moved. */
export function insertAscending(numbers: number[], value: number): void {
  let [from, to] = [0, numbers.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (numbers[middle]! < value) from = middle + 1;
    else to = middle;
  }
  numbers.splice(from, 0, value);
}
