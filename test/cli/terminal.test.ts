import { describe, expect, test } from 'vitest';
import { merge } from '../../src/cli/config.js';
import type { Layer } from '../../src/cli/options.js';
import { settingsOf } from '../../src/cli/settings.js';
import { type Terminal, terminalOf } from '../../src/cli/terminal.js';

const tty = { isTTY: true };
const env = { TERM: 'tmux-256color' };
const of = (columns: number, rows: number) => ({ stdin: tty, stdout: { ...tty, columns, rows } });

test('a terminal fits the full screen from 60x15 on', () => {
  expect(terminalOf(env, of(60, 15))).toBe('fit');
  expect(terminalOf(env, of(59, 15))).toBe('small');
  expect(terminalOf(env, of(60, 14))).toBe('small');
});

test('without keyboard, screen or a TERM that can do more than print there is none', () => {
  expect(terminalOf(env, { ...of(80, 24), stdin: {} })).toBe('none');
  expect(terminalOf(env, { stdin: tty, stdout: { columns: 80, rows: 24 } })).toBe('none');
  expect(terminalOf({ TERM: 'dumb' }, of(80, 24))).toBe('none');
  expect(terminalOf({}, of(80, 24))).toBe('none');
});

describe('--progress', () => {
  const made = (layer: Layer, terminal?: Terminal) => {
    const machine = { env: { HOME: '/home/ann' }, memory: 8 * 1024 ** 3, ...(terminal && { terminal }) };
    return settingsOf(merge([layer]), '/a', '/b', machine).progress;
  };

  test('auto is the full screen where it fits, and plain elsewhere', () => {
    expect(made({}, 'fit')).toBe('tui');
    expect(made({}, 'small')).toBe('plain');
    expect(made({}, 'none')).toBe('plain');
    expect(made({})).toBe('plain');
  });

  test('auto prints the list of a dry run as lines', () => {
    expect(made({ 'dry-run': true, verbose: true }, 'fit')).toBe('plain');
    expect(made({ 'dry-run': true }, 'fit')).toBe('tui');
  });

  test('tui is taken on a small terminal and refused where there is none', () => {
    expect(made({ progress: 'tui' }, 'small')).toBe('tui');
    expect(() => made({ progress: 'tui' }, 'none')).toThrow(/^--progress tui: .*must be a terminal.*use plain$/);
  });
});
