// drives: java.nio's SocketChannel, ServerSocketChannel and DatagramChannel
// Driver for `sockconf check --driver` (docs/driver-protocol.md). A stream socket is a SocketChannel until
// listen makes a server of it. What a class has no method for is answered "unsupported"; what it refuses
// by an exception is told by the errno that this stands for.
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.NetworkChannel;
import java.nio.channels.NoConnectionPendingException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

public final class JavaDriver {
    private static final List<String> LACKS = List.of("signals", "dup", "open", "limit", "interrupt", "peek", "waitall", "dontwait",
            "oob", "nosignal", "rcvtimeo", "sndtimeo", "type", "acceptconn", "usertimeout");

    private static final Map<String, SocketOption<Boolean>> SWITCHES = Map.of(
            "reuseaddr", StandardSocketOptions.SO_REUSEADDR,
            "nodelay", StandardSocketOptions.TCP_NODELAY,
            "broadcast", StandardSocketOptions.SO_BROADCAST);

    private static final Map<String, SocketOption<Integer>> NUMBERS = Map.of(
            "linger", StandardSocketOptions.SO_LINGER,
            "rcvbuf", StandardSocketOptions.SO_RCVBUF,
            "sndbuf", StandardSocketOptions.SO_SNDBUF);

    /** What the system's own errors say, once Java has wrapped them. */
    private static final Map<String, String> MESSAGES = Map.ofEntries(
            Map.entry("Connection refused", "ECONNREFUSED"),
            Map.entry("Connection reset", "ECONNRESET"),
            Map.entry("Connection timed out", "ETIMEDOUT"),
            Map.entry("Broken pipe", "EPIPE"),
            Map.entry("Address already in use", "EADDRINUSE"),
            Map.entry("Cannot assign requested address", "EADDRNOTAVAIL"),
            Map.entry("Network is unreachable", "ENETUNREACH"),
            Map.entry("No route to host", "EHOSTUNREACH"),
            Map.entry("Permission denied", "EACCES"),
            Map.entry("Message too long", "EMSGSIZE"),
            Map.entry("Too many open files", "EMFILE"),
            Map.entry("No buffer space available", "ENOBUFS"),
            Map.entry("Socket is not connected", "ENOTCONN"),
            Map.entry("Transport endpoint is not connected", "ENOTCONN"),
            Map.entry("Transport endpoint is already connected", "EISCONN"),
            Map.entry("Protocol not available", "ENOPROTOOPT"),
            Map.entry("Address family not supported", "EAFNOSUPPORT"),
            Map.entry("Operation not supported", "EOPNOTSUPP"),
            Map.entry("Invalid argument", "EINVAL"));

    /** The class under test has no way to say this. */
    @SuppressWarnings("serial")
    private static final class Unsupported extends RuntimeException {
    }

    /** An errno for what the class tells by a return value. */
    @SuppressWarnings("serial")
    private static final class Errno extends IOException {
        Errno(String name) {
            super(name);
        }
    }

    /** What a number stands for. A closed one stays until its number is given anew, for calls after close. */
    private static final class Socket {
        final ProtocolFamily family;
        final Map<String, Integer> options = new HashMap<>(); // those set, to move them over in listen
        volatile NetworkChannel channel;
        volatile boolean closed;

        Socket(ProtocolFamily family, NetworkChannel channel) {
            this.family = family;
            this.channel = channel;
        }

        <T> T as(Class<T> wanted) {
            if (!wanted.isInstance(channel)) {
                throw new Unsupported();
            }
            return wanted.cast(channel);
        }

        /** Java's listener is another class: address, options and blocking mode move to one. */
        void listen(int backlog) throws IOException {
            SocketChannel before = as(SocketChannel.class);
            if (before.isConnected() || before.isConnectionPending()) {
                throw new Unsupported();
            }
            SocketAddress address = before.getLocalAddress(); // null is any
            ServerSocketChannel server = ServerSocketChannel.open(family);
            server.configureBlocking(before.isBlocking());
            before.close();
            channel = server;
            if (options.containsKey("reuseaddr")) {
                setOption("reuseaddr", options.get("reuseaddr"));
            }
            if (options.containsKey("rcvbuf")) {
                setOption("rcvbuf", options.get("rcvbuf"));
            }
            server.bind(address, backlog);
        }

