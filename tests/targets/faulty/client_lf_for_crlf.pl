# client-of: calc-line.yaml
# defect: its lines end in LF alone, where the service asks for CR LF
# mistake: "\n" was taken for the line end of the network, since the server's replies look right when they are printed
# trips: client/request/right
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

sub fail { print STDERR "@_\n"; exit 1 }

$SIG{PIPE} = 'IGNORE';
my $conn = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => shift, Proto => 'tcp', Timeout => 3)
    or fail("connect: $!");
my $ready = IO::Select->new($conn);
my $rest = '';

sub line {
    while ($rest !~ /\n/) {
        $ready->can_read(3) or fail('no answer');
        sysread $conn, $rest, 4096, length $rest or fail('the connection ended too early');
    }
    $rest =~ s/^(.*?)\r?\n//;
    return $1;
}

line() eq 'READY' or fail('no greeting');
my @output;
for my $question ('ADD 2 3', 'PING', 'QUIT') {
    syswrite $conn, "$question\n" or fail("send: $!");
    push @output, line();
}
shutdown $conn, 1;
fail('there is more') if $rest ne '' || !$ready->can_read(3) || sysread $conn, $rest, 1;
close $conn;
print "$_\n" for @output;
