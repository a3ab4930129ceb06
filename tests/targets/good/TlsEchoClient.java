// client-of: echo-tls
// TLS echo client: trusts one authority and the name localhost, sends three
// lines, compares what comes back, and ends its session before its connection.
import java.io.EOFException;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

public final class TlsEchoClient {
    private static final int PATIENCE = 2000; // milliseconds, and close() waits as long once more
    private static final byte[] REQUEST =
            "rain rain go away\ncome again\nanother day\n".getBytes(StandardCharsets.US_ASCII);

    public static void main(String[] args) {
        byte[] reply;
        try {
            SSLContext context = trusting(args[1]);
            try (Socket plain = new Socket()) {
                InetAddress here = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
                plain.connect(new InetSocketAddress(here, Integer.parseInt(args[0])), PATIENCE);
                plain.setSoTimeout(PATIENCE);
                try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, "localhost", plain.getPort(), true)) {
                    reply = talk(socket);
                }
            }
        } catch (IOException | GeneralSecurityException e) { // refused, reset, silent, not to be trusted, or one of ours
            System.err.println("TlsEchoClient: " + e.getMessage());
            System.exit(1);
            return;
        }
        System.out.write(reply, 0, reply.length);
        System.out.flush();
    }

    /** Trusts the authority of a file, and no other. */
    private static SSLContext trusting(String file) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream in = new FileInputStream(file)) {
            store.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    private static byte[] talk(SSLSocket socket) throws IOException, GeneralSecurityException {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS"); // without it the name is not looked at
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        X509Certificate shown = (X509Certificate) socket.getSession().getPeerCertificates()[0];
        if (shown.getSubjectAlternativeNames() == null) { // the library would take the common name
            throw new SSLPeerUnverifiedException("the certificate has no subjectAltName");
        }
        socket.getOutputStream().write(REQUEST);
        InputStream in = socket.getInputStream();
        byte[] reply = in.readNBytes(REQUEST.length); // fewer only at the end of the session
        if (reply.length < REQUEST.length) {
            throw new EOFException("the session ended before the whole reply");
        }
        if (!Arrays.equals(reply, REQUEST)) {
            throw new IOException("the reply is not what was sent");
        }
        return reply;
    }
}
