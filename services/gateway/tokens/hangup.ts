/** SIGHUP: read the file of tokens now, as it is the custom of servers. Without a file the signal keeps its meaning. */
import type { Part } from '../../platform/lifecycle.ts';
import type { TokenBook } from './token-book.ts';

export function tokensPart(tokens: TokenBook | null): Part {
  const look = (): void => tokens?.look();
  return {
    name: 'tokens',
    start: () => void (tokens?.hasFile === true && process.on('SIGHUP', look)),
    stop: () => void process.off('SIGHUP', look),
  };
}
