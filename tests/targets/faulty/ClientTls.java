// client-of: echo-tls
// defect any-name: the name in the certificate is not compared, because SSLSocket does that only if it is asked to; trips: client/tls/wrong-name
// defect trusts-all: any certificate will do, because a trust manager without checks made the exception go away; trips: client/tls/untrusted-issuer
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

public final class ClientTls {
    private static final byte[] REQUEST = {'f', 'o', 'u', 'r', '\n'};

    public static void main(String[] args) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, args[2].equals("trusts-all") ? new TrustManager[] {new Anybody()} : trusting(args[1]), null);
            try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", Integer.parseInt(args[0]))) {
                socket.setSoTimeout(2000);
                socket.getOutputStream().write(REQUEST);
                if (!Arrays.equals(socket.getInputStream().readNBytes(REQUEST.length), REQUEST)) {
                    throw new IOException("the reply is wrong");
                }
            }
        } catch (IOException | GeneralSecurityException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }

    private static TrustManager[] trusting(String file) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream in = new FileInputStream(file)) {
            store.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(store);
        return managers.getTrustManagers();
    }

    private static final class Anybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
