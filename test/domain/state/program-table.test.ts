import { expect, test } from 'vitest';
import { ByteReader } from '../../../services/domain/state/bytes.ts';
import { ProgramTable } from '../../../services/domain/state/program-table.ts';
import { pagesLeft } from './drawn-pages.ts';

test('a program whose first fact comes after a checkpoint began is not in it', () => {
  const programs = new ProgramTable();
  programs.touch(programs.of('before'));
  programs.pages.begin();
  programs.touch(programs.of('after'));
  const restored = new ProgramTable();
  for (const page of pagesLeft(programs.pages)) restored.restore(new ByteReader(page));
  expect([...restored.all()].map(({ id }) => id)).toEqual(['before']);
});
