// defect: each connection leaves a thread behind, the one of its timer
// mistake: every java.util.Timer has a thread of its own that lives until cancel(), and nobody calls that
// trips: process/leak/threads
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.atomic.AtomicLong;

public final class TimerPerClient {
    private static final AtomicLong bytesOfLastMinute = new AtomicLong();

    public static void main(String[] args) throws IOException, InterruptedException {
        try (ServerSocket listener = new ServerSocket()) {
            listener.setReuseAddress(true);
            listener.bind(new InetSocketAddress(Integer.parseInt(args[0])), 128);
            while (true) {
                try {
                    Socket socket = listener.accept();
                    new Thread(() -> echo(socket)).start();
                } catch (IOException e) {
                    Thread.sleep(200); // no descriptors left
                }
            }
        }
    }

    private static void echo(Socket socket) {
        AtomicLong bytes = new AtomicLong();
        Timer everyMinute = new Timer();
        everyMinute.schedule(new TimerTask() {
            @Override
            public void run() {
                bytesOfLastMinute.set(bytes.getAndSet(0));
            }
        }, 60_000, 60_000);
        try (socket) {
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[16384];
            for (int n; (n = in.read(buffer)) != -1; ) {
                socket.getOutputStream().write(buffer, 0, n);
                bytes.addAndGet(n);
            }
        } catch (IOException e) {
            // Reset by the client.
        }
    }
}
