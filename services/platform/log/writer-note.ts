/** The note beside the writer's position: how far the source is stored, and what is being inserted. */
import { z } from 'zod';
import type { EventLog } from './event-log.ts';

const writerNoteSchema = z.object({
  /** Source offset at which the next block must begin: everything before it is stored. */
  next: z.int().nonnegative(),
  /** End of the intended range in `ntk.results`, while an insert is under way. */
  to: z.int().nonnegative().optional(),
});
export type WriterNote = z.infer<typeof writerNoteSchema>;

export function encodeWriterNote(note: WriterNote): string {
  return JSON.stringify(note);
}

export function decodeWriterNote(text: string): WriterNote {
  return writerNoteSchema.parse(JSON.parse(text));
}

/** Source offset up to which the writer says that everything is stored; 0 before its first group. */
export async function storedUpTo(log: EventLog, partition: number): Promise<number> {
  const position = await log.position('writer', partition);
  return position === null ? 0 : decodeWriterNote(position.note).next;
}
