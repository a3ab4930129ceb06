# client-of: echo
# defect: when the server says nothing it waits for ever
# mistake: a server that is there was thought to answer; no time-out anywhere
# trips: client/silence/gives-up
use strict;
use warnings;
use IO::Socket::INET;

my $request = "waiting\nfor\ngodot\n";

sub fail { print STDERR "@_\n"; exit 1 }

$SIG{PIPE} = 'IGNORE';
my $conn = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => shift, Proto => 'tcp')
    or fail("connect: $!");
syswrite $conn, $request or fail("send: $!");
my $reply = '';
while (length $reply < length $request) {
    sysread $conn, $reply, 4096, length $reply or fail('the connection ended too early');
}
shutdown $conn, 1;
fail('the reply is wrong') if $reply ne $request || sysread $conn, my $more, 1;
close $conn;
print $reply;
