# defect: each line feed comes back as carriage return and line feed
# mistake: the socket is written in text mode, with a :crlf layer, because "network lines end in CR LF"
# trips: echo/data/unchanged
use strict;
use warnings;
use IO::Handle;
use IO::Socket::INET;

my $listener = IO::Socket::INET->new(
    LocalAddr => '0.0.0.0',
    LocalPort => shift,
    Proto     => 'tcp',
    ReuseAddr => 1,
    Listen    => 128,
) or die "listen: $@\n";
$SIG{PIPE} = 'IGNORE';
$SIG{CHLD} = 'IGNORE';    # children leave no zombies

while (1) {
    my $conn = $listener->accept or next;
    my $pid = fork;
    die "fork: $!\n" if !defined $pid;
    if ($pid == 0) {
        close $listener;
        binmode $conn, ':crlf';
        $conn->autoflush(1);
        # sysread passes by the layer, print does not.
        while (sysread $conn, my $data, 65536) {
            print {$conn} $data or last;
        }
        close $conn;
        exit 0;
    }
    close $conn;
}
