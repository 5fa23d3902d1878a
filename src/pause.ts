/** Has the calling thread do nothing for so many ms: where nothing else could go on, or a thread of its own waits. */
export function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
