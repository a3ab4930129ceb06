# serves: chargen
# defect delete: the stream has the control character DEL in it, because the ring of characters was made one too long; trips: chargen/stream/printable
# defect eagain: a client that does not keep up is hung up on, because "would block" is handled like any other error; trips: chargen/flow/slow-reader
# defect sigpipe: a client that aborts ends the server, because it goes on after errors of syswrite ("the next read will tell"), and SIGPIPE is left at its default; trips: chargen/survive/rude-abort, process/life/keeps-running
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use IO::Select;
use IO::Socket::INET;

my ($port, $word) = @ARGV;
my $ring = join '', map { chr } 32 .. ($word eq 'delete' ? 127 : 126);
my $lines = join '', map { substr($ring . $ring, $_, 72) . "\r\n" } 0 .. length($ring) - 1;

my $listener = IO::Socket::INET->new(
    LocalAddr => '0.0.0.0',
    LocalPort => $port,
    Proto     => 'tcp',
    ReuseAddr => 1,
    Listen    => 128,
) or die "listen: $@\n";
$listener->blocking(0);
my $readers = IO::Select->new($listener);
my %clients;    # connection => { conn, and where in the lines it is }
$SIG{PIPE} = 'IGNORE' if $word ne 'sigpipe';

sub leave {
    my ($conn) = @_;
    $readers->remove($conn);
    delete $clients{$conn};
    close $conn;
}

sub discard {
    my ($conn) = @_;
    my $n = sysread $conn, my $waste, 65536;
    leave($conn) if !$n && !(!defined $n && ($! == EAGAIN || $! == EINTR));
}

# Some lines a tick, as many as there is room for.
sub generate {
    my ($conn, $client) = @_;
    for (1 .. 2) {
        my $n = syswrite $conn, $lines, length($lines) - $client->{at}, $client->{at};
        if (defined $n) {
            $client->{at} = ($client->{at} + $n) % length $lines;
        } elsif ($! == EAGAIN && $word ne 'eagain') {
            return;
        } elsif ($! != EINTR && $word ne 'sigpipe') {
            return leave($conn);
        }
    }
}

while (1) {
    for my $ready ($readers->can_read(%clients ? 0.01 : undef)) {
        if ($ready != $listener) { discard($ready); next }
        my $conn = $listener->accept or next;
        binmode $conn;
        $conn->blocking(0);
        setsockopt $conn, SOL_SOCKET, SO_SNDBUF, 32768;    # many clients, little memory
        $clients{$conn} = { conn => $conn, at => 0 };
        $readers->add($conn) if $word ne 'never_reads';
    }
    my @all = values %clients;
    generate($_->{conn}, $_) for @all;
}
