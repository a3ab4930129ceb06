#!/usr/bin/perl
# Echo server, one child process per connection, core modules only.
use strict;
use warnings;
use Errno qw(EINTR EMFILE ENFILE ENOBUFS ENOMEM);
use IO::Socket::INET;
use POSIX qw(:sys_wait_h);

my $port = shift // die "usage: perl_fork.pl PORT\n";
my $listener = IO::Socket::INET->new(
    LocalAddr => '0.0.0.0',
    LocalPort => $port,
    Proto     => 'tcp',
    ReuseAddr => 1,
    Listen    => 128,
) or die "listen: $@\n";

$SIG{PIPE} = 'IGNORE';
# One signal can stand for several dead children, hence the loop.
$SIG{CHLD} = sub { local ($!, $?); 1 while waitpid(-1, WNOHANG) > 0 };

# Out of processes or descriptors: wait up to a second; SIGCHLD ends the wait.
sub wait_for_room { select undef, undef, undef, 1 }

sub echo {
    my ($conn) = @_;
    while (1) {
        my $n = sysread $conn, my $data, 16384;
        next if !defined $n && $! == EINTR;
        return if !$n;    # end of input, or reset by the client
        for (my $sent = 0; $sent < $n;) {
            my $m = syswrite $conn, $data, $n - $sent, $sent;
            if    (defined $m)  { $sent += $m }
            elsif ($! != EINTR) { return }
        }
    }
}

while (1) {
    my $conn = $listener->accept;
    if (!$conn) {    # EINTR after each SIGCHLD; ECONNABORTED concerns that client only
        wait_for_room() if grep { $! == $_ } EMFILE, ENFILE, ENOBUFS, ENOMEM;
        next;
    }
    binmode $conn;
    my $pid;
    wait_for_room() until defined($pid = fork);
    if ($pid == 0) {
        $SIG{CHLD} = 'DEFAULT';
        close $listener;
        echo($conn);
        close $conn;
        POSIX::_exit(0);
    }
    close $conn;    # or the child's exit would not end the connection
}
