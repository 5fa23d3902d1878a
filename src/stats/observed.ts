import { History, sampleOf } from './history.js';
import type { Snapshot } from './snapshot.js';

/** A run as one surface sees it. */
export class Observed {
  constructor(
    private readonly pull: () => Snapshot,
    /** Holds the last snapshot's own sample as its latest. */
    readonly history = new History(),
  ) {}

  /** The run as it is now, which becomes part of the history. */
  look(): Snapshot {
    const snapshot = this.pull();
    this.history.add(sampleOf(snapshot));
    return snapshot;
  }
}
