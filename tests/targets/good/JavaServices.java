// serves: discard, daytime, time, chargen
// Four of the small services over TCP, one thread per connection (chargen: two),
// blocking streams.
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;

public final class JavaServices {
    private interface Service {
        void serve(Socket socket) throws IOException;
    }

    private static final long SINCE_1900 = 2208988800L; // seconds from 1900 to 1970, RFC 868
    private static final long LINGER = 60_000; // how long a client may stay after we have ended
    private static final byte[] LINES = lines();
    private static final Object ended = new Object();

    private static final Map<String, Service> SERVICES = Map.of(
            "discard", JavaServices::discard,
            "daytime", socket -> say(socket, daytime()),
            "time", socket -> say(socket, ByteBuffer.allocate(4).putInt((int) (Instant.now().getEpochSecond() + SINCE_1900)).array()),
            "chargen", JavaServices::chargen);

    public static void main(String[] args) throws Exception {
        Service service = SERVICES.get(args[1]);
        try (ServerSocket listener = new ServerSocket()) {
            listener.setReuseAddress(true);
            listener.bind(new InetSocketAddress(Integer.parseInt(args[0])), 128);
            while (true) {
                Socket socket;
                try {
                    socket = listener.accept();
                } catch (IOException e) {
                    // A client that is gone already, or no descriptor left.
                    waitForRoom();
                    continue;
                }
                start(() -> run(service, socket));
            }
        }
    }

    private static void start(Runnable work) throws InterruptedException {
        while (true) {
            try {
                new Thread(work).start();
                return;
            } catch (OutOfMemoryError e) { // how Java says that threads ran out
                waitForRoom();
            }
        }
    }

    /** Waits until some connection ends, at most a second. */
    private static void waitForRoom() throws InterruptedException {
        synchronized (ended) {
            ended.wait(1000);
        }
    }

    private static void run(Service service, Socket socket) {
        try (socket) {
            service.serve(socket);
        } catch (IOException e) {
            // Reset by the client, or it would not end.
        } finally {
            synchronized (ended) {
                ended.notify();
            }
        }
    }

    private static void discard(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        byte[] waste = new byte[16384];
        while (in.read(waste) != -1) {
            // That is all.
        }
    }

    /** Sends the answer and a FIN, then reads to the end: to close with input unread would reset. */
    private static void say(Socket socket, byte[] answer) throws IOException {
        socket.getOutputStream().write(answer);
        socket.shutdownOutput();
        InputStream in = socket.getInputStream();
        byte[] waste = new byte[16384];
        long last = System.nanoTime() / 1_000_000 + LINGER;
        for (long left = LINGER; left > 0; left = last - System.nanoTime() / 1_000_000) {
            socket.setSoTimeout((int) left);
            if (in.read(waste) == -1) {
                return;
            }
        }
    }

    private static byte[] daytime() {
        String now = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC));
        return (now + "\r\n").getBytes(StandardCharsets.US_ASCII);
    }

    /** This thread waits for the end of the input; closing the socket then ends the other one. */
    private static void chargen(Socket socket) throws IOException {
        OutputStream out = socket.getOutputStream();
        try {
            start(() -> {
                try {
                    while (true) {
                        out.write(LINES);
                    }
                } catch (IOException e) {
                    // The client has left.
                }
            });
        } catch (InterruptedException e) {
            return;
        }
        discard(socket);
    }

    /** The pattern repeats after 95 lines: 72 characters and CR LF each. */
    private static byte[] lines() {
        byte[] lines = new byte[95 * 74];
        for (int line = 0; line < 95; line++) {
            for (int i = 0; i < 72; i++) {
                lines[line * 74 + i] = (byte) (' ' + (line + i) % 95);
            }
            lines[line * 74 + 72] = '\r';
            lines[line * 74 + 73] = '\n';
        }
        return lines;
    }
}
