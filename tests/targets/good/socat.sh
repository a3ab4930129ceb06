#!/bin/sh
# Echo server: one socat process per connection relays through a pipe to itself.
#
# -b 4096: socat uses blocking writes, and a pipe that polls as writable has
# room for one page at least. With the default block of 8192 bytes it can hang
# for ever in write() to a pipe that nobody else empties. (Of the forms with a
# second process, EXEC:cat leaves its cat an orphan whenever a client resets,
# and EXEC:cat,pipes does not pass a half-close on to cat.)
#
# -t: once the client has half-closed, socat gives up when nothing could be
# moved for so many seconds. The default of 0.5 cuts off a client that pauses
# while it is still owed data; a day stands for "never".
#
# max-children: when a fork fails, the listening socat ends. With this limit
# further clients wait in the backlog instead.
#
# -lm: trouble at the start goes to stderr, a client's resets only to syslog.
exec socat -lm -b 4096 -t 86400 \
  "TCP4-LISTEN:$1,fork,reuseaddr,backlog=128,max-children=400" PIPE
