import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { JsonProgress } from '../../src/ui/json.js';
import { PlainProgress } from '../../src/ui/plain.js';
import { createSurface } from '../../src/ui/surface.js';
import { EMPTY } from '../stats/snapshots.js';

const written: string[] = [];
const io = { out: (text: string) => written.push(text), isTTY: false, columns: () => 80 };
const pull = () => EMPTY;

describe('createSurface', () => {
  it('makes the surface that was asked for', () => {
    expect(createSurface('plain', pull, io)).toBeInstanceOf(PlainProgress);
    expect(createSurface('json', pull, io)).toBeInstanceOf(JsonProgress);
  });

  it('makes one that writes nothing at all', () => {
    written.length = 0;
    const surface = createSurface('none', pull, io);
    surface.start();
    surface.note('resuming');
    surface.item('copied a');
    surface.stop();
    surface.summary({
      snapshot: EMPTY,
      exitCode: 1,
      seconds: 1,
      failures: [{ path: 'a', error: 'EIO' }],
      unrecorded: 0,
      failuresTotal: 1,
      ledger: '/l',
      log: '/a',
    });
    expect(written).toEqual([]);
  });

  it.each(['plain', 'json'] as const)('does not keep the process alive (%s)', (style) => {
    const at = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../dist/${path}`, import.meta.url)));
    const program = `
      import { createSurface } from ${at('src/ui/surface.js')};
      const io = { out: () => {}, isTTY: false, columns: () => 80 };
      createSurface('${style}', () => (${JSON.stringify(EMPTY)}), io).start();
    `;
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 8000 });
    expect(stderr.toString()).toBe('');
    expect(status).toBe(0);
  });
});
