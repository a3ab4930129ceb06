// serves: http
// HTTP server on com.sun.net.httpserver, which reads the requests; here is only what it leaves to its user.
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Executors;

public final class JavaHttp {
    private static final int LONGEST_TARGET = 8000;
    private static final int LONGEST_FIELDS = 16384;
    private static final byte[] page = "<!DOCTYPE html>\n<title>Hello</title>\n<p>Grüße vom Server.</p>\n".getBytes(StandardCharsets.UTF_8);

    public static void main(String[] args) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(Integer.parseInt(args[0])), 128);
        server.createContext("/", JavaHttp::serve);
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
    }

    private static void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            try (InputStream body = exchange.getRequestBody()) {
                body.transferTo(OutputStream.nullOutputStream());
            }
            Headers fields = exchange.getRequestHeaders();
            List<String> hosts = fields.get("Host");
            boolean old = exchange.getProtocol().equals("HTTP/1.0");
            if (old || String.join(",", fields.getOrDefault("Connection", List.of())).matches("(?i)(.*,)?\\s*close\\s*(,.*)?")) {
                exchange.getResponseHeaders().set("Connection", "close");
            }
            if (!exchange.getProtocol().startsWith("HTTP/1.")) {
                refuse(exchange, 505);
            } else if (hosts == null ? !old : hosts.size() > 1) {
                refuse(exchange, 400);
            } else if (exchange.getRequestURI().toString().length() > LONGEST_TARGET) {
                refuse(exchange, 414);
            } else if (fields.values().stream().flatMap(List::stream).mapToInt(String::length).sum() > LONGEST_FIELDS) {
                refuse(exchange, 431);
            } else if (!fields.getOrDefault("Content-Length", List.of("0")).stream().allMatch(length -> length.matches("[0-9]+"))) {
                refuse(exchange, 400);
            } else if (exchange.getRequestMethod().equals("POST")) {
                exchange.getResponseHeaders().set("Allow", "GET, HEAD");
                respond(exchange, 405, "text/plain", "read only\n".getBytes(StandardCharsets.UTF_8));
            } else if (!List.of("GET", "HEAD").contains(exchange.getRequestMethod())) {
                refuse(exchange, 501);
            } else if (List.of("", "/").contains(exchange.getRequestURI().getPath())) {
                respond(exchange, 200, "text/html; charset=utf-8", page);
            } else {
                respond(exchange, 404, "text/plain", "not found\n".getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    private static void refuse(HttpExchange exchange, int status) throws IOException {
        exchange.getResponseHeaders().set("Connection", "close");
        respond(exchange, status, "text/plain", "refused\n".getBytes(StandardCharsets.UTF_8));
    }

    private static void respond(HttpExchange exchange, int status, String type, byte[] content) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().set("Content-Length", Integer.toString(content.length));
            exchange.sendResponseHeaders(status, -1); // no body
        } else {
            exchange.sendResponseHeaders(status, content.length);
            exchange.getResponseBody().write(content);
        }
    }
}
