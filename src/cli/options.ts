/**
 * The options of every command, in the order of --help. This table is the one place for an option's rules: the
 * declaration for the parser (argv.ts), the MILLRACE_* names (environment.ts), the zod check of the config file
 * (configfile.ts), help (help.ts), man page (manpage.ts) and completion (completion.ts) are all derived from it.
 */
import { CHECKSUMS, MANIFEST_FORMATS, ORDERS } from '../settings.js';
import { COMMAND_NAMES } from './commands.js';
import { parseEndpoint } from './endpoint.js';
import {
  choice,
  entryName,
  input,
  type Option,
  type OptionGroup,
  override,
  path,
  rule,
  sized,
  toggle,
  valued,
} from './option.js';
import { DEFAULT_SKIPS, parseSkips } from './skips.js';
import { parseTimetable } from './timetable.js';
import { parseBound, parseCost, parseCount, parseDeleteLimit, parseDuration, parseLatencies } from './units.js';
import { parseSample, parseSince } from './verification.js';

const FOR_ONE_RUN = 'is for one run; a forgotten line would change every run, so give it on the command line';

/** Options of whatever reads shares for long. */
const LONG = ['copy', 'verify'] as const;
/** What a verification is about is said each time. */
const VERIFY = { commands: ['verify'], env: false, file: false } as const;

const lanes = (what: string, where = {}) =>
  valued(
    'speed',
    'N',
    `threads that ${what}, 1 to 64`,
    'auto',
    (text) => (text === 'auto' ? 0 : parseCount(text, { min: 1, max: 64 })),
    where,
  );

