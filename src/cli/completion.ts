// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the code of shells has such strings
/**
 * Scripts that complete millrace in a shell, from the tables of commands and options. They know it all by themselves, so
 * that a press of Tab does not start Node. Files and folders are left to the shell, which quotes names as it needs them.
 */
import { COMMAND_NAMES, type CommandName, commandRow } from './commands.js';
import { OPTION_NAMES, type OptionName, optionOf } from './options.js';
import type { Shell } from './shells.js';

export function completionScript(shell: Shell): string {
  return { bash, zsh, fish }[shell]();
}

const optionsOf = (command: CommandName) => OPTION_NAMES.filter((name) => optionOf(name).commands.includes(command));
const VALUED = OPTION_NAMES.filter((name) => optionOf(name).kind !== 'toggle');
/** How an option is written: -n and --dry-run. */
const spelled = (name: OptionName): string[] => {
  const { short } = optionOf(name);
  return short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`];
};
const allOf = (names: readonly OptionName[]) => names.flatMap(spelled);

/** What is completed after an option: nothing, one of these words, or the name of a file. */
function valuesOf(name: OptionName): 'none' | 'files' | readonly string[] {
  const { kind, words } = optionOf(name);
  return words ?? (kind === 'path' ? 'files' : 'none');
}

const WITH_WORDS = VALUED.filter((name) => Array.isArray(valuesOf(name)));
const WITH_FILES = VALUED.filter((name) => valuesOf(name) === 'files');
const WITH_NONE = VALUED.filter((name) => valuesOf(name) === 'none');

/** The commands that are followed by the two roots, and those that are followed by one of some words. */
const WITH_ROOTS = COMMAND_NAMES.filter((name) => commandRow(name).takes === 'roots' || commandRow(name).thenRoots);
const WITH_CHOICE = COMMAND_NAMES.flatMap((name) => {
  const { takes } = commandRow(name);
  return takes === 'roots' ? [] : [{ name, words: takes }];
});

/** A text as one word of bash and zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function lines(...parts: readonly (string | readonly string[])[]): string {
  return `${parts.flat().join('\n')}\n`;
}

function bash(): string {
  const words = (list: readonly string[]) => `COMPREPLY=($(compgen -W ${quoted(list.join(' '))} -- "$cur"))`;
  return lines(
    '# bash completion for millrace',
    '_millrace() {',
    "  local IFS=$' \\t\\n' cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=copy first='' rest='' word i",
    '  # --option=value comes in three words, and so does 20M:10M.',
    '  if [[ $cur == = ]]; then',
    '    cur=',
    '  elif [[ $prev == = ]]; then',
    '    prev=${COMP_WORDS[COMP_CWORD - 2]}',
    '  fi',
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    '    word=${COMP_WORDS[i]}',
    '    case $word in',
    '      --) rest=1; break ;;',
    `      ${allOf(VALUED).join(' | ')})`,
    '        [[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))',
    '        ((i++))',
    '        while [[ ${COMP_WORDS[i + 1]} == : ]]; do ((i += 2)); done ;;',
    '      -*) ;;',
    '      *) first=${first:-$word} ;;',
    '    esac',
    '  done',
    `  case $first in ${COMMAND_NAMES.join(' | ')}) command=$first ;; esac`,
    '  COMPREPLY=()',
    '  if [[ ! $rest ]]; then',
    '    case $prev in',
    WITH_WORDS.map((name) => `      ${spelled(name).join(' | ')}) ${words(optionOf(name).words!)}; return ;;`),
    `      ${allOf(WITH_FILES).join(' | ')}) compopt -o default; return ;;`,
    `      ${allOf(WITH_NONE).join(' | ')}) return ;;`,
    '    esac',
    '    if [[ $cur == -* ]]; then',
    '      case $command in',
    COMMAND_NAMES.map((name) => {
      return `        ${name}) ${words(allOf(optionsOf(name)))} ;;`;
    }),
    '      esac',
    '      return',
    '    fi',
    `    [[ ! $first ]] && ${words(COMMAND_NAMES)}`,
    '  fi',
    '  case $command in',
    WITH_CHOICE.map(({ name, words: list }) => `    ${name}) ${words(list)} ;;`),
    '  esac',
    '  case $command in',
    `    ${WITH_ROOTS.join(' | ')}) compopt -o plusdirs ;;`,
    '  esac',
    '}',
    'complete -F _millrace millrace',
  );
}

function zsh(): string {
  // Brackets end an explanation, colons part the pieces of a specification.
  const escaped = (text: string) => text.replace(/[[\]:\\]/g, '\\$&');
  const specification = (name: OptionName): string => {
    const { short, kind, metavar, help } = optionOf(name);
    const text = `[${escaped(help)}]`;
    const values = valuesOf(name);
    const action = values === 'none' ? ' ' : values === 'files' ? '_files' : `(${values.join(' ')})`;
    const isToggle = kind === 'toggle';
    const rest = isToggle ? text : `${text}:${escaped(metavar ?? '')}:${action}`;
    const [longForm, shortForm] = isToggle ? [`--${name}`, `-${short}`] : [`--${name}=`, `-${short}+`];
    if (short === undefined) return quoted(longForm + rest);
    return `${quoted(`(-${short} --${name})`)}{${shortForm},${longForm}}${quoted(rest)}`;
  };
  const positions = (name: CommandName): string[] => {
    const { takes, thenRoots } = commandRow(name);
    const roots = ["':source:_files -/'", "':destination:_files -/'"];
    if (takes === 'roots') return roots;
    return [quoted(`: :(${takes.join(' ')})`), ...(thenRoots ? roots : [])];
  };
  const described = COMMAND_NAMES.map((name) => quoted(`${name}:${escaped(commandRow(name).summary)}`));
  return lines(
    '#compdef millrace',
    '_millrace_first() {',
    `  local -a commands=(${described.join(' ')})`,
    '  _describe -t commands command commands',
    '  _files -/',
    '}',
    '_millrace() {',
    '  local first i',
    '  for ((i = 2; i < CURRENT; i++)); do',
    '    case $words[i] in',
    '      (--) break ;;',
    `      (${allOf(VALUED).join('|')}) ((i++)) ;;`,
    '      (-*) ;;',
    '      (*) first=$words[i]; break ;;',
    '    esac',
    '  done',
    '  case $first in',
    COMMAND_NAMES.flatMap((name) => [
      `    (${name})`,
      '      words[i]=(); ((CURRENT--))',
      `      _arguments -s -S : \\`,
      [...optionsOf(name).map(specification), ...positions(name)].map((part) => `        ${part}`).join(' \\\n'),
      '      ;;',
    ]),
    '    (*)',
    '      _arguments -s -S : \\',
    [...optionsOf('copy').map(specification), "':command:_millrace_first'", "':destination:_files -/'"]
      .map((part) => `        ${part}`)
      .join(' \\\n'),
    '      ;;',
    '  esac',
    '}',
    '# A file in $fpath is the function itself, when it is called first; what is sourced is not.',
    'if [[ $funcstack[1] == _millrace ]]; then _millrace "$@"; else compdef _millrace millrace; fi',
  );
}

function fish(): string {
  const option = (name: OptionName): string => {
    const { short, kind, help, commands } = optionOf(name);
    const letter = short === undefined ? '' : ` -s ${short}`;
    const values = valuesOf(name);
    const value = values === 'files' ? ' -r -F' : values === 'none' ? ' -x' : ` -x -a ${fishQuoted(values.join(' '))}`;
    const which = `__millrace_is ${commands.join(' ')}`;
    return `complete -c millrace -n '${which}'${letter} -l ${name}${kind === 'toggle' ? '' : value} -d ${fishQuoted(help)}`;
  };
  return lines(
    '# fish completion for millrace',
    'function __millrace_first -d "The command, or copy where a path comes first; fails before the first word"',
    '    set -l skip 0',
    '    for word in (commandline -opc)[2..]',
    '        if test $skip = 1',
    '            set skip 0',
    '            continue',
    '        end',
    '        switch $word',
    `            case ${allOf(VALUED).join(' ')}`,
    '                set skip 1',
    "            case '-*'",
    `            case ${COMMAND_NAMES.join(' ')}`,
    '                echo $word',
    '                return 0',
    "            case '*'",
    '                echo copy',
    '                return 0',
    '        end',
    '    end',
    '    return 1',
    'end',
    'function __millrace_is -d "Whether the line is of one of these commands; an unfinished one is a copy"',
    '    contains -- (__millrace_first; or echo copy) $argv',
    'end',
    'complete -c millrace -f',
    COMMAND_NAMES.map((name) => {
      const summary = fishQuoted(commandRow(name).summary);
      return `complete -c millrace -n 'not __millrace_first >/dev/null' -a ${name} -d ${summary}`;
    }),
    `complete -c millrace -n '__millrace_is ${WITH_ROOTS.join(' ')}' -a '(__fish_complete_directories)'`,
    WITH_CHOICE.map(
      ({ name, words }) => `complete -c millrace -n '__millrace_is ${name}' -a ${fishQuoted(words.join(' '))}`,
    ),
    OPTION_NAMES.map(option),
  );
}

function fishQuoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
