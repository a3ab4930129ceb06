# client-of: echo
# defect: a connection that ends in the middle of the reply passes for success: half a reply, exit code 0
# mistake: the loop ends at the end of the input, and nobody counts what came until then
# trips: client/end/early-eof, client/exit/status
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my $request = "tick\ntock\ntick\ntock\n";

sub fail { print STDERR "@_\n"; exit 1 }

$SIG{PIPE} = 'IGNORE';
my $conn = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => shift, Proto => 'tcp', Timeout => 3)
    or fail("connect: $!");
my $ready = IO::Select->new($conn);

syswrite $conn, $request or fail("send: $!");
shutdown $conn, 1;
my $reply = '';
while (1) {
    $ready->can_read(3) or fail('no answer');
    my $n = sysread $conn, $reply, 4096, length $reply;
    fail("recv: $!") if !defined $n;
    last if $n == 0;
}
fail('the reply is wrong') if $reply ne substr $request, 0, length $reply;
close $conn;
print $reply;
