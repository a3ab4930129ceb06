# usage: lying_driver.py WORD
# defect socket-never-reuses: numbers are counted up, one that was closed is not given again; trips: api/socket/lowest-descriptor
# defect socket-type-unseen: a type that does not exist gives a stream socket; trips: api/socket/unknown-type
# defect socket-domain-einval: an unknown domain is told as EINVAL; trips: api/socket/unknown-domain
# defect socket-protocol-unseen: whatever the protocol, the default one is taken; trips: api/socket/wrong-protocol
# defect socket-emfile-eagain: EAGAIN when the descriptors are used up; trips: api/socket/descriptors-used-up
# defect socket-protocol-refused: the protocol of TCP, given by its number, is EPROTONOSUPPORT; trips: api/socket/opens
# defect bind-second-ignored: a second bind answers 0 and does nothing; trips: api/bind/already-bound
# defect bind-second-moves: a second bind moves the socket to the new address; trips: api/bind/already-bound
# defect bind-in-use-silent: EADDRINUSE is told as 0, the socket stays unbound; trips: api/bind/in-use
# defect bind-datagrams-share: two sockets of datagrams may have one address; trips: api/bind/in-use
# defect bind-failure-sticks: after a bind that failed, each further bind of that socket is EINVAL; trips: api/bind/after-failure
# defect bind-failure-binds: a bind that fails with EADDRINUSE leaves the socket bound to some other port; trips: api/bind/after-failure
# defect bind-failure-spreads: after a bind that failed, the next one of another socket to a free port is EADDRINUSE; trips: api/bind/free-address
# defect bind-not-local-silent: an address that is not of this machine is taken, and the socket not bound; trips: api/bind/not-local
# defect bind-family-silent: an address of another family is taken, and the socket not bound; trips: api/bind/wrong-family
# defect bind-unspecified-einval: an address of the family AF_UNSPEC is EINVAL; trips: api/bind/unspecified-family
# defect bind-connected-silent: bind on a connected socket answers 0 and does nothing; trips: api/bind/connected
# defect bind-connected-shuts: bind on a connected socket answers EINVAL, and shuts the connection down; trips: api/bind/connected
# defect bind-one-port-table: a port that a stream socket has is in use for datagrams, too, and the other way round; trips: api/bind/other-protocol
# defect bind-file-ebadf: bind on a file is EBADF; trips: api/bind/not-a-socket
# defect bind-closed-einval: bind on a closed descriptor is EINVAL; trips: api/bind/bad-descriptor
# defect bind-any-loopback: bind to 0.0.0.0 binds to 127.0.0.1; trips: api/getsockname/ephemeral
# defect bind-port-zero-untold: the port that bind to port 0 chose is told as 0 until the socket listens or connects; trips: api/getsockname/ephemeral
# defect getsockname-restless: each time it is asked, a bound socket tells another port; trips: api/getsockname/bound
# defect getsockname-room-told: with a short buffer, its own length is told instead of the name's; trips: api/getsockname/short-buffer
# defect listen-unbound-reset: listen on an unbound socket is ECONNRESET; trips: api/listen/unbound
# defect listen-negative-einval: a negative backlog is EINVAL; trips: api/listen/negative-backlog
# defect listen-again-drops: a second listen closes the pending connections; trips: api/accept/connection
# defect listen-again-einval: a second listen is EINVAL; trips: api/listen/again
# defect listen-in-use-silent: listen on an address where another socket listens answers 0 and does nothing; trips: api/listen/in-use
# defect listen-connected-silent: listen on a connected socket answers 0 and does nothing; trips: api/listen/connected
# defect listen-connected-shuts: listen on a connected socket answers EINVAL, and shuts the connection down; trips: api/listen/connected
# defect listen-connecting-silent: listen on a socket whose connect is under way answers 0 and does nothing; trips: api/listen/connecting
# defect listen-datagram-silent: listen on a socket of datagrams answers 0; trips: api/listen/datagram
# defect listen-closed-silent: listen on a closed descriptor answers 0; trips: api/listen/bad-descriptor
# defect listen-any-in-use: listen on a socket bound to 0.0.0.0 is EADDRINUSE; trips: api/listen/bound
# defect listen-file-einval: listen on a file is EINVAL; trips: api/listen/not-a-socket
# defect accept-newest-first: of several pending connections the newest is taken; trips: api/accept/queue-order
# defect accept-first-peer: all connections of a listener are told with the address of the first; trips: api/accept/peer-name
# defect accept-own-number: from the second accept of a listener on, its own number is answered; trips: api/socket/lowest-descriptor
# defect accept-empty-eintr: EINTR instead of EAGAIN when no connection is pending; trips: api/accept/empty
# defect accept-blocking-eagain: accept on a blocking listener without a pending connection is EAGAIN; trips: api/accept/empty-blocks
# defect accept-unlistening-eagain: accept on a stream socket that does not listen is EAGAIN; trips: api/accept/not-listening
# defect accept-datagram-einval: accept on a socket of datagrams is EINVAL; trips: api/accept/datagram
# defect accept-emfile-loses: when the descriptors are used up, the pending connection is closed; trips: api/accept/connection
# defect accept-emfile-enfile: ENFILE when the descriptors of the process are used up; trips: api/accept/descriptors-used-up
# defect accept-interrupted-aborted: a signal ends an accept with ECONNABORTED; trips: api/accept/interrupted
# defect accept-ended-lost: a pending connection that its peer has ended already is thrown away; trips: api/accept/connection
# defect accept-aborted-eproto: EPROTO for a pending connection that its peer has reset; trips: api/accept/aborted
# defect accept-closed-eagain: accept on a closed descriptor is EAGAIN; trips: api/accept/bad-descriptor
# defect accept-file-einval: accept on a file is EINVAL; trips: api/accept/not-a-socket
# defect connect-refused-timeout: a refused connect is told as ETIMEDOUT; trips: api/connect/refused
# defect connect-refused-silent: a blocking connect that is refused answers 0; trips: api/connect/refused
# defect connect-refused-guessed: where nobody listens, connect is refused without asking (no SYN is sent); trips: api/wire/refusal
# defect connect-progress-silent: a non-blocking connect answers 0, also where nobody listens; trips: api/connect/refused-in-progress
# defect connect-progress-eagain: EAGAIN instead of EINPROGRESS, as for a local socket; trips: api/connect/in-progress
# defect connect-full-timeout: a blocking connect to a listener with a full queue is ETIMEDOUT at once; trips: api/connect/full-queue-blocks
# defect connect-interrupted-gives-up: a signal ends a connect for good: the attempt does not go on; trips: api/connect/while-connecting
# defect connect-timeout-refused: a connect that nobody answers is told as ECONNREFUSED; trips: api/connect/timed-out
# defect connect-in-memory: connections inside the process go through memory, as a short cut: the names are right, and nothing is sent; trips: api/wire/handshake
# defect connect-bound-einval: connect of a bound stream socket is EINVAL; trips: api/connect/listener
# defect connect-datagram-bound-einval: connect of a bound socket of datagrams is EINVAL; trips: api/connect/datagram
# defect connect-connected-silent: connect on a connected socket answers 0 and does nothing; trips: api/connect/already-connected
# defect connect-connected-anew: connect on a connected socket replaces the connection by a new one; trips: api/connect/already-connected
# defect connect-connected-sends: connect on a connected socket is EISCONN, and sends a byte; trips: api/wire/data
# defect connect-connecting-silent: connect while an attempt is under way answers 0; trips: api/connect/while-connecting
# defect connect-completed-ealready: EALREADY for ever after a non-blocking connect, also when it has succeeded; trips: api/connect/after-completion
# defect connect-listening-silent: connect on a listener answers 0 and does nothing; trips: api/connect/listening
# defect connect-connected-dials: connect on a connected socket is EISCONN, and makes a connection elsewhere all the same; trips: api/wire/silent
# defect connect-interrupted-timeout: a signal ends a connect with ETIMEDOUT; trips: api/connect/interrupted
# defect connect-family-silent: connect to an address of another family answers 0 and does nothing; trips: api/connect/wrong-family
# defect connect-forgets-bind: a bound socket connects from another port, and tells the one it was bound to; trips: api/wire/tuple
# defect connect-datagram-sticks: a connected socket of datagrams keeps its first peer; trips: api/getpeername/connected
# defect connect-datagram-again-eisconn: a connected socket of datagrams cannot get another peer; trips: api/connect/datagram-again
# defect connect-dissolve-nothing: connect with AF_UNSPEC answers 0, and the socket of datagrams keeps its peer; trips: api/getpeername/not-connected
# defect connect-dissolve-einval: connect with AF_UNSPEC on a socket of datagrams is EINVAL; trips: api/connect/datagram-dissolve
# defect connect-closed-enotsock: connect on a closed descriptor is ENOTSOCK; trips: api/connect/bad-descriptor
# defect connect-file-einval: connect on a file is EINVAL; trips: api/connect/not-a-socket
# defect send-unconnected-taken: send on a stream socket that was never connected takes the bytes; trips: api/send/never-connected
# defect send-listening-taken: send on a listener takes the bytes; trips: api/send/listening
# defect send-connecting-taken: send while the connect is under way takes the bytes and drops them; trips: api/send/connecting
# defect send-shut-taken: send after SHUT_WR takes the bytes; trips: api/send/shut
# defect send-shut-enotconn: send after SHUT_WR is ENOTCONN; trips: api/send/shut
# defect send-loses-last: the last byte of a send of more than one is not sent; trips: api/send/arrives
# defect send-twice: from the second send on, bytes are sent twice; trips: api/send/arrives
# defect send-swaps-halves: from the second send on, the second half of the bytes goes before the first; trips: api/send/arrives
# defect send-partial-all: a send that took a part says that it took all; trips: api/send/arrives
# defect send-zero-told: from the second send on, 0 is returned, though the bytes were sent; trips: api/send/stream
# defect send-peer-closed-enotconn: once the peer has closed, send is ENOTCONN; trips: api/send/peer-closed
# defect send-datagram-one-less: from the second datagram on, one byte less than its length is returned; trips: api/send/datagram
# defect send-datagram-unreachable: EHOSTUNREACH where the peer's port was reported unreachable; trips: api/send/datagram-refused
# defect send-full-taken: with a full buffer, non-blocking, all bytes are taken and dropped; trips: api/send/full
# defect send-blocking-eagain: send on a blocking socket with a full buffer is EAGAIN; trips: api/send/full-blocks
# defect send-empty-ends: a send of no bytes sends a FIN; trips: api/send/empty
# defect send-addressed-einval: sendto with an address on a connection is EINVAL; trips: api/send/with-address
# defect send-reset-taken: the first send after a reset takes the bytes; trips: api/send/reset
# defect send-after-reset-enotconn: ENOTCONN instead of EPIPE once the reset was told; trips: api/send/after-reset
# defect send-no-sigpipe: EPIPE comes without SIGPIPE; trips: api/send/sigpipe
# defect send-nosignal-unseen: MSG_NOSIGNAL is not looked at; trips: api/send/no-signal
# defect send-datagram-peerless-taken: a datagram without an address, on a socket without a peer, is taken; trips: api/send/datagram-no-peer
# defect send-datagram-cut: of a datagram that is too large the begin is sent, and all said to be taken; trips: api/send/datagram-too-large
# defect send-datagram-to-peer: on a connected socket the address of a sendto is not looked at; trips: api/send/datagram-elsewhere
# defect send-datagram-broadcast-taken: a broadcast without SO_BROADCAST is taken and dropped; trips: api/send/datagram-broadcast
# defect send-datagram-shut-taken: a datagram after SHUT_WR is taken; trips: api/send/datagram-shut
# defect send-datagram-empty-lost: a datagram without bytes is not sent; trips: api/recv/datagram-empty
# defect send-datagram-doubled: from the second on, each datagram is sent twice; trips: api/wire/datagrams
# defect send-datagram-other-port: a bound socket sends from another port to an address; trips: api/recv/datagram-source
# defect send-file-ebadf: send on a file is EBADF; trips: api/send/not-a-socket
# defect send-closed-epipe: send on a closed descriptor is EPIPE; trips: api/send/bad-descriptor
# defect recv-one-too-many: when more bytes are there than asked for, one more is returned; trips: api/recv/data
# defect recv-loses-one: when more bytes are there than asked for, the next one is lost; trips: api/send/arrives
# defect recv-loses-rest: when more bytes are there than asked for, the rest is lost; trips: api/recv/data
# defect recv-end-eagain: EAGAIN at the end of file; trips: api/recv/end-of-file
# defect recv-end-once: 0 at the end of file once, then EAGAIN; trips: api/recv/end-of-file-again
# defect recv-end-sends-fin: when the end of file is read, our direction is ended, too; trips: api/wire/fin
# defect recv-empty-zero: 0 instead of EAGAIN, as at the end of file; trips: api/recv/empty
# defect recv-blocking-zero: a blocking recv answers 0 when there is nothing; trips: api/recv/empty-blocks
# defect recv-dontwait-waits: MSG_DONTWAIT is not looked at; trips: api/recv/dont-wait
# defect recv-timeout-zero: 0 when SO_RCVTIMEO is over; trips: api/recv/timeout
# defect recv-timeout-early: with SO_RCVTIMEO set, recv says at once that there is nothing; trips: api/recv/timeout
# defect recv-timeout-unkept: SO_RCVTIMEO is stored, and recv waits for ever; trips: api/recv/timeout
# defect recv-interrupted-zero: a signal ends a recv with 0, as at the end of file; trips: api/recv/interrupted
# defect recv-peek-takes: MSG_PEEK takes the bytes of a stream; trips: api/recv/peek
# defect recv-peek-takes-datagram: MSG_PEEK takes the datagram; trips: api/recv/peek
# defect recv-waitall-early: MSG_WAITALL is not looked at; trips: api/recv/wait-all-blocks
# defect recv-waitall-drops: with MSG_WAITALL, what is less than the length at the end of file is dropped; trips: api/recv/wait-all
# defect recv-oob-zero: MSG_OOB answers 0 when there is no such data; trips: api/recv/out-of-band
# defect recv-unconnected-zero: recv on a stream socket that was never connected answers 0; trips: api/recv/never-connected
# defect recv-listening-eagain: recv on a listener is EAGAIN; trips: api/recv/listening
# defect recv-connecting-zero: recv while the connect is under way answers 0; trips: api/recv/connecting
# defect recv-reset-end: a reset is told as the end of file; trips: api/recv/reset
# defect recv-shut-eagain: EAGAIN after SHUT_RD; trips: api/recv/shut-read
# defect recv-datagrams-joined: two datagrams that fit are returned as one; trips: api/recv/datagram
# defect recv-datagram-newest-first: of several datagrams the newest comes first; trips: api/recv/datagram
# defect recv-datagram-rest-kept: what a too small buffer does not hold is the next datagram; trips: api/recv/datagram-truncated
# defect recv-datagram-short-error: EMSGSIZE when the buffer is too small, as on Windows; trips: api/recv/datagram-truncated
# defect recv-datagram-empty-skipped: datagrams without bytes are passed over; trips: api/recv/datagram-empty
# defect recv-datagram-source-before: the address is that of the sender before; trips: api/recv/datagram-source
# defect recv-datagram-strangers: a connected socket hears everybody; trips: api/recv/datagram-stranger
# defect recv-datagram-refusal-unheard: ECONNREFUSED is never told on sockets of datagrams; trips: api/recv/datagram-refused
# defect recv-closed-zero: recv on a closed descriptor answers 0; trips: api/recv/bad-descriptor
# defect recv-datagram-shut-enotconn: ENOTCONN after SHUT_RD on a socket of datagrams; trips: api/recv/datagram-shut
# defect recv-file-zero: recv on a file answers 0; trips: api/recv/not-a-socket
# defect shutdown-write-both: SHUT_WR closes the read direction, too; trips: api/shutdown/write
# defect shutdown-write-resets: SHUT_WR resets the connection; trips: api/shutdown/write
# defect shutdown-write-unsent: SHUT_WR forbids to send, but sends no FIN; trips: api/shutdown/write
# defect shutdown-write-flushes: a byte is sent before the FIN of SHUT_WR; trips: api/wire/data
# defect shutdown-again-einval: SHUT_WR a second time is EINVAL; trips: api/shutdown/write-again
# defect shutdown-read-ends: SHUT_RD sends a FIN; trips: api/shutdown/read
# defect shutdown-read-nothing: SHUT_RD answers 0 and does nothing; trips: api/recv/shut-read
# defect shutdown-both-half: SHUT_RDWR shuts only the read direction; trips: api/recv/end-of-file
# defect shutdown-both-einval: SHUT_RDWR is no direction; trips: api/shutdown/both
# defect shutdown-how-unseen: an unknown direction answers 0; trips: api/shutdown/bad-how
# defect shutdown-unconnected-silent: shutdown of a stream socket that was never connected answers 0; trips: api/shutdown/never-connected
# defect shutdown-listening-einval: shutdown of a listener is EINVAL; trips: api/shutdown/listening
# defect shutdown-connecting-einval: shutdown while the connect is under way is EINVAL; trips: api/shutdown/connecting
# defect shutdown-reset-silent: shutdown after a reset answers 0; trips: api/shutdown/after-reset
# defect shutdown-datagram-refused: shutdown of a connected socket of datagrams is EOPNOTSUPP; trips: api/shutdown/datagram
# defect shutdown-datagram-silent: shutdown of a socket of datagrams without a peer answers 0; trips: api/shutdown/datagram-unconnected
# defect shutdown-closed-silent: shutdown of a closed descriptor answers 0; trips: api/shutdown/bad-descriptor
# defect shutdown-file-silent: shutdown of a file answers 0; trips: api/shutdown/not-a-socket
# defect close-leaks: a copy of the descriptor of a connection stays open; trips: api/close/peer-sees-end
# defect close-told-eintr: close of a connection that still has data to read is EINTR; trips: api/close/frees
# defect close-resets: close resets the connection, with nothing unread; trips: api/close/peer-sees-end
# defect close-shuts-copies: close of one of several descriptors ends the connection; trips: api/close/last-descriptor-only
# defect close-again-silent: close of a closed descriptor answers 0; trips: api/close/bad-descriptor
# defect close-linger-unkept: SO_LINGER with 0 seconds is stored, and close sends a FIN; trips: api/close/linger-zero
# defect close-linger-resets: close resets the connection whatever the seconds of SO_LINGER; trips: api/wire/reset
# defect close-linger-at-once: close returns at once whatever the seconds of SO_LINGER; trips: api/close/linger-waits
# defect close-linger-eagain: close with seconds of SO_LINGER is EAGAIN, though nothing is left to send; trips: api/close/linger-drained
# defect close-unread-fin: unread data is dropped before close, so that it sends a FIN; trips: api/close/unread-data
# defect close-listener-leaks: a closed listener goes on listening; trips: api/close/listener
# defect close-listener-leaks-idle: a listener that is closed while no connection is pending goes on listening; trips: api/close/listener
# defect close-number-kept: close of a connection ends it, but leaves its descriptor open; trips: api/socket/lowest-descriptor
# defect getsockname-peer: a connected stream socket tells its peer's name as its own; trips: api/getsockname/connected
# defect getsockname-accepted-any: accepted sockets tell the address 0.0.0.0; trips: api/getsockname/connected
# defect getsockname-closed-einval: getsockname of a closed descriptor is EINVAL; trips: api/getsockname/bad-descriptor
# defect getsockname-file-einval: getsockname of a file is EINVAL; trips: api/getsockname/not-a-socket
# defect getpeername-own: accepted sockets tell their own name as the peer's; trips: api/getpeername/connected
# defect getpeername-room-told: with a short buffer, its own length is told instead of the name's; trips: api/getpeername/short-buffer
# defect getpeername-stale: a socket of datagrams that was connected again tells its first peer; trips: api/getpeername/connected
# defect getpeername-half-enotconn: after SHUT_WR the peer's name is ENOTCONN; trips: api/getpeername/connected
# defect getpeername-unconnected-any: without a peer, 0.0.0.0 and port 0; trips: api/getpeername/not-connected
# defect getpeername-after-reset: the peer's name is still told after a reset; trips: api/getpeername/after-reset
# defect getpeername-shut-ebadf: getpeername after SHUT_RDWR is EBADF; trips: api/getpeername/shut
# defect getpeername-closed-enotconn: getpeername of a closed descriptor is ENOTCONN; trips: api/getpeername/bad-descriptor
# defect getpeername-file-enotconn: getpeername of a file is ENOTCONN; trips: api/getpeername/not-a-socket
# defect setsockopt-connected-einval: SO_REUSEADDR on a connected socket is EINVAL; trips: api/setsockopt/sets
# defect setsockopt-closed-silent: setsockopt on a closed descriptor answers 0; trips: api/setsockopt/bad-descriptor
# defect setsockopt-file-silent: setsockopt on a file answers 0; trips: api/setsockopt/not-a-socket
# defect option-reuseaddr-zero: SO_REUSEADDR reads 0 after it was set; trips: api/getsockopt/stored
# defect option-linger-off: SO_LINGER reads as off after it was set; trips: api/getsockopt/stored
# defect option-nodelay-lost: TCP_NODELAY is off after connect; trips: api/getsockopt/stored
# defect option-acceptconn-zero: SO_ACCEPTCONN is always 0; trips: api/getsockopt/accept-conn
# defect option-type-stream: SO_TYPE of a connected socket of datagrams is that of a stream; trips: api/getsockopt/type
# defect error-remembers: SO_ERROR tells the error that bind has returned already; trips: api/getsockopt/no-error
# defect error-silent: SO_ERROR is 0 after a non-blocking connect that was refused; trips: api/getsockopt/pending-error
# defect error-sticks: SO_ERROR is not cleared by reading it; trips: api/getsockopt/error-cleared
# defect getsockopt-closed-zero: getsockopt on a closed descriptor answers 0; trips: api/getsockopt/bad-descriptor
# defect getsockopt-file-zero: getsockopt on a file answers 0; trips: api/getsockopt/not-a-socket
# defect nonblocking-recv-waits: recv of a non-blocking connection waits; trips: api/nonblocking/holds
# defect nonblocking-accepted-waits: an accepted socket cannot be made non-blocking; trips: api/nonblocking/holds
# defect nonblocking-copies-differ: each copy of a descriptor has a blocking mode of its own; trips: api/nonblocking/holds
# defect nonblocking-for-ever: a non-blocking socket cannot be made blocking again; trips: api/nonblocking/sets
# defect nonblocking-closed-silent: the mode of a closed descriptor is set; trips: api/nonblocking/bad-descriptor
# defect poll-always-readable: a connection without data is readable; trips: api/poll/nothing-to-read
# defect poll-end-silent: the end of file is not readable; trips: api/poll/end-of-file
# defect poll-datagram-silent: a datagram that waits is not readable; trips: api/poll/data
# defect poll-listener-silent: a pending connection is not readable; trips: api/poll/pending-connection
# defect poll-half-unwritable: a connection that the peer has half-closed is not writable; trips: api/poll/writable
# defect poll-full-writable: a connection with a full buffer is writable; trips: api/poll/full
# defect poll-connected-silent: a non-blocking connect that is done is not writable until something was sent; trips: api/poll/connected
# defect poll-failed-silent: a non-blocking connect that was refused reports nothing; trips: api/poll/failed
# defect poll-closed-silent: a closed descriptor reports nothing; trips: api/poll/bad-descriptor
# defect poll-unbound-einval: poll of a stream socket that is not bound is EINVAL; trips: api/poll/reports
# defect dup-above: the copy has the lowest number above the original's; trips: api/socket/lowest-descriptor
# defect dup-same-number: the copy of a connection has the number of the original; trips: api/socket/lowest-descriptor
# defect dup-anew: the copy of a bound socket is a new, unbound one; trips: api/dup/copies
# defect dup-emfile-ebadf: EBADF when the descriptors are used up; trips: api/dup/descriptors-used-up
# defect dup-closed-einval: dup of a closed descriptor is EINVAL; trips: api/dup/bad-descriptor
# defect no-hello: the first line is missing; trips: driver/hello
# defect hello-99: the first line says version 99; trips: driver/hello
# defect hello-as-text: the first line is a greeting for people; trips: driver/hello
# defect dies: it ends instead of the fifth answer; trips: driver/answer
# defect hangs: it stops instead of the fifth answer; trips: driver/answer
# defect unflushed: from the fifth on, answers stay in the buffer; trips: driver/answer
# defect long-lines-lost: requests of more than 64 KiB are passed over; trips: driver/answer
# defect answers-twice: from the fifth on, each answer is written twice; trips: driver/once
# defect answers-another: from the fifth on, answers bear an id that nobody gave; trips: driver/once
# defect answers-swapped: of two blocked requests, each is answered with the other's id; trips: api/recv/empty-blocks
# defect junk-line: from the fifth on, a line of debugging precedes each answer; trips: driver/form
# defect megabyte-line: from the fifth on, lines are longer than 1 MiB; trips: driver/form
# defect endless-line: the fifth answer is 3 MB without a line feed; trips: driver/form
# defect value-missing: from the fifth on, answers have no value; trips: driver/fields
# defect value-string: from the fifth on, values are strings; trips: driver/fields
# defect value-and-errno: from the fifth on, an error comes with the value -1; trips: driver/fields
# defect data-not-hex: from the fifth answer on, data is text; trips: driver/fields
# defect data-too-short: from the fifth answer on, the last byte of the data is missing; trips: api/recv/data
# defect address-missing: from the fifth answer on, no address is told; trips: driver/fields
# defect revents-missing: from the fifth answer on, poll tells no events; trips: driver/fields
# defect error-missing: from the fifth answer on, SO_ERROR is not told; trips: driver/fields
# defect errno-unknown: from the fifth answer on, the error is one that does not exist; trips: driver/errno
# defect errno-number: from the fifth answer on, the error is a number; trips: driver/fields
# defect never-blocked: it is not told that a request in the background waits; trips: driver/blocked
# defect blocked-for-ever: the answer of a request that was told as blocked does not come; trips: driver/blocked
# defect background-in-front: requests in the background are carried out like others; trips: driver/blocked
# defect blocked-in-front: of each request that is not in the background it is told first that it waits; trips: driver/blocked
# defect unknown-call-zero: a call that does not exist answers 0; trips: driver/unknown-call
# defect unknown-call-dies: it ends at a call that does not exist; trips: driver/unknown-call
# defect reset-nothing: reset answers 0 and does nothing; trips: driver/reset
# defect reset-keeps-limit: reset does not lift the limit of descriptors; trips: driver/reset
# defect answers-after-reset: after reset an answer to an earlier request follows; trips: driver/reset
# defect stays-at-end: it does not exit at the end of stdin; trips: driver/ends
"""The driver of python_driver.py with one lie, chosen by its word: what `sockconf check --driver` has to find."""
import contextlib
import errno
import fcntl
import json
import os
import resource
import select
import signal
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
from python_driver import LINGER, Driver, addressed, borrowed, error_name, is_open, told

