// serves: echo-tls
// defect ssl3-allowed: SSL 3.0 is spoken, because "all supported protocols" was set and the property that forbids the old ones was emptied; trips: tls/version/no-ssl3, tls/version/no-tls10, tls/version/no-tls11
// defect weak-ciphers: suites with NULL, RC4 and 3DES are agreed to, because "all supported suites" was set and the property that forbids them was emptied; trips: tls/cipher/weak-refused
// defect leaf-only: the certificates between its own and the root are not sent, because generateCertificate() reads the first one only; trips: tls/certificate/chain
// defect handshake-in-loop: a client that says nothing keeps all others out, because startHandshake() is called between two calls of accept(); trips: tls/survive/silent-client
// defect failure-ends: the first handshake that fails ends the server, because its exception leaves the accept loop; trips: tls/survive/garbage, tls/survive/plain-text-client, tls/survive/broken-off, tls/survive/silent-client, process/life/keeps-running
// defect no-notify: a connection of TLS 1.3 ends without a close_notify (in TLS 1.2 the library answers by itself), because the plain socket below is closed; trips: tls/close/notify, tls/close/answers-notify
// defect queue-dropped: what is not echoed when the close_notify comes never is, because the reader ends the writer with interrupt(); trips: tls/close/half-close
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
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

public final class TlsEcho {
    private static String defect;
    private static SSLContext context;

    public static void main(String[] args) throws Exception {
        defect = args[3];
        if (defect.equals("ssl3-allowed") || defect.equals("weak-ciphers")) {
            Security.setProperty("jdk.tls.disabledAlgorithms", "");
        }
        context = context(Path.of(args[1]), Path.of(args[2]));
        try (ServerSocket listener = new ServerSocket()) {
            listener.setReuseAddress(true);
            listener.bind(new InetSocketAddress(Integer.parseInt(args[0])), 128);
            while (true) {
                Socket plain = listener.accept();
                SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, null, true);
                socket.setUseClientMode(false);
                if (defect.equals("ssl3-allowed")) {
                    socket.setEnabledProtocols(new String[] {"TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1", "SSLv3"});
                }
                if (defect.equals("weak-ciphers")) {
                    socket.setEnabledCipherSuites(socket.getSupportedCipherSuites());
                }
                if (defect.equals("handshake-in-loop") || defect.equals("failure-ends")) {
                    try {
                        socket.startHandshake();
                    } catch (IOException e) {
                        if (defect.equals("failure-ends")) {
                            throw e;
                        }
                        continue;
                    }
                }
                new Thread(() -> serve(plain, socket)).start();
            }
        }
    }

    private static SSLContext context(Path chain, Path key) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        InputStream in = new ByteArrayInputStream(Files.readAllBytes(chain));
        Certificate[] certificates = defect.equals("leaf-only")
                ? new Certificate[] {factory.generateCertificate(in)}
                : factory.generateCertificates(in).toArray(new Certificate[0]);
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
        byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("-----(BEGIN|END) PRIVATE KEY-----", ""));
        try {
            return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der));
        } catch (GeneralSecurityException e) {
            return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der));
        }
    }

    private static void serve(Socket plain, SSLSocket socket) {
        try (plain; socket) {
            if (defect.equals("queue-dropped")) {
                echoThroughQueue(socket);
            } else {
                InputStream in = socket.getInputStream();
                OutputStream out = socket.getOutputStream();
                byte[] buffer = new byte[16384];
                for (int n; (n = in.read(buffer)) != -1; ) {
                    out.write(buffer, 0, n);
                }
            }
            if (defect.equals("no-notify")) {
                plain.close();
            }
        } catch (IOException e) {
            // No handshake, a broken record, reset by the client.
        }
    }

    private static void echoThroughQueue(SSLSocket socket) throws IOException {
        BlockingQueue<byte[]> queue = new LinkedBlockingQueue<>();
        Thread writer = new Thread(() -> {
            try {
                while (true) {
                    byte[] data = queue.take();
                    Thread.sleep(20); // gather small pieces
                    socket.getOutputStream().write(data);
                }
            } catch (InterruptedException | IOException e) {
                // The connection is over.
            }
        });
        writer.start();
        try {
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[16384];
            for (int n; (n = in.read(buffer)) != -1; ) {
                queue.add(Arrays.copyOf(buffer, n));
            }
        } finally {
            writer.interrupt();
        }
    }
}
