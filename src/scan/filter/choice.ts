/** What of the source is copied, and the rules of it in their order, from what the options say. */
import { createHash } from 'node:crypto';
import { locating, UsageError } from '../../exit.js';
import { quoted } from '../../printable.js';
import type { Comparing } from '../compare.js';
import { EXCLUDES, FILTERS, INCLUDES, type Reading, type Rule, readRule } from './rule.js';

/** Plain data, so that it can go to another thread. */
export interface Choice {
  /** The first that matches decides; what none matches is copied. */
  readonly rules: readonly Rule[];
  /** Bytes: other files are not copied, and are no extras either. */
  readonly minSize: number;
  readonly maxSize: number;
  /** Paths beneath the root that alone are copied, with the folders that they are in; undefined: all. */
  readonly listed: readonly string[] | undefined;
  /** Folders in which something else is mounted are copied empty. */
  readonly oneFilesystem: boolean;
  /** Links that lead out of the tree are left; undefined, and not false, so that ledgers know their earlier choices. */
  readonly safeLinks?: true | undefined;
  /** Links stand for what they lead to; undefined, as the above. */
  readonly copyLinks?: true | undefined;
  /** What of it is left, or is the same; undefined: nothing is left, and size and time count. */
  readonly comparing: Comparing | undefined;
}

export const EVERYTHING: Choice = {
  rules: [],
  minSize: 0,
  maxSize: Number.POSITIVE_INFINITY,
  listed: undefined,
  oneFilesystem: false,
  comparing: undefined,
};

/** The same for choices that are the same: what a scan with another one found does not count. */
export function digestOf(choice: Choice): string {
  return createHash('sha256').update(JSON.stringify(choice)).digest('hex').slice(0, 32);
}

/** One of the options that say what is copied, in the order in which they were given. */
export interface RuleText {
  readonly option: 'exclude' | 'include' | 'filter' | 'exclude-from' | 'include-from';
  readonly text: string;
}

export interface RulesFrom {
  /** --delete-excluded: what is left out is an extra, unless a rule names the destination's side. */
  readonly deletesExcluded: boolean;
  /** The lines of a file of rules; throws a UsageError. */
  read(file: string): readonly string[];
}

/** Files of rules in files of rules; more of them are most likely one that names itself. */
const DEEPEST = 16;

/** Throws a UsageError that names the option, and the file and line where it is in one. */
export function chosenRules(texts: readonly RuleText[], { deletesExcluded, read }: RulesFrom): Rule[] {
  let rules: Rule[] = [];
  const add = (text: string, reading: Reading, depth: number): void => {
    const told = readRule(text, reading);
    switch (told.kind) {
      case 'clear':
        rules = [];
        break;
      case 'rule':
        rules.push(deletesExcluded && told.rule.plain ? { ...told.rule, dest: false } : told.rule);
        break;
      case 'merge':
        if (told.excludesItself) add(told.file.slice(told.file.lastIndexOf('/') + 1), EXCLUDES, depth);
        addFile(told.file, told.reading, depth + 1);
        break;
    }
  };
  const addFile = (file: string, reading: Reading, depth: number): void => {
    if (depth > DEEPEST) throw new UsageError(`${file}: files of rules that name each other`);
    for (const [index, line] of read(file).entries()) {
      if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
      locating(`${file}:${index + 1}`, () => add(line, reading, depth));
    }
  };
  for (const { option, text } of texts) {
    // With its text: a rule may come from a config file or a variable, too.
    locating(`--${option} '${quoted(text)}'`, () => {
      if (option === 'exclude-from') addFile(text, EXCLUDES, 1);
      else if (option === 'include-from') addFile(text, INCLUDES, 1);
      else add(text, option === 'filter' ? FILTERS : option === 'include' ? INCLUDES : EXCLUDES, 0);
    });
  }
  return rules;
}
