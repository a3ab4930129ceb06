#!/usr/bin/perl
# client-of: daytime
# Daytime client: sends nothing, reads until the server's end and prints what
# came. A reply that is not a whole line was cut off.
use strict;
use warnings;
use Errno qw(EINTR);
use IO::Select;
use IO::Socket::INET;

sub fail {
    print STDERR "daytime_client: @_\n";
    exit 1;
}

my $conn = IO::Socket::INET->new(
    PeerAddr => '127.0.0.1',
    PeerPort => shift,
    Proto    => 'tcp',
    Timeout  => 3,
) or fail("connect: $!");
binmode $conn;
my $ready = IO::Select->new($conn);

my $reply = '';
while (1) {
    $ready->can_read(3) or fail('no answer for three seconds');
    my $n = sysread $conn, $reply, 4096, length $reply;
    next if !defined $n && $! == EINTR;
    fail("recv: $!") if !defined $n;
    last if $n == 0;
    fail('this is no time of day') if length $reply > 4096;
}
fail('the connection ended before the end of the line') if $reply !~ /\n\z/;
close $conn;
$reply =~ s/\r\n/\n/g;
print $reply;
