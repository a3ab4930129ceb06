# defect: nothing is echoed before a line feed comes, or the end of the input
# mistake: the socket is read with <$conn>, line by line, as if echo were a protocol of lines
# trips: echo/data/every-segmentation
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
        binmode $conn;
        $conn->autoflush(1);
        while (defined(my $line = <$conn>)) {
            print {$conn} $line or last;
        }
        close $conn;
        exit 0;
    }
    close $conn;
}
