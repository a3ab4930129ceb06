#!/usr/bin/perl
# serves: echo-udp, discard-udp, daytime-udp, time-udp, chargen-udp
# The five services over UDP: one socket, one blocking loop, core modules only.
use strict;
use warnings;
use IO::Socket::INET;

my $since_1900 = 2208988800;    # seconds from 1900 to 1970, RFC 868

# From what was asked to what is answered; undef is no answer.
my %services = (
    'echo-udp'    => sub { $_[0] },
    'discard-udp' => sub { undef },
    'daytime-udp' => sub { gmtime() . " UTC\r\n" },
    'time-udp'    => sub { pack 'N', (time + $since_1900) % 2**32 },
    'chargen-udp' => sub { join '', map { chr(32 + int rand 95) } 1 .. int rand 513 },
);

my ($port, $name) = @ARGV;
my $service = $services{ $name // '' } or die "usage: perl_udp.pl PORT SERVICE\n";
my $socket = IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => $port, Proto => 'udp') or die "bind: $@\n";
setsockopt $socket, SOL_SOCKET, SO_RCVBUF, 1 << 20;

while (1) {
    my $peer = recv $socket, my $asked, 65536, 0;
    next if !defined $peer;    # an error; an empty datagram has a peer, too
    my $answer = $service->($asked);
    send $socket, $answer, 0, $peer if defined $answer;
}
