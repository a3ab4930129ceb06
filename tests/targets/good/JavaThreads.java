// Echo server, one platform thread per connection, blocking streams.
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;

public final class JavaThreads {
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
                Thread thread = new Thread(() -> echo(socket));
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

    private static void echo(Socket socket) {
        try (socket) {
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            byte[] buffer = new byte[16384];
            for (int n; (n = in.read(buffer)) != -1; ) {
                out.write(buffer, 0, n);
            }
        } catch (IOException e) {
            // Reset by the client: nothing is owed any more.
        } finally {
            synchronized (ended) {
                ended.notify();
            }
        }
    }
}
