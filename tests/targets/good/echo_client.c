// client-of: echo
/* Echo client: sends three lines, reads until as many bytes are back, compares
   them and closes in order. Three seconds of silence are too much. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static const char request[] = "one for sorrow\ntwo for joy\nthree for a girl\n";

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "echo_client: %s\n", what);
    exit(1);
}

static _Noreturn void fail_errno(const char *what)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINPROGRESS)
        fail("no answer for three seconds");
    fprintf(stderr, "echo_client: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void send_all(int fd, const char *data, size_t left)
{
    while (left > 0) {
        ssize_t n = send(fd, data, left, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            fail_errno("send");
        data += n;
        left -= (size_t)n;
    }
}

/* The number of bytes; 0 at the end. */
static size_t receive(int fd, char *data, size_t size)
{
    ssize_t n;
    while ((n = recv(fd, data, size, 0)) < 0)
        if (errno != EINTR)
            fail_errno("recv");
    return (size_t)n;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    struct sockaddr_in server = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)atoi(argv[1])),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct timeval patience = { .tv_sec = 3 };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0)
        fail_errno("socket");
    if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0)
        fail_errno("connect");

    size_t size = strlen(request), have = 0;
    char reply[sizeof request];
    send_all(fd, request, size);
    while (have < size) {
        size_t n = receive(fd, reply + have, size - have);
        if (n == 0)
            fail("the connection ended before the whole reply");
        have += n;
    }
    if (memcmp(reply, request, size) != 0)
        fail("the reply is not what was sent");

    char more;
    if (shutdown(fd, SHUT_WR) < 0)
        fail_errno("shutdown");
    if (receive(fd, &more, 1) > 0)
        fail("more came back than was sent");
    close(fd);
    fwrite(reply, 1, size, stdout);
    return 0;
}
