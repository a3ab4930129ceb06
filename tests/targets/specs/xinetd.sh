#!/bin/sh
# An internal service of xinetd (echo, discard, daytime, time, chargen) over TCP, on the port it is given: xinetd.sh PORT SERVICE
# Its limits are lifted: by default fifty connections a second close a service for ten seconds.
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
service $2
{
  type = INTERNAL UNLISTED
  id = $2
  port = $1
  socket_type = stream
  protocol = tcp
  wait = no
  user = $(id -un)
  flags = IPv4
  disable = no
}
END
exec xinetd -dontfork -f "$conf" -pidfile "$conf.pid"
