/** Moments as a clock at some offset from UTC shows them, for whoever asks what was night. */
const MINUTE_MS = 60_000;

export const SHOWN_OFFSET_WORDS = 'times as clocks that far from UTC show them, for instance +08:00; default: UTC. JSON is UTC';

/** RFC 3339 to the millisecond. @param offset `Z`, `+08:00`, `-03:30` */
export function atUtcOffset(ms: number, offset: string): string {
  if (offset === 'Z') return new Date(ms).toISOString();
  const [hours, minutes] = offset.slice(1).split(':').map(Number) as [number, number];
  const ahead = (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * MINUTE_MS;
  return `${new Date(ms + ahead).toISOString().slice(0, -1)}${offset}`;
}
