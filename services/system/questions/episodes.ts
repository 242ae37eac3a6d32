/** Asks the warehouse for alarm episodes, as of the log positions at this moment, and puts reviews beside them. */
import type { Authority } from '../../domain/authority/authority.ts';
import { TIME_END_US } from '../../domain/record/time.ts';
import { type AlarmCounts, type AlarmRate, alarmRate } from '../../domain/review/alarm-rate.ts';
import { Conclusions, type PlacedReview, type Review, type ReviewedEpisode } from '../../domain/review/conclusions.ts';
import { episodeOf, type EpisodeRow, nameOf, type RowPlace } from '../../domain/review/episode.ts';
import {
  EPISODE_COUNT_SQL,
  EPISODES_SQL,
  placeParams,
  PLACES_SQL,
  type PlacedRow,
  PROGRAM_DAYS_SQL,
} from '../../domain/review/queries.ts';
import type { QueryParams, Warehouse } from '../../platform/warehouse/warehouse.ts';
import { policyHistory } from '../facts/policy-history.ts';
import { ofProgram, type Positions, positionsNow, type ReportSource, requireResults } from './report.ts';
import { type ReviewHistory, reviewHistory } from './review-history.ts';

/** Looked up with one question. They travel in its address, which may have a megabyte. */
const PLACES_AT_ONCE = 5_000;
/** Asked for with one question, and held at once: some megabytes. */
const EPISODES_AT_ONCE = 10_000;

const NO_HISTORY: ReviewHistory = { reviews: [], gone: 0, unstored: 0 };

export interface EpisodeFilter {
  readonly fromUs: number;
  readonly toUs: number;
  /** Null: all of them. */
  readonly program: string | null;
}

const EVERYTHING: EpisodeFilter = { fromUs: 0, toUs: TIME_END_US, program: null };

/** A store as it was when somebody began to look at its alarms. */
export class AlarmView {
  readonly #source: ReportSource;
  readonly #positions: Positions;
  readonly #conclusions: Conclusions;
  /** Reviews that the log no longer has. */
  readonly reviewsGone: number;
  /** Records of the log that are not judged and stored yet and may be alarms: all but reviews. */
  readonly unwritten: number;

  static async at(source: ReportSource): Promise<AlarmView> {
    await requireResults(source);
    return AlarmView.asOf(source, await positionsNow(source));
  }

  /** The same as of positions that were noted before, of whoever judges and stores this log itself and may have stored nothing yet. */
  static async asOf(source: ReportSource, positions: Positions): Promise<AlarmView> {
    const { log, logId, warehouse } = source;
    const history = log === null ? NO_HISTORY : await reviewHistory({ log, logId, warehouse }, positions);
    const conclusions = new Conclusions(await placed(warehouse, logId, history.reviews));
    return new AlarmView(source, positions, conclusions, history);
  }

  private constructor(source: ReportSource, positions: Positions, conclusions: Conclusions, { gone, unstored }: ReviewHistory) {
    this.#source = source;
    this.#positions = positions;
    this.#conclusions = conclusions;
    this.reviewsGone = gone;
    // One that was appended since the positions were noted is not among theirs.
    this.unwritten = Math.max(0, positions.unwritten - unstored);
  }

  /** Those that begin in the range, newest first. Each `atOnce` of them is a question that reads all alarms. */
  async *episodes(filter: EpisodeFilter, atOnce = EPISODES_AT_ONCE): AsyncGenerator<ReviewedEpisode> {
    yield* this.#episodesOf(this.#asked(filter), atOnce);
  }

