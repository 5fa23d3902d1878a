#!/usr/bin/env bash
# Proves on made-up data, in a temporary folder of its own, that the built program copies, resumes and mirrors as
# the README says. Prints one line per check; exits 1 when any check fails. Takes about a minute.
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[[ -f $repo/dist/src/cli/main.js ]] || (cd "$repo" && npm run build)
node=$(node -p process.execPath)
millrace=("$node" "$repo/dist/src/cli/main.js" copy)

tmp=$(mktemp -d "${TMPDIR:-/tmp}/millrace-verify.XXXXXX")
pid=
cleanup() {
  if [[ -n $pid ]]; then kill -9 "$pid" 2>/dev/null || true; fi
  rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# The user's own configuration and state must play no part. Names are bytes here: C locale.
export HOME=$tmp/home XDG_STATE_HOME=$tmp/state XDG_CONFIG_HOME=$tmp/home/.config LC_ALL=C
for variable in "${!MILLRACE_@}"; do unset "$variable"; done
mkdir -p "$XDG_CONFIG_HOME" "$XDG_STATE_HOME"
umask 022

# --- reporting --------------------------------------------------------------------------------------------------

passed=0 failed=0
why=$tmp/why # what a check found wrong; shown when it fails

section() { printf '\n%s\n' "$1"; }

pass() {
  passed=$((passed + 1))
  printf 'ok    %d %s\n' $((passed + failed)) "$1"
}

fail() {
  failed=$((failed + 1))
  printf 'FAIL  %d %s\n' $((passed + failed)) "$1"
  if [[ -s $why ]]; then head -n 12 "$why" | cat -v | cut -c1-300 | sed 's/^/        /'; fi
}

summary() { printf '\n%d passed, %d failed\n' "$passed" "$failed"; }

# What was copied is too far from what it should be to go on.
aborted() {
  echo "the commands in line $1 failed" >"$why"
  fail 'the script could go on'
  summary
  exit 1
}
trap 'aborted $LINENO' ERR

# check WHAT COMMAND...: passes when the command does.
check() {
  local what=$1
  shift
  : >"$why"
  if "$@"; then pass "$what"; else fail "$what"; fi
}

# equal WHAT EXPECTED ACTUAL
equal() {
  printf 'expected: %s\nfound:    %s\n' "$2" "$3" >"$why"
  if [[ $2 == "$3" ]]; then pass "$1"; else fail "$1"; fi
}

# same_lines WHAT FILE FILE: the same lines, in any order.
same_lines() { check "$1" differ_not <(sort "$2") <(sort "$3"); }
differ_not() { diff "$1" "$2" >"$why"; }

# --- running the program ----------------------------------------------------------------------------------------

code=0

# run ARGUMENT...: runs to the end, leaves the exit code in $code.
run() {
  code=0
  "${millrace[@]}" "$@" --progress none >"$tmp/stdout" 2>"$tmp/stderr" || code=$?
}

# exits WHAT CODE: the last run ended with this exit code.
exits() {
  { echo "exit code $code, expected $2" && tail -n 5 "$tmp/stdout" "$tmp/stderr"; } >"$why"
  if [[ $code == "$2" ]]; then pass "$1"; else fail "$1"; fi
}

# start ARGUMENT...: runs in the background as $pid.
start() {
  "${millrace[@]}" "$@" --progress none >"$tmp/stdout" 2>"$tmp/stderr" &
  pid=$!
}

# end_of_run: waits for $pid, leaves its exit code in $code.
end_of_run() {
  code=0
  { wait "$pid" || code=$?; } 2>/dev/null
  pid=
}

# within SECONDS COMMAND...: polls until the command succeeds.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.05
  done
}

running() { kill -0 "$pid" 2>/dev/null; }
stopped() { ! running; }

# busy DIR: the run in the background changed a file there since $tmp/mark was made.
busy() { [[ -n $(find "$1" -type f -newercm "$tmp/mark" -print -quit 2>/dev/null) ]]; }

now_ms() { date +%s%3N; }

