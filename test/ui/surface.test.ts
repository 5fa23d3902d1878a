import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { JsonProgress } from '../../src/ui/json.js';
import type { Operator } from '../../src/ui/operator.js';
import { PlainProgress } from '../../src/ui/plain.js';
import { type RunResult, summaryText } from '../../src/ui/summary.js';
import { createSurface } from '../../src/ui/surface.js';
import { FullScreen } from '../../src/ui/tui/fullscreen.js';
import { EMPTY } from '../stats/snapshots.js';

const written: string[] = [];
const errors: string[] = [];
const io = {
  out: (text: string) => written.push(text),
  err: (text: string) => errors.push(text),
  isTTY: false,
  columns: () => 80,
};
const refuse = () => Promise.reject(new Error('not in this test'));
const operator: Operator = {
  pause: refuse,
  resume: refuse,
  drain: refuse,
  stop: refuse,
  limit: refuse,
  lanes: refuse,
  retryFailed: refuse,
  failures: refuse,
};
const FAILED: RunResult = {
  snapshot: EMPTY,
  exitCode: 1,
  seconds: 1,
  failures: [{ path: 'a', error: 'EIO' }],
  unrecorded: 0,
  failuresTotal: 1,
  ledger: '/l',
  log: '/a',
};
const source = { pull: () => EMPTY, operator };

describe('createSurface', () => {
  it('makes the surface that was asked for', async () => {
    expect(await createSurface('plain', source, io)).toBeInstanceOf(PlainProgress);
    expect(await createSurface('json', source, io)).toBeInstanceOf(JsonProgress);
    expect(await createSurface('tui', source, io)).toBeInstanceOf(FullScreen);
  });

  it('makes one that writes nothing, until something has failed, which goes to standard error', async () => {
    written.length = 0;
    errors.length = 0;
    const surface = await createSurface('none', source, io);
    surface.start();
    surface.note('resuming');
    surface.item('copied a');
    surface.stop();
    surface.summary({ ...FAILED, exitCode: 0 });
    expect(errors).toEqual([]);
    surface.summary({ ...FAILED, exitCode: 1 });
    expect(errors.join('')).toMatch(/^resuming\nmillrace: finished(.|\n)*Failed:/);
    expect(written).toEqual([]);
  });

  it('makes one for a log, which has a line with its time for what is noted, and the last word', async () => {
    written.length = 0;
    const surface = await createSurface('quiet', source, io);
    surface.start();
    surface.note('resuming\u001b');
    surface.item('copied a');
    surface.stop();
    const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z';
    expect(written).toEqual([
      expect.stringMatching(`^${time}  resuming\\\\x1b\n$`),
      expect.stringMatching(`^${time}  copied a\n$`),
    ]);
    surface.summary(FAILED);
    expect(written.at(-1)).toBe(summaryText(FAILED));
  });

  it.each(['plain', 'json'] as const)('does not keep the process alive (%s)', (style) => {
    const at = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../dist/${path}`, import.meta.url)));
    const program = `
      import { createSurface } from ${at('src/ui/surface.js')};
      const io = { out: () => {}, isTTY: false, columns: () => 80 };
      const source = { pull: () => (${JSON.stringify(EMPTY)}), operator: {} };
      (await createSurface('${style}', source, io)).start();
    `;
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 8000 });
    expect(stderr.toString()).toBe('');
    expect(status).toBe(0);
  });
});
