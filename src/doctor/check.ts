/** What a doctor says of one thing. */

/** warn: a copy goes well, and something is lost, slow or needs to be known. fail: a copy cannot go well as it is. */
export type Verdict = 'pass' | 'warn' | 'fail';

export interface Check {
  /** A word or two with dashes between, always the same for the same check. */
  readonly name: string;
  readonly verdict: Verdict;
  /** One line: what is so, and what that means. */
  readonly says: string;
  /** One line: what to do; not where nothing is to be done. */
  readonly advice: string | undefined;
  /** What was measured, with names that stay; see docs/doctor.md. */
  readonly facts: Readonly<Record<string, unknown>>;
}

export function pass(name: string, says: string, facts: Check['facts'] = {}): Check {
  return { name, verdict: 'pass', says, advice: undefined, facts };
}

export function warn(name: string, says: string, advice: string, facts: Check['facts'] = {}): Check {
  return { name, verdict: 'warn', says, advice, facts };
}

export function fail(name: string, says: string, advice: string, facts: Check['facts'] = {}): Check {
  return { name, verdict: 'fail', says, advice, facts };
}
