#!/bin/sh
# Echo server: openbsd-inetd hands each connection to a cat of its own.
# inetd's internal echo is tied to port 7, and its default limit of 256 starts
# a minute would close the service for ten minutes; hence cat and ".1000000".
set -eu
dir=$(mktemp -d "${TMPDIR:-/tmp}/inetd.XXXXXX")
printf '%s stream tcp4 nowait.1000000 %s /bin/cat cat\n' "$1" "$(id -un)" >"$dir/conf"
exec inetd -i -q 128 "$dir/conf"
