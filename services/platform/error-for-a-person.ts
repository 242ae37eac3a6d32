/** What only a person can mend: stop and alarm, never go round it. */
import { LogError } from './log/event-log.ts';

/** Its message is one line that says what to do; where in the code it arose would say nothing, so no stack is kept. */
export class ErrorForAPerson extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
    this.stack = `${this.name}: ${message}`;
  }
}

/** Such an error, or one of a log that is damaged or no longer has what comes next. */
export function isForAPerson(error: unknown): error is Error {
  if (error instanceof ErrorForAPerson) return true;
  return error instanceof LogError && (error.code === 'log_corrupt' || error.code === 'log_offset_out_of_range');
}
