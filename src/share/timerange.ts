/** The first and the last time that a share keeps, ns since the Unix epoch; others become the nearest of the two. */
export interface TimeRange {
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

/**
 * What a share has of a time that it is given; `range` is undefined for one that keeps all. Of its first and last second Linux
 * keeps no fraction (timestamp_truncate in fs/inode.c).
 */
export function kept(timeNs: bigint, range: TimeRange | undefined): bigint {
  if (range === undefined) return timeNs;
  return timeNs < range.firstNs + SECOND ? range.firstNs : timeNs > range.lastNs ? range.lastNs : timeNs;
}

const SECOND = 1_000_000_000n;

/** Whether two times are one for a share that keeps these: some keep a fraction of their last second all the same. */
export function sameKept(a: bigint, b: bigint, grainNs: bigint, range: TimeRange | undefined): boolean {
  return sameTime(kept(a, range), kept(b, range), grainNs);
}

/** Whether two times are less than a grain apart: what a share may have made of one time by rounding. */
export function sameTime(a: bigint, b: bigint, grainNs: bigint): boolean {
  const apart = a > b ? a - b : b - a;
  return apart < grainNs;
}
