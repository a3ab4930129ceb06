#!/bin/sh
# A service over TCP on the port it is given: xinetd.sh PORT SERVICE, an internal one of xinetd's (echo, discard, daytime, time, chargen), or
# cat: it hands each connection to a cat of its own, and the service is echo, too.
# Its limits are lifted: by default fifty connections a second close a service for ten seconds.
set -eu
case $2 in
  cat) kind='type = UNLISTED
  server = /bin/cat' ;;
  *) kind='type = INTERNAL UNLISTED' ;;
esac
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
  $kind
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
