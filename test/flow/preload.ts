/** Functions of node:fs that misbehave in the program's lanes, through a file that Node loads before the program. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from './helpers.js';

/**
 * Has `instead` run in the place of a call, and before it when that falls through, whenever `when` is true. Both are
 * JavaScript that sees `path` (that the descriptor leads to), `view`, `offset`, `length`, `position` and `fs`. With `heapMb`,
 * a thread has no larger heap.
 */
export function patched(
  world: World,
  name: 'readSync' | 'writeSync',
  when: string,
  instead: string,
  heapMb?: number,
): string {
  const path = join(world.root, `patched-${name}.cjs`);
  writeFileSync(
    path,
    `const threads = require('node:worker_threads');
     const fs = require('node:fs');
     const heapMb = ${heapMb ?? 0};
     if (threads.isMainThread && heapMb > 0) {
       threads.Worker = class extends threads.Worker {
         constructor(file, options) {
           super(file, { ...options, resourceLimits: { maxOldGenerationSizeMb: heapMb } });
         }
       };
       require('node:module').syncBuiltinESMExports();
     }
     if (!threads.isMainThread) {
       const original = fs.${name};
       fs.${name} = (fd, view, offset, length, position) => {
         const path = fs.readlinkSync('/proc/self/fd/' + fd);
         if (${when}) { ${instead} }
         return original(fd, view, offset, length, position);
       };
     }`,
  );
  return path;
}

/** True for the first that asks: a file is the mark, since each thread loads the patch for itself. */
export function once(world: World): string {
  return `(() => {
     try { fs.closeSync(fs.openSync('${world.root}/once', 'wx')); return true; } catch { return false; }
   })()`;
}
