# serves: fixed-record.yaml
# defect sysread: a record that comes in pieces is dropped, for sysread() was taken to read as much as it is asked for, like read(); trips: message/cut/byte-by-byte, message/cut/anywhere, message/cut/with-pauses
# defect buffered: replies stay in the buffer of the handle until the connection ends, without autoflush; trips: message/reply/answers-while-open
# defect list-context: records come back as they were sent: print calls reverse in list context, where it reverses a list of one record; trips: message/reply/right-answer
# defect chomp: a line feed at the end of a record is lost and a NUL comes back in its place, for chomp() was applied by habit to what was read; trips: message/bytes/wrong
# defect say: each reply is followed by a line feed, since say() was used for print(); trips: message/reply/nothing-added
# defect eof: half a record is answered at the end of the input, since read() gave something, and so it must be a record; trips: message/end/half-a-message
# defect flushes: what came with a record is thrown away before its reply, to begin the next one with a clean buffer; trips: message/join/two-in-one-segment, message/join/message-and-a-half, message/pipeline/all-in-order
use strict;
use warnings;
use IO::Handle;
use IO::Socket::INET;

my ($port, $word) = (@ARGV, '');
my $listener = IO::Socket::INET->new(
    LocalAddr => '0.0.0.0',
    LocalPort => $port,
    Proto     => 'tcp',
    ReuseAddr => 1,
    Listen    => 128,
) or die "listen: $@\n";
$SIG{PIPE} = 'IGNORE';
$SIG{CHLD} = 'IGNORE';    # children leave no zombies

sub serve {
    my ($conn) = @_;
    while (1) {
        my $record;
        my $n = $word eq 'sysread' ? sysread $conn, $record, 16 : read $conn, $record, 16;
        return if !$n;    # end of the input, or reset by the client
        next if $n < 16 && $word eq 'sysread';
        return if $n < 16 && $word ne 'eof';
        if ($word eq 'flushes') {
            $conn->blocking(0);
            1 while read $conn, my $left, 4096;
            $conn->clearerr;
            $conn->blocking(1);
        }
        chomp $record if $word eq 'chomp';
        my $reply = reverse $record;
        $reply = "\0$reply" if length $reply < 16 && $word eq 'chomp';
        $reply .= "\n" if $word eq 'say';
        ($word eq 'list-context' ? print {$conn} reverse $record : print {$conn} $reply) or return;
    }
}

while (1) {
    my $conn = $listener->accept or next;
    my $pid = fork;
    die "fork: $!\n" if !defined $pid;
    if ($pid == 0) {
        close $listener;
        binmode $conn;
        $conn->autoflush($word ne 'buffered');
        serve($conn);
        close $conn;
        exit 0;
    }
    close $conn;
}
