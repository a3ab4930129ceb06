#!/usr/bin/perl
# client-of: echo
# Echo client: sends three lines, reads until as many bytes are back, compares
# them and closes in order. Three seconds of silence are too much.
use strict;
use warnings;
use Errno qw(EINTR);
use IO::Select;
use IO::Socket::INET;

my $request = "hickory dickory dock\nthe mouse ran up the clock\nthe clock struck one\n";

sub fail {
    print STDERR "echo_client: @_\n";
    exit 1;
}

$SIG{PIPE} = 'IGNORE';
my $conn = IO::Socket::INET->new(
    PeerAddr => '127.0.0.1',
    PeerPort => shift,
    Proto    => 'tcp',
    Timeout  => 3,
) or fail("connect: $!");
binmode $conn;
my $ready = IO::Select->new($conn);

# Up to so many bytes; '' at the end.
sub receive {
    my ($most) = @_;
    my $data;
    while (1) {
        $ready->can_read(3) or fail('no answer for three seconds');
        my $n = sysread $conn, $data, $most;
        return $data if defined $n;
        fail("recv: $!") if $! != EINTR;
    }
}

for (my $sent = 0; $sent < length $request;) {
    my $n = syswrite $conn, $request, length($request) - $sent, $sent;
    if    (defined $n)  { $sent += $n }
    elsif ($! != EINTR) { fail("send: $!") }
}
my $reply = '';
while (length $reply < length $request) {
    my $data = receive(length($request) - length $reply);
    fail('the connection ended before the whole reply') if $data eq '';
    $reply .= $data;
}
fail('the reply is not what was sent') if $reply ne $request;
shutdown $conn, 1 or fail("shutdown: $!");
fail('more came back than was sent') if receive(1) ne '';
close $conn;
print $reply;
