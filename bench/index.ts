import { hash } from './hash.js';
import { ledger } from './ledger.js';
import { ring } from './ring.js';

/** A suite measures one subject and prints one table. `npm run bench -- NAME...` runs those named; no name runs all. */
const SUITES: readonly (readonly [name: string, run: () => Promise<void>])[] = [
  ['hash', hash],
  ['ring', ring],
  ['ledger', ledger],
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SUITES.some(([known]) => known === name));
if (unknown.length > 0) {
  console.error(`no such suite: ${unknown.join(', ')} (there are: ${SUITES.map(([name]) => name).join(', ')})`);
  process.exitCode = 2;
} else {
  for (const [name, run] of SUITES) {
    if (wanted.length === 0 || wanted.includes(name)) await run();
  }
}