LIES = {}
SYN_SENT, CLOSED, CLOSE_WAIT = 2, 7, 8  # as TCP_INFO tells them
OUT_OF_SIGHT = 200  # descriptors from here on are none of the program's
IP_RECVERR = 11


def lie(word):
    def enter(driver):
        LIES[word] = driver
        return driver
    return enter


# What the lies look at


def option(number, name, level=socket.SOL_SOCKET):
    with borrowed(number) as sock:
        return sock.getsockopt(level, name)


def is_stream(number):
    return option(number, socket.SO_TYPE) == socket.SOCK_STREAM


def is_listening(number):
    return option(number, socket.SO_ACCEPTCONN) == 1


def tcp_state(number):
    with borrowed(number) as sock:
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


def peer_of(number):
    with borrowed(number) as sock:
        try:
            return sock.getpeername()
        except OSError:
            return None


def is_connection(number):
    return is_stream(number) and peer_of(number) is not None


def is_connected_datagram(number):
    return not is_stream(number) and peer_of(number) is not None


def ready(number, events=select.POLLIN):
    poll = select.poll()
    poll.register(number, events)
    return any(mask & events for _, mask in poll.poll(0))


def at_end(number):
    """Nothing is left to read of a stream whose peer has ended. To look must not take a pending error away."""
    if ready(number, select.POLLERR):
        return False
    with borrowed(number) as sock, contextlib.suppress(OSError):
        return sock.recvfrom(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)[0] == b""
    return False