# --- looking at trees, ledgers and logs -------------------------------------------------------------------------

# listing DIR: kind, size, mtime in ns, link target and name of each entry but FIFOs.
listing() {
  (cd "$1" && find . \( -type f -printf 'file %s %T@ %p\0' -o -type d -printf 'folder %T@ %p\0' \
    -o -type l -printf 'link %T@ %p -> %l\0' \) | sort -z)
}

# sums DIR: sha256sum of each file.
sums() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 -r sha256sum -z); }

# inodes DIR: inode and last change of every file and link; a rewritten file differs.
inodes() { (cd "$1" && find . ! -type d -printf '%i %C@ %p\0' | sort -z); }

# alike FUNCTION DIR DIR: the function prints the same for both.
alike() {
  "$1" "$2" >"$tmp/left"
  "$1" "$3" >"$tmp/right"
  unchanged "$tmp/left" "$tmp/right"
}

# unchanged FILE FILE: two outputs of the functions above are the same.
unchanged() {
  cmp -s "$1" "$2" || { diff <(tr '\n\0' '?\n' <"$1") <(tr '\n\0' '?\n' <"$2") >"$why" || true; false; }
}

same_trees() { alike listing "$1" "$2" && alike sums "$1" "$2"; }

# unchanged_since FILE FUNCTION DIR: the function still prints for DIR what FILE holds.
unchanged_since() {
  "$2" "$3" >"$tmp/right"
  unchanged "$1" "$tmp/right"
}

no_parts() { find "$1" -name '.millrace-part*' >"$why" && [[ ! -s $why ]]; }

# count DIR TEST...: number of entries that pass the tests of find.
count() {
  local dir=$1
  shift
  (cd "$dir" && find . -mindepth 1 "$@" -printf x) | wc -c
}

