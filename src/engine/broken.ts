/** Ends a session early with a reason: a share did not come back, or threads died. */
export class SessionBroken extends Error {
  constructor(
    message: string,
    readonly blame: 'share' | 'bug',
  ) {
    super(message);
  }
}

/** What waits for a share at the end of a session has waited for long enough. */
export const HANGING = new SessionBroken(
  'a share does not answer; what was not recorded is copied again by the next run',
  'share',
);
