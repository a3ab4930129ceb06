// serves: upper-line.yaml
// Upper-case server for lines, one platform thread per connection. Bytes stay bytes: a char would have an upper case above 127, too.
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

public final class JavaUpperLine {
    private static final int LONGEST = 1024;
    private static final Object ended = new Object();

    public static void main(String[] args) throws Exception {
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
                start(socket);
            }
        }
    }

    private static void start(Socket socket) throws InterruptedException {
        while (true) {
            try {
                Thread thread = new Thread(() -> serve(socket));
                thread.start();
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
            if (!upper(new BufferedInputStream(socket.getInputStream()), new BufferedOutputStream(socket.getOutputStream()))) {
                dropTheRest(socket);
            }
        } catch (IOException e) {
            // Reset by the client, or it goes on sending for more than five seconds.
        } finally {
            synchronized (ended) {
                ended.notify();
            }
        }
    }

    /** Serves until the input ends; false if a line is too long. */
    private static boolean upper(InputStream in, OutputStream out) throws IOException {
        byte[] line = new byte[LONGEST + 1];
        int length = 0;
        while (true) {
            int b = in.read();
            if (b == '\n' || (b == -1 && length > 0)) {
                line[length] = '\n';
                out.write(line, 0, length + 1);
                length = 0;
            } else if (b != -1 && length == LONGEST) {
                out.flush();
                return false;
            } else if (b != -1) {
                line[length++] = (byte) (b >= 'a' && b <= 'z' ? b - 32 : b);
            }
            if (b == -1 || in.available() == 0) { // the next read() may wait
                out.flush();
            }
            if (b == -1) {
                return true;
            }
        }
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
