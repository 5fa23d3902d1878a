/** The main flow on real SMB mounts. In a file of its own, since two guests may run beside each other. */
import { describe, test } from 'vitest';
import { noGuest } from './guest.js';
import { expectFlow, FLOW } from './job.js';

const why = noGuest();
if (why) console.warn(`the tests on real mounts are skipped: they need a guest kernel, and that ${why}`);

describe.skipIf(why)('a copy between real mounts', () => {
  test(`of smb ${FLOW}`, () => expectFlow('smb'));
});
