# serves: time-udp
# defect decimal: the answer is a number in decimal digits, because the author tried the service with netcat and wanted to read it; trips: time/udp/four-octets
# defect little_endian: the four octets come in the wrong order, because pack 'V' looked as good as pack 'N'; trips: time/udp/current
# defect no_empty: an empty datagram gets no answer, because nothing was asked; trips: udp/data/empty
# defect password (daytime-udp): only the datagram "time?" is answered, because a server must know what it is asked for; trips: udp/reply/answers
# defect two_answers (daytime-udp): the date and the time of day come in a datagram each, because each is a thing of its own; trips: udp/reply/one-per-datagram
# defect eight_lines (chargen-udp): the answer has eight whole lines, 592 characters, because only the text of them was counted, and wrongly; trips: chargen/udp/at-most-512
# defect empty_answer (discard-udp): every datagram is answered by an empty one, because "no data" is what discard has to say; trips: udp/reply/none
# defect frozen: the octets are those of the start of the program, because $answer is worked out before the loop; trips: time/udp/goes-on
# defect frozen_line (daytime-udp): the same for the line; trips: daytime/udp/goes-on
use strict;
use warnings;
use IO::Socket::INET;
use POSIX qw(strftime);

my ($port, $word) = @ARGV;
my $socket = IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => $port, Proto => 'udp') or die "bind: $@\n";

my $since_1900 = 2208988800;
my $ring = join '', map { chr } 32 .. 126;
my $lines = join '', map { substr($ring, $_, 72) . "\r\n" } 0 .. 7;

my ($octets, $line) = (pack('N', (time + $since_1900) % 2**32), gmtime() . "\r\n");

my %answers = (
    frozen        => sub { $octets },
    frozen_line   => sub { $line },
    decimal       => sub { time + $since_1900 },
    little_endian => sub { pack 'V', (time + $since_1900) % 2**32 },
    no_empty      => sub { $_[0] eq '' ? () : pack 'N', (time + $since_1900) % 2**32 },
    password      => sub { $_[0] =~ /^time\?\s*$/ ? gmtime() . "\r\n" : () },
    two_answers   => sub { strftime("%d.%m.%Y\r\n", gmtime), strftime("%H:%M:%S UTC\r\n", gmtime) },
    eight_lines   => sub { $lines },
    empty_answer  => sub { '' },
);

while (1) {
    my $peer = recv $socket, my $asked, 65536, 0;
    next if !defined $peer;
    send $socket, $_, 0, $peer for $answers{$word}->($asked);
}
