// Echo server, one thread and one Selector. Each connection owns one fixed
// buffer; reading stops while that is full.
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Iterator;

public final class JavaNio {
    private static final class Connection {
        final ByteBuffer owed = ByteBuffer.allocateDirect(16384); // in filling mode
        boolean eof; // the client has sent its FIN

        /** Moves what can be moved; false when the connection is over. */
        boolean serve(SelectionKey key) throws IOException {
            SocketChannel channel = (SocketChannel) key.channel();
            if (!eof && owed.hasRemaining()) {
                eof = channel.read(owed) == -1;
            }
            owed.flip();
            if (owed.hasRemaining()) {
                channel.write(owed);
            }
            owed.compact();
            boolean empty = owed.position() == 0;
            if (eof && empty) {
                return false;
            }
            key.interestOps((!eof && owed.hasRemaining() ? SelectionKey.OP_READ : 0)
                    | (empty ? 0 : SelectionKey.OP_WRITE));
            return true;
        }
    }

    public static void main(String[] args) throws IOException {
        Selector selector = Selector.open();
        ServerSocketChannel listener = ServerSocketChannel.open();
        listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        listener.bind(new InetSocketAddress(Integer.parseInt(args[0])), 128);
        listener.configureBlocking(false);
        SelectionKey door = listener.register(selector, SelectionKey.OP_ACCEPT);

        while (true) {
            boolean room = door.interestOps() != 0;
            selector.select(room ? 0 : 1000);
            door.interestOps(SelectionKey.OP_ACCEPT);
            Iterator<SelectionKey> keys = selector.selectedKeys().iterator();
            while (keys.hasNext()) {
                SelectionKey key = keys.next();
                keys.remove();
                if (key == door) {
                    welcome(selector, listener, door);
                } else {
                    serve(key);
                }
            }
        }
    }

    private static void welcome(Selector selector, ServerSocketChannel listener, SelectionKey door) {
        try {
            SocketChannel channel = listener.accept();
            if (channel != null) {
                channel.configureBlocking(false);
                channel.register(selector, SelectionKey.OP_READ, new Connection());
            }
        } catch (IOException e) {
            door.interestOps(0); // no descriptor left: leave the listener out for one round
        }
    }

    private static void serve(SelectionKey key) {
        try {
            if (((Connection) key.attachment()).serve(key)) {
                return;
            }
        } catch (IOException e) {
            // Reset by the client: nothing is owed any more.
        }
        try {
            key.channel().close();
        } catch (IOException e) {
            // Gone already.
        }
    }
}
