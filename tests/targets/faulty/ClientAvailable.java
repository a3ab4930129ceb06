// client-of: daytime
// defect: it prints what is there after a tenth of a second, which may be nothing or half of the reply
// mistake: available() == 0 was taken for "that was all", where it only says that nothing is there yet
// trips: client/reply/delayed, client/reply/byte-by-byte, client/silence/gives-up
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;

public final class ClientAvailable {
    public static void main(String[] args) throws InterruptedException {
        StringBuilder reply = new StringBuilder();
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])), 3000);
            InputStream in = socket.getInputStream();
            Thread.sleep(100);
            while (in.available() > 0) {
                reply.append((char) in.read());
            }
        } catch (IOException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
        System.out.print(reply);
    }
}
