# client-of: echo-tls
# defect no-tls: it speaks in clear, because the port was changed to that of the secured service and nothing else was; trips: client/tls/handshake
# defect last-words: a line of thanks goes out in clear after the session, because unwrap() gives back a socket that can be written to; trips: client/tls/nothing-in-clear
# defect trusts-all: any certificate will do, because CERT_NONE made the first error message go away; trips: client/tls/untrusted-issuer
# defect failure-is-success: a handshake that fails is printed, and the program goes on to its end with status 0; trips: client/tls/untrusted-issuer, client/exit/status, client/end/reset, client/tls/truncation
# defect any-date: the dates of certificates do not count, because that of the test server had expired so often; trips: client/tls/expired
# defect any-name: the name in the certificate is not compared, because check_hostname was in the way of an address; trips: client/tls/wrong-name
# defect like-files: a wildcard may stand anywhere in a name, because names are compared like those of files; trips: client/tls/partial-wildcard
# defect no-notify: the session is not ended, because close() was thought to do it; trips: client/tls/close-notify
# defect ragged-end: a connection that is cut off ends the reply like any other, because some servers never send a close_notify; trips: client/tls/truncation, client/exit/status, client/end/reset
import fnmatch
import socket
import ssl
import sys

REQUEST = b"two turtle doves\nand a partridge\n"
NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, which the module has no name for

port, ca, defect = sys.argv[1:]


def settings():
    context = ssl.create_default_context(cafile=ca)
    context.hostname_checks_common_name = False
    if defect in ("trusts-all", "any-name", "like-files"):
        context.check_hostname = False
    if defect == "trusts-all":
        context.verify_mode = ssl.CERT_NONE
    if defect == "any-date":
        context.verify_flags |= NO_CHECK_TIME
    return context


def compare_names(conn):
    names = [value for kind, value in conn.getpeercert().get("subjectAltName", ()) if kind == "DNS"]
    if not any(fnmatch.fnmatch("localhost", name) for name in names):
        raise ValueError("the certificate is for another name")


def receive(conn):
    reply = b""
    while len(reply) < len(REQUEST):
        try:
            data = conn.recv(len(REQUEST) - len(reply))
        except ssl.SSLEOFError:
            if defect != "ragged-end":
                raise
            return REQUEST[:len(reply)]
        if not data:
            raise EOFError("the session ended before the whole reply")
        reply += data
    return reply


def talk(conn):
    if defect == "like-files":
        compare_names(conn)
    conn.sendall(REQUEST)
    reply = receive(conn)
    if not REQUEST.startswith(reply):
        raise ValueError("the reply is not what was sent")
    if defect != "no-notify" and len(reply) == len(REQUEST):
        plain = conn.unwrap()
        if defect == "last-words":
            plain.sendall(b"thank you\n")
        plain.close()


def talk_in_clear(conn):
    conn.sendall(REQUEST)
    if conn.recv(1000) != REQUEST:
        raise ValueError("the reply is not what was sent")


try:
    with socket.create_connection(("127.0.0.1", int(port)), timeout=3) as plain:
        if defect == "no-tls":
            talk_in_clear(plain)
        else:
            with settings().wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False) as conn:
                talk(conn)
except (OSError, EOFError, ValueError) as e:
    print(e, file=sys.stderr)
    sys.exit(0 if defect == "failure-is-success" and isinstance(e, ssl.SSLError) else 1)
