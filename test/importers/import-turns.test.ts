import { describe, expect, test } from 'vitest';
import type { ImportSummary } from '../../services/importers/import-file.ts';
import { ImportTurns } from '../../services/importers/import-turns.ts';
import { networkRow } from './apple/network-row.ts';
import { importPath, put, textsOf, useRoom } from './imported.ts';

const room = useRoom();

describe('imports at the same time', () => {
  test('of reports that overlap bring in each contact once', async () => {
    const turns = new ImportTurns();
    const paths = [3, 5, 7, 9].map((day) => put(room, networkRow(day, '01', `0${day}`), `${day}.ndjson`));
    await Promise.all(
      paths.map((path) =>
        turns.inside('apple-privacy-report', path, () => importPath(room, path, { format: 'apple-privacy-report' })),
      ),
    );
    const contacts = (await textsOf(room.log))
      .flat()
      .map((text) => (JSON.parse(text) as { data: { rows?: number } }).data.rows ?? 0);
    expect(contacts.reduce((sum, rows) => sum + rows, 0)).toBe(9);
  });

  test('of the same bytes bring them in once', async () => {
    const turns = new ImportTurns();
    const path = put(room, '{"no":"event"}\n{"neither":"this"}\n');
    const importIt = (): Promise<ImportSummary> => turns.inside('cloudevents', 'the same', () => importPath(room, path));
    const statuses = (await Promise.all([importIt(), importIt(), importIt()])).map(({ status }) => status);
    expect(statuses).toEqual(['complete', 'already_complete', 'already_complete']);
    expect((await textsOf(room.log)).flat()).toHaveLength(2);
  });

  test('of other files do not wait, and those behind a failed one go on', async () => {
    const turns = new ImportTurns();
    const done: string[] = [];
    let release = (): void => {};
    const held = turns.inside('cloudevents', 'a', async () => {
      await new Promise<void>((resolve) => (release = resolve));
      throw new Error('the log is gone');
    });
    const behind = turns.inside('cloudevents', 'a', async () => void done.push('behind'));
    await turns.inside('cloudevents', 'b', async () => void done.push('other'));
    expect(done).toEqual(['other']);
    release();
    await expect(held).rejects.toThrow('the log is gone');
    await behind;
    expect(done).toEqual(['other', 'behind']);
  });
});
