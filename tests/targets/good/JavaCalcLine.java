// serves: calc-line.yaml
// Calculator, one pooled thread per connection. readLine() of the library would take a lone CR or LF for the end of a line.
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public final class JavaCalcLine {
    private static final int LONGEST = 512;
    private static final Pattern ADD = Pattern.compile("ADD (-?[0-9]{1,18}) (-?[0-9]{1,18})");
    private static final Object ended = new Object();

    public static void main(String[] args) throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
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
                start(threads, socket);
            }
        }
    }

    private static void start(ExecutorService threads, Socket socket) throws InterruptedException {
        while (true) {
            try {
                threads.execute(() -> serve(socket));
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

    private static void serve(Socket socket) {
        try (socket) {
            talk(new BufferedInputStream(socket.getInputStream()), socket.getOutputStream());
            dropTheRest(socket);
        } catch (IOException e) {
            // The end of the input, reset by the client, or it goes on sending for more than five seconds.
        } finally {
            synchronized (ended) {
                ended.notify();
            }
        }
    }

    private static void talk(InputStream in, OutputStream out) throws IOException {
        send(out, "READY");
        String line = "";
        while (line != null && !line.equals("QUIT")) {
            line = readLine(in);
            send(out, line == null ? "ERR line too long" : answer(line));
        }
    }

    private static String answer(String line) {
        if (line.equals("PING")) {
            return "PONG";
        }
        if (line.equals("QUIT")) {
            return "BYE";
        }
        Matcher numbers = ADD.matcher(line);
        if (numbers.matches()) {
            return "OK " + (Long.parseLong(numbers.group(1)) + Long.parseLong(numbers.group(2)));
        }
        return "ERR what is that?";
    }

    /** A line without its CR LF; null if it is too long. Half a line at the end of the input is no line. */
    private static String readLine(InputStream in) throws IOException {
        byte[] line = new byte[LONGEST + 2];
        for (int length = 0; length < line.length; length++) {
            int b = in.read();
            if (b == -1) {
                throw new EOFException();
            }
            line[length] = (byte) b;
            if (b == '\n' && length > 0 && line[length - 1] == '\r') {
                return new String(line, 0, length - 1, StandardCharsets.ISO_8859_1);
            }
            if (length == LONGEST && b != '\r') {
                return null;
            }
        }
        return null;
    }

    private static void send(OutputStream out, String line) throws IOException {
        out.write((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Ends the output, then drops what still comes, for five seconds: a close with input unread is a reset. */
    private static void dropTheRest(Socket socket) throws IOException {
        byte[] dropped = new byte[16384];
        long until = System.nanoTime() + 5_000_000_000L;
        socket.shutdownOutput();
        for (long left; (left = (until - System.nanoTime()) / 1_000_000) > 0; ) {
            socket.setSoTimeout((int) left);
            if (socket.getInputStream().read(dropped) == -1) {
                return;
            }
        }
    }
}
