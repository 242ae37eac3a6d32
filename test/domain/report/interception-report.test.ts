import { describe, expect, it } from 'vitest';
import { interceptionReportSchema } from '../../../schemas/report/interceptions.ts';
import { parseTimeUs } from '../../../services/domain/record/time.ts';
import { interceptionReport, type HeadlineRow, type LedgerSums } from '../../../services/domain/report/interception-report.ts';

const HEADLINE: HeadlineRow = {
  accesses: '0',
  allow: '0',
  flag: '0',
  throttle: '0',
  intercept: '0',
  programs: '0',
  users: '0',
  prevented: '0',
  already_refused: '0',
  late: '0',
  would_attempts: '0',
  would_programs: '0',
};

const LEDGER: LedgerSums = { accesses: '0', duplicates: '0', facts: '0', rejected: '0', live_records: '0', erasures: '0' };

function reportOver(from: string, to: string): { readonly from: string; readonly to: string } {
  return interceptionReportSchema.parse(
    interceptionReport({
      fromUs: parseTimeUs(from),
      toUs: parseTimeUs(to),
      asOfMs: 0,
      headline: HEADLINE,
      byReason: [],
      byCategory: [],
      byClass: [],
      topPrograms: [],
      ledger: LEDGER,
      gaps: [],
      rowsStored: 0,
      isLedgerWhole: true,
      unwritten: 0,
    }),
  );
}

describe('the period of an interception report', () => {
  it('is told to the microsecond, so that asking again for what it says gives the same figures', () => {
    const report = reportOver('2026-03-05T06:00:12.397119Z', '2026-03-05T16:20:59.686002Z');

    expect(report).toMatchObject({ from: '2026-03-05T06:00:12.397119Z', to: '2026-03-05T16:20:59.686002Z' });
  });

  it('is told without digits that say nothing', () => {
    expect(reportOver('2026-03-05T00:00:00.000000Z', '2026-03-06T01:02:03.5Z')).toMatchObject({
      from: '2026-03-05T00:00:00Z',
      to: '2026-03-06T01:02:03.500Z',
    });
  });

  it('is told in UTC, whatever offset it was asked with', () => {
    expect(reportOver('1970-01-01T08:00:00.000001+08:00', '2026-03-05T00:00:60.000999-00:00')).toMatchObject({
      from: '1970-01-01T00:00:00.000001Z',
      to: '2026-03-05T00:01:00.000999Z',
    });
  });
});
