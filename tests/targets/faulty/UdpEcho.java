// serves: echo-udp
// defect whole_buffer: answers are always 2048 bytes at least, with remains of earlier datagrams behind the data, because getData() is sent without regard to getLength(); trips: udp/data/right-answer, udp/data/every-size
// defect nearly_64k: of more than 65000 bytes the last ones are missing, because 65000 was "the largest datagram, more or less"; trips: udp/data/largest
// defect shared_sender: answers go to the peer of the latest datagram, because the threads of the pool share the variable that says who asked; trips: udp/peers/interleaved, udp/peers/many
// defect shared_buffer: an answer has the bytes of a later datagram, because the threads of the pool share one buffer; trips: udp/order/reordered, udp/peers/interleaved
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

public final class UdpEcho {
    private static String word;
    private static DatagramSocket socket;
    private static volatile SocketAddress sender;

    public static void main(String[] args) throws IOException {
        word = args[1];
        socket = new DatagramSocket(Integer.parseInt(args[0]));
        byte[] buffer = new byte[word.equals("nearly_64k") ? 65000 : 65536];
        ExecutorService pool = Executors.newFixedThreadPool(16);
        while (true) {
            try {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                socket.receive(packet);
                int size = packet.getLength();
                sender = packet.getSocketAddress();
                if (word.startsWith("shared")) {
                    byte[] data = word.equals("shared_buffer") ? buffer : Arrays.copyOf(buffer, size);
                    SocketAddress peer = sender;
                    pool.execute(() -> {
                        prepare();
                        answer(data, size, word.equals("shared_sender") ? sender : peer);
                    });
                } else {
                    answer(buffer, word.equals("whole_buffer") ? Math.max(size, 2048) : size, sender);
                }
            } catch (IOException e) {
                // One datagram; the next one may fare better.
            }
        }
    }

    /** An answer takes a moment. */
    private static void prepare() {
        try {
            Thread.sleep(5);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void answer(byte[] data, int size, SocketAddress peer) {
        try {
            socket.send(new DatagramPacket(data, size, peer));
        } catch (IOException e) {
            // Concerns this peer only.
        }
    }
}
