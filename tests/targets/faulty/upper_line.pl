# serves: upper-line.yaml
# defect crlf-layer: CR LF becomes LF, since the socket is read through a :crlf layer, as "network lines end in CR LF"; trips: message/line/terminator-exact, message/bytes/wrong
# defect greedy: of several lines that came together only the last is answered, for the regular expression begins with a greedy .* over all of them; trips: message/join/two-in-one-segment, message/pipeline/all-in-order
# defect uc: letters above 127 change, too, for the bytes are decoded as Latin-1 before uc() and encoded again after it; trips: message/bytes/wrong
# defect ucfirst: only the first letter becomes upper case, for the author took ucfirst() for another name of uc(); trips: message/reply/right-answer
# defect dollar: white space at the end of a line is lost, since $line =~ s/\s+$// was to take off the line feed only; trips: message/bytes/wrong, message/line/terminator-exact
# defect stops-at-empty: an empty line ends the connection, for `while (my $line = ...)` asks if the line is true (and "0" is false, too); trips: message/size/empty
use strict;
use warnings;
use Encode ();
use Errno qw(EINTR);
use IO::Handle;
use IO::Socket::INET;

my ($port, $word) = (@ARGV, '');
my $longest = 1024;
my $listener = IO::Socket::INET->new(
    LocalAddr => '0.0.0.0',
    LocalPort => $port,
    Proto     => 'tcp',
    ReuseAddr => 1,
    Listen    => 128,
) or die "listen: $@\n";
$SIG{PIPE} = 'IGNORE';
$SIG{CHLD} = 'IGNORE';    # children leave no zombies

sub upper {
    my ($line) = @_;
    return ucfirst $line if $word eq 'ucfirst';
    return Encode::encode('iso-8859-1', uc Encode::decode('iso-8859-1', $line)) if $word eq 'uc';
    $line =~ s/\s+$// if $word eq 'dollar';
    return $line =~ tr/a-z/A-Z/r;
}

# Replies to the lines in the buffer and takes them out; false when it is to be closed.
sub reply {
    my ($conn, $come) = @_;
    $$come =~ s/\r\n/\n/g if $word eq 'crlf-layer';
    $$come =~ s/^.*\n(?=[^\n]*\n)//s if $word eq 'greedy';
    while ($$come =~ s/^([^\n]{0,$longest})\n//) {
        my $line = $1;
        return 0 if $word eq 'stops-at-empty' && !$line;
        print {$conn} upper($line), "\n" or return 0;
    }
    return 1;
}

sub serve {
    my ($conn) = @_;
    my $come = '';
    while (1) {
        my $n = sysread $conn, $come, 4096, length $come;
        next if !defined $n && $! == EINTR;
        return if !defined $n;    # reset by the client
        $come .= "\n" if $n == 0 && length $come;
        return if !reply($conn, \$come) || $n == 0;
        next if length $come <= $longest;
        alarm 5;    # ends this child if the client goes on sending
        shutdown $conn, 1;
        1 while sysread $conn, my $dropped, 65536;
        return;
    }
}

while (1) {
    my $conn = $listener->accept or next;
    my $pid = fork;
    die "fork: $!\n" if !defined $pid;
    if ($pid == 0) {
        close $listener;
        binmode $conn;
        $conn->autoflush(1);
        serve($conn);
        close $conn;
        exit 0;
    }
    close $conn;
}
