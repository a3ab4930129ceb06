// client-of: echo
// defect: when the server's FIN comes right behind its reply, the reply is not read and counts as missing
// mistake: POLLRDHUP is looked at before POLLIN, as if nothing could be left to read after the server's end
// trips: client/end/half-close
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char request[] = "knock knock\nwho is there\n";

static int fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0)
        return fail("no connection");
    size_t size = strlen(request), have = 0;
    char reply[sizeof request];
    if (send(fd, request, size, MSG_NOSIGNAL) < 0)
        return fail("cannot send");
    struct pollfd p = { .fd = fd, .events = POLLIN | POLLRDHUP };
    while (have < size) {
        if (poll(&p, 1, 3000) == 0)
            return fail("no answer");
        usleep(20000); /* let a few more bytes come */
        if (poll(&p, 1, 0) == 1 && (p.revents & POLLRDHUP))
            return fail("the server has hung up");
        ssize_t n = recv(fd, reply + have, size - have, 0);
        if (n <= 0)
            return fail("the connection ended too early");
        have += (size_t)n;
    }
    shutdown(fd, SHUT_WR);
    if (memcmp(reply, request, size) != 0 || poll(&p, 1, 3000) == 0 || recv(fd, reply, 1, 0) != 0)
        return fail("wrong reply");
    close(fd);
    fputs(request, stdout);
    return 0;
}
