// client-of: echo
// Echo client: sends three lines, reads until as many bytes are back, compares
// them and closes in order. Three seconds of silence are too much.
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

public final class EchoClient {
    private static final int PATIENCE = 3000; // milliseconds
    private static final byte[] REQUEST =
            "rain rain go away\ncome again\nanother day\n".getBytes(StandardCharsets.US_ASCII);

    public static void main(String[] args) {
        byte[] reply;
        try (Socket socket = new Socket()) {
            InetAddress here = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
            socket.connect(new InetSocketAddress(here, Integer.parseInt(args[0])), PATIENCE);
            socket.setSoTimeout(PATIENCE);
            reply = talk(socket);
        } catch (IOException e) { // refused, reset, silent, or one of ours
            System.err.println("EchoClient: " + e.getMessage());
            System.exit(1);
            return;
        }
        System.out.write(reply, 0, reply.length);
        System.out.flush();
    }

    private static byte[] talk(Socket socket) throws IOException {
        socket.getOutputStream().write(REQUEST);
        InputStream in = socket.getInputStream();
        byte[] reply = in.readNBytes(REQUEST.length); // fewer only at the end of the input
        if (reply.length < REQUEST.length) {
            throw new EOFException("the connection ended before the whole reply");
        }
        if (!Arrays.equals(reply, REQUEST)) {
            throw new IOException("the reply is not what was sent");
        }
        socket.shutdownOutput();
        if (in.read() != -1) {
            throw new IOException("more came back than was sent");
        }
        return reply;
    }
}