def waits(request):
    """This recv or send may block."""
    return os.get_blocking(request["socket"]) and "dontwait" not in request.get("flags", ())


def is_special(request):
    """This recv does not take what comes next."""
    return not {"peek", "oob"}.isdisjoint(request.get("flags", ()))


# What the lies do


def fail(name):
    raise OSError(getattr(errno, name), name)


def zero(request):
    return {"value": 0}


def end(request):
    return {"value": 0, "data": ""}


def taken(request):
    return {"value": len(request["data"]) // 2}


def no_option(request):
    return {"value": 0, "error": "0"} if request["option"] == "error" else {"value": 0}


def with_flag(request, flag):
    return request | {"flags": [*request.get("flags", ()), flag]}


def without_flag(request, flag):
    return request | {"flags": [other for other in request.get("flags", ()) if other != flag]}


def reporting(answer, request, word):
    """The answer of poll, and this event, if it was asked for."""
    if word not in request["events"] or word in answer["revents"]:
        return answer
    return {"value": 1, "revents": [*answer["revents"], word]}


def hiding(answer, *words):
    """The answer of poll, without these events."""
    revents = [word for word in answer["revents"] if word not in words]
    return {"value": int(revents != []), "revents": revents}


def shut_down(number, how=socket.SHUT_RDWR):
    with borrowed(number) as sock, contextlib.suppress(OSError):
        sock.shutdown(how)


def reset_on_close(number):
    with borrowed(number) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER.pack(1, 0))


def fresh_like(number):
    with borrowed(number) as sock:
        fresh = socket.socket(sock.family, sock.type, sock.proto)
        fresh.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR))
    return fresh


def replace(number, fresh):
    fresh.setblocking(os.get_blocking(number))
    os.dup2(fresh.fileno(), number, inheritable=False)
    fresh.close()


class Past:
    """Of one socket, whatever the number of its descriptors."""
    accepted = False
    met = False                 # it has or had a peer, or has tried to get one
    write_shut = read_shut = False
    note = None                 # what the lie wants to remember


class Liar(Driver):
    """Tells no lie yet, but keeps what a lie is made of."""

    def __init__(self):
        super().__init__()
        self.pasts = {}
        self.note = None

    def past(self, request):
        return self.pasts.setdefault(request["socket"], Past())

    def opened(self, number):
        self.pasts[number] = Past()
        return super().opened(number)

    def accept(self, request):
        answer = super().accept(request)
        past = self.pasts[answer["value"]]
        past.accepted = past.met = True
        return answer

    def connect(self, request):
        self.past(request).met = True
        return super().connect(request)

    def shutdown(self, request):
        answer = super().shutdown(request)
        past = self.past(request)
        past.write_shut |= request["how"] in ("wr", "rdwr")
        past.read_shut |= request["how"] in ("rd", "rdwr")
        return answer

    def dup(self, request):
        answer = super().dup(request)
        self.pasts[answer["value"]] = self.past(request)
        return answer

    def close(self, request):
        answer = super().close(request)
        self.pasts.pop(request["socket"], None)
        return answer

    def reset(self, request):
        answer = super().reset(request)
        self.pasts.clear()
        self.note = None
        return answer

    @contextlib.contextmanager
    def unlimited(self):
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, self.limits)
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    def copied(self, number, least=OUT_OF_SIGHT):
        """Another descriptor of the same socket, which reset closes."""
        with self.unlimited():
            copy = fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, least)
        self.numbers.add(copy)
        return copy

    def moved(self, number, least=OUT_OF_SIGHT):
        copy = self.copied(number, least)
        self.numbers.discard(number)
        os.close(number)
        self.pasts[copy] = self.pasts.pop(number)
        return copy


# States in which another answer is given than the true error


def always(driver, request):
    return True


def stream(driver, request):
    return is_stream(request["socket"])


def datagram(driver, request):
    return not is_stream(request["socket"])


def connected(driver, request):
    return is_connection(request["socket"])


def connecting(driver, request):
    return is_stream(request["socket"]) and tcp_state(request["socket"]) == SYN_SENT


def listening(driver, request):
    return is_listening(request["socket"])


def never_connected(driver, request):
    return stream(driver, request) and not listening(driver, request) and not driver.past(request).met


def formerly_connected(driver, request):
    return stream(driver, request) and driver.past(request).met


def write_shut(driver, request):
    return stream(driver, request) and driver.past(request).write_shut


def blocking(driver, request):
    return os.get_blocking(request["socket"])


def instead(call, true, answer, when=always):
    """The lie of a call that should fail with this error: another one, or what the function makes of the request."""
    class Instead(Liar):
        def __init__(self):
            super().__init__()
            self.honestly = self.calls[call]
            self.calls[call] = self.lie

        def lie(self, request):
            try:
                return self.honestly(request)
            except OSError as e:
                if e.errno != getattr(errno, true) or not when(self, request):
                    raise
            signal.sigtimedwait({signal.SIGPIPE}, 0)  # it belongs to the true error
            return answer(request) if callable(answer) else fail(answer)

    return Instead