        SocketChannel accept() throws IOException {
            if (channel instanceof SocketChannel stream && stream.isOpen()) {
                if (stream.getLocalAddress() != null) {
                    throw new Unsupported(); // in Java, a bound server listens
                }
                try (ServerSocketChannel unbound = ServerSocketChannel.open(family)) {
                    return unbound.accept();
                }
            }
            SocketChannel accepted = as(ServerSocketChannel.class).accept();
            if (accepted == null) {
                throw new Errno("EAGAIN");
            }
            return accepted;
        }

        void connect(Map<?, ?> address) throws IOException {
            if (channel instanceof DatagramChannel datagram) {
                if (address.get("family").equals("unspec")) {
                    datagram.disconnect();
                } else {
                    datagram.connect(socketAddress(address));
                }
            } else if (!as(SocketChannel.class).connect(socketAddress(address))) {
                throw new Errno("EINPROGRESS");
            }
        }

        int send(byte[] data, SocketAddress to) throws IOException {
            ByteBuffer buffer = ByteBuffer.wrap(data);
            int sent = to != null ? as(DatagramChannel.class).send(buffer, to)
                    : channel instanceof DatagramChannel datagram ? datagram.write(buffer)
                    : as(SocketChannel.class).write(buffer);
            if (sent == 0 && data.length > 0) {
                throw new Errno("EAGAIN");
            }
            return sent;
        }

        Map<String, Object> receive(int length) throws IOException {
            ByteBuffer buffer = ByteBuffer.allocate(length);
            Map<String, Object> answer = new LinkedHashMap<>();
            if (channel instanceof DatagramChannel datagram) {
                SocketAddress sender = datagram.receive(buffer);
                if (sender == null) {
                    throw new Errno("EAGAIN");
                }
                answer.put("address", address(sender));
            } else if (as(SocketChannel.class).read(buffer) == 0 && length > 0) { // -1 is the end
                throw new Errno("EAGAIN");
            }
            answer.put("value", buffer.position());
            answer.put("data", HexFormat.of().formatHex(buffer.array(), 0, buffer.position()));
            return answer;
        }

        void shutdown(String how) throws IOException {
            SocketChannel stream = as(SocketChannel.class);
            switch (how) {
                case "rd" -> stream.shutdownInput();
                case "wr" -> stream.shutdownOutput();
                case "rdwr" -> stream.shutdownInput().shutdownOutput();
                default -> throw new Unsupported();
            }
        }

        void setOption(String name, int number) throws IOException {
            if (SWITCHES.containsKey(name)) {
                channel.setOption(SWITCHES.get(name), number != 0);
            } else if (NUMBERS.containsKey(name)) {
                channel.setOption(NUMBERS.get(name), number);
            } else {
                throw new Unsupported();
            }
            options.put(name, number);
        }

        Map<String, Object> getOption(String name) throws IOException {
            if (SWITCHES.containsKey(name)) {
                return value(channel.getOption(SWITCHES.get(name)) ? 1 : 0);
            }
            if (NUMBERS.containsKey(name)) {
                return value(channel.getOption(NUMBERS.get(name)));
            }
            if (name.equals("error")) {
                return with(value(0), "error", pendingError());
            }
            throw new Unsupported();
        }

        /** finishConnect is Java's way to ask how a connect went that did not wait, and the only way. */
        private String pendingError() throws IOException {
            SocketChannel stream = as(SocketChannel.class);
            if (stream.isOpen() && !stream.isConnectionPending()) { // and finishConnect would wait for a read to end
                throw new Unsupported();
            }
            try {
                if (!stream.finishConnect()) { // not known yet
                    throw new Unsupported();
                }
                return "0";
            } catch (NoConnectionPendingException e) {
                throw new Unsupported();
            } catch (ClosedChannelException e) {
                throw e;
            } catch (IOException e) {
                return errno(e, this);
            }
        }

