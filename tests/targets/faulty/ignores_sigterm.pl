# defect: it ignores SIGTERM
# mistake: all signals are ignored where only SIGPIPE was meant, to keep the server from being killed
# trips: process/stop/on-sigterm
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use IO::Select;
use IO::Socket::INET;

$SIG{$_} = 'IGNORE' for qw(PIPE HUP TERM);
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
    my $n = length $owed{$conn} || sysread $conn, $owed{$conn}, 65536;
    return if !defined $n && ($! == EAGAIN || $! == EINTR);
    my $sent = $n ? syswrite $conn, $owed{$conn} : undef;
    if (!$n || (!defined $sent && $! != EAGAIN)) {    # end of the input, or reset by the client
        $_->remove($conn) for $readers, $writers;
        delete $owed{$conn};
        close $conn;
        return;
    }
    substr($owed{$conn}, 0, $sent // 0) = '';
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
