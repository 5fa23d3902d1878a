import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { Bucket } from '../../src/pace/bucket.js';
import { Inbox, Outbox } from '../../src/pipeline/inbox.js';
import { SysError } from '../../src/posix/errno.js';
import type { ListAnswer, ListRequest } from '../../src/scan/messages.js';
import { runScanner } from '../../src/scan/scanner.js';
import { NO_ATTRIBUTES } from '../../src/share/attributes.js';
import type { Share, Side } from '../../src/share/share.js';
import { LaneCounters } from '../../src/stats/shared.js';
import { metaWith, statWith } from '../helpers/entries.js';

const ports: { close(): void }[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

/** Gives the names of a folder, in as many lots as `sink` is called. */
type List = (dir: string, sink: (names: string[]) => void) => void;

const STAT = statWith(metaWith());

/** Has a scanner answer the requests for these folders, numbered from 1, and then end. */
function scan(
  paths: readonly string[],
  list: List,
  { side = 'source', seal, kinds = {} }: { side?: Side; seal?: string; kinds?: Record<string, string[]> } = {},
) {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1);
  const outbox = new Outbox<ListRequest>(port1);
  for (const [index, path] of paths.entries())
    outbox.send({ dir: index + 1, path, grainNs: 1, seal, wanted: undefined });
  outbox.close();
  const answers: ListAnswer[] = [];
  const limits: number[] = [];
  class Counting extends Inbox<ListRequest> {
    override countAnswer(limit: number): void {
      limits.push(limit);
      super.countAnswer(limit);
    }
  }
  const counters = new LaneCounters(new Float64Array(LaneCounters.memory(1)), 0);
  const share: Share = {
    list: (dir, into, full) => {
      list(dir, (lot) => {
        if (into.count > 0) full();
        for (const name of lot) into.add(name, STAT);
      });
    },
    listKinds: (dir, each) => {
      for (const name of kinds[dir] ?? []) each(name, 'dir');
    },
    isOnRootFilesystem: () => true,
    foldsNames: false,
    close: () => {},
  };
  runScanner({
    attributes: NO_ATTRIBUTES,
    side,
    share,
    inbox: new Counting(port2, outbox.memory),
    pace: new Bucket(new SharedArrayBuffer(Bucket.bytes), 0),
    counters,
    filter: undefined,
    oneFilesystem: false,
    answer: (message) => {
      answers.push(message);
      outbox.answerTaken();
    },
  });
  return { answers, counters, limits };
}

const names = (answers: ListAnswer[]) => answers.map(({ dir, entries, last }) => [dir, entries.names, last]);
const batch = (...of: string[]) => of;

