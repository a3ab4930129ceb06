// serves: echo-udp, discard-udp, daytime-udp, time-udp, chargen-udp
// The five services over UDP: one DatagramSocket, one blocking loop.
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.UnaryOperator;

public final class JavaUdp {
    private static final long SINCE_1900 = 2208988800L; // seconds from 1900 to 1970, RFC 868

    /** From what was asked to what is answered; null is no answer. */
    private static final Map<String, UnaryOperator<byte[]>> SERVICES = Map.of(
            "echo-udp", asked -> asked,
            "discard-udp", asked -> null,
            "daytime-udp", asked -> daytime(),
            "time-udp", asked -> ByteBuffer.allocate(4).putInt((int) (Instant.now().getEpochSecond() + SINCE_1900)).array(),
            "chargen-udp", asked -> characters(ThreadLocalRandom.current().nextInt(513)));

    public static void main(String[] args) throws IOException {
        UnaryOperator<byte[]> service = SERVICES.get(args[1]);
        try (DatagramSocket socket = new DatagramSocket(Integer.parseInt(args[0]))) {
            socket.setReceiveBufferSize(1 << 20);
            byte[] buffer = new byte[65536];
            while (true) {
                try {
                    DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                    socket.receive(packet);
                    byte[] answer = service.apply(Arrays.copyOf(buffer, packet.getLength()));
                    if (answer != null) {
                        socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
                    }
                } catch (IOException e) {
                    // One datagram or one peer; the next one may fare better.
                }
            }
        }
    }

    private static byte[] daytime() {
        String now = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC));
        return (now + "\r\n").getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] characters(int size) {
        byte[] text = new byte[size];
        for (int i = 0; i < size; i++) {
            text[i] = (byte) (' ' + i % 95);
        }
        return text;
    }
}
