/** Ends a session early with a reason: a share did not come back, or threads died. */
export class SessionBroken extends Error {
  constructor(
    message: string,
    readonly blame: 'share' | 'bug',
  ) {
    super(message);
  }
}
