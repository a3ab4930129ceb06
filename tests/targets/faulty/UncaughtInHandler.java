// defect: the thread of each connection ends with a NullPointerException on stderr, and the server goes on
// mistake: get() of a map was taken to make the missing entry; the exception ends one thread only, so it was left at that
// trips: process/output/no-uncaught-error
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

public final class UncaughtInHandler {
    private static final Map<InetAddress, AtomicInteger> served = new ConcurrentHashMap<>();

    public static void main(String[] args) throws IOException, InterruptedException {
        try (ServerSocket listener = new ServerSocket()) {
            listener.setReuseAddress(true);
            listener.bind(new InetSocketAddress(Integer.parseInt(args[0])), 128);
            while (true) {
                try {
                    Socket socket = listener.accept();
                    new Thread(() -> {
                        echo(socket);
                        served.get(socket.getInetAddress()).incrementAndGet();
                    }).start();
                } catch (IOException e) {
                    Thread.sleep(200); // no descriptors left
                }
            }
        }
    }

    private static void echo(Socket socket) {
        try (socket) {
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[16384];
            for (int n; (n = in.read(buffer)) != -1; ) {
                socket.getOutputStream().write(buffer, 0, n);
            }
        } catch (IOException e) {
            // Reset by the client.
        }
    }
}