  /** The episode that a row belongs to, and all its reviews, latest first; null when the row has no finding of the baselines. */
  async episodeAt(place: RowPlace): Promise<ReviewedEpisode | null> {
    const { warehouse, logId } = this.#source;
    const [row] = await rowsAt(warehouse, logId, [place]);
    if (row === undefined) return null;
    const params = { ...this.#asked(EVERYTHING, [place]), atMs: Number(row.at_ms), max: 1, skip: 0 };
    const [found] = await warehouse.query<EpisodeRow>(EPISODES_SQL, params);
    if (found === undefined) return null;
    const episode = episodeOf(found);
    return { episode, reviews: this.#conclusions.allOf(episode) };
  }

  /** @throws UserError where the log has more reviews than can be remembered */
  async rate({ fromUs, toUs }: Omit<EpisodeFilter, 'program'>, authority: Authority): Promise<AlarmCounts & AlarmRate> {
    const { log, warehouse } = this.#source;
    const range = { fromUs, toUs, program: null };
    const byDisposition = { true_positive: 0, false_positive: 0, expected: 0 };
    let reviewed = 0;
    // Of programs that somebody has reviewed, each is looked at; of the others it is enough to know how many there are.
    const ofEachProgram = this.#conclusions.ofEachProgram.map(({ about }) => about);
    for (let from = 0; from < ofEachProgram.length; from += PLACES_AT_ONCE) {
      const asked = this.#asked(range, ofEachProgram.slice(from, from + PLACES_AT_ONCE));
      for await (const { reviews } of this.#episodesOf(asked, EPISODES_AT_ONCE)) {
        const [latest] = reviews;
        if (latest === undefined) continue;
        byDisposition[latest.disposition]++;
        reviewed++;
      }
    }
    const [all] = await warehouse.query<{ episodes: string }>(EPISODE_COUNT_SQL, this.#asked(range));
    const [days] = await warehouse.query<{ program_days: string }>(PROGRAM_DAYS_SQL, { ...this.#asOf(), fromUs, toUs });
    const policy = log === null ? undefined : (await policyHistory(log, authority)).changes.at(-1)?.policy;
    const counts: AlarmCounts = {
      byDisposition,
      unreviewed: Number(all!.episodes) - reviewed,
      programDays: Number(days!.program_days),
      budget: policy?.falseAlarmsPerProgramDay ?? null,
    };
    return { ...counts, ...alarmRate(counts) };
  }

  /** The rows are those below fixed positions, and their order is total: what was told is skipped, and nothing else. */
  async *#episodesOf(asked: QueryParams, atOnce: number): AsyncGenerator<ReviewedEpisode> {
    for (let skip = 0; ; skip += atOnce) {
      const rows = await this.#source.warehouse.query<EpisodeRow>(EPISODES_SQL, { ...asked, max: atOnce, skip });
      for (const row of rows) {
        const episode = episodeOf(row);
        yield { episode, reviews: this.#conclusions.allOf(episode) };
      }
      if (rows.length < atOnce) return;
    }
  }

  /** @param places their programs alone, unless there are none */
  #asked({ fromUs, toUs, program }: EpisodeFilter, places: readonly RowPlace[] = []): QueryParams {
    return { ...this.#asOf(program), fromUs, toUs, program: program ?? '', atMs: -1, ...placeParams(places) };
  }

  /** @param program of this one alone, where it is given */
  #asOf(program: string | null = null): QueryParams {
    const { partitions, positions } = program === null ? this.#positions : ofProgram(this.#source, this.#positions, program);
    return { logId: this.#source.logId, partitions, positions };
  }
}

async function rowsAt(warehouse: Warehouse, logId: string, places: readonly RowPlace[]): Promise<PlacedRow[]> {
  return warehouse.query<PlacedRow>(PLACES_SQL, { logId, ...placeParams(places) });
}

/** Those whose row is there and is their program's: nobody reviews another program's alarms under its name. */
async function placed(warehouse: Warehouse, logId: string, reviews: readonly Review[]): Promise<PlacedReview[]> {
  const found: PlacedReview[] = [];
  for (let from = 0; from < reviews.length; from += PLACES_AT_ONCE) {
    const some = reviews.slice(from, from + PLACES_AT_ONCE);
    const rows = await rowsAt(
      warehouse,
      logId,
      some.map(({ about }) => about),
    );
    const rowOf = new Map(rows.map((row) => [nameOf({ partition: row.partition, offset: Number(row.offset) }), row]));
    for (const review of some) {
      const row = rowOf.get(nameOf(review.about));
      if (row?.program === review.program) found.push({ ...review, rowAtMs: Number(row.at_ms) });
    }
  }
  return found;
}
