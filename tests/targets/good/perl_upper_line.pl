# serves: upper-line.yaml
# Upper-case server for lines, one child process per connection, core modules only.
use strict;
use warnings;
use Errno qw(EINTR EMFILE ENFILE ENOBUFS ENOMEM);
use IO::Socket::INET;
use POSIX qw(:sys_wait_h);

my $longest = 1024;
my $port = shift // die "usage: perl_upper_line.pl PORT\n";
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

sub send_all {
    my ($conn, $data) = @_;
    while (length $data) {
        my $n = syswrite $conn, $data;
        if    (defined $n)  { substr $data, 0, $n, '' }
        elsif ($! != EINTR) { return 0 }
    }
    return 1;
}

# Ends the output, then drops what still comes, until the alarm ends this child:
# a close with input unread is a reset.
sub close_in_order {
    my ($conn) = @_;
    alarm 5;
    shutdown $conn, 1;
    1 while sysread $conn, my $dropped, 65536;
}

sub upper {
    my ($conn) = @_;
    my $come = '';
    while (1) {
        my $n = sysread $conn, $come, 65536, length $come;
        next if !defined $n && $! == EINTR;
        return if !defined $n;    # reset by the client
        $come .= "\n" if $n == 0 && length $come;    # the end of the input ends the last line
        my $replies = '';
        while ($come =~ /\G([^\n]{0,$longest})\n/gc) {
            $replies .= $1 =~ tr/a-z/A-Z/r . "\n";
        }
        substr $come, 0, pos($come) // 0, '';
        send_all($conn, $replies) or return;
        return if $n == 0;
        return close_in_order($conn) if length $come > $longest;
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
        upper($conn);
        close $conn;
        POSIX::_exit(0);
    }
    close $conn;    # or the child's exit would not end the connection
}
