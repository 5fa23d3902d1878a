/** How a verification is shown: a line, JSON, its notes and summary only, or not at all. */
import type { VerifySettings } from '../settings.js';
import { VerifyHistory, type VerifySnapshot } from '../stats/verification.js';
import { cleanText } from './clean.js';
import { LiveLine } from './liveline.js';
import { Silent } from './silent.js';
import type { Streams } from './surface.js';
import {
  type VerifyResult,
  verifyLine,
  verifyProgressMessage,
  verifySummary,
  verifySummaryMessage,
} from './verify-text.js';

const EVERY_MS = 1000;

/** The order of calls is start, any number of notes and items, stop, summary. */
export interface VerifySurface {
  start(): void;
  /** Something worth a line of its own. Names in it are cleaned. */
  note(text: string): void;
  /** One line about one entry. Names in it are cleaned. */
  item(text: string): void;
  stop(): void;
  summary(result: VerifyResult): void;
}

export function verifySurface(
  style: VerifySettings['progress'],
  pull: () => VerifySnapshot,
  io: Streams,
): VerifySurface {
  const history = new VerifyHistory();
  const look = (): VerifySnapshot => {
    const snapshot = pull();
    history.add(snapshot);
    return snapshot;
  };
  switch (style) {
    case 'plain': {
      const line = new LiveLine(io, (columns) => verifyLine(look(), history, columns));
      return surface(look, line, (result) => io.out(verifySummary(result)));
    }
    case 'quiet': {
      const note = (text: string) => io.out(`${new Date().toISOString()}  ${cleanText(text)}\n`);
      return surface(undefined, { start() {}, stop() {}, note }, (result) => io.out(verifySummary(result)));
    }
    case 'json': {
      const write = (message: object) => io.out(`${JSON.stringify(message)}\n`);
      let timer: NodeJS.Timeout | undefined;
      const tick = () => write(verifyProgressMessage(look(), history));
      const told = (type: 'note' | 'item') => (text: string) => write({ type, text: cleanText(text) });
      return {
        start() {
          timer = setInterval(tick, EVERY_MS).unref();
          tick();
        },
        note: told('note'),
        item: told('item'),
        stop: () => clearInterval(timer),
        summary: (result) => write(verifySummaryMessage(result)),
      };
    }
    case 'none':
      return new Silent(io, verifySummary);
  }
}

/** A surface of lines; `look` is asked every second beside them, so that rates are known whenever a line is made. */
function surface(
  look: (() => void) | undefined,
  line: Pick<LiveLine, 'start' | 'stop' | 'note'>,
  summary: VerifySurface['summary'],
): VerifySurface {
  let timer: NodeJS.Timeout | undefined;
  return {
    start() {
      if (look) timer = setInterval(look, EVERY_MS).unref();
      line.start();
    },
    note: (text) => line.note(text),
    item: (text) => line.note(text),
    stop() {
      clearInterval(timer);
      line.stop();
    },
    summary,
  };
}