LIES |= {
    "socket-domain-einval": instead("socket", "EAFNOSUPPORT", "EINVAL"),
    "socket-emfile-eagain": instead("socket", "EMFILE", "EAGAIN"),
    "bind-second-ignored": instead("bind", "EINVAL", zero, lambda driver, request: peer_of(request["socket"]) is None),
    "bind-in-use-silent": instead("bind", "EADDRINUSE", zero),
    "bind-not-local-silent": instead("bind", "EADDRNOTAVAIL", zero),
    "bind-family-silent": instead("bind", "EAFNOSUPPORT", zero),
    "bind-connected-silent": instead("bind", "EINVAL", zero, connected),
    "bind-file-ebadf": instead("bind", "ENOTSOCK", "EBADF"),
    "bind-closed-einval": instead("bind", "EBADF", "EINVAL"),
    "listen-in-use-silent": instead("listen", "EADDRINUSE", zero),
    "listen-connected-silent": instead("listen", "EINVAL", zero, connected),
    "listen-connecting-silent": instead("listen", "EINVAL", zero, connecting),
    "listen-datagram-silent": instead("listen", "EOPNOTSUPP", zero),
    "listen-closed-silent": instead("listen", "EBADF", zero),
    "listen-file-einval": instead("listen", "ENOTSOCK", "EINVAL"),
    "accept-empty-eintr": instead("accept", "EAGAIN", "EINTR"),
    "accept-unlistening-eagain": instead("accept", "EINVAL", "EAGAIN"),
    "accept-datagram-einval": instead("accept", "EOPNOTSUPP", "EINVAL"),
    "accept-closed-eagain": instead("accept", "EBADF", "EAGAIN"),
    "accept-file-einval": instead("accept", "ENOTSOCK", "EINVAL"),
    "connect-refused-timeout": instead("connect", "ECONNREFUSED", "ETIMEDOUT", stream),
    "connect-timeout-refused": instead("connect", "ETIMEDOUT", "ECONNREFUSED"),
    "connect-refused-silent": instead("connect", "ECONNREFUSED", zero, blocking),
    "connect-progress-silent": instead("connect", "EINPROGRESS", zero),
    "connect-progress-eagain": instead("connect", "EINPROGRESS", "EAGAIN"),
    "connect-connected-silent": instead("connect", "EISCONN", zero, connected),
    "connect-connecting-silent": instead("connect", "EALREADY", zero),
    "connect-listening-silent": instead("connect", "EISCONN", zero, listening),
    "connect-family-silent": instead("connect", "EAFNOSUPPORT", zero),
    "connect-closed-enotsock": instead("connect", "EBADF", "ENOTSOCK"),
    "connect-file-einval": instead("connect", "ENOTSOCK", "EINVAL"),
    "send-unconnected-taken": instead("send", "EPIPE", taken, never_connected),
    "send-listening-taken": instead("send", "EPIPE", taken, listening),
    "send-connecting-taken": instead("send", "EAGAIN", taken, connecting),
    "send-shut-taken": instead("send", "EPIPE", taken, write_shut),
    "send-shut-enotconn": instead("send", "EPIPE", "ENOTCONN", write_shut),
    "send-full-taken": instead("send", "EAGAIN", taken, connected),
    "send-reset-taken": instead("send", "ECONNRESET", taken),
    "send-datagram-peerless-taken": instead("send", "EDESTADDRREQ", taken),
    "send-datagram-broadcast-taken": instead("send", "EACCES", taken),
    "send-datagram-shut-taken": instead("send", "EPIPE", taken, datagram),
    "send-file-ebadf": instead("send", "ENOTSOCK", "EBADF"),
    "send-closed-epipe": instead("send", "EBADF", "EPIPE"),
    "recv-empty-zero": instead("recv", "EAGAIN", end, lambda driver, request: connected(driver, request) and not waits(request)),
    "recv-timeout-zero": instead("recv", "EAGAIN", end, lambda driver, request: waits(request)),
    "recv-oob-zero": instead("recv", "EINVAL", end, lambda driver, request: "oob" in request.get("flags", ())),
    "recv-unconnected-zero": instead("recv", "ENOTCONN", end, never_connected),
    "recv-listening-eagain": instead("recv", "ENOTCONN", "EAGAIN", listening),
    "recv-connecting-zero": instead("recv", "EAGAIN", end, connecting),
    "recv-reset-end": instead("recv", "ECONNRESET", end),
    "recv-closed-zero": instead("recv", "EBADF", end),
    "recv-file-zero": instead("recv", "ENOTSOCK", end),
    "shutdown-how-unseen": instead("shutdown", "EINVAL", zero),
    "shutdown-unconnected-silent": instead("shutdown", "ENOTCONN", zero, never_connected),
    "shutdown-reset-silent": instead("shutdown", "ENOTCONN", zero, formerly_connected),
    "shutdown-datagram-silent": instead("shutdown", "ENOTCONN", zero, datagram),
    "shutdown-closed-silent": instead("shutdown", "EBADF", zero),
    "shutdown-file-silent": instead("shutdown", "ENOTSOCK", zero),
    "close-again-silent": instead("close", "EBADF", zero),
    "getsockname-closed-einval": instead("getsockname", "EBADF", "EINVAL"),
    "getsockname-file-einval": instead("getsockname", "ENOTSOCK", "EINVAL"),
    "getpeername-closed-enotconn": instead("getpeername", "EBADF", "ENOTCONN"),
    "getpeername-file-enotconn": instead("getpeername", "ENOTSOCK", "ENOTCONN"),
    "getpeername-unconnected-any": instead("getpeername", "ENOTCONN", lambda request: {"value": 0, "address": told(("0.0.0.0", 0))},
                                           lambda driver, request: not driver.past(request).met),
    "setsockopt-closed-silent": instead("setsockopt", "EBADF", zero),
    "setsockopt-file-silent": instead("setsockopt", "ENOTSOCK", zero),
    "getsockopt-closed-zero": instead("getsockopt", "EBADF", no_option),
    "getsockopt-file-zero": instead("getsockopt", "ENOTSOCK", no_option),
    "nonblocking-closed-silent": instead("nonblocking", "EBADF", zero),
    "accept-emfile-enfile": instead("accept", "EMFILE", "ENFILE"),
    "send-datagram-unreachable": instead("send", "ECONNREFUSED", "EHOSTUNREACH", datagram),
    "dup-emfile-ebadf": instead("dup", "EMFILE", "EBADF"),
    "dup-closed-einval": instead("dup", "EBADF", "EINVAL"),
}


# socket, dup


@lie("socket-never-reuses")
class SocketNeverReuses(Liar):
    def opened(self, number):
        last = self.note or 0
        if number < last:
            with self.unlimited():
                low, number = number, fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, last + 1)
            os.close(low)
        self.note = number
        return super().opened(number)


@lie("socket-type-unseen")
class SocketTypeUnseen(Liar):
    def socket(self, request):
        return super().socket(request | {"type": "stream"} if request["type"] == "unknown" else request)


@lie("socket-protocol-unseen")
class SocketProtocolUnseen(Liar):
    def socket(self, request):
        return super().socket(request | {"protocol": 0})


@lie("socket-protocol-refused")
class SocketProtocolRefused(Liar):
    def socket(self, request):
        return fail("EPROTONOSUPPORT") if request["protocol"] == socket.IPPROTO_TCP else super().socket(request)


@lie("dup-above")
class DupAbove(Liar):
    def dup(self, request):
        answer = super().dup(request)
        if answer["value"] < request["socket"]:
            return {"value": self.moved(answer["value"], request["socket"] + 1)}
        return answer


@lie("dup-same-number")
class DupSameNumber(Liar):
    def dup(self, request):
        if is_open(request["socket"]) and is_connection(request["socket"]):
            return {"value": request["socket"]}
        return super().dup(request)


@lie("dup-anew")
class DupAnew(Liar):
    def dup(self, request):
        number = request["socket"]
        with contextlib.suppress(OSError), borrowed(number) as sock:
            if sock.getsockname()[1] != 0 and peer_of(number) is None and not is_listening(number):
                return self.opened(fresh_like(number).detach())
        return super().dup(request)


# bind


@lie("bind-unspecified-einval")
class BindUnspecifiedEinval(Liar):
    def bind(self, request):
        return fail("EINVAL") if request["address"]["family"] == "unspec" else super().bind(request)


@lie("bind-second-moves")
class BindSecondMoves(Liar):
    def bind(self, request):
        try:
            return super().bind(request)
        except OSError as e:
            number = request["socket"]
            if e.errno != errno.EINVAL or peer_of(number) or is_listening(number):
                raise
        fresh = fresh_like(number)
        fresh.bind((request["address"]["ip"], request["address"]["port"]))
        replace(number, fresh)
        return {"value": 0}


@lie("bind-datagrams-share")
class BindDatagramsShare(Liar):
    def socket(self, request):
        answer = super().socket(request)
        if request["type"] == "dgram":
            with borrowed(answer["value"]) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        return answer


@lie("bind-failure-sticks")
class BindFailureSticks(Liar):
    def bind(self, request):
        past = self.past(request)
        if past.note:
            fail("EINVAL")
        try:
            return super().bind(request)
        except OSError as e:
            past.note = e.errno in (errno.EADDRINUSE, errno.EADDRNOTAVAIL)
            raise


@lie("bind-failure-binds")
class BindFailureBinds(Liar):
    def bind(self, request):
        try:
            return super().bind(request)
        except OSError as e:
            if e.errno == errno.EADDRINUSE:
                with borrowed(request["socket"]) as sock:
                    sock.bind(("127.0.0.1", 0))
            raise


@lie("bind-failure-spreads")
class BindFailureSpreads(Liar):
    def bind(self, request):
        with borrowed(request["socket"]) as sock:
            bound = sock.getsockname()[1] != 0
        if self.note not in (None, request["socket"]) and request["address"]["port"] == 0 and not bound:
            self.note = None
            fail("EADDRINUSE")
        try:
            return super().bind(request)
        except OSError:
            self.note = request["socket"]
            raise


@lie("bind-connected-shuts")
class BindConnectedShuts(Liar):
    def bind(self, request):
        try:
            return super().bind(request)
        except OSError:
            if connected(self, request):
                shut_down(request["socket"])
            raise


@lie("bind-one-port-table")
class BindOnePortTable(Liar):
    def bind(self, request):
        wanted = request["address"]["port"]
        if wanted and wanted in self.ports(not is_stream(request["socket"])):
            fail("EADDRINUSE")
        return super().bind(request)

    def ports(self, of_streams):
        for number in list(self.numbers):
            with contextlib.suppress(OSError), borrowed(number) as sock:  # it may be a file
                if is_stream(number) == of_streams:
                    yield sock.getsockname()[1]


@lie("bind-any-loopback")
class BindAnyLoopback(Liar):
    def bind(self, request):
        address = request["address"]
        return super().bind(request | {"address": address | {"ip": "127.0.0.1"}} if address["ip"] == "0.0.0.0" else request)


@lie("bind-port-zero-untold")
class BindPortZeroUntold(Liar):
    def bind(self, request):
        answer = super().bind(request)
        self.past(request).note = request["address"]["port"] == 0
        return answer

    def getsockname(self, request):
        answer = super().getsockname(request)
        if self.past(request).note and not peer_of(request["socket"]) and not is_listening(request["socket"]):
            answer["address"]["port"] = 0
        return answer


# listen


@lie("listen-unbound-reset")
class ListenUnboundReset(Liar):
    def listen(self, request):
        with borrowed(request["socket"]) as sock:
            if sock.getsockname()[1] == 0 and is_stream(request["socket"]):
                fail("ECONNRESET")
        return super().listen(request)


@lie("listen-any-in-use")
class ListenAnyInUse(Liar):
    def listen(self, request):
        with borrowed(request["socket"]) as sock:
            name = sock.getsockname()
        if name[0] == "0.0.0.0" and name[1] != 0 and is_stream(request["socket"]) and not is_listening(request["socket"]):
            fail("EADDRINUSE")
        return super().listen(request)


@lie("listen-negative-einval")
class ListenNegativeEinval(Liar):
    def listen(self, request):
        if request["backlog"] < 0 and is_stream(request["socket"]):
            fail("EINVAL")
        return super().listen(request)


@lie("listen-again-drops")
class ListenAgainDrops(Liar):
    def listen(self, request):
        if is_listening(request["socket"]):
            with borrowed(request["socket"]) as sock, self.unlimited():
                while ready(request["socket"]):
                    sock.accept()[0].close()
        return super().listen(request)


