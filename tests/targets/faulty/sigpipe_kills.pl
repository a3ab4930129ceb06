# defect: the server is killed by SIGPIPE when it writes to a client that is gone
# mistake: SIGPIPE is left at its default, and it writes first and looks for the end of the input later
# trips: tcp/survive/close-with-unread-data, tcp/survive/reset-in-mid-message, tcp/survive/connect-and-vanish, process/life/keeps-running
use strict;
use warnings;
use Errno qw(EAGAIN);
use IO::Select;
use IO::Socket::INET;

my $listener = IO::Socket::INET->new(
    LocalAddr => '0.0.0.0',
    LocalPort => shift,
    Proto     => 'tcp',
    ReuseAddr => 1,
    Listen    => 128,
) or die "listen: $@\n";
my $readers = IO::Select->new($listener);
my $writers = IO::Select->new;
my %owed;    # received and not yet sent back

sub serve {
    my ($conn) = @_;
    my $ended;
    if ($owed{$conn} eq '') {
        my $n = sysread $conn, $owed{$conn}, 65536;
        return if !defined $n && $! == EAGAIN;
        $ended = !$n;    # end of the input, or reset by the client
    }
    my $sent = syswrite $conn, $owed{$conn};
    if ($ended) {
        $_->remove($conn) for $readers, $writers;
        delete $owed{$conn};
        close $conn;
        return;
    }
    # After an error there is nothing more to send; the next read will tell the end.
    substr($owed{$conn}, 0, $sent // ($! == EAGAIN ? 0 : length $owed{$conn})) = '';
    my ($on, $off) = $owed{$conn} eq '' ? ($readers, $writers) : ($writers, $readers);
    $on->add($conn);
    $off->remove($conn);
}

while (1) {
    my ($in, $out) = IO::Select->select($readers, $writers);
    for my $ready (@{ $in // [] }, @{ $out // [] }) {
        if ($ready != $listener) { serve($ready); next }
        my $conn = $listener->accept or next;
        binmode $conn;
        $conn->blocking(0);
        $owed{$conn} = '';
        $readers->add($conn);
    }
}
