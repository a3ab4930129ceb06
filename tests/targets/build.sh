#!/usr/bin/env bash
# Compiles every C, C++, Rust and Java target below this folder into .bin:
#   <folder>/<name>.{c,cpp,rs}  ->  .bin/<folder>-<name>
#   <folder>/<Name>.java        ->  .bin/<folder>-<Name>/<Name>.class
# Only what is out of date is compiled, two at a time. A missing compiler is
# reported and its targets are skipped; a compile error fails the run.
# A C or C++ source can ask for flags by a line "// cflags: …", one of its first five, and name a file
# without which it is skipped by a line "// needs: …". Drivers share files: one that changes makes all of them stale.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$here/.bin
mkdir -p "$bin"

# Two runs at once would work on the same files: the second one waits.
if command -v flock >/dev/null; then
  exec 9>"$bin/.lock"
  flock 9
fi

scratch=$(mktemp -d "$bin/.build.XXXXXX")
trap 'wait; rm -rf "$scratch"' EXIT

# The flags that a source asks for itself.
own_flags() { sed -n '1,5s|^// cflags: *||p' "$1"; }

# Whether the file that a source says it needs is there.
is_possible() {
  local needed
  needed=$(sed -n '1,5s|^// needs: *||p' "$1")
  [ -z "$needed" ] || [ -e "$needed" ] || { echo "no $needed: ${1#"$here"/} skipped" >&2; return 1; }
}

# Whether a shared file of the drivers is newer than what was made of them.
is_stale() {
  local source=$1 out=$2 shared
  [ "$(basename "$(dirname "$source")")" = drivers ] || return 1
  for shared in "$here"/drivers/*.[ch]; do
    [ "$out" -nt "$shared" ] || return 0
  done
  return 1
}

# The compiler's command for a source; extra flags come from the source and the environment.
# shellcheck disable=SC2046,SC2086 # those flags are meant to be split into words
compile() {
  local source=$1 out=$2
  case $source in
    *.c)    gcc -O1 -g -Wall -Wextra -pthread $(own_flags "$source") ${CFLAGS:-} -o "$out" "$source" ;;
    *.cpp)  g++ -std=c++17 -O1 -g -Wall -Wextra -pthread $(own_flags "$source") ${CXXFLAGS:-} -o "$out" "$source" ;;
    *.rs)   rustc --edition 2021 -C opt-level=1 -g ${RUSTFLAGS:-} -o "$out" "$source" ;;
    *.java) javac -g -Xlint:all ${JAVACFLAGS:-} -d "$out" "$source" ;;
  esac
}

# Compiles aside and moves the finished result into place, so that a broken or
# interrupted build never leaves something that looks up to date.
build() {
  local source=$1 name=$2
  local log=$scratch/$name.log new=$scratch/$name.new status=0
  compile "$source" "$new" >"$log" 2>&1 9>&- || status=$?
  [ ! -s "$log" ] || cat "$log" >&2
  if [ "$status" -ne 0 ]; then
    echo "build.sh: cannot compile ${source#"$here"/}" >&2
    return 1
  fi
  rm -rf "${bin:?}/$name"
  mv "$new" "$bin/$name"
}

# A wrapper may be on the PATH with no compiler behind it: ask for the version.
have() { "$1" --version >/dev/null 2>&1; }

running=0
failed=0
finish_one() {
  wait -n || failed=1
  running=$((running - 1))
}

declare -A owner
build_all() {
  local compiler=$1 language=$2 suffix=$3 source folder base name out present=
  for source in "$here"/*/*."$suffix"; do
    [ -f "$source" ] || continue
    folder=$(basename "$(dirname "$source")")
    base=$(basename "$source" ".$suffix")
    name=$folder-$base
    if [ -n "${owner[$name]:-}" ]; then
      echo "build.sh: $folder/$base.$suffix and ${owner[$name]} would both become .bin/$name" >&2
      exit 1
    fi
    owner[$name]=$folder/$base.$suffix
    out=$bin/$name
    [ "$suffix" != java ] || out=$out/$base.class
    if [ "$out" -nt "$source" ] && ! is_stale "$source" "$out"; then
      continue
    fi
    is_possible "$source" || continue
    if [ -z "$present" ]; then
      if ! have "$compiler"; then
        echo "no $compiler: $language targets skipped" >&2
        return
      fi
      present=yes
    fi
    [ "$running" -lt 2 ] || finish_one
    build "$source" "$name" &
    running=$((running + 1))
  done
}

build_all gcc C c
build_all g++ C++ cpp
build_all rustc rust rs
build_all javac Java java
while [ "$running" -gt 0 ]; do
  finish_one
done
exit "$failed"
