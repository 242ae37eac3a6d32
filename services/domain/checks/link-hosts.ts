/** Whether a declaration's `linkHosts` allow a host: itself or a subdomain of one of them. */
import { madeOnce, setOf, SHORT_MAX } from './long-lists.ts';

const lengths = new WeakMap<readonly string[], readonly number[]>();

/** All in lower case, `allowed` without empty entries. */
export function allowsHost(allowed: readonly string[], host: string): boolean {
  if (allowed.length <= SHORT_MAX) return allowed.some((entry) => host === entry || host.endsWith(`.${entry}`));
  const set = setOf(allowed);
  // By length, of which there are few: a host may have a dot at every other place.
  return madeOnce(lengths, allowed, lengthsOf).some((length) => {
    const dot = host.length - length - 1;
    return dot === -1 ? set.has(host) : host[dot] === '.' && set.has(host.slice(dot + 1));
  });
}

function lengthsOf(allowed: readonly string[]): readonly number[] {
  return [...new Set(allowed.map(({ length }) => length))];
}
