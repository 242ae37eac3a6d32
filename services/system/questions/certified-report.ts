/** The interception report together with what it rests on, all as of the same log positions. */
import type { InterceptionReport } from '../../../schemas/report/interceptions.ts';
import type { Authority } from '../../domain/authority/authority.ts';
import { type CertifiedPolicy, periodFor, type ReportCertificate } from '../../domain/report/certificate.ts';
import {
  type CertifiedPartitionRow,
  type CertifiedPolicyRow,
  PARTITIONS_SQL,
  type PeriodRow,
  POLICIES_SQL,
  SPAN_SQL,
  type SpanRow,
  timelineSql,
} from '../../domain/report/certificate-queries.ts';
import type { QueryParams, Warehouse } from '../../platform/warehouse/warehouse.ts';
import { policyHistory } from '../facts/policy-history.ts';
import { positionsToReport, reportAsOf, type ReportRequest, type ReportSource } from './report.ts';

interface CertifiedReport {
  readonly report: InterceptionReport;
  readonly certificate: ReportCertificate;
}

/** @param authority whose policies counted; null when nobody asks when a policy was published and by whom, which reads the log */
export async function certifiedReport(
  source: ReportSource,
  request: ReportRequest,
  authority: Authority | null,
): Promise<CertifiedReport> {
  const { log, logId, warehouse } = source;
  const noted = await positionsToReport(source);
  const report = await reportAsOf(source, request, noted);
  const { partitions, positions } = noted;
  const inRange: QueryParams = { logId, partitions, positions, fromUs: request.fromUs, toUs: request.toUs };
  const covered = await warehouse.query<CertifiedPartitionRow>(PARTITIONS_SQL, { logId, partitions, positions });
  const [spanned] = await warehouse.query<SpanRow>(SPAN_SQL, inRange);
  const span = Number(spanned!.accesses) === 0 ? null : { firstMs: Number(spanned!.first_ms), lastMs: Number(spanned!.last_ms) };
  const period = periodFor(span);
  const counts = await warehouse.query<PeriodRow>(timelineSql(period), inRange);
  const published = log === null || authority === null ? [] : (await policyHistory(log, authority)).changes;
  return {
    report,
    certificate: {
      logId,
      engines: [...new Set(covered.flatMap(({ engines }) => engines))].sort((a, b) => a - b),
      partitions: covered.map((row) => ({
        partition: row.partition,
        first: Number(row.first),
        next: Number(row.next),
        blocks: Number(row.blocks),
        gaps: Number(row.gaps),
        accesses: Number(row.accesses),
        rowsHash: row.rows_hash,
        entryHash: row.entry_hash,
      })),
      policies: await policiesOf(warehouse, inRange, published),
      span,
      simulated: Number(spanned!.simulated),
      timeline: {
        period,
        counts: counts.map((row) => ({
          startMs: Number(row.start_s) * 1000,
          accesses: Number(row.accesses),
          intercepted: Number(row.intercepted),
          wouldHave: Number(row.would_have),
        })),
      },
    },
  };
}

type Published = Awaited<ReturnType<typeof policyHistory>>['changes'];

async function policiesOf(warehouse: Warehouse, inRange: QueryParams, published: Published): Promise<CertifiedPolicy[]> {
  const rows = await warehouse.query<CertifiedPolicyRow>(POLICIES_SQL, inRange);
  return rows.map((row) => {
    const first = published.find(({ policy }) => policy.hash === row.hash);
    return {
      hash: row.hash,
      published:
        first === undefined
          ? null
          : { version: first.policy.version, by: first.by, at: new Date(first.appendedAtMs).toISOString() },
      accesses: Number(row.accesses),
      firstArrival: new Date(Number(row.first_ms)).toISOString(),
      lastArrival: new Date(Number(row.last_ms)).toISOString(),
    };
  });
}