export const OPTIONS = {
  'dry-run': toggle('work', 'say what would be done, copy nothing', { short: 'n', file: FOR_ONE_RUN }),
  'delete-extras': toggle('work', 'mirror: delete what the source does not have'),
  rescan: toggle('work', 'scan in full even when a backlog exists', { file: FOR_ONE_RUN }),
  final: toggle('work', 'the last pass: certify that the source has not changed', { env: false, file: FOR_ONE_RUN }),
  exclude: rule('exclude', 'PATTERN', 'leave out what matches, as rsync does'),
  include: rule('include', 'PATTERN', 'do not, though a later rule says so'),
  filter: rule('filter', 'RULE', 'a rule of rsync: - + H S P R . and their long names', true),
  'exclude-from': rule('exclude-from', 'FILE', 'patterns to leave out, one a line'),
  'include-from': rule('include-from', 'FILE', 'patterns not to leave out'),
  'files-from': input('choice', 'copy only these paths of the source, one a line', { env: false, file: FOR_ONE_RUN }),
  from0: toggle('choice', 'lines of these files end in a zero byte', { short: '0', env: false, file: FOR_ONE_RUN }),
  'max-size': valued('choice', 'SIZE', 'do not copy larger files', 'off', parseBound),
  'min-size': valued('choice', 'SIZE', 'do not copy smaller files', 'off', parseBound),
  skip: {
    ...valued('choice', 'PATTERNS', 'left out unless a rule says otherwise, or none', DEFAULT_SKIPS, parseSkips),
    kind: 'text' as const,
  },
  'copy-links': toggle('choice', 'copy what links lead to in their place', { short: 'L' }),
  'safe-links': toggle('choice', 'leave links that lead out of the source'),
  'one-file-system': toggle('choice', 'leave out what is mounted in the source', { short: 'x' }),
  update: toggle('choice', 'leave files that are newer at the destination', { short: 'u' }),
  'ignore-existing': toggle('choice', 'leave what the destination has'),
  existing: toggle('choice', 'leave what the destination does not have'),
  'compare-content': toggle('choice', 'read both sides of files of one size, whatever their time', { short: 'c' }),
  'size-only': toggle('choice', 'files of one size are the same; set the time alone'),
  'modify-window': valued('choice', 'SECONDS', 'times so far apart are the same', '0', (text) =>
    parseCount(text, { min: 0, max: 86_400 }),
  ),
  order: choice('choice', 'ORDER', 'what is transferred first; waits for the scan', 'found', ['found', ...ORDERS]),
  'delete-excluded': toggle('choice', 'with --delete-extras: also what is left out'),
  scan: toggle('work', 'list each path of <source> that <dest> cannot have', {
    commands: ['doctor'],
    env: false,
    file: false,
  }),
  archive: toggle('keep', 'as rsync: -pogD; links and times are always kept', { short: 'a' }),
  perms: override('keep', 'permissions', { short: 'p' }),
  owner: override('keep', 'the owner (root only)', { short: 'o' }),
  group: override('keep', 'the group', { short: 'g' }),
  acls: toggle('keep', 'ACLs: POSIX, NFSv4, SMB', { short: 'A' }),
  xattrs: toggle('keep', 'extended attributes', { short: 'X' }),
  atimes: toggle('keep', 'access times', { short: 'U' }),
  'hard-links': toggle('keep', 'names of one file as such', { short: 'H' }),
  'dos-attributes': toggle('keep', 'hidden, read-only and the like, from SMB to SMB'),
  specials: override('keep', 'FIFOs, sockets and (root only) devices', { short: 'D' }),
  sparse: override('keep', 'holes of large files; --no-sparse fills them', { short: 'S' }),
  'rename-invalid': toggle('choice', 'give names that <dest> refuses others, reversibly'),
  checksum: choice('work', 'ALG', 'the hash to record', 'sha256', CHECKSUMS, { commands: LONG }),
  all: toggle('work', 'verify all, also what was found equal before', VERIFY),
  since: valued('work', 'TIME', 'verify what was not found equal since: 24h, 2026-11-30', 'off', parseSince, VERIFY),
  sample: valued('work', 'PART', 'verify a random part of all: 5%, or 5%:SEED', 'off', parseSample, VERIFY),
  read: choice('work', 'SHARE', 'what to read', 'dest', ['dest', 'both'], VERIFY),
  'max-delete': valued('safety', 'N', 'delete nothing if more than this many: N, N%, unlimited', 'auto', (text) =>
    text === 'auto' ? undefined : parseDeleteLimit(text),
  ),
  trash: entryName('safety', 'move there, in the destination, what would be deleted'),
  'share-timeout': valued('safety', 'TIME', 'how long to wait for a share in trouble', '24h', parseDuration, {
    commands: LONG,
  }),
  'stall-timeout': valued('safety', 'TIME', 'tell of a call that takes longer', '60s', parseDuration, {
    commands: [...LONG, 'doctor'],
  }),
  yes: toggle('safety', 'do not ask before a run that deletes', { short: 'y', file: FOR_ONE_RUN }),
  'accept-roots': toggle('safety', 'go on although a root is not the folder it was', {
    commands: LONG,
    file: FOR_ONE_RUN,
  }),
  bwlimit: valued('pace', 'RATE', 'limit in bytes/s, READ:WRITE, or a timetable', 'off', parseTimetable, {
    commands: LONG,
  }),
  'latency-target': valued('pace', 'TIME', 'give way when a share answers this much slower', 'off', parseLatencies, {
    commands: LONG,
  }),
  'bwlimit-floor': sized('pace', 'never give way below this', '1M', { min: '16K', max: '100G' }, { commands: LONG }),
  'op-cost': valued('pace', 'SIZE', 'what an operation counts for in a limit', '2K', parseCost, { commands: LONG }),
  'block-size': sized('speed', 'bytes in one block, 64K to 256M', '5M', { min: '64K', max: '256M' }),
  'queue-capacity': valued('speed', 'N', 'blocks held in memory, 2 to 1000', '20', (text) =>
    parseCount(text, { min: 2, max: 1000 }),
  ),
  readers: lanes('read', { commands: LONG }),
  writers: lanes('write'),
  scanners: lanes('list folders'),
  db: path('files', 'the ledger [one per pair in ~/.local/state/millrace]', { commands: COMMAND_NAMES }),
  'log-file': path('files', 'the audit log, JSON lines [beside the ledger]', { commands: LONG }),
  config: path('files', 'TOML file [~/.config/millrace/config.toml]', {
    commands: COMMAND_NAMES,
    file: 'is only for the command line or the environment',
  }),
  progress: choice('output', 'STYLE', 'how to report', 'auto', ['auto', 'tui', 'plain', 'quiet', 'json', 'none'], {
    commands: ['copy', 'attach', 'verify'],
  }),
  verbose: toggle('output', 'name each entry', { short: 'v', commands: LONG }),
  itemize: toggle('output', "name each change, in rsync's letters YXcstpoguax", { short: 'i' }),
  metrics: valued('output', '[HOST:]PORT', 'serve Prometheus metrics there', 'off', parseEndpoint),
  'metrics-token-file': path('output', 'token that readers of the metrics must show'),
  detach: toggle('output', 'run in the background; see millrace attach', { env: false, file: FOR_ONE_RUN }),
  watch: toggle('output', 'again every 2 s', { commands: ['status'], env: false, file: false }),
  json: toggle('output', 'answer in JSON', { commands: ['status', 'doctor'], env: false, file: false }),
  output: path('output', 'the file to write', {
    short: 'o',
    commands: ['report', 'manifest'],
    env: false,
    file: false,
  }),
  format: choice('output', 'NAME', 'of the manifest', 'sha256sum', MANIFEST_FORMATS, {
    commands: ['manifest'],
    env: false,
    file: false,
  }),
  certificate: path('output', 'put the certificate of --final in this file, too', { env: false, file: false }),
  sign: path('output', 'sign with this ed25519 key (PEM), to the output with .sig', {
    commands: ['manifest', 'copy'],
    env: false,
    file: false,
  }),
  help: toggle('output', 'show this text', { short: 'h', commands: COMMAND_NAMES, env: false, file: false }),
  version: toggle('output', 'show the version', { commands: COMMAND_NAMES, env: false, file: false }),
} as const satisfies Record<string, Option>;

export type OptionName = keyof typeof OPTIONS;
type Table = typeof OPTIONS;

type ValueOf<O> = O extends { readonly parse: (text: string) => infer T } ? T : never;
type Defaulted = { [N in OptionName]: Table[N]['fallback'] extends undefined ? never : N }[OptionName];

/** What one place says (the flags, the environment, the config file): the options it names, parsed. */
export type Layer = { readonly [N in OptionName]?: ValueOf<Table[N]> };
/** All places merged. Options without a fixed default may still be absent. */
export type Values = Layer & { readonly [N in Defaulted]: ValueOf<Table[N]> };

export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[];

export function isOption(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

/** The table's entry without its exact type, for code that treats all options alike. */
export function optionOf(name: OptionName): Option {
  return OPTIONS[name];
}

export const GROUP_TITLES: Readonly<Record<OptionGroup, string>> = {
  work: 'Work:',
  choice: 'What is copied:',
  keep: 'Keep, beside content, times and links:',
  safety: 'Safety:',
  pace: 'Pace:',
  speed: 'Speed:',
  files: 'Files:',
  output: 'Output:',
};
