#!/usr/bin/env bash
# Builds SockConformance when its sources have changed, then runs it.
#   ./run-conformance.sh                    checks the built-in reference echo server
#   ./run-conformance.sh COMMAND …          is: sockconf COMMAND …
#   ./run-conformance.sh self-test [ARG …]  tests the harness itself; ARG … goes to dotnet test
#   ./run-conformance.sh --install […]      first installs what is missing, with sudo if need be
# SOCKCONF_INSTALL=1 is like --install; SOCKCONF_SKIP_FORMAT=1 leaves the formatting check out of self-test.
# Exit codes of its own: 3 the build failed, 6 something needed is missing. All others are those of what it runs.
set -euo pipefail
shopt -s nullglob

root=$(readlink -f -- "${BASH_SOURCE[0]}") root=${root%/*}
obj=$root/suites/obj program=$root/suites/bin/sockconf/sockconf
stamp=$obj/run-conformance
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

say() { printf 'run-conformance.sh: %s\n' "$*" >&2; }
die() { say "${@:2}"; exit "$1"; }
have() { type -P "$@" >/dev/null; } # true if PATH has all of them
quietly() { local output; output=$("$@" 2>&1) || { printf '%s\n' "$output" >&2; return 1; }; }
writable() { if [[ -d $obj ]]; then [[ -w $obj ]]; else [[ -w $root/suites ]]; fi; }
locked() { # COMMAND: one call at a time installs or builds, the others wait
  if ! writable || ! mkdir -p -- "$obj" || ! have flock; then "$@"; return; fi
  { flock -n 9 || { say 'waiting for another call, which installs or builds …'; flock 9; }; "$@"; } 9>"$stamp.lock"
}

# ---- libpcap, bubblewrap, util-linux: useful, never required ----
find_missing() { # true if there is something; sets missing, and lost: what does not work without it
  local libraries=(/{usr/,usr/local/,}lib{64,,"/$HOSTTYPE"*-linux-*}/libpcap.so.[01]*) sandbox=()
  missing=() lost=''
  [[ -n ${libraries[*]} || $(PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null) == *libpcap.so.[01]* ]] ||
    missing=(libpcap) lost='no capture, sockets only'
  have bwrap || sandbox+=(bubblewrap)
  have unshare nsenter setpriv prlimit || sandbox+=(util-linux)
  [[ -z ${sandbox[*]} ]] || missing+=("${sandbox[@]}") lost+="${lost:+; }no sandbox (tier C)"
  [[ -n ${missing[*]} ]]
}
find_package_manager() { # sets add and refresh (commands), and libpcap (the names of its package)
  add='' refresh='' libpcap=libpcap
  if have apt-get; then add='apt-get install -y' refresh='apt-get update' libpcap='libpcap0.8 libpcap0.8t64'
  elif have dnf; then add='dnf install -y' refresh='dnf makecache'
  elif have yum; then add='yum install -y' refresh='yum makecache'
  elif have apk; then add='apk add' refresh='apk update'
  elif have pacman; then add='pacman -S --needed --noconfirm' refresh='pacman -Sy'
  elif have zypper; then add='zypper -n install' refresh='zypper -n refresh' libpcap=libpcap1; fi
}
# shellcheck disable=SC2086 # $add, $refresh and $names are lists of words
install_missing() {
  find_missing || return 0 # another call did it
  local output='' round thing name as_root=(env DEBIAN_FRONTEND=noninteractive timeout 300)
  ((EUID == 0)) || as_root=(sudo "${as_root[@]}")
  say "installing ${missing[*]} …"
  for round in 1 2; do
    ((round == 1)) || output=$("${as_root[@]}" $refresh 2>&1 </dev/null 9>&-) || true
    for thing in "${missing[@]}"; do
      for name in ${thing/#libpcap/$libpcap}; do
        output+=$'\n'$("${as_root[@]}" $add $name 2>&1 </dev/null 9>&-) && break
      done
    done
    find_missing || return 0
  done
  sed '/^$/d' <<<"$output" | tail -n 5 >&2
  if writable; then echo "${missing[*]}" >"$stamp.not-installed"; fi
}
check_tools() {
  find_missing || return 0
  find_package_manager
  # Unasked, it tries once: a machine without a package source must not pay for it on each call.
  if [[ -n $add ]] && { [[ $install == now ]] || { [[ $install == yes || $EUID == 0 ]] && writable &&
    [[ "${missing[*]}" != "$(cat -- "$stamp.not-installed" 2>/dev/null)" ]]; }; }; then
    locked install_missing
    find_missing || return 0
  fi
  local names=${missing[*]/#libpcap/${libpcap%% *}}
  say "${missing[*]} missing, going on with $lost; to add: ${add:+sudo }${add:-install} $names"
}

# ---- .NET ----
find_dotnet() { # PART of .NET that must be there; sets dotnet
  local dir path=''
  if have dotnet; then path=$(readlink -f -- "$(type -P dotnet)"); fi
  for dir in "${DOTNET_ROOT:-}" "${path%/*}" "${HOME:-}/.dotnet" /usr/{share,lib,lib64}/dotnet ''; do
    [[ -x $dir/dotnet ]] && compgen -G "$dir/$1/10.*" >/dev/null && break
  done
  if [[ -z $dir && -n $path ]]; then # PATH has a launcher that lives apart from .NET
    dir=$(dotnet --list-sdks 2>/dev/null | sed -n 's|^10\..*\[\(.*\)/sdk\]$|\1|p' | tail -n 1) || true
  fi
  [[ -n $dir ]] || die 6 '.NET SDK 10 not found: get it from https://dotnet.microsoft.com/download or set DOTNET_ROOT'
  dotnet=$dir/dotnet # sockconf looks for it only in the usual places
  if [[ -n ${DOTNET_ROOT:-} || $dir != /usr/@(share|lib)/dotnet ]]; then export DOTNET_ROOT=$dir; fi
}
sdk() { # becomes dotnet, in the checkout (its global.json counts, not the caller's), and leaves no server behind
  cd -- "$root" || exit
  [[ -d ${HOME:-} && -w $HOME ]] || { export HOME=$obj/home && mkdir -p -- "$HOME"; } # the SDK needs one
  export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false NuGetAudit=false
  exec "$dotnet" "$@" </dev/null 9>&-
}
is_built() { # folders count as sources too: a file that is gone changes only its folder
  local inputs=("$root"/{harness,suites} "$root"/{Directory.*,global.jso[n],[Nn]u[Gg]et.[Cc]onfig})
  [[ -f $stamp.built && -f $program.dll ]] &&
    [[ -z $(find "${inputs[@]}" \( -name bin -o -name obj \) -prune -o -newer "$stamp.built" -print -quit) ]]
}
build() { # PROJECT [ARG …]
  find_dotnet sdk
  mkdir -p -- "$root"/{harness,suites}/{bin,obj}
  touch -- "$stamp.new" # now, as what changes during the build has to be built next time
  quietly sdk build "$@" -c Release -v quiet -nologo '-clp:ErrorsOnly;NoSummary' || die 3 'the build failed'
  mv -f -- "$stamp.new" "$stamp.built"
}
build_once() {
  is_built || { say 'building sockconf (first run, or its sources have changed) …' && build suites/sockconf.csproj; }
}
self_test() {
  writable || die 6 "no right to write in $root, so nothing can be built there"
  locked build SockConformance.sln -warnaserror ${CI:+--no-incremental} # warnings show only when a file is compiled
  [[ ${SOCKCONF_SKIP_FORMAT:-} == 1 ]] || quietly sdk format SockConformance.sln --verify-no-changes --no-restore ||
    die 1 'the formatting differs: run dotnet format SockConformance.sln'
  quietly bash "$root/tests/targets/build.sh" </dev/null || die 3 'tests/targets/build.sh failed'
  sdk test tests/SockConformance.Tests.csproj -c Release --no-build "$@"
}

# ---- what was asked for ----
install=no
[[ ${SOCKCONF_INSTALL:-} != 1 ]] || install=yes
[[ ${1-} != --install ]] || install=now
check_tools
[[ $install != now ]] || { shift; (($#)) || only_install=1; }
[[ ${1-} != self-test ]] || self_test "${@:2}"
if is_built; then :; elif writable; then locked build_once; else
  [[ -f $program.dll ]] || die 6 "no right to write in $root, and the program is not built"
  say "no right to write in $root: running the program as it was built, which may be older than its sources"
fi
[[ -z ${only_install-} ]] || exit "$((${#missing[@]} ? 6 : 0))"

find_dotnet shared/Microsoft.NETCore.App
if [[ -x $program ]]; then sockconf=("$program"); else sockconf=("$dotnet" "$program.dll"); fi
export DOTNET_TieredPGO="${DOTNET_TieredPGO:-0}" # starts faster
(($#)) || set -- check --spec echo -- "${sockconf[@]}" reference echo '{port}'
exec "${sockconf[@]}" "$@"