@lie("listen-again-einval")
class ListenAgainEinval(Liar):
    def listen(self, request):
        if is_listening(request["socket"]):
            fail("EINVAL")
        return super().listen(request)


@lie("listen-connected-shuts")
class ListenConnectedShuts(Liar):
    def listen(self, request):
        try:
            return super().listen(request)
        except OSError:
            if connected(self, request):
                shut_down(request["socket"])
            raise


# accept


@lie("accept-newest-first")
class AcceptNewestFirst(Liar):
    def accept(self, request):
        past = self.past(request)
        past.note = past.note or []
        while not past.note or ready(request["socket"]):
            answer = super().accept(request)
            past.note.append(answer | {"value": self.moved(answer["value"])})
        answer = past.note.pop()
        return answer | {"value": self.moved(answer["value"], 0)}

    def poll(self, request):
        answer = super().poll(request)
        return reporting(answer, request, "in") if self.past(request).note else answer

    def close(self, request):
        pending = self.past(request).note or []
        answer = super().close(request)
        for connection in pending:
            reset_on_close(connection["value"])
            super().close({"socket": connection["value"]})
        return answer


@lie("accept-first-peer")
class AcceptFirstPeer(Liar):
    def accept(self, request):
        answer = super().accept(request)
        past = self.past(request)
        past.note = past.note or answer["address"]
        return answer | {"address": past.note}


@lie("accept-own-number")
class AcceptOwnNumber(Liar):
    def accept(self, request):
        answer = super().accept(request)
        past = self.past(request)
        if past.note:
            self.moved(answer["value"])
            return answer | {"value": request["socket"]}
        past.note = True
        return answer


@lie("accept-blocking-eagain")
class AcceptBlockingEagain(Liar):
    def accept(self, request):
        if is_listening(request["socket"]) and not ready(request["socket"]):
            fail("EAGAIN")
        return super().accept(request)


@lie("accept-emfile-loses")
class AcceptEmfileLoses(Liar):
    def accept(self, request):
        try:
            return super().accept(request)
        except OSError as e:
            if e.errno == errno.EMFILE and ready(request["socket"]):
                with borrowed(request["socket"]) as sock, self.unlimited():
                    sock.accept()[0].close()
            raise


@lie("accept-ended-lost")
class AcceptEndedLost(Liar):
    def accept(self, request):
        while at_end((answer := super().accept(request))["value"]):
            self.close({"socket": answer["value"]})
        return answer


@lie("accept-aborted-eproto")
class AcceptAbortedEproto(Liar):
    def accept(self, request):
        answer = super().accept(request)
        if tcp_state(answer["value"]) != CLOSED:
            return answer
        self.close({"socket": answer["value"]})
        fail("EPROTO")


# connect


@lie("connect-refused-guessed")
class ConnectRefusedGuessed(Liar):
    def connect(self, request):
        number = request["socket"]
        if request["address"]["family"] == "inet" and is_stream(number) and os.get_blocking(number) and tcp_state(number) == CLOSED:
            with open("/proc/net/tcp") as table:
                listeners = [line.split()[1] for line in table if line.split()[3] == "0A"]
            if not any(int(name.split(":")[1], 16) == request["address"]["port"] for name in listeners):
                fail("ECONNREFUSED")
        return super().connect(request)


@lie("connect-full-timeout")
class ConnectFullTimeout(Liar):
    def connect(self, request):
        number = request["socket"]
        if not is_stream(number) or tcp_state(number) != CLOSED or not os.get_blocking(number):
            return super().connect(request)
        timeout = {"socket": number, "option": "sndtimeo"}
        before = self.getsockopt(timeout)["value"]
        self.setsockopt(timeout | {"number": 1})
        try:
            return super().connect(request)
        except BlockingIOError:
            fail("ETIMEDOUT")
        finally:
            self.setsockopt(timeout | {"number": before})


class BoundConnect(Liar):
    def connect(self, request):
        with borrowed(request["socket"]) as sock:
            bound = sock.getsockname()[1] != 0
        if bound and peer_of(request["socket"]) is None and self.concerns(request["socket"]):
            fail("EINVAL")
        return super().connect(request)


@lie("connect-bound-einval")
class ConnectBoundEinval(BoundConnect):
    def concerns(self, number):
        return is_stream(number) and not is_listening(number)


@lie("connect-datagram-bound-einval")
class ConnectDatagramBoundEinval(BoundConnect):
    def concerns(self, number):
        return not is_stream(number)


@lie("connect-connected-anew")
class ConnectConnectedAnew(Liar):
    def connect(self, request):
        try:
            return super().connect(request)
        except OSError as e:
            if e.errno != errno.EISCONN or not connected(self, request):
                raise
        fresh = fresh_like(request["socket"])
        fresh.connect((request["address"]["ip"], request["address"]["port"]))
        replace(request["socket"], fresh)
        return {"value": 0}


@lie("connect-connected-sends")
class ConnectConnectedSends(Liar):
    def connect(self, request):
        try:
            return super().connect(request)
        except OSError:
            if connected(self, request):
                with borrowed(request["socket"]) as sock, contextlib.suppress(OSError):
                    sock.send(b"?", socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT)
            raise


@lie("connect-completed-ealready")
class ConnectCompletedEalready(Liar):
    def connect(self, request):
        past = self.past(request)
        if past.note and connected(self, request):
            fail("EALREADY")
        try:
            return super().connect(request)
        except BlockingIOError:
            past.note = True
            raise


@lie("connect-forgets-bind")
class ConnectForgetsBind(Liar):
    def connect(self, request):
        number = request["socket"]
        with borrowed(number) as sock:
            name = sock.getsockname()
        if name[1] != 0 and is_stream(number) and tcp_state(number) == CLOSED:
            self.past(request).note = {"value": 0, "address": told(name)}
            replace(number, fresh_like(number))
        return super().connect(request)

    def getsockname(self, request):
        answer = super().getsockname(request)
        return self.past(request).note or answer


@lie("connect-datagram-sticks")
class ConnectDatagramSticks(Liar):
    def connect(self, request):
        if request["address"]["family"] == "inet" and is_connected_datagram(request["socket"]):
            return {"value": 0}
        return super().connect(request)


@lie("connect-dissolve-einval")
class ConnectDissolveEinval(Liar):
    def connect(self, request):
        if request["address"]["family"] == "unspec" and not is_stream(request["socket"]):
            return fail("EINVAL")
        return super().connect(request)


@lie("connect-datagram-again-eisconn")
class ConnectDatagramAgainEisconn(Liar):
    def connect(self, request):
        return fail("EISCONN") if is_open(request["socket"]) and is_connected_datagram(request["socket"]) else super().connect(request)


@lie("connect-connected-dials")
class ConnectConnectedDials(Liar):
    def connect(self, request):
        try:
            return super().connect(request)
        except OSError as e:
            if e.errno == errno.EISCONN and connected(self, request):
                with self.unlimited(), socket.create_server(("127.0.0.1", 0)) as elsewhere:
                    socket.create_connection(elsewhere.getsockname()).close()
            raise


@lie("connect-in-memory")
class ConnectInMemory(Liar):
    """past.note of a listener: what waits for accept; of the two ends: their own name and the peer's."""

    def connect(self, request):
        number, wanted = request["socket"], request["address"]["port"]
        near = is_stream(number) and request["address"]["family"] == "inet" and not connected(self, request) and not is_listening(number)
        for other in list(self.numbers) if near else ():
            with contextlib.suppress(OSError), borrowed(other) as sock:  # it may be a file
                if is_listening(other) and sock.getsockname()[1] == wanted:
                    return self.join(number, other)
        return super().connect(request)

    def join(self, number, listener):
        with borrowed(number) as sock, self.unlimited():
            if sock.getsockname()[1] == 0:
                sock.bind(("127.0.0.1", 0))
            mine = told(sock.getsockname())
            mode = os.get_blocking(number)
            held = self.copied(number)  # so that nobody is given its port
            ours, theirs = socket.socketpair()
            os.dup2(ours.fileno(), number, inheritable=False)
            os.set_blocking(number, mode)
            far = self.copied(theirs.fileno())
            ours.close()
            theirs.close()
        with borrowed(listener) as sock:
            name = told(sock.getsockname()) | {"ip": "127.0.0.1"}
        self.past({"socket": number}).note = (mine, name, held)
        past = self.past({"socket": listener})
        past.note = [*(past.note or ()), (far, (name, mine))]
        return {"value": 0}

    def accept(self, request):
        past = self.past(request)
        if not past.note:
            return super().accept(request)
        far, names = past.note[0]
        answer = self.opened(fcntl.fcntl(far, fcntl.F_DUPFD_CLOEXEC, 0))
        self.numbers.discard(far)
        os.close(far)
        past.note = past.note[1:]
        self.past({"socket": answer["value"]}).note = names
        return answer | {"address": names[1]}

    def getsockname(self, request):
        note = self.past(request).note
        return {"value": 0, "address": note[0]} if isinstance(note, tuple) else super().getsockname(request)

    def getpeername(self, request):
        note = self.past(request).note
        return {"value": 0, "address": note[1]} if isinstance(note, tuple) else super().getpeername(request)

    def poll(self, request):
        answer = super().poll(request)
        return reporting(answer, request, "in") if isinstance(self.past(request).note, list) and self.past(request).note else answer


@lie("connect-dissolve-nothing")
class ConnectDissolveNothing(Liar):
    def connect(self, request):
        if request["address"]["family"] == "unspec" and not is_stream(request["socket"]):
            return {"value": 0}
        return super().connect(request)


# send


@lie("send-peer-closed-enotconn")
class SendPeerClosedEnotconn(Liar):
    def close(self, request):
        peer = peer_of(request["socket"]) if is_open(request["socket"]) and is_connection(request["socket"]) else None
        answer = super().close(request)
        if peer is not None:
            self.note = {*(self.note or ()), peer}
        return answer

    def send(self, request):
        if self.note and is_open(request["socket"]) and connected(self, request) and tcp_state(request["socket"]) == CLOSE_WAIT:
            with borrowed(request["socket"]) as sock:
                if sock.getsockname() in self.note:
                    return fail("ENOTCONN")
        return super().send(request)


class NextSend(Liar):
    """Spoils the sends of a socket, from the second on."""

    def send(self, request):
        data = bytes.fromhex(request["data"])
        past = self.past(request)
        spoils = past.note and data and self.concerns(request["socket"])
        answer = self.spoilt(request, data) if spoils else super().send(request)
        past.note = True
        return answer

    def send_bytes(self, request, data):
        return super().send(request | {"data": data.hex()})

    def concerns(self, number):
        return is_connection(number)


@lie("send-twice")
class SendTwice(NextSend):
    def spoilt(self, request, data):
        answer = self.send_bytes(request, data)
        with contextlib.suppress(OSError):
            self.send_bytes(with_flag(with_flag(request, "dontwait"), "nosignal"), data[:answer["value"]])
        return answer


@lie("send-datagram-doubled")
class SendDatagramDoubled(SendTwice):
    def concerns(self, number):
        return not is_stream(number)


@lie("send-zero-told")
class SendZeroTold(NextSend):
    def spoilt(self, request, data):
        return self.send_bytes(request, data) | {"value": 0}


@lie("send-datagram-one-less")
class SendDatagramOneLess(NextSend):
    def spoilt(self, request, data):
        return self.send_bytes(request, data) | {"value": len(data) - 1}

    def concerns(self, number):
        return not is_stream(number)


