import { describe, expect, it } from 'vitest';
import { parseTimetable } from '../../../src/cli/timetable.js';
import { History } from '../../../src/stats/history.js';
import type { Snapshot } from '../../../src/stats/snapshot.js';
import { FIRST_SCREEN, press, promptLine, type Screen, type Step } from '../../../src/ui/tui/keys.js';
import { stepped } from '../../../src/ui/tui/limitstep.js';
import { type Time, type View, viewOf } from '../../../src/ui/tui/view.js';
import { EMPTY } from '../../stats/snapshots.js';

const MIB = 1024 ** 2;

function view(part: Partial<Snapshot> = {}, rest: Partial<View> = {}): View {
  const none = { expected: null, callsBefore: undefined, time: 'minute', notes: [], bottom: undefined } as const;
  return viewOf({ snapshot: { ...EMPTY, ...part }, history: new History(), quit: 'drain', ...none, ...rest });
}

/** What comes of keys one after the other, each a character or a name. */
function typed(keys: readonly string[], shown = view(), from: Screen = FIRST_SCREEN): Step {
  return keys.reduce<Step>(
    ({ screen }, name) =>
      press(screen, { name, character: name.length === 1 ? name : undefined }, { view: shown, page: 10 }),
    { screen: from },
  );
}

describe('keys', () => {
  it('p pauses a run that goes and resumes one that is paused', () => {
    expect(typed(['p']).command).toEqual({ do: 'pause' });
    expect(typed(['p'], view({ paused: true })).command).toEqual({ do: 'resume' });
  });

  it('q drains, once it was confirmed', () => {
    const asked = typed(['q']);
    expect(asked.command).toBeUndefined();
    expect(promptLine(asked.screen.prompt!, 80)).toMatch(/^drain and quit.* y\/n$/);
    expect(typed(['q', 'y'])).toMatchObject({ command: { do: 'drain' }, screen: { prompt: undefined } });
    const refused = typed(['q', 'n']);
    expect(refused).toMatchObject({ say: 'nothing was done', screen: { prompt: undefined } });
    expect(refused.command).toBeUndefined();
  });

  it('q while it drains asks whether to stop', () => {
    expect(typed(['q', 'y'], view({ stopping: 'drain' })).command).toEqual({ do: 'stop' });
  });

  it('q and Ctrl-C only leave a run that is looked at from elsewhere', () => {
    for (const key of ['q', 'S-q', 'C-c'])
      expect(typed([key], view({}, { quit: 'leave' })).command).toEqual({ do: 'leave' });
  });

  it('Ctrl-Z does not suspend, and says what to do instead', () => {
    expect(typed(['C-z']).command).toBeUndefined();
    expect(typed(['C-z']).say).toContain('p pauses');
  });

  it('Ctrl-C takes back what is asked, and drains only where nothing is', () => {
    const { screen, command } = typed(['l', '2', 'C-c']);
    expect(command).toBeUndefined();
    expect(screen.prompt).toBeUndefined();
    expect(typed(['C-c']).command).toEqual({ do: 'interrupt' });
  });

  it.each([40, 60, 80])('of a long limit its end is seen in %i columns', (columns) => {
    const { screen } = typed(['l', ...'mon-fri 08:00-18:00 20M, sat 50M, off']);
    const line = promptLine(screen.prompt!, columns);
    expect(line.length).toBeLessThanOrEqual(columns);
    expect(line).toMatch(/sat 50M, off▏$/);
  });

  it('l takes a limit as it is typed, with corrections', () => {
    const { screen } = typed(['l', '2', '0', 'G', 'backspace', 'M']);
    expect(promptLine(screen.prompt!, 80)).toMatch(/: 20M▏$/);
    expect(typed(['enter'], view(), screen).command).toEqual({ do: 'limit', rate: '20M' });
    expect(typed(['l', '9', 'C-u', 'o', 'f', 'f', 'enter']).command).toEqual({ do: 'limit', rate: 'off' });
    expect(typed(['l', 'escape']).command).toBeUndefined();
    expect(typed(['l', '5', 'escape']).screen.prompt).toBeUndefined();
    expect(typed(['l', 'enter']).command).toBeUndefined();
  });

  it('a key that is a command is a character while a limit is typed', () => {
    const table = 'mon-fri 8:00-18:00 20M,off';
    const named = [...table].map((character) =>
      character === ' ' ? { name: 'space', character } : { name: character, character },
    );
    let screen = typed(['l']).screen;
    for (const key of named) ({ screen } = press(screen, key, { view: view(), page: 10 }));
    expect(typed(['enter'], view(), screen).command).toEqual({ do: 'limit', rate: table });
  });

  it('+ and - change the limit by a step, and ask before they end a timetable', () => {
    const bwlimit = { read: 20 * MIB, write: 20 * MIB };
    expect(typed(['+'], view({ bwlimit })).command).toEqual({ do: 'limit', rate: '25M' });
    expect(typed(['-'], view({ bwlimit })).command).toEqual({ do: 'limit', rate: '15M' });
    const timetable = parseTimetable('sat 20M, 20M');
    expect(typed(['+'], view({ bwlimit, timetable })).command).toBeUndefined();
    expect(typed(['+', 'y'], view({ bwlimit, timetable })).command).toEqual({ do: 'limit', rate: '25M' });
    expect(typed(['+']).say).toContain('there is no limit');
  });

  it('- without a limit takes one just below what runs now', () => {
    const history = new History();
    const sample = { doneFiles: 0, limit: 0 };
    history.add({ ...sample, ms: 0, readBytes: 0, writtenBytes: 0 });
    history.add({ ...sample, ms: 5000, readBytes: 450 * MIB, writtenBytes: 400 * MIB });
    expect(typed(['-'], view({ nowMs: 5000 }, { history })).command).toEqual({ do: 'limit', rate: '80M' });
  });

  it('t goes through minute, hour and day', () => {
    const next = (time: Time) => typed(['t'], view({}, { time })).screen.time;
    expect([next('minute'), next('hour'), next('day')]).toEqual(['hour', 'day', 'minute']);
  });

  it('e, ? and Escape change the view', () => {
    expect(typed(['e']).screen.view).toBe('errors');
    expect(typed(['e', 'e']).screen.view).toBe('main');
    expect(typed(['e', '?']).screen.view).toBe('help');
    expect(typed(['e', '?', 'escape']).screen.view).toBe('main');
  });

  it('arrows and pages scroll the errors, and nothing else', () => {
    expect(typed(['e', 'down']).command).toEqual({ do: 'scroll', by: 1 });
    expect(typed(['e', 'pageup']).command).toEqual({ do: 'scroll', by: -10 });
    expect(typed(['e', 'end']).command).toEqual({ do: 'scroll', by: Number.POSITIVE_INFINITY });
    expect(typed(['down']).command).toBeUndefined();
  });

  it('r in the errors view tries all that failed again, once it was confirmed', () => {
    expect(typed(['e', 'r']).command).toBeUndefined();
    expect(typed(['e', 'r', 'y']).command).toEqual({ do: 'retry-failed' });
    expect(typed(['r', 'y']).command).toBeUndefined();
  });
});

describe('a step of the limit', () => {
  it.each([
    [{ read: 20 * MIB, write: 10 * MIB }, 'up', '25M:12M'],
    [{ read: 0, write: 1024 * MIB }, 'down', 'off:800M'],
    [{ read: 1024, write: 1024 }, 'down', '1K'],
    [{ read: 800 * MIB, write: 800 * MIB }, 'up', '1G'],
    [{ read: 1000, write: 1000 }, 'up', '1K'],
  ] as const)('of %o %s is %s', (limits, way, rate) => {
    expect(stepped(limits, way, 0)).toBe(rate);
  });

  it('is taken back by the next one the other way', () => {
    for (const rate of [1024, 3 * 1024, 120 * MIB]) {
      const up = parseTimetable(stepped({ read: rate, write: rate }, 'up', 0)!).otherwise;
      expect(parseTimetable(stepped(up, 'down', 0)!).otherwise).toEqual({ read: rate, write: rate });
    }
  });
});
