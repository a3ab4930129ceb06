#!/usr/bin/perl
# serves: discard, daytime, time, chargen
# Four of the small services over TCP, one child process per connection.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR EMFILE ENFILE ENOBUFS ENOMEM);
use IO::Socket::INET;
use POSIX qw(:sys_wait_h);

my $since_1900 = 2208988800;    # seconds from 1900 to 1970, RFC 868

# The pattern repeats after 95 lines: 72 characters and CR LF each.
my $ring = join '', map { chr } 32 .. 126;
my $lines = join '', map { substr($ring . $ring, $_, 72) . "\r\n" } 0 .. 94;

# One read; false at the end of the input, or after a reset.
sub goes_on {
    my ($conn) = @_;
    my $n = sysread $conn, my $waste, 65536;
    return $n || (!defined $n && ($! == EINTR || $! == EAGAIN));
}

sub discard {
    my ($conn) = @_;
    1 while goes_on($conn);
}

# The answer and a FIN; then input is thrown away until the client ends, too,
# since to close with input unread would reset. After a minute SIGALRM ends us.
sub say_once {
    my ($conn, $answer) = @_;
    syswrite $conn, $answer or return;
    shutdown $conn, 1;
    alarm 60;
    discard($conn);
}

sub chargen {
    my ($conn) = @_;
    $conn->blocking(0);
    my $set = '';
    vec($set, fileno $conn, 1) = 1;
    my $at = 0;
    while (1) {
        next if select(my $in = $set, my $out = $set, undef, undef) <= 0;
        return if $in eq $set && !goes_on($conn);
        next if $out ne $set;
        my $n = syswrite $conn, $lines, length($lines) - $at, $at;
        if    (defined $n) { $at = ($at + $n) % length $lines }
        elsif ($! != EAGAIN && $! != EINTR) { return }
    }
}

my %services = (
    discard => \&discard,
    daytime => sub { say_once($_[0], gmtime() . " UTC\r\n") },
    time    => sub { say_once($_[0], pack 'N', (time + $since_1900) % 2**32) },
    chargen => \&chargen,
);

my ($port, $name) = @ARGV;
my $service = $services{ $name // '' } or die "usage: perl_services.pl PORT SERVICE\n";
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
        $service->($conn);
        close $conn;
        POSIX::_exit(0);
    }
    close $conn;    # or the child's exit would not end the connection
}