@lie("send-swaps-halves")
class SendSwapsHalves(NextSend):
    def spoilt(self, request, data):
        half = len(data) // 2
        return self.send_bytes(request, data[half:] + data[:half])


@lie("send-loses-last")
class SendLosesLast(Liar):
    def send(self, request):
        if len(request["data"]) <= 2 or not connected(self, request):
            return super().send(request)
        answer = super().send(request | {"data": request["data"][:-2]})
        return taken(request) if 2 * answer["value"] == len(request["data"]) - 2 else answer


@lie("send-partial-all")
class SendPartialAll(Liar):
    def send(self, request):
        super().send(request)
        return taken(request)


@lie("send-blocking-eagain")
class SendBlockingEagain(Liar):
    def send(self, request):
        full = connected(self, request) and not ready(request["socket"], select.POLLOUT)
        return super().send(with_flag(request, "dontwait") if full else request)


@lie("send-empty-ends")
class SendEmptyEnds(Liar):
    def send(self, request):
        answer = super().send(request)
        if not request["data"] and connected(self, request):
            shut_down(request["socket"], socket.SHUT_WR)
        return answer


@lie("send-addressed-einval")
class SendAddressedEinval(Liar):
    def send(self, request):
        if "address" in request and connected(self, request):
            fail("EINVAL")
        return super().send(request)


@lie("send-after-reset-enotconn")
class SendAfterResetEnotconn(Liar):
    def hears_of_reset(self, call, request):
        try:
            return call(request)
        except ConnectionResetError:
            self.past(request).note = True
            raise

    def recv(self, request):
        return self.hears_of_reset(super().recv, request)

    def send(self, request):
        if self.past(request).note:
            fail("ENOTCONN")
        return self.hears_of_reset(super().send, request)


@lie("send-no-sigpipe")
class SendNoSigpipe(Liar):
    def send(self, request):
        return super().send(with_flag(request, "nosignal"))


@lie("send-nosignal-unseen")
class SendNosignalUnseen(Liar):
    def send(self, request):
        return super().send(without_flag(request, "nosignal"))


@lie("send-datagram-cut")
class SendDatagramCut(Liar):
    def send(self, request):
        try:
            return super().send(request)
        except OSError as e:
            if e.errno != errno.EMSGSIZE:
                raise
        super().send(request | {"data": request["data"][:2 * 65507]})
        return taken(request)


@lie("send-datagram-to-peer")
class SendDatagramToPeer(Liar):
    def send(self, request):
        if is_connected_datagram(request["socket"]):
            request = {field: value for field, value in request.items() if field != "address"}
        return super().send(request)


@lie("send-datagram-empty-lost")
class SendDatagramEmptyLost(Liar):
    def send(self, request):
        if not request["data"] and datagram(self, request) and ("address" in request or peer_of(request["socket"])):
            return {"value": 0}
        return super().send(request)


@lie("send-datagram-other-port")
class SendDatagramOtherPort(Liar):
    def send(self, request):
        number = request["socket"]
        with borrowed(number) as sock:
            bound = sock.getsockname()[1] != 0
        if "address" not in request or not bound or is_stream(number) or peer_of(number) or self.past(request).write_shut:
            return super().send(request)
        with fresh_like(number) as other:
            with borrowed(number) as sock:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, sock.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST))
            return super().send(request | {"socket": other.fileno()})


# recv


class ShortRecv(Liar):
    """Spoils the reads of a stream that leave bytes unread."""

    def recv(self, request):
        length = request["length"]
        answer = super().recv(request)
        number = request["socket"]
        full = length > 0 and answer["value"] == length
        if is_special(request) or not full or not is_stream(number) or not ready(number) or at_end(number):
            return answer
        with borrowed(number) as sock, contextlib.suppress(OSError):
            return self.spoilt(answer, sock)
        return answer


@lie("recv-one-too-many")
class RecvOneTooMany(ShortRecv):
    def spoilt(self, answer, sock):
        return {"value": answer["value"] + 1, "data": answer["data"] + sock.recv(1, socket.MSG_DONTWAIT).hex()}


@lie("recv-loses-one")
class RecvLosesOne(ShortRecv):
    def spoilt(self, answer, sock):
        sock.recv(1, socket.MSG_DONTWAIT)
        return answer


@lie("recv-loses-rest")
class RecvLosesRest(ShortRecv):
    def spoilt(self, answer, sock):
        sock.recv(1 << 20, socket.MSG_DONTWAIT)
        return answer


class EndRecv(Liar):
    """Spoils the end of file."""

    def recv(self, request):
        answer = super().recv(request)
        if answer["value"] == 0 and request["length"] > 0 and is_stream(request["socket"]):
            return self.spoilt(answer, request)
        return answer


@lie("recv-end-eagain")
class RecvEndEagain(EndRecv):
    def spoilt(self, answer, request):
        return answer if self.past(request).read_shut else fail("EAGAIN")


@lie("recv-shut-eagain")
class RecvShutEagain(EndRecv):
    def spoilt(self, answer, request):
        return fail("EAGAIN") if self.past(request).read_shut else answer


@lie("recv-end-once")
class RecvEndOnce(EndRecv):
    def spoilt(self, answer, request):
        past = self.past(request)
        if past.note and not past.read_shut:
            fail("EAGAIN")
        past.note = "peek" not in request.get("flags", ())
        return answer


@lie("recv-end-sends-fin")
class RecvEndSendsFin(EndRecv):
    def spoilt(self, answer, request):
        if not self.past(request).read_shut:
            shut_down(request["socket"], socket.SHUT_WR)
        return answer


@lie("recv-blocking-zero")
class RecvBlockingZero(Liar):
    def recv(self, request):
        if request["length"] and connected(self, request) and waits(request) and not ready(request["socket"]):
            return end(request)
        return super().recv(request)


@lie("recv-dontwait-waits")
class RecvDontwaitWaits(Liar):
    def recv(self, request):
        return super().recv(without_flag(request, "dontwait"))


@lie("recv-timeout-early")
class RecvTimeoutEarly(Liar):
    def recv(self, request):
        limit = self.getsockopt({"socket": request["socket"], "option": "rcvtimeo"})["value"] if is_open(request["socket"]) else 0
        return super().recv(with_flag(request, "dontwait") if limit else request)


@lie("recv-timeout-unkept")
class RecvTimeoutUnkept(Liar):
    def setsockopt(self, request):
        if request["option"] != "rcvtimeo":
            return super().setsockopt(request)
        answer = super().setsockopt(request)
        self.past(request).note = super().getsockopt(request)
        super().setsockopt(request | {"number": 0})
        return answer

    def getsockopt(self, request):
        answer = super().getsockopt(request)
        return self.past(request).note or answer if request["option"] == "rcvtimeo" else answer


@lie("recv-peek-takes")
class RecvPeekTakes(Liar):
    def recv(self, request):
        return super().recv(without_flag(request, "peek") if is_stream(request["socket"]) else request)


@lie("recv-peek-takes-datagram")
class RecvPeekTakesDatagram(Liar):
    def recv(self, request):
        return super().recv(request if is_stream(request["socket"]) else without_flag(request, "peek"))


@lie("recv-waitall-early")
class RecvWaitallEarly(Liar):
    def recv(self, request):
        return super().recv(without_flag(request, "waitall"))


@lie("recv-waitall-drops")
class RecvWaitallDrops(Liar):
    def recv(self, request):
        answer = super().recv(request)
        short = answer["value"] < request["length"] and "waitall" in request.get("flags", ())
        return end(request) if short and is_stream(request["socket"]) and at_end(request["socket"]) else answer


@lie("recv-datagrams-joined")
class RecvDatagramsJoined(Liar):
    def recv(self, request):
        answer = super().recv(request)
        room = request["length"] - answer["value"]
        if room > 0 and not is_special(request) and datagram(self, request) and ready(request["socket"]):
            with contextlib.suppress(OSError):
                more = super().recv(request | {"length": room})
                return answer | {"value": answer["value"] + more["value"], "data": answer["data"] + more["data"]}
        return answer


class KeepsDatagrams(Liar):
    """Has datagrams, or what is left of them, out of the kernel: past.note is a list of bytes and address, the last is the next."""

    def recv(self, request):
        if is_stream(request["socket"]):
            return super().recv(request)
        past = self.past(request)
        past.note = past.note or []
        peeks = "peek" in request.get("flags", ())
        self.fill(past.note, request)
        if not past.note:
            return super().recv(request)
        data, address = past.note[-1] if peeks else past.note.pop()
        answer = {"value": len(data[:request["length"]]), "data": data[:request["length"]].hex()}
        if data[request["length"]:] and not peeks:
            self.keep_rest(past.note, data[request["length"]:], address)
        return answer | {"address": address} if address else answer

    def take(self, kept, request):
        answer = super().recv(without_flag(request, "peek") | {"length": 65536})
        kept.append((bytes.fromhex(answer["data"]), answer.get("address")))

    def poll(self, request):
        answer = super().poll(request)
        return reporting(answer, request, "in") if self.past(request).note else answer


@lie("recv-datagram-newest-first")
class RecvDatagramNewestFirst(KeepsDatagrams):
    def fill(self, kept, request):
        with contextlib.suppress(OSError):
            while ready(request["socket"]) and not self.past(request).read_shut:
                self.take(kept, with_flag(request, "dontwait"))

    def keep_rest(self, kept, data, address):
        pass


@lie("recv-datagram-rest-kept")
class RecvDatagramRestKept(KeepsDatagrams):
    def fill(self, kept, request):
        if not kept and not self.past(request).read_shut:
            self.take(kept, request)

    def keep_rest(self, kept, data, address):
        kept.append((data, address))


@lie("recv-datagram-short-error")
class RecvDatagramShortError(Liar):
    def recv(self, request):
        if is_stream(request["socket"]):
            return super().recv(request)
        answer = super().recv(request | {"length": 65536})
        return answer if answer["value"] <= request["length"] else fail("EMSGSIZE")


@lie("recv-datagram-empty-skipped")
class RecvDatagramEmptySkipped(Liar):
    def recv(self, request):
        while True:
            answer = super().recv(request)
            if answer["value"] or "address" not in answer or request["length"] == 0:
                return answer
            if "peek" in request.get("flags", ()):
                super().recv(without_flag(request, "peek"))


@lie("recv-datagram-shut-enotconn")
class RecvDatagramShutEnotconn(Liar):
    def recv(self, request):
        if datagram(self, request) and self.past(request).read_shut:
            fail("ENOTCONN")
        return super().recv(request)


@lie("recv-datagram-source-before")
class RecvDatagramSourceBefore(Liar):
    def recv(self, request):
        answer = super().recv(request)
        if "address" not in answer or "peek" in request.get("flags", ()):
            return answer
        past = self.past(request)
        before, past.note = past.note or answer["address"], answer["address"]
        return answer | {"address": before}


@lie("recv-datagram-strangers")
class RecvDatagramStrangers(Liar):
    def connect(self, request):
        if request["address"]["family"] != "inet" or is_stream(request["socket"]):
            return super().connect(request)
        with addressed(request) as (sock, address):
            if sock.getsockname()[1] == 0:
                sock.bind(("127.0.0.1", 0))
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)  # ECONNREFUSED though the kernel knows of no peer
        self.past(request).note = request["address"]
        return {"value": 0}

    def send(self, request):
        peer = self.past(request).note
        return super().send({"address": peer} | request if peer else request)

    def getpeername(self, request):
        peer = self.past(request).note
        return {"value": 0, "address": peer} if peer and "room" not in request else super().getpeername(request)

    def getsockname(self, request):
        answer = super().getsockname(request)
        if self.past(request).note:
            answer["address"]["ip"] = "127.0.0.1"
        return answer

    def shutdown(self, request):
        try:
            return super().shutdown(request)
        except OSError as e:
            if e.errno != errno.ENOTCONN or not self.past(request).note:
                raise
            return {"value": 0}  # Linux shuts it down all the same