        /** A Selector takes channels in non-blocking mode only, and does not tell err, hup and nval. */
        Map<String, Object> poll(List<?> events, int timeout) throws IOException {
            SelectableChannel selectable = as(SelectableChannel.class);
            int in = selectable.validOps() & (SelectionKey.OP_READ | SelectionKey.OP_ACCEPT);
            int out = selectable.validOps() & (SelectionKey.OP_WRITE | SelectionKey.OP_CONNECT);
            int wanted = (events.contains("in") ? in : 0) | (events.contains("out") ? out : 0);
            try (Selector selector = Selector.open()) {
                SelectionKey key = selectable.register(selector, wanted);
                if (timeout == 0) {
                    selector.selectNow();
                } else {
                    selector.select(Math.max(timeout, 0)); // 0 is for ever
                }
                List<String> revents = new ArrayList<>();
                int ready = key.isValid() ? key.readyOps() : 0;
                if ((ready & in) != 0) {
                    revents.add("in");
                }
                if ((ready & out) != 0) {
                    revents.add("out");
                }
                return with(value(revents.isEmpty() ? 0 : 1), "revents", revents);
            }
        }

        Map<String, Object> localAddress() throws IOException {
            SocketAddress local = channel.getLocalAddress();
            if (local == null) { // not bound
                local = new InetSocketAddress(family == StandardProtocolFamily.INET6 ? "::" : "0.0.0.0", 0);
            }
            return with(value(0), "address", address(local));
        }

        Map<String, Object> peerAddress() throws IOException {
            SocketAddress peer = channel instanceof DatagramChannel datagram ? datagram.getRemoteAddress()
                    : as(SocketChannel.class).getRemoteAddress();
            if (peer == null) {
                throw new Errno("ENOTCONN");
            }
            return with(value(0), "address", address(peer));
        }

        void close() throws IOException {
            closed = true;
            channel.close();
        }
    }

