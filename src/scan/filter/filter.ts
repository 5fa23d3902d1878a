/**
 * The decision what is copied, by rules in order of which the first that matches wins, as with rsync(1). A folder that
 * is left out is never looked into, so all beneath it is too. Pure.
 */
import { join, nameBytes } from '../../posix/names.js';
import type { Rule } from './rule.js';
import { Wildcard } from './wildcard.js';

/** Tells of an entry, in a folder that is not left out itself, whether it is left out. */
export class Filter {
  private readonly matchers: readonly Matcher[];

  /** `side`: what is copied from the source, or what at the destination is none of the copy's business. */
  constructor(rules: readonly Rule[], side: 'source' | 'dest') {
    this.matchers = rules.filter((rule) => rule[side]).map(matcherOf);
  }

  get isEmpty(): boolean {
    return this.matchers.length === 0;
  }

  /** `dir`: the path of its folder beneath the root; `name`: one component. */
  excludes(dir: string, name: string, isFolder: boolean): boolean {
    const entry = new Subject(dir, name, isFolder);
    for (const matcher of this.matchers) if (matcher.matches(entry) !== matcher.negated) return !matcher.include;
    return false;
  }

  /** Whether the path, or a folder that it is in, is left out. */
  excludesPath(path: string, isFolder: boolean): boolean {
    let dir = '';
    const names = path.split('/');
    return names.some((name, at) => {
      const isExcluded = this.excludes(dir, name, isFolder || at < names.length - 1);
      dir = join(dir, name);
      return isExcluded;
    });
  }
}

/** An entry in the forms in which patterns look at it, each made when it is first asked for. */
class Subject {
  private whole: string | undefined;
  private bytes: string | undefined;

  constructor(
    private readonly dir: string,
    readonly name: string,
    readonly isFolder: boolean,
  ) {}

  get path(): string {
    this.whole ??= join(this.dir, this.name);
    return this.whole;
  }
  get pathBytes(): string {
    this.bytes ??= bytesOf(this.path);
    return this.bytes;
  }
  get nameBytes(): string {
    return bytesOf(this.name);
  }
}

interface Matcher {
  readonly include: boolean;
  readonly negated: boolean;
  matches(entry: Subject): boolean;
}

function matcherOf(rule: Rule): Matcher {
  const { include, negated, foldersOnly } = rule;
  const matches = matchOf(rule.pattern);
  return { include, negated, matches: foldersOnly ? (entry) => entry.isFolder && matches(entry) : matches };
}

/** How a pattern is matched, by what is in it: see INCLUDE/EXCLUDE PATTERN RULES in rsync(1). */
function matchOf(pattern: string): Matcher['matches'] {
  const isAnchored = pattern.startsWith('/');
  const text = isAnchored ? pattern.slice(1) : pattern;
  const slashes = pattern.split('/').length - 1;
  if (!/[*[?]/.test(pattern)) {
    if (slashes === 0) return ({ name }) => name === pattern;
    if (isAnchored) return ({ path }) => path === text;
    return ({ path }) => path === text || path.endsWith(`/${text}`);
  }
  const wildcard = Wildcard.of(bytesOf(text));
  const crosses = pattern.includes('**');
  if (slashes === 0 && !crosses) {
    const asBytes = wildcard.countsBytes || !isAscii(pattern);
    return asBytes ? (entry) => wildcard.matches(entry.nameBytes) : ({ name }) => wildcard.matches(name);
  }
  if (!crosses) {
    // As many of the path's last components as the pattern has.
    return isAnchored
      ? ({ pathBytes }) => wildcard.matches(pathBytes)
      : ({ pathBytes }) => {
          const from = lastComponents(pathBytes, slashes + 1);
          return from !== undefined && wildcard.matches(pathBytes, from);
        };
  }
  // `/***` at the end stands for the folder itself, too.
  const subject = pattern.endsWith('***')
    ? ({ pathBytes, isFolder }: Subject) => (isFolder ? `${pathBytes}/` : pathBytes)
    : ({ pathBytes }: Subject) => pathBytes;
  if (isAnchored) return (entry) => wildcard.matches(subject(entry));
  // `**/` at the start stands for no folder, too.
  if (pattern.startsWith('**')) return (entry) => wildcard.matches(`/${subject(entry)}`);
  return (entry) => matchesAfterSlash(wildcard, subject(entry));
}

function matchesAfterSlash(wildcard: Wildcard, path: string): boolean {
  for (let from = 0; ; ) {
    if (wildcard.matches(path, from)) return true;
    const slash = path.indexOf('/', from);
    if (slash < 0) return false;
    from = slash + 1;
  }
}

/** Where the last `count` components of a path begin; undefined: it has fewer. */
function lastComponents(path: string, count: number): number | undefined {
  let from = path.length + 1;
  for (let left = count; left > 0; left--) {
    if (from === 0) return undefined;
    from = from < 2 ? 0 : path.lastIndexOf('/', from - 2) + 1;
  }
  return from;
}

/** One character for each byte. */
function bytesOf(text: string): string {
  return isAscii(text) ? text : nameBytes(text).toString('latin1');
}

/** Every character that is not ASCII takes more bytes than one. */
function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}