describe('runScanner', () => {
  it('answers an empty folder with one message', () => {
    const { answers } = scan(['a'], (_, sink) => sink(batch()));
    expect(names(answers)).toEqual([[1, [], true]]);
    expect(answers[0]).not.toHaveProperty('failure');
  });

  it('answers also when the share gives no batch at all', () => {
    expect(names(scan(['a'], () => {}).answers)).toEqual([[1, [], true]]);
  });

  it('sends each batch sorted, and marks the last one only', () => {
    const { answers } = scan(['a'], (_, sink) => {
      sink(batch('c', 'a'));
      sink(batch('b'));
      sink(batch('e', 'd'));
    });
    expect(names(answers)).toEqual([
      [1, ['a', 'c'], false],
      [1, ['b'], false],
      [1, ['d', 'e'], true],
    ]);
  });

  it('has fewer parts of one folder unread than answers for whole folders', () => {
    const { limits } = scan(['small', 'large'], (dir, sink) => {
      sink(batch('a'));
      if (dir === 'large') for (const name of ['b', 'c', 'd']) sink(batch(name));
    });
    const [whole, ...parts] = limits;
    expect(parts).toEqual([2, 2, 2, whole]);
    expect(whole).toBeGreaterThan(2);
  });

  it('tells with the last batch that the listing is not complete, and why', () => {
    const { answers } = scan(['a'], (dir, sink) => {
      sink(batch('x'));
      sink(batch('y'));
      throw new SysError(5, 'readdir', dir);
    });
    expect(names(answers)).toEqual([
      [1, ['x'], false],
      [1, ['y'], true],
    ]);
    expect(answers.map(({ failure }) => failure?.code)).toEqual([undefined, 'EIO']);
    expect(answers[1]!.failure).toMatchObject({ op: 'readdir', path: 'a', class: 'retry' });
  });

  it('tells that a folder is missing, and goes on with the next', () => {
    const { answers } = scan(['gone', 'b'], (dir, sink) => {
      if (dir === 'gone') throw new SysError(2, 'open', dir);
      sink(batch('f'));
    });
    expect(names(answers)).toEqual([
      [1, [], true],
      [2, ['f'], true],
    ]);
    expect(answers[0]!.failure).toMatchObject({ code: 'ENOENT', path: 'gone' });
    expect(answers[1]!.failure).toBeUndefined();
  });

  it('does not take a folder for missing that the folder above still lists', () => {
    const { answers } = scan(
      ['a/there', 'a/gone'],
      (dir) => {
        throw new SysError(2, 'getdents', dir);
      },
      { kinds: { a: ['there'] } },
    );
    expect(answers.map(({ failure }) => failure!.code)).toEqual(['EIO', 'ENOENT']);
    expect(answers[0]!.failure!.message).toContain('which says ENOENT of what its folder lists');
  });

  it('does not take a bug for a failing share', () => {
    const bug = new TypeError('a bug');
    expect(() =>
      scan(['a'], () => {
        throw bug;
      }),
    ).toThrow(bug);
  });

  it('counts a call for the folder and one for each entry', () => {
    const { counters } = scan(['a', 'b'], (_, sink) => {
      sink(batch('x', 'y'));
      sink(batch('z'));
    });
    expect(counters.operations.count).toBe(8);
    expect(counters.operations.ms).toBeGreaterThanOrEqual(0);
  });

  it('tells nothing of an earlier folder with the entries of a later one', () => {
    const { answers } = scan(['a', 'b'], (dir, sink) => sink(dir === 'a' ? ['x', 'y', 'z'] : ['q']));
    expect(names(answers)).toEqual([
      [1, ['x', 'y', 'z'], true],
      [2, ['q'], true],
    ]);
  });

  describe('asked about a seal', () => {
    const list: List = (_, sink) => {
      sink(batch('c', 'a'));
      sink(batch('b'));
    };
    const { seal } = scan(['a'], list).answers.at(-1)!;

    it.each(['source', 'dest'] as const)('does not send what the seal holds, on the side of the %s', (side) => {
      const { answers } = scan(['a'], list, { side, seal: seal! });
      expect(names(answers)).toEqual([[1, [], true]]);
      expect(answers[0]!.same).toEqual({ files: 3, bytes: 3, skipped: 0 });
      expect(answers[0]).not.toHaveProperty('seal');
    });

    it.each(['source', 'dest'] as const)('sends every batch when it is another, on the side of the %s', (side) => {
      const { answers } = scan(
        ['a'],
        (dir, sink) => {
          list(dir, sink);
          sink(batch('d'));
        },
        { side, seal: seal! },
      );
      expect(names(answers)).toEqual([
        [1, ['a', 'c'], false],
        [1, ['b'], false],
        [1, ['d'], true],
      ]);
      expect(answers.every(({ same }) => same === undefined)).toBe(true);
    });

    it('sends what was held back when the listing fails, and no seal', () => {
      const { answers } = scan(
        ['a'],
        (dir, sink) => {
          list(dir, sink);
          throw new SysError(5, 'readdir', dir);
        },
        { seal: seal! },
      );
      expect(names(answers)).toEqual([
        [1, ['a', 'c'], false],
        [1, ['b'], true],
      ]);
      expect(answers[1]).toMatchObject({ failure: { code: 'EIO' } });
      expect(answers[1]).not.toHaveProperty('seal');
    });

    it('gives the seal at the source, and its end at the destination', () => {
      expect(seal).toMatch(/^[0-9a-f]{64}$/);
      expect(scan(['a'], list, { side: 'dest' }).answers.at(-1)!.seal).toBe(seal!.slice(32));
    });

    it('sends more entries than are held back as they come, without a seal', () => {
      const many: List = (_, sink) => {
        for (let at = 0; at < 33; at++) sink(Array.from({ length: 1000 }, (_, name) => `${at}-${name}`));
      };
      const { answers } = scan(['a'], many, { seal: seal! });
      expect(answers.reduce((sum, { entries }) => sum + entries.names.length, 0)).toBe(33_000);
      expect(answers.at(-1)).not.toHaveProperty('seal');
    });
  });

  it('sends a message that crosses threads as it is', () => {
    const { answers } = scan(['a'], (_, sink) => sink(batch('f')));
    expect(structuredClone(answers)).toEqual(answers);
  });
});