    private static final Map<Integer, Socket> SOCKETS = new HashMap<>();
    private static final List<Background> BACKGROUND = new ArrayList<>();
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] args) throws IOException, InterruptedException {
        Map<String, Object> hello = with(new LinkedHashMap<>(), "driver", 1);
        write(with(with(with(hello, "name", "java.nio channels"), "profile", "java"), "lacks", LACKS));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            Map<?, ?> request = (Map<?, ?>) new Json(line).value();
            if ("reset".equals(request.get("call"))) {
                reset();
                write(with(with(new LinkedHashMap<>(), "id", request.get("id")), "value", 0));
            } else if (Boolean.TRUE.equals(request.get("background"))) {
                new Background(request).begin();
            } else {
                write(answer(request));
            }
        }
    }

    /** A request on a thread of its own; the threads are daemons, so that the end of stdin ends them. */
    private static final class Background extends Thread {
        private final Map<?, ?> request;
        private boolean over; // answered, or too late for it; guarded by OUT

        Background(Map<?, ?> request) {
            this.request = request;
            setDaemon(true);
        }

        void begin() throws InterruptedException {
            BACKGROUND.removeIf(earlier -> !earlier.isAlive());
            BACKGROUND.add(this);
            start();
            join(20);
            synchronized (OUT) {
                if (!over) {
                    write(with(with(new LinkedHashMap<>(), "id", request.get("id")), "blocked", true));
                }
            }
        }

        @Override
        public void run() {
            Map<String, Object> answer = answer(request);
            synchronized (OUT) {
                if (!over) {
                    write(answer);
                }
                over = true;
            }
        }

        void end() throws InterruptedException {
            interrupt(); // wakes a Selector; the channels are closed already
            join(500);
            synchronized (OUT) {
                over = true;
            }
        }
    }

    private static void reset() throws IOException, InterruptedException {
        closeAll();
        for (Background background : BACKGROUND) {
            background.end();
        }
        BACKGROUND.clear();
        closeAll(); // what was accepted meanwhile
        synchronized (SOCKETS) {
            SOCKETS.clear();
        }
    }

    private static void closeAll() throws IOException {
        synchronized (SOCKETS) {
            for (Socket socket : SOCKETS.values()) {
                socket.close();
            }
        }
    }

    private static int number(Socket socket) {
        synchronized (SOCKETS) {
            int number = 3;
            while (SOCKETS.containsKey(number) && !SOCKETS.get(number).closed) {
                number++;
            }
            SOCKETS.put(number, socket);
            return number;
        }
    }

    private static Map<String, Object> answer(Map<?, ?> request) {
        Socket socket;
        synchronized (SOCKETS) {
            socket = SOCKETS.get(request.get("socket"));
        }
        Map<String, Object> answer = with(new LinkedHashMap<>(), "id", request.get("id"));
        try {
            answer.putAll(carryOut(request, socket));
        } catch (Unsupported | UnsupportedOperationException | IllegalBlockingModeException e) {
            answer.put("unsupported", true);
        } catch (IOException | RuntimeException e) {
            answer.put("errno", errno(e, socket));
        }
        return answer;
    }

    private static Map<String, Object> carryOut(Map<?, ?> request, Socket socket) throws IOException {
        String call = (String) request.get("call");
        if (call.equals("socket")) {
            return open(request);
        }
        if (socket == null || request.containsKey("room") || request.get("flags") instanceof List<?> flags && !flags.isEmpty()) {
            throw new Unsupported();
        }
        Map<?, ?> address = (Map<?, ?>) request.get("address");
        switch (call) {
            case "bind" -> socket.channel.bind(socketAddress(address));
            case "connect" -> socket.connect(address);
            case "listen" -> socket.listen((int) request.get("backlog"));
            case "shutdown" -> socket.shutdown((String) request.get("how"));
            case "setsockopt" -> socket.setOption((String) request.get("option"), (int) request.get("number"));
            case "nonblocking" -> socket.as(SelectableChannel.class).configureBlocking(!(boolean) request.get("on"));
            case "close" -> socket.close();
            case "getsockname" -> {
                return socket.localAddress();
            }
            case "getpeername" -> {
                return socket.peerAddress();
            }
            case "getsockopt" -> {
                return socket.getOption((String) request.get("option"));
            }
            case "poll" -> {
                return socket.poll((List<?>) request.get("events"), (int) request.get("timeout"));
            }
            case "accept" -> {
                SocketChannel accepted = socket.accept();
                Object peer = address(accepted.getRemoteAddress());
                return with(value(number(new Socket(socket.family, accepted))), "address", peer);
            }
            case "send" -> {
                byte[] data = HexFormat.of().parseHex((String) request.get("data"));
                return value(socket.send(data, address == null ? null : socketAddress(address)));
            }
            case "recv" -> {
                return socket.receive((int) request.get("length"));
            }
            default -> throw new Unsupported();
        }
        return value(0);
    }

    private static Map<String, Object> open(Map<?, ?> request) throws IOException {
        ProtocolFamily family = "inet".equals(request.get("domain")) ? StandardProtocolFamily.INET
                : "inet6".equals(request.get("domain")) ? StandardProtocolFamily.INET6 : null;
        boolean stream = "stream".equals(request.get("type"));
        if (family == null || !stream && !"dgram".equals(request.get("type")) || (int) request.get("protocol") != 0) {
            throw new Unsupported();
        }
        return value(number(new Socket(family, stream ? SocketChannel.open(family) : DatagramChannel.open(family))));
    }

    private static SocketAddress socketAddress(Map<?, ?> address) throws IOException {
        if (!List.of("inet", "inet6").contains(address.get("family")) || address.containsKey("length")) {
            throw new Unsupported();
        }
        return new InetSocketAddress(InetAddress.getByName((String) address.get("ip")), (int) address.get("port"));
    }

    private static Map<String, Object> address(SocketAddress address) {
        InetSocketAddress internet = (InetSocketAddress) address;
        boolean six = internet.getAddress() instanceof Inet6Address;
        String ip = internet.getAddress().getHostAddress().split("%")[0];
        Map<String, Object> told = with(new LinkedHashMap<>(), "family", six ? "inet6" : "inet");
        return with(with(told, "ip", six ? ip.replaceFirst("(^|:)0(:0)+(:|$)", "::") : ip), "port", internet.getPort());
    }

    private static String errno(Exception e, Socket socket) {
        if (e instanceof Errno) {
            return e.getMessage();
        }
        if (e instanceof NotYetConnectedException) {
            return "ENOTCONN";
        }
        if (e instanceof AlreadyConnectedException) {
            return "EISCONN";
        }
        if (e instanceof ConnectionPendingException) {
            return "EALREADY";
        }
        if (e instanceof ClosedChannelException) { // also thrown when only the sending half is closed
            return socket.channel.isOpen() ? "EPIPE" : "EBADF";
        }
        if (e instanceof UnsupportedAddressTypeException) {
            return "EAFNOSUPPORT";
        }
        if (e instanceof PortUnreachableException) {
            return "ECONNREFUSED";
        }
        if (e instanceof IllegalArgumentException || e instanceof IllegalStateException) { // AlreadyBound, NotYetBound, …
            return "EINVAL";
        }
        for (Map.Entry<String, String> message : MESSAGES.entrySet()) {
            if (String.valueOf(e.getMessage()).startsWith(message.getKey())) {
                return message.getValue();
            }
        }
        e.printStackTrace();
        return "EIO";
    }

    private static Map<String, Object> value(int value) {
        return with(new LinkedHashMap<>(), "value", value);
    }

    private static Map<String, Object> with(Map<String, Object> answer, String field, Object value) {
        answer.put(field, value);
        return answer;
    }

    private static void write(Map<String, Object> answer) {
        synchronized (OUT) {
            OUT.print(Json.text(answer) + "\n");
            OUT.flush();
        }
    }

    /** As much of JSON as the protocol needs: numbers are whole. */
    private static final class Json {
        private final String text;
        private int at;

        Json(String text) {
            this.text = text;
        }

        Object value() {
            switch (next()) {
                case '{':
                    Map<String, Object> members = new HashMap<>();
                    for (at++; next() != '}'; skip(',')) {
                        String name = (String) value();
                        skip(':');
                        members.put(name, value());
                    }
                    at++;
                    return members;
                case '[':
                    List<Object> items = new ArrayList<>();
                    for (at++; next() != ']'; skip(',')) {
                        items.add(value());
                    }
                    at++;
                    return items;
                case '"':
                    return string();
                default:
                    int from = at;
                    while (at < text.length() && ",]} \t".indexOf(text.charAt(at)) < 0) {
                        at++;
                    }
                    String word = text.substring(from, at);
                    return switch (word) {
                        case "true" -> true;
                        case "false" -> false;
                        case "null" -> null;
                        default -> Integer.valueOf(word);
                    };
            }
        }

        private String string() {
            StringBuilder string = new StringBuilder();
            for (at++; text.charAt(at) != '"'; at++) {
                char c = text.charAt(at);
                if (c == '\\') {
                    c = text.charAt(++at);
                    if (c == 'u') {
                        c = (char) Integer.parseInt(text.substring(at + 1, at + 5), 16);
                        at += 4;
                    } else {
                        int control = "bfnrt".indexOf(c);
                        c = control < 0 ? c : "\b\f\n\r\t".charAt(control);
                    }
                }
                string.append(c);
            }
            at++;
            return string.toString();
        }

        private char next() {
            while (" \t".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            return text.charAt(at);
        }

        private void skip(char mark) {
            if (next() == mark) {
                at++;
            }
        }

        /** Our own strings are plain: names, addresses, hexadecimal. */
        static String text(Object value) {
            if (value instanceof Map<?, ?> map) {
                List<String> members = new ArrayList<>();
                map.forEach((name, member) -> members.add("\"" + name + "\":" + text(member)));
                return "{" + String.join(",", members) + "}";
            }
            if (value instanceof List<?> list) {
                return "[" + String.join(",", list.stream().map(Json::text).toList()) + "]";
            }
            return value instanceof String ? "\"" + value + "\"" : String.valueOf(value);
        }
    }
}
