#!/bin/sh
# Echo server: xinetd hands each connection to a cat of its own. Its limits are
# lifted: by default fifty connections a second close a service for ten seconds.
set -eu
conf=$(mktemp "${TMPDIR:-/tmp}/xinetd.XXXXXX")
cat >"$conf" <<END
defaults
{
  log_type = FILE /dev/null
  cps = 100000 1
  instances = UNLIMITED
  per_source = UNLIMITED
}
service cat
{
  type = UNLISTED
  port = $1
  socket_type = stream
  protocol = tcp
  wait = no
  user = $(id -un)
  server = /bin/cat
  flags = IPv4
  disable = no
}
END
exec xinetd -dontfork -f "$conf" -pidfile "$conf.pid"
