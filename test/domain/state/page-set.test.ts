import { describe, expect, test } from 'vitest';
import { PageSet } from '../../../services/domain/state/page-set.ts';
import { pagesLeft } from './drawn-pages.ts';

/** A state of one string a page. */
function strings(...texts: string[]): { texts: string[]; pages: PageSet } {
  const pages = new PageSet((page, out) => out.raw(Buffer.from(texts[page]!)));
  for (const page of texts.keys()) pages.touch(page);
  return { texts, pages };
}

function change({ texts, pages }: ReturnType<typeof strings>, page: number, text: string): void {
  pages.touch(page);
  texts[page] = text;
}

describe('pages of a checkpoint', () => {
  test('show the state as it was when it began, whatever is drawn between', () => {
    const state = strings('first', 'a second one', 'third');
    state.pages.begin();
    change(state, 0, 'changed, and longer than before');
    change(state, 1, 'x');
    change(state, 0, 'changed again');
    expect(pagesLeft(state.pages).map(String)).toEqual(['first', 'a second one', 'third']);
    state.pages.begin();
    expect(pagesLeft(state.pages).map(String)).toEqual(['changed again', 'x']);
  });

  test('are drawn into the same memory, so that no page asks for more', () => {
    const state = strings('first', 'second');
    state.pages.begin();
    const [one, two] = [state.pages.next()!.bytes, state.pages.next()!.bytes];
    expect(two.buffer).toBe(one.buffer);
  });

  test('of much give their memory back', () => {
    const state = strings('x'.repeat(3 * 1024 * 1024), 'small');
    state.pages.begin();
    const [small, large] = [state.pages.next()!.bytes, state.pages.next()!.bytes];
    expect([small.length, large.length]).toEqual([5, 3 * 1024 * 1024]);
    change(state, 1, 'again');
    state.pages.begin();
    expect(state.pages.next()!.bytes.buffer.byteLength).toBeLessThanOrEqual(1024 * 1024);
  });
});