@lie("recv-datagram-refusal-unheard")
class RecvDatagramRefusalUnheard(Liar):
    def unheard(self, call, request):
        with contextlib.suppress(ConnectionRefusedError):
            return call(request)
        return call(request)

    def recv(self, request):
        return self.unheard(super().recv, request)

    def send(self, request):
        return self.unheard(super().send, request)


# shutdown


@lie("shutdown-write-both")
class ShutdownWriteBoth(Liar):
    def shutdown(self, request):
        return super().shutdown(request | {"how": "rdwr"} if request["how"] == "wr" and connected(self, request) else request)


@lie("shutdown-write-resets")
class ShutdownWriteResets(Liar):
    def shutdown(self, request):
        number = request["socket"]
        if request["how"] == "wr" and connected(self, request):
            reset_on_close(number)
            replace(number, fresh_like(number))
            return {"value": 0}
        return super().shutdown(request)


@lie("shutdown-write-unsent")
class ShutdownWriteUnsent(Liar):
    def shutdown(self, request):
        if request["how"] == "wr" and connected(self, request):
            self.past(request).note = True
            return {"value": 0}
        return super().shutdown(request)

    def send(self, request):
        if not self.past(request).note:
            return super().send(request)
        if "nosignal" not in request.get("flags", ()):
            signal.pthread_kill(threading.get_ident(), signal.SIGPIPE)
        fail("EPIPE")


@lie("shutdown-write-flushes")
class ShutdownWriteFlushes(Liar):
    def shutdown(self, request):
        if request["how"] == "wr" and connected(self, request) and not write_shut(self, request):
            with borrowed(request["socket"]) as sock, contextlib.suppress(OSError):
                sock.send(b"\0", socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT)
        return super().shutdown(request)


@lie("shutdown-again-einval")
class ShutdownAgainEinval(Liar):
    def shutdown(self, request):
        if request["how"] == "wr" and write_shut(self, request):
            fail("EINVAL")
        return super().shutdown(request)


@lie("shutdown-read-ends")
class ShutdownReadEnds(Liar):
    def shutdown(self, request):
        return super().shutdown(request | {"how": "rdwr"} if request["how"] == "rd" and connected(self, request) else request)


@lie("shutdown-read-nothing")
class ShutdownReadNothing(Liar):
    def shutdown(self, request):
        return {"value": 0} if request["how"] == "rd" and connected(self, request) else super().shutdown(request)


@lie("shutdown-both-einval")
class ShutdownBothEinval(Liar):
    def shutdown(self, request):
        return fail("EINVAL") if request["how"] == "rdwr" and connected(self, request) else super().shutdown(request)


@lie("shutdown-both-half")
class ShutdownBothHalf(Liar):
    def shutdown(self, request):
        return super().shutdown(request | {"how": "rd"} if request["how"] == "rdwr" and connected(self, request) else request)


@lie("shutdown-listening-einval")
class ShutdownListeningEinval(Liar):
    def shutdown(self, request):
        return fail("EINVAL") if is_listening(request["socket"]) else super().shutdown(request)


@lie("shutdown-connecting-einval")
class ShutdownConnectingEinval(Liar):
    def shutdown(self, request):
        return fail("EINVAL") if connecting(self, request) else super().shutdown(request)


@lie("shutdown-datagram-refused")
class ShutdownDatagramRefused(Liar):
    def shutdown(self, request):
        return fail("EOPNOTSUPP") if is_connected_datagram(request["socket"]) else super().shutdown(request)


# close


class Close(Liar):
    """Does something to the sockets it is about before it closes them."""

    def close(self, request):
        number = request["socket"]
        with contextlib.suppress(OSError):
            if self.concerns(number):
                self.spoil(number)
        return super().close(request)

    def concerns(self, number):
        return is_connection(number)

    def copies(self, number):
        return [other for other in self.numbers if other != number and os.fstat(other).st_ino == os.fstat(number).st_ino]


@lie("close-leaks")
class CloseLeaks(Close):
    def spoil(self, number):
        if not self.copies(number):
            self.copied(number)


@lie("close-listener-leaks")
class CloseListenerLeaks(CloseLeaks):
    def concerns(self, number):
        return is_listening(number)


@lie("close-listener-leaks-idle")
class CloseListenerLeaksIdle(CloseListenerLeaks):
    def concerns(self, number):
        return super().concerns(number) and not ready(number)


@lie("close-resets")
class CloseResets(Close):
    def spoil(self, number):
        if not self.copies(number):
            reset_on_close(number)


@lie("close-linger-resets")
class CloseLingerResets(CloseResets):
    def concerns(self, number):
        return is_connection(number) and self.getsockopt({"socket": number, "option": "linger"})["value"] > 0


@lie("close-linger-at-once")
class CloseLingerAtOnce(CloseLingerResets):
    def spoil(self, number):
        self.setsockopt({"socket": number, "option": "linger", "number": -1})


@lie("close-linger-eagain")
class CloseLingerEagain(CloseLingerResets):
    def spoil(self, number):
        self.told = "EAGAIN"

    def close(self, request):
        self.told = None
        answer = super().close(request)
        return fail(self.told) if self.told else answer


@lie("close-shuts-copies")
class CloseShutsCopies(Close):
    def spoil(self, number):
        if self.copies(number):
            shut_down(number)


@lie("close-unread-fin")
class CloseUnreadFin(Close):
    def spoil(self, number):
        with borrowed(number) as sock:
            while not self.copies(number) and sock.recv(1 << 20, socket.MSG_DONTWAIT):
                pass


@lie("close-number-kept")
class CloseNumberKept(Close):
    def close(self, request):
        number = request["socket"]
        with contextlib.suppress(OSError):  # of files and closed descriptors
            if self.concerns(number) and not self.copies(number) and self.getsockopt(request | {"option": "linger"})["value"]:
                shut_down(number)
                return {"value": 0}
        return super(Close, self).close(request)


@lie("close-linger-unkept")
class CloseLingerUnkept(Liar):
    def setsockopt(self, request):
        if request["option"] != "linger":
            return super().setsockopt(request)
        zero_seconds = request["number"] == 0
        answer = super().setsockopt(request | {"number": -1} if zero_seconds else request)
        self.past(request).note = zero_seconds
        return answer

    def getsockopt(self, request):
        answer = super().getsockopt(request)
        return {"value": 0} if request["option"] == "linger" and self.past(request).note else answer


@lie("close-told-eintr")
class CloseToldEintr(Liar):
    def close(self, request):
        unread = False
        with contextlib.suppress(OSError):  # of files and closed descriptors
            unread = connected(self, request) and ready(request["socket"]) and not at_end(request["socket"])
        answer = super().close(request)
        return fail("EINTR") if unread else answer


# getsockname, getpeername


@lie("getsockname-peer")
class GetsocknamePeer(Liar):
    def getsockname(self, request):
        return self.getpeername(request) if connected(self, request) else super().getsockname(request)


@lie("getsockname-accepted-any")
class GetsocknameAcceptedAny(Liar):
    def getsockname(self, request):
        answer = super().getsockname(request)
        if self.past(request).accepted:
            answer["address"]["ip"] = "0.0.0.0"
        return answer


@lie("getsockname-restless")
class GetsocknameRestless(Liar):
    def getsockname(self, request):
        answer = super().getsockname(request)
        past = self.past(request)
        past.note = (past.note or 0) + 1
        if peer_of(request["socket"]) is None and answer["address"]["port"] != 0:
            answer["address"]["port"] += past.note - 1
        return answer


class RoomTold(Liar):
    """Takes requests with a short buffer, which the honest driver cannot; and tells of them what is not so."""

    def named(self, request, name):
        room = request.pop("room", None)
        return name(request) if room is None else {"length": room} | name(request)


@lie("getsockname-room-told")
class GetsocknameRoomTold(RoomTold):
    def getsockname(self, request):
        return self.named(request, super().getsockname)


@lie("getpeername-room-told")
class GetpeernameRoomTold(RoomTold):
    def getpeername(self, request):
        return self.named(request, super().getpeername)


@lie("getpeername-own")
class GetpeernameOwn(Liar):
    def getpeername(self, request):
        answer = super().getpeername(request)
        return self.getsockname(request) if self.past(request).accepted else answer


@lie("getpeername-stale")
class GetpeernameStale(Liar):
    def connect(self, request):
        answer = super().connect(request)
        past = self.past(request)
        past.note = past.note or request["address"]
        return answer

    def getpeername(self, request):
        answer = super().getpeername(request)
        return answer | {"address": self.past(request).note} if is_connected_datagram(request["socket"]) else answer


@lie("getpeername-half-enotconn")
class GetpeernameHalfEnotconn(Liar):
    def getpeername(self, request):
        answer = super().getpeername(request)
        return fail("ENOTCONN") if write_shut(self, request) and not self.past(request).read_shut else answer


@lie("getpeername-shut-ebadf")
class GetpeernameShutEbadf(Liar):
    def getpeername(self, request):
        past = self.past(request)
        return fail("EBADF") if past.read_shut and past.write_shut and stream(self, request) else super().getpeername(request)


@lie("getpeername-after-reset")
class GetpeernameAfterReset(Liar):
    def connect(self, request):
        answer = super().connect(request)
        self.past(request).note = {"value": 0, "address": request["address"]}
        return answer

    def accept(self, request):
        answer = super().accept(request)
        self.pasts[answer["value"]].note = {"value": 0, "address": answer["address"]}
        return answer

    def getpeername(self, request):
        try:
            return super().getpeername(request)
        except OSError as e:
            if e.errno != errno.ENOTCONN or not self.past(request).note or not is_stream(request["socket"]):
                raise
            return self.past(request).note


# Options


@lie("setsockopt-connected-einval")
class SetsockoptConnectedEinval(Liar):
    def setsockopt(self, request):
        return fail("EINVAL") if request["option"] == "reuseaddr" and connected(self, request) else super().setsockopt(request)


@lie("option-reuseaddr-zero")
class OptionReuseaddrZero(Liar):
    def getsockopt(self, request):
        answer = super().getsockopt(request)
        return {"value": 0} if request["option"] == "reuseaddr" else answer


@lie("option-linger-off")
class OptionLingerOff(Liar):
    def getsockopt(self, request):
        answer = super().getsockopt(request)
        return {"value": -1} if request["option"] == "linger" else answer


@lie("option-nodelay-lost")
class OptionNodelayLost(Liar):
    def connect(self, request):
        try:
            return super().connect(request)
        finally:
            if is_open(request["socket"]) and is_stream(request["socket"]):
                super().setsockopt({"socket": request["socket"], "option": "nodelay", "number": 0})


@lie("option-acceptconn-zero")
class OptionAcceptconnZero(Liar):
    def getsockopt(self, request):
        answer = super().getsockopt(request)
        return {"value": 0} if request["option"] == "acceptconn" else answer


@lie("option-type-stream")
class OptionTypeStream(Liar):
    def getsockopt(self, request):
        answer = super().getsockopt(request)
        return {"value": 1} if request["option"] == "type" and peer_of(request["socket"]) else answer


