import { Exit, ExitError } from '../exit.js';

/** Ends a session early with a reason: a share did not come back, or threads died. */
export class SessionBroken extends Error {
  constructor(
    message: string,
    readonly blame: 'share' | 'bug',
  ) {
    super(message);
  }
}

/** A thread died of a bug or of lack of memory, each time that it was asked. */
export class ThreadDied extends ExitError {
  override name = 'ThreadDied';

  constructor(cause: Error) {
    super(`a keeper thread died: ${cause.message}`, Exit.stopped, { cause });
  }
}

/** What waits for a share at the end of a session has waited for long enough. */
export const HANGING = new SessionBroken(
  'a share does not answer; what was not recorded is copied again by the next run',
  'share',
);
