import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../../services/domain/state/bytes.ts';
import { consentFor, ConsentTable } from '../../../services/domain/state/consent-table.ts';
import { ProgramTable } from '../../../services/domain/state/program-table.ts';
import { drawnPages } from './drawn-pages.ts';

const granted = (user: string) => ({ user, granted: true, byDefault: false, categories: ['location'], declarationVersion: 1 });

/** As many users as two pages have come to a program and are erased, one after the other, beside one who stays. */
function comeAndGo(consents: ConsentTable, programs: ProgramTable): void {
  for (let i = 0; i < 1_000; i++) {
    consents.give(programs.of('wx1'), granted(`gone ${i}`));
    consents.erase(programs, `gone ${i}`);
  }
}

describe('consents', () => {
  it('of users who were erased leave their places to those who come, also after a restart', () => {
    const [programs, consents] = [new ProgramTable(), new ConsentTable()];
    consents.give(programs.of('wx1'), granted('stays'));
    comeAndGo(consents, programs);
    const pages = drawnPages(consents.pages);
    const [programsAgain, again] = [new ProgramTable(), new ConsentTable()];
    for (const page of pages) again.restore(new ByteReader(page), programsAgain);
    again.pages.restored(pages.length);
    comeAndGo(again, programsAgain);
    expect([pages.length, drawnPages(again.pages).length, consents.count, again.count]).toEqual([1, 1, 1, 1]);
    again.give(programsAgain.of('wx2'), granted('comes'));
    expect(again.count).toBe(2);
    for (const [program, user] of [
      ['wx1', 'stays'],
      ['wx2', 'comes'],
    ] as const)
      expect(consentFor(programsAgain.of(program), user, 'location')?.granted).toBe(true);
    expect(consentFor(programsAgain.of('wx1'), 'gone 999', 'location')).toBeNull();
  });

  it('take the same places with and without a restart, in whatever order the users before them were erased', () => {
    const [programs, consents] = [new ProgramTable(), new ConsentTable()];
    for (const user of ['a', 'b', 'c', 'd']) consents.give(programs.of('wx1'), granted(user));
    for (const user of ['c', 'a']) consents.erase(programs, user);
    const [programsAgain, again] = [new ProgramTable(), new ConsentTable()];
    for (const page of drawnPages(consents.pages)) again.restore(new ByteReader(page), programsAgain);
    again.pages.restored(1);
    consents.give(programs.of('wx1'), granted('e'));
    again.give(programsAgain.of('wx1'), granted('e'));
    expect(drawnPages(again.pages)).toEqual(drawnPages(consents.pages));
  });
});
