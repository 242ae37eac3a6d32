/** Something the person at the keyboard can mend: one line that says what is wrong and what to do. Never a stack trace. */
export class UserError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UserError';
  }
}
