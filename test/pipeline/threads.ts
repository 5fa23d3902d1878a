/** Threads for tests: the body of a worker as text, since a thread loads the built code and not the test. */
import { Worker } from 'node:worker_threads';
import { afterEach } from 'vitest';

const DIST = new URL('../../dist/', import.meta.url);

const running: Worker[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.terminate()));
});

export interface Thread {
  readonly worker: Worker;
  /** What the body returned; rejects with what it threw. */
  readonly result: Promise<unknown>;
  /** Settles when the body called `began()`. */
  readonly begun: Promise<void>;
}

/** Runs `body` in a thread: it sees `data`, `began`, and `load('src/...')` for the modules of the project. */
export function thread(body: string, data: unknown): Thread {
  const program = `
    const { parentPort, workerData } = require('node:worker_threads');
    const load = (path) => import(new URL(path, workerData.dist).href);
    const began = () => parentPort.postMessage({ type: 'began' });
    (async (data) => { ${body} })(workerData.data).then(
      (value) => parentPort.postMessage({ type: 'result', value }),
      (error) => { setImmediate(() => { throw error; }); },
    );`;
  const worker = new Worker(program, { eval: true, workerData: { dist: DIST.href, data } });
  running.push(worker);
  let onBegun = () => {};
  const begun = new Promise<void>((resolve) => {
    onBegun = resolve;
  });
  const result = new Promise<unknown>((resolve, reject) => {
    worker.on('message', (message: { type: 'began' } | { type: 'result'; value: unknown }) => {
      if (message.type === 'began') onBegun();
      else resolve(message.value);
    });
    worker.on('error', reject);
  });
  return { worker, result, begun };
}
