// serves: echo-tls
// TLS echo server, one platform thread per connection, an SSLSocket laid over
// the plain one: all that comes before the client's close_notify goes back, then
// follow a close_notify of ours and the FIN.
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

public final class JavaTls {
    private static final Object ended = new Object();
    private static SSLContext context;

    public static void main(String[] args) throws Exception {
        context = context(Path.of(args[1]), Path.of(args[2]));
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

    private static SSLContext context(Path chain, Path key) throws Exception {
        Certificate[] certificates = CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(chain)))
                .toArray(new Certificate[0]);
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("server", privateKey(Files.readString(key)), new char[0], certificates);
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }

    private static PrivateKey privateKey(String pem) throws GeneralSecurityException {
        String begin = "-----BEGIN PRIVATE KEY-----"; // PKCS #8
        String end = "-----END PRIVATE KEY-----";
        String base64 = pem.substring(pem.indexOf(begin) + begin.length(), pem.indexOf(end));
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(base64));
        try {
            return KeyFactory.getInstance("EC").generatePrivate(spec);
        } catch (GeneralSecurityException e) {
            return KeyFactory.getInstance("RSA").generatePrivate(spec);
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
            try {
                echo(socket);
            } catch (SSLException e) {
                // Not TLS, no version in common, no close_notify; the library has sent its alert.
            }
            leave(socket);
        } catch (IOException e) {
            // Reset by the client, or silent after our FIN.
        } finally {
            synchronized (ended) {
                ended.notify();
            }
        }
    }

    private static void echo(Socket plain) throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, null, false);
        socket.setUseClientMode(false);
        socket.setEnabledProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
        InputStream in = socket.getInputStream();
        OutputStream out = socket.getOutputStream();
        byte[] buffer = new byte[16384];
        for (int n; (n = in.read(buffer)) != -1; ) { // the first read() does the handshake
            out.write(buffer, 0, n);
        }
        socket.close(); // close_notify only: the plain socket stays open
    }

    /** FIN, and what still comes is thrown away, since a close() with input unread would reset the connection. */
    private static void leave(Socket socket) throws IOException {
        socket.shutdownOutput();
        socket.setSoTimeout(1000);
        byte[] buffer = new byte[65536];
        for (int i = 0; i < 100; i++) {
            if (socket.getInputStream().read(buffer) == -1) {
                return;
            }
        }
    }
}