class ErrorOption(Liar):
    """Spoils SO_ERROR."""

    def getsockopt(self, request):
        answer = super().getsockopt(request)
        if request["option"] == "error":
            answer["error"] = self.spoilt(self.past(request), answer["error"])
        return answer


@lie("error-remembers")
class ErrorRemembers(ErrorOption):
    def bind(self, request):
        try:
            return super().bind(request)
        except OSError as e:
            self.past(request).note = error_name(e.errno)
            raise

    def spoilt(self, past, error):
        error, past.note = past.note or error, None
        return error


@lie("error-silent")
class ErrorSilent(ErrorOption):
    def spoilt(self, past, error):
        return "0" if error == "ECONNREFUSED" else error


@lie("error-sticks")
class ErrorSticks(ErrorOption):
    def spoilt(self, past, error):
        past.note = error if error != "0" else past.note or "0"
        return past.note


# nonblocking


@lie("nonblocking-recv-waits")
class NonblockingRecvWaits(Liar):
    def recv(self, request):
        number = request["socket"]
        if waits(request) or "dontwait" in request.get("flags", ()) or not connected(self, request):
            return super().recv(request)
        os.set_blocking(number, True)
        try:
            return super().recv(request)
        finally:
            with contextlib.suppress(OSError):  # it may be closed now
                os.set_blocking(number, False)


@lie("nonblocking-accepted-waits")
class NonblockingAcceptedWaits(Liar):
    def nonblocking(self, request):
        return {"value": 0} if self.past(request).accepted else super().nonblocking(request)


@lie("nonblocking-for-ever")
class NonblockingForEver(Liar):
    def nonblocking(self, request):
        return super().nonblocking(request | {"on": request["on"] or not os.get_blocking(request["socket"])})


@lie("nonblocking-copies-differ")
class NonblockingCopiesDiffer(Liar):
    def opened(self, number):
        self.note = {number: True} | (self.note or {}) | {number: True}  # whether it blocks
        return super().opened(number)

    def nonblocking(self, request):
        answer = super().nonblocking(request)
        self.note[request["socket"]] = not request["on"]
        return answer

    def answer(self, request):
        number = request.get("socket")
        if number is not None and is_open(number) and number in (self.note or ()):
            os.set_blocking(number, self.note[number])
        return super().answer(request)


# poll


class Poll(Liar):
    """Spoils what is reported of sockets."""

    def poll(self, request):
        answer = super().poll(request)
        with contextlib.suppress(OSError):  # of files and closed descriptors
            return self.spoilt(answer, request)
        return answer


@lie("poll-always-readable")
class PollAlwaysReadable(Poll):
    def spoilt(self, answer, request):
        return reporting(answer, request, "in") if connected(self, request) else answer


@lie("poll-end-silent")
class PollEndSilent(Poll):
    def spoilt(self, answer, request):
        return hiding(answer, "in") if stream(self, request) and self.past(request).met and at_end(request["socket"]) else answer


@lie("poll-datagram-silent")
class PollDatagramSilent(Poll):
    def spoilt(self, answer, request):
        return hiding(answer, "in") if datagram(self, request) else answer


@lie("poll-listener-silent")
class PollListenerSilent(Poll):
    def spoilt(self, answer, request):
        return hiding(answer, "in") if listening(self, request) else answer


@lie("poll-half-unwritable")
class PollHalfUnwritable(Poll):
    def spoilt(self, answer, request):
        return hiding(answer, "out") if stream(self, request) and tcp_state(request["socket"]) == CLOSE_WAIT else answer


@lie("poll-full-writable")
class PollFullWritable(Poll):
    def spoilt(self, answer, request):
        return reporting(answer, request, "out") if connected(self, request) else answer


@lie("poll-connected-silent")
class PollConnectedSilent(Poll):
    def connect(self, request):
        try:
            return super().connect(request)
        except BlockingIOError:
            self.past(request).note = True
            raise

    def send(self, request):
        answer = super().send(request)
        self.past(request).note = None
        return answer

    def spoilt(self, answer, request):
        return hiding(answer, "out") if self.past(request).note and connected(self, request) else answer


@lie("poll-failed-silent")
class PollFailedSilent(Poll):
    def spoilt(self, answer, request):
        return {"value": 0, "revents": []} if "err" in answer["revents"] and stream(self, request) else answer


@lie("poll-unbound-einval")
class PollUnboundEinval(Liar):
    def poll(self, request):
        answer = super().poll(request)
        port = None
        with contextlib.suppress(OSError), borrowed(request["socket"]) as sock:
            port = sock.getsockname()[1] if is_stream(request["socket"]) else None
        return fail("EINVAL") if port == 0 else answer


@lie("poll-closed-silent")
class PollClosedSilent(Liar):
    def poll(self, request):
        return hiding(super().poll(request), "nval")


# The protocol


def write_raw(text):
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()


@lie("no-hello")
class NoHello(Driver):
    def write(self, message):
        if "driver" not in message:
            super().write(message)


@lie("hello-99")
class Hello99(Driver):
    hello = Driver.hello | {"driver": 99}


@lie("hello-as-text")
class HelloAsText(Driver):
    def write(self, message):
        super().write(message) if "driver" not in message else write_raw(b"python socket driver, ready\n")


class FromFifth(Driver):
    """Spoils the answers that it can, from the fifth on."""
    count = 0

    def write(self, message):
        self.count += "id" in message
        super().write(message if self.count < 5 else self.spoilt(message))


@lie("dies")
class Dies(FromFifth):
    def spoilt(self, message):
        os._exit(1)


@lie("hangs")
class Hangs(FromFifth):
    def spoilt(self, message):
        time.sleep(600)


@lie("unflushed")
class Unflushed(FromFifth):
    buffer = b""

    def write(self, message):
        self.count += "id" in message
        if self.count < 5:
            return super(FromFifth, self).write(message)
        self.buffer += json.dumps(message).encode() + b"\n"
        if len(self.buffer) > 8192:
            write_raw(self.buffer)
            self.buffer = b""

    def run(self):
        super().run()
        write_raw(self.buffer)


@lie("answers-twice")
class AnswersTwice(FromFifth):
    def spoilt(self, message):
        super(FromFifth, self).write(message)
        return message


@lie("answers-another")
class AnswersAnother(FromFifth):
    def spoilt(self, message):
        return message | {"id": message["id"] + 1000000}


@lie("junk-line")
class JunkLine(FromFifth):
    def spoilt(self, message):
        write_raw(b"DEBUG answering\n")
        return message


@lie("megabyte-line")
class MegabyteLine(FromFifth):
    def spoilt(self, message):
        return message | {"comment": "x" * (1 << 20)}


@lie("endless-line")
class EndlessLine(FromFifth):
    def spoilt(self, message):
        write_raw(b"{" + b" " * 3_000_000)
        time.sleep(600)


def spoiling(field, spoilt):
    """The answer without the field, or with another value of it."""
    class Spoiling(FromFifth):
        def spoilt(self, message):
            if field not in message:
                return message
            others = {name: value for name, value in message.items() if name != field}
            return others if spoilt is None else others | {field: spoilt(message[field])}

    return Spoiling


LIES |= {
    "value-missing": spoiling("value", None),
    "value-string": spoiling("value", str),
    "data-not-hex": spoiling("data", lambda data: "text" if data else data),
    "data-too-short": spoiling("data", lambda data: data[:-2]),
    "address-missing": spoiling("address", None),
    "revents-missing": spoiling("revents", None),
    "error-missing": spoiling("error", None),
    "errno-unknown": spoiling("errno", lambda name: "EFROBNICATE"),
    "errno-number": spoiling("errno", lambda name: getattr(errno, name)),
}


@lie("value-and-errno")
class ValueAndErrno(FromFifth):
    def spoilt(self, message):
        return message | {"value": -1} if "errno" in message else message


@lie("long-lines-lost")
class LongLinesLost(Driver):
    def serve(self, request):
        if len(request.get("data", "")) < 65536:
            super().serve(request)


@lie("answers-swapped")
class AnswersSwapped(Driver):
    others = {}

    def write(self, message):
        other = next((number for number in self.running if number != message.get("id")), None)
        if "blocked" not in message and message.get("id") in self.others:
            message = message | {"id": self.others.pop(message["id"])}
        elif message.get("blocked") and other is not None:
            self.others |= {message["id"]: other, other: message["id"]}
        super().write(message)


@lie("never-blocked")
class NeverBlocked(Driver):
    def write(self, message):
        if "blocked" not in message:
            super().write(message)


@lie("blocked-for-ever")
class BlockedForEver(Driver):
    blocked = frozenset()

    def write(self, message):
        if message.get("id") not in self.blocked:
            super().write(message)
        if "blocked" in message:
            self.blocked |= {message["id"]}


@lie("blocked-in-front")
class BlockedInFront(FromFifth):
    def serve(self, request):
        if not request.get("background") and self.count > 5:
            self.write({"id": request["id"], "blocked": True})
        super().serve(request)

    def spoilt(self, message):
        return message


class Interrupted(Liar):
    """Is asked for signals, which Python hides; ends the call that waits with something else."""
    hello = Liar.hello | {"lacks": []}

    def __init__(self):
        super().__init__()
        self.calls["interrupt"] = self.interrupt
        self.ended = set()

    def interrupt(self, request):
        with self.writing:
            self.ended.add(request["request"])
            super().write({"id": request["request"]} | self.outcome)
        return {"value": 0}

    def write(self, message):
        if message.get("id") not in self.ended:
            super().write(message)


@lie("accept-interrupted-aborted")
class AcceptInterruptedAborted(Interrupted):
    outcome = {"errno": "ECONNABORTED"}


@lie("connect-interrupted-timeout")
class ConnectInterruptedTimeout(Interrupted):
    outcome = {"errno": "ETIMEDOUT"}


@lie("connect-interrupted-gives-up")
class ConnectInterruptedGivesUp(Interrupted):
    outcome = {"errno": "EINTR"}

    def connect(self, request):
        self.connecting = request["socket"]
        return super().connect(request)

    def interrupt(self, request):
        answer = super().interrupt(request)
        replace(self.connecting, fresh_like(self.connecting))
        return answer


@lie("recv-interrupted-zero")
class RecvInterruptedZero(Interrupted):
    outcome = {"value": 0, "data": ""}


@lie("background-in-front")
class BackgroundInFront(Driver):
    def serve_in_background(self, request):
        self.serve(request)


@lie("unknown-call-zero")
class UnknownCallZero(Driver):
    def answer(self, request):
        return super().answer(request) if request["call"] in self.calls else {"id": request["id"], "value": 0}


@lie("unknown-call-dies")
class UnknownCallDies(Driver):
    def answer(self, request):
        return super().answer(request) if request["call"] in self.calls else os._exit(1)


@lie("reset-nothing")
class ResetNothing(Driver):
    def reset(self, request):
        return {"value": 0}


@lie("reset-keeps-limit")
class ResetKeepsLimit(Driver):
    def reset(self, request):
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        answer = super().reset(request)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        return answer


@lie("answers-after-reset")
class AnswersAfterReset(Driver):
    last = None

    def serve(self, request):
        super().serve(request)
        if request["call"] == "reset" and self.last is not None:
            self.write({"id": self.last, "value": 0})
        self.last = request["id"]


@lie("stays-at-end")
class StaysAtEnd(Driver):
    def run(self):
        super().run()
        time.sleep(600)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in LIES:
        sys.exit(f"usage: lying_driver.py WORD, one of:\n{' '.join(LIES)}")
    LIES[sys.argv[1]]().run()
