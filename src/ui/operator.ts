/** What the person in front of a surface may ask of a run, be it in this process or elsewhere. */

/** One failed entry. */
export interface FailedEntry {
  /** Beneath the root, raw. */
  readonly path: string;
  readonly error: string;
}

/** Where a page of failures ends, to ask for the next. */
export interface FailureKey {
  readonly dir: number;
  readonly name: string;
}

export interface FailurePage {
  readonly failures: readonly FailedEntry[];
  /** Undefined: there are no more. */
  readonly next: FailureKey | undefined;
}

/** What can be asked of an operator in one word, and the values that go with it. */
export type Order =
  | { readonly do: 'pause' | 'resume' | 'drain' | 'stop' | 'retry-failed' }
  /** As --bwlimit takes it. */
  | { readonly do: 'limit'; readonly rate: string }
  /** 0: automatic. */
  | { readonly do: 'lanes'; readonly readers: number; readonly writers: number };

/** Hands an order on. Rejects as the operator does. */
export function perform(operator: Operator, order: Order): Promise<string> {
  switch (order.do) {
    case 'limit':
      return operator.limit(order.rate);
    case 'lanes':
      return operator.lanes(order.readers, order.writers);
    case 'retry-failed':
      return operator.retryFailed();
    default:
      return operator[order.do]();
  }
}

/**
 * Each command resolves, within a second, to a line that says what was done; it rejects with an Error of one line where
 * that is not possible (a mistyped rate, a run that has gone).
 */
export interface Operator {
  /** Nothing moves until `resume`. */
  pause(): Promise<string>;
  resume(): Promise<string>;
  /** Finishes the files in flight and ends. */
  drain(): Promise<string>;
  /** Ends now. */
  stop(): Promise<string>;
  /** `rate` as --bwlimit takes it: `20M`, `20M:10M`, `off`, a timetable. */
  limit(rate: string): Promise<string>;
  /** Numbers of lanes from now on; 0: as many as the measured latency asks for. Lanes that there are stay. */
  lanes(readers: number, writers: number): Promise<string>;
  /** Entries that failed are tried again. */
  retryFailed(): Promise<string>;
  /** Failed entries of the whole migration, in the order of the ledger. */
  failures(after: FailureKey | undefined, limit: number): Promise<FailurePage>;
}
