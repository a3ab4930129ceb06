# defect: the next client is accepted when the one before has left
# mistake: accept and the echo loop are nested in one process, without fork, threads or select
# trips: tcp/accept/silent-client-blocks-nobody, tcp/accept/fifty-at-once, tcp/isolation/interleaved
use strict;
use warnings;
use IO::Socket::INET;

my $listener = IO::Socket::INET->new(
    LocalAddr => '0.0.0.0',
    LocalPort => shift,
    Proto     => 'tcp',
    ReuseAddr => 1,
    Listen    => 128,
) or die "listen: $@\n";
$SIG{PIPE} = 'IGNORE';

sub echo {
    my ($conn) = @_;
    while (sysread $conn, my $data, 65536) {
        for (my $sent = 0; $sent < length $data;) {
            my $n = syswrite $conn, $data, length($data) - $sent, $sent;
            return if !defined $n;    # reset by the client
            $sent += $n;
        }
    }
}

while (1) {
    my $conn = $listener->accept or next;
    binmode $conn;
    echo($conn);
    close $conn;
}