# sql LEDGER QUERY: rows, columns joined by |.
sql() {
  if command -v sqlite3 >/dev/null; then
    sqlite3 "$1" "$2"
  else
    (cd "$repo" && "$node" -e '
      const [ledger, query] = process.argv.slice(1);
      const db = new (require("better-sqlite3"))(ledger);
      for (const row of db.prepare(query).safeIntegers().raw().iterate()) {
        console.log(row.map((column) => column ?? "").join("|"));
      }
    ' "$1" "$2")
  fi
}

# audit LOG EXPRESSION [SKIP]: a JavaScript expression over the lines of the log, without the first SKIP; arrays print
# one item a line. Fails when the log is not valid UTF-8 or a line is not JSON.
audit() {
  "$node" -e '
    const [log, expression, skip] = process.argv.slice(1);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(require("node:fs").readFileSync(log));
    const all = text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
    const lines = all.slice(Number(skip ?? 0));
    const copied = lines.filter((line) => line.result === "copied");
    const deleted = lines.filter((line) => line.result === "deleted");
    const result = new Function("lines", "copied", "deleted", `return ${expression}`)(lines, copied, deleted);
    for (const item of [result].flat()) console.log(String(item));
  ' "$@"
}

lines_of() { cat "$1" 2>/dev/null | wc -l || true; }

# --- test data --------------------------------------------------------------------------------------------------

random() { head -c "$1" /dev/urandom; }

make_data() {
  local dir=$1 size name i j text
  mkdir -p "$dir"/{sizes,names,links/folder,times,empty/inside/deeper,small,kinds}

  for size in 0 1 4095 4096 4097 $((1024 * 1024)) $((5 * 1024 * 1024 - 1)) $((5 * 1024 * 1024)) \
    $((5 * 1024 * 1024 + 1)) $((12 * 1000 * 1000)); do
    random "$size" >"$dir/sizes/$size"
  done

  text=$(random 3000 | od -An -v -tx1 | tr -d ' \n')
  for i in {1..40}; do
    mkdir "$dir/small/$i"
    for j in {1..50}; do printf '%s' "$i/$j ${text:RANDOM % 3000:RANDOM % 3000}" >"$dir/small/$i/$j.txt"; done
  done

  local names=($'new\nline' $'tab\tstop' $'esc\e[31mred' '-rf' "it's \"quoted\"" 'back\slash' '=cmd' ' spaces '
    'trailing.' $'emoji \xf0\x9f\x98\x80' $'bad \xff' $'bad \xfe' $'half \xf0\x9f' $'caf\xc3\xa9' $'cafe\xcc\x81'
    "$(printf 'n%.0s' {1..255})")
  for name in "${names[@]}"; do
    printf 'named %q\n' "$name" >"$dir/names/$name"
    mkdir "$dir/names/${name:0:253}.d" && echo inside >"$dir/names/${name:0:253}.d/$name"
  done

  echo target >"$dir/links/folder/file"
  ln -s folder/file "$dir/links/to-file"
  ln -s folder "$dir/links/to-folder"
  ln -s nowhere "$dir/links/dangling"
  ln -s /nonexistent/outside "$dir/links/absolute"
  ln -s ../../../.. "$dir/links/out-of-the-tree"
  ln -s loop-b "$dir/links/loop-a"
  ln -s loop-a "$dir/links/loop-b"
  ln -s . "$dir/links/folder/self"
  ln -s $'odd \xff\ntarget' "$dir/links/odd-target"
  touch -h -d @1234567890.987654321 "$dir/links/dangling"

  local times=(0 1600000000.123456789 1600000000.999999999 -1.5 -315619200.25 2208988800.000000001)
  for i in "${!times[@]}"; do
    echo "${times[i]}" >"$dir/times/file $i"
    touch -d "@${times[i]}" "$dir/times/file $i"
    mkdir "$dir/times/folder $i"
    touch -d "@${times[i]}" "$dir/times/folder $i"
  done

  mkfifo "$dir/kinds/queue.fifo"
  touch -d @1500000000.5 "$dir/empty" "$dir"
}

# facts DIR: "sha256 size mtime-in-ns" of each file.
facts() {
  (
    cd "$1"
    find . -type f -print0 >"$tmp/names"
    xargs -0 sha256sum -z <"$tmp/names" | cut -z -c1-64 | tr '\0' '\n' >"$tmp/hashes"
    xargs -0 stat -c '%s %.9Y' <"$tmp/names" >"$tmp/stats"
    # Seconds with nine decimals become nanoseconds without leading zeros.
    paste -d ' ' "$tmp/hashes" "$tmp/stats" | sed -E 's/\.([0-9]{9})$/\1/; s/ (-?)0*([0-9]+)$/ \1\2/'
  )
}

# --- the checks -------------------------------------------------------------------------------------------------

src=$tmp/source dst=$tmp/dest db=$tmp/main.db log=$tmp/main.log
pair=("$src" "$dst" --db "$db" --log-file "$log")

section 'Copy: 2,000 small files, sizes around a block, odd names, links, times, empty folders, a FIFO'
make_data "$src"
mkdir "$dst"
files=$(count "$src" -type f) links=$(count "$src" -type l)
facts "$src" >"$tmp/facts"
run "${pair[@]}"
exits 'exit code 0, although there is a FIFO' 0
check 'every entry is there: kind, size, mtime to the nanosecond, link target' alike listing "$src" "$dst"
check 'every file has the same content (sha256sum)' alike sums "$src" "$dst"
equal 'the FIFO was not made' 0 "$(count "$dst" -type p)"
check 'no part files are left' no_parts "$dst"
if command -v rsync >/dev/null; then
  rsync_finds_nothing() {
    rsync -ani --delete --modify-window=-1 --no-perms --no-owner --no-group --exclude='*.fifo' "$src/" "$dst/" \
      >"$why" 2>&1 && [[ ! -s $why ]]
  }
  check 'rsync finds nothing to do' rsync_finds_nothing
else
  echo 'skipped: rsync is not installed'
fi

section 'Ledger'
columns='source_path, dest_path, created, changed, modified, permissions, hash, size, status, error, kind, algorithm'
check 'the view has the documented columns' sql "$db" "SELECT $columns FROM files LIMIT 0"
equal 'integrity_check' ok "$(sql "$db" 'PRAGMA integrity_check')"
equal 'a synced row for every file and link' $((files + links)) \
  "$(sql "$db" "SELECT count(*) FROM files WHERE status = 'synced' AND kind <> 'other'")"
equal 'nothing else is synced, pending or failed' 0 \
  "$(sql "$db" "SELECT count(*) FROM files WHERE kind <> 'other' AND status <> 'synced' OR status = 'failed'")"
equal 'the FIFO is listed as something else, not as synced' 1 \
  "$(sql "$db" "SELECT count(*) FROM files WHERE kind = 'other' AND status <> 'synced'")"
equal 'no two rows share a name' 0 "$(sql "$db" 'SELECT count(*) - count(DISTINCT source_path) FROM files')"
equal 'the algorithm is recorded' sha256 "$(sql "$db" "SELECT DISTINCT algorithm FROM files WHERE kind = 'file'")"
sql "$db" "SELECT hash || ' ' || size || ' ' || modified FROM files WHERE kind = 'file'" >"$tmp/rows" || true
same_lines 'hash, size and mtime of every file are those of sha256sum and stat' "$tmp/facts" "$tmp/rows"
equal 'ledger and log are private' '600 600' "$(echo $(stat -c %a "$db" "$log"))"

section 'Audit log'
check 'every line is JSON' audit "$log" '[]'
equal 'a line for every file and link, each named once' "$((files + links)) $((files + links))" \
  "$(audit "$log" '[[copied.length, new Set(copied.map((l) => l.source)).size].join(" ")]')"
equal 'each has time, source, dest, size and duration' '' "$(audit "$log" 'copied
  .filter((l) => !(new Date(l.time) > new Date("2020-01-01") && l.source && l.dest && l.size >= 0 && l.duration_ms >= 0))
  .map((l) => JSON.stringify(l))')"
audit "$log" 'copied.filter((l) => l.hash && l.algorithm === "sha256").map((l) => `${l.hash} ${l.size}`)' \
  >"$tmp/rows" || true
cut -d ' ' -f 1,2 "$tmp/facts" >"$tmp/hashes"
same_lines 'hash and size of every file are those of sha256sum and stat' "$tmp/hashes" "$tmp/rows"

section 'A second run'
inodes "$dst" >"$tmp/before"
before=$(lines_of "$log")
run "${pair[@]}"
exits 'exit code 0' 0
equal 'the log names no copy' 0 "$(audit "$log" copied.length "$before")"
check 'no file was written again' unchanged_since "$tmp/before" inodes "$dst"
check 'the trees are still equal' same_trees "$src" "$dst"
equal 'hashes are kept' "$files" "$(sql "$db" "SELECT count(*) FROM files WHERE kind = 'file' AND length(hash) = 64")"

# names_copied SKIP: last parts of the names that the log says were copied, sorted.
names_copied() { audit "$log" 'copied.map((l) => l.source.split("/").pop()).sort().join(" ")' "$1"; }

section 'Changes at the source'
before=$(lines_of "$log")
random 4096 >"$src/sizes/4096"
touch -d @1700000000.111222333 "$src/small/7/7.txt"
run "${pair[@]}"
exits 'exit code 0' 0
equal 'a rewritten file of the same size and a touched one are copied, nothing else' \
  '4096 7.txt' "$(names_copied "$before")"
check 'the trees are equal' same_trees "$src" "$dst"

before=$(lines_of "$log")
truncate -s 5000000 "$src/sizes/12000000"
truncate -s 0 "$src/sizes/4097"
run "${pair[@]}"
exits 'exit code 0 after a truncation' 0
equal 'the truncated files are copied, nothing else' '12000000 4097' "$(names_copied "$before")"
check 'the trees are equal' same_trees "$src" "$dst"

rm "$src/small/1/1.txt" "$src/links/to-folder"
mkdir "$src/small/1/1.txt" "$src/links/to-folder"
echo inside >"$src/small/1/1.txt/inside"
echo inside >"$src/links/to-folder/inside"
rm -r "$src/small/2" "$src/small/3"
echo 'was a folder' >"$src/small/2"
ln -s 4 "$src/small/3"
run "${pair[@]}" --delete-extras
exits 'exit code 0 when file, link and folder changed places (--delete-extras)' 0
check 'the trees are equal' same_trees "$src" "$dst"
equal 'the folder that a link led to lost nothing' 'target' "$(cat "$dst/links/folder/file")"

section 'Extras at the destination'
mkdir -p "$tmp/outside" "$dst/extra-folder/extra-inside" "$dst/empty/inside/extra-folder"
echo keep >"$tmp/outside/keep"
echo extra >"$dst/extra-file"
echo extra >"$dst/small/5/extra-"$'\xff\n'
echo extra >"$dst/extra-folder/extra-inside/extra-file"
ln -s "$tmp/outside" "$dst/extra-link"
extras=7
run "${pair[@]}"
exits 'exit code 0 without --delete-extras' 0
equal 'nothing is deleted without --delete-extras' "$extras" "$(count "$dst" -name 'extra-*')"

dry=(--dry-run --delete-extras)
before=$(lines_of "$log")
echo new >"$src/new"
cp "$db" "$tmp/before.db" || true
listing "$dst" >"$tmp/before"
inodes "$dst" >"$tmp/before.inodes"
run "${pair[@]}" "${dry[@]}"
exits 'exit code 0 with --dry-run' 0
check '--dry-run leaves the destination as it was' unchanged_since "$tmp/before" listing "$dst"
check '--dry-run writes no file again' unchanged_since "$tmp/before.inodes" inodes "$dst"
check '--dry-run leaves the ledger as it was' cmp "$db" "$tmp/before.db"
equal '--dry-run logs nothing done' 0 "$(audit "$log" 'copied.length + deleted.length' "$before")"

before=$(lines_of "$log")
run "${pair[@]}" --delete-extras
exits 'exit code 0 with --delete-extras' 0
check 'the trees are equal' same_trees "$src" "$dst"
equal 'the log names each deletion' "$extras" "$(audit "$log" deleted.length "$before")"
equal 'only extras were deleted' "$extras" \
  "$(audit "$log" 'deleted.filter((l) => (l.dest ?? l.source).includes("extra-")).length' "$before")"
equal 'the folder that an extra link led to is untouched' keep "$(cat "$tmp/outside/keep")"
equal 'integrity_check' ok "$(sql "$db" 'PRAGMA integrity_check')"

section 'Killed and resumed: kill -9 in mid run, four times'
src=$tmp/big dst=$tmp/big-dest db=$tmp/big.db log=$tmp/big.log
pair=("$src" "$dst" --db "$db" --log-file "$log")
for i in {1..20}; do
  mkdir -p "$src/$i"
  random 2400K | split -b 120K -a 2 - "$src/$i/part-"
done
for i in {1..10}; do random 5M >"$src/$i/five"; done
mkdir "$dst"

# kill_run SECONDS: runs at 10 MB/s (the tree is 100 MB) and kills that many seconds after its first write.
killed_at=()
kill_run() {
  touch "$tmp/mark"
  sleep 0.02
  start "${pair[@]}" --bwlimit 10M
  within 30 busy "$dst" || echo 'nothing was written for 30 seconds' >"$why"
  sleep "$1"
  kill -9 "$pid" 2>/dev/null || echo 'it had ended before' >>"$why"
  killed_at+=("$(now_ms)")
  end_of_run
  [[ $code == 137 && ! -s $why ]]
}

# The first lives long enough to have files that were finished well before it died; the others die at random moments.
check 'killed after 7 seconds' kill_run 7
for i in 1 2 3; do
  delay=$(printf '0.%03d' $((RANDOM % 1000)))
  check "killed after $delay seconds" kill_run "$delay"
done
run "${pair[@]}"
exits 'run to the end: exit code 0' 0
check 'the trees are equal' same_trees "$src" "$dst"
check 'no part files are left' no_parts "$dst"
equal 'integrity_check' ok "$(sql "$db" 'PRAGMA integrity_check')"
equal 'everything is synced' "$(count "$src" -type f)" \
  "$(sql "$db" "SELECT count(*) FROM files WHERE status = 'synced' AND kind = 'file'")"
kills=$(IFS=, && echo "${killed_at[*]}")
old='copied.filter((l) => '"[$kills]"'.every((kill) => new Date(l.time) > kill || kill - new Date(l.time) > 5000))'
check 'some files were finished more than 5 seconds before a kill' \
  test "$(audit "$log" "$old.filter((l) => new Date(l.time) < Math.max($kills)).length")" -gt 0
equal 'none of those was copied again' '' "$(audit "$log" "(() => {
  const last = new Map(copied.map((l) => [l.source, l.time]));
  return $old.filter((l) => last.get(l.source) !== l.time).map((l) => l.source);
})()")"

section 'Ctrl-C'
dst=$tmp/int-dest db=$tmp/int.db log=$tmp/int.log
pair=("$src" "$dst" --db "$db" --log-file "$log")
mkdir "$dst"
touch "$tmp/mark"
sleep 0.02
start "${pair[@]}" --bwlimit 10M
check 'the run is under way' within 30 busy "$dst"
sleep 1
kill -INT "$pid" || true
check 'Ctrl-C ends it within 15 seconds' within 15 stopped
if running; then kill -9 "$pid"; fi
end_of_run
exits 'exit code 3' 3
check 'no part files are left' no_parts "$dst"
check 'files in flight were finished, the rest was not begun' \
  test "$(count "$dst" -type f)" -lt "$(count "$src" -type f)"
run "${pair[@]}"
exits 'resumed: exit code 0' 0
check 'the trees are equal' same_trees "$src" "$dst"
equal 'no file was copied twice' "$(count "$src" -type f)" "$(audit "$log" copied.length)"

section 'Bad input'
echo 'bandwidth = "20M"' >"$tmp/unknown-key.toml"
bad=("$tmp/source" "$tmp/bad-dest" --db "$tmp/bad-db" --log-file "$tmp/bad-log")

# made: all that a refused run could have made.
made() { find "$tmp/home" "$tmp/state" "$tmp"/bad-* -printf '%p %s %T@\n' 2>/dev/null | sort || true; }

# one_line_and_nothing_made: the last run said what was wrong in one line and made nothing.
one_line_and_nothing_made() {
  made | diff "$tmp/before" - >"$why" || return 1
  cat "$tmp/stderr" >"$why"
  [[ $(grep -c . "$why") == 1 ]]
}

# refused WHAT CODE ARGUMENT...
refused() {
  local what=$1 expected=$2
  shift 2
  made >"$tmp/before"
  run "$@"
  exits "$what: exit code $expected" "$expected"
  check "$what: one line says why, nothing is made" one_line_and_nothing_made
}

refused 'no destination' 2 "$src"
refused 'an unknown option' 2 "${bad[@]}" --frobnicate
refused 'a rate that is none' 2 "${bad[@]}" --bwlimit fast
refused 'a negative rate' 2 "${bad[@]}" --bwlimit=-5M
refused 'an unknown checksum' 2 "${bad[@]}" --checksum crc32
refused 'a block of no bytes' 2 "${bad[@]}" --block-size 0
refused 'half a slot' 2 "${bad[@]}" --queue-capacity 0.5
refused 'a configuration file with an unknown key' 2 "${bad[@]}" --config "$tmp/unknown-key.toml"
refused 'a missing source' 4 "$tmp/missing" "${bad[@]:1}"

section 'The sample data, with ledger and log in their default places'
run "$repo/sample-data" "$tmp/sample"
exits 'exit code 0' 0
check 'the trees are equal' same_trees "$repo/sample-data" "$tmp/sample"
check 'ledger and log are under XDG_STATE_HOME' test "$(find "$XDG_STATE_HOME/millrace" -type f | wc -l)" -ge 2
equal 'and private' '' "$(find "$XDG_STATE_HOME/millrace" -perm /077)"

summary
exit $((failed > 0))
