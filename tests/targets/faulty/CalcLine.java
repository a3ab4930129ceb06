// serves: calc-line.yaml
// defect read-line: a lone CR or LF ends a line, too, as for BufferedReader.readLine(), which the method was modelled on; trips: message/line/terminator-exact
// defect no-flush: replies stay in the BufferedOutputStream until the connection ends; only the greeting is flushed; trips: message/reply/answers-while-open
// defect number-format: an operand that is no number ends the connection with a NumberFormatException that nobody catches; trips: message/malformed/answered
// defect copied: the first operand is added to itself, for the line that parses the second was copied and not changed; trips: message/reply/right-answer
// defect greets-late: the greeting waits for the first line, since "the client begins"; trips: message/greeting/first
// defect available: a line ends where available() gives 0, for what is not there yet was taken for not sent; trips: message/cut/byte-by-byte, message/cut/anywhere, message/cut/with-pauses, message/cut/in-the-frame
// defect one-per-read: only the first line of what one read() gave is answered, for the rest of the array is not looked at; trips: message/join/two-in-one-segment, message/join/message-and-a-half, message/pipeline/all-in-order
// defect no-bye: QUIT closes the connection without a reply, for the condition of the loop is looked at before the reply is sent; trips: message/then/closes
// defect goes-on: a line that is too long is answered, and reading goes on in the middle of it, as after every other error; trips: message/size/one-over
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public final class CalcLine {
    private static final int LONGEST = 512;
    private static final Pattern ADD = Pattern.compile("ADD (-?[0-9]{1,18}) (-?[0-9]{1,18})");
    private static String word = "";

    public static void main(String[] args) throws IOException {
        word = args.length > 1 ? args[1] : "";
        try (ServerSocket listener = new ServerSocket()) {
            listener.setReuseAddress(true);
            listener.bind(new InetSocketAddress(Integer.parseInt(args[0])), 128);
            while (true) {
                Socket socket = listener.accept();
                new Thread(() -> serve(socket)).start();
            }
        }
    }

    private static void serve(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            OutputStream out = new BufferedOutputStream(socket.getOutputStream());
            try {
                talk(new Lines(in), out);
            } finally {
                out.flush();
            }
            dropTheRest(socket);
        } catch (IOException e) {
            // The end of the input, reset by the client, or it goes on sending for more than five seconds.
        }
    }

    private static void talk(Lines lines, OutputStream out) throws IOException {
        if (word.equals("greets-late")) {
            lines.waitForInput();
        }
        send(out, "READY");
        out.flush();
        String line = "";
        while (line != null && !line.equals("QUIT")) {
            line = lines.next();
            if (word.equals("no-bye") && "QUIT".equals(line)) {
                break;
            }
            send(out, line == null ? "ERR line too long" : answer(line));
            if (line == null && word.equals("goes-on")) {
                line = "";
            }
        }
    }

    private static String answer(String line) {
        if (line.equals("PING")) {
            return "PONG";
        }
        if (line.equals("QUIT")) {
            return "BYE";
        }
        if (word.equals("number-format") && line.startsWith("ADD ")) {
            String[] words = line.split(" ", 3);
            return "OK " + (Long.parseLong(words[1]) + Long.parseLong(words[2]));
        }
        Matcher numbers = ADD.matcher(line);
        if (!numbers.matches()) {
            return "ERR what is that?";
        }
        return "OK " + (Long.parseLong(numbers.group(1)) + Long.parseLong(numbers.group(word.equals("copied") ? 1 : 2)));
    }

    private static final class Lines {
        private final InputStream in;
        private boolean afterReturn; // for read-line: an LF belongs to the CR before it

        Lines(InputStream in) {
            this.in = in;
        }

        void waitForInput() throws IOException {
            in.mark(1);
            in.read();
            in.reset();
        }

        /** A line without its end; null if it is too long. Half a line at the end of the input is no line. */
        String next() throws IOException {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            while (true) {
                int b = in.read();
                if (b == -1) {
                    throw new EOFException();
                }
                boolean belongs = b == '\n' && afterReturn;
                afterReturn = b == '\r' && word.equals("read-line");
                if (belongs) {
                    continue;
                }
                line.write(b);
                String text = line.toString(StandardCharsets.ISO_8859_1);
                if (word.equals("read-line") && (b == '\n' || b == '\r')) {
                    return text.substring(0, text.length() - 1);
                }
                if (text.endsWith("\r\n")) {
                    if (word.equals("one-per-read")) {
                        in.skip(in.available());
                    }
                    return text.substring(0, text.length() - 2);
                }
                if (word.equals("available") && in.available() == 0 && text.length() <= LONGEST) {
                    return text;
                }
                if (text.length() > LONGEST + 1 || (text.length() > LONGEST && b != '\r')) {
                    return null;
                }
            }
        }
    }

    private static void send(OutputStream out, String line) throws IOException {
        out.write((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        if (!word.equals("no-flush")) {
            out.flush();
        }
    }

    /** Ends the output, then drops what still comes, for five seconds. */
    private static void dropTheRest(Socket socket) throws IOException {
        byte[] dropped = new byte[16384];
        long until = System.nanoTime() + 5_000_000_000L;
        socket.shutdownOutput();
        for (long left; (left = (until - System.nanoTime()) / 1_000_000) > 0; ) {
            socket.setSoTimeout((int) left);
            if (socket.getInputStream().read(dropped) == -1) {
                return;
            }
        }
    }
}
