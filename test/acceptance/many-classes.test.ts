/** Developers choose the class of a program: there can be as many as programs, and one can be as long as a record. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLASS_CHARACTERS_MAX, CLASSES_MAX, interceptionReportSchema } from '../../schemas/report/interceptions.ts';
import { Desk, ntkJson, ntkOk } from './ntk.ts';
import { access, declaration, ndjson, policyRecord } from './records.ts';

const PROGRAMS = CLASSES_MAX + 20;
const LONG = '类'.repeat(CLASS_CHARACTERS_MAX + 1);

let desk: Desk;
beforeAll(async () => {
  desk = new Desk();
  const numbers = Array.from({ length: PROGRAMS }, (_, i) => i);
  const declared = numbers.map((i) =>
    declaration({ id: `d-${i}`, subject: `wx${i}` }, { class: i === 0 ? LONG : `class ${String(i).padStart(4, '0')}` }),
  );
  const accesses = [0, ...numbers].map((i, place) =>
    access({ id: `a-${place}`, subject: `wx${i}`, time: '2026-03-01T09:00:00Z' }),
  );
  const stop = policyRecord('p', { version: '1', modes: { default: 'enforce' }, actions: { undeclared_category: 'intercept' } });
  await ntkOk(['run', '--data', desk.data, '--input', desk.write('in.ndjson', ndjson(stop, ...declared, ...accesses))]);
}, 60_000);
afterAll(() => desk.clear());

test('the report has the classes with most attempts, and names of a bounded length', async () => {
  const report = interceptionReportSchema.parse(await ntkJson(['report', 'interceptions', '--data', desk.data]));
  expect(report.intercepted.attempts).toBe(PROGRAMS + 1);
  expect(report.byClass).toHaveLength(CLASSES_MAX);
  expect(report.byClass[0]).toEqual({ class: `${LONG.slice(0, CLASS_CHARACTERS_MAX)}…`, attempts: 2, programs: 1 });
  expect(report.byClass[1]).toEqual({ class: 'class 0001', attempts: 1, programs: 1 });
  expect(report.byClass.at(-1)!.class).toBe('class 0999');
});
