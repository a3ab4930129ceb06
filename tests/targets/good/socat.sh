#!/bin/sh
# Echo server: socat relays between the client and a cat of its own, one pair
# of processes per connection.
#
# EXEC:cat and not PIPE: with PIPE a single process both fills and empties the
# pipe, and it hangs in write() once the pipe is nearly full. The socket pair
# of EXEC (not its "pipes" option) lets both directions move independently.
#
# -t: once the client has half-closed, socat gives up when nothing could be
# moved for so many seconds. The default of 0.5 cuts off a client that pauses
# while it is still owed data; a day stands for "never".
#
# max-children: when a fork fails, the listening socat ends. With this limit
# further clients wait in the backlog instead.
#
# -lm: trouble at the start goes to stderr, a client's resets only to syslog.
exec socat -lm -t 86400 "TCP4-LISTEN:$1,fork,reuseaddr,backlog=128,max-children=200" EXEC:cat
