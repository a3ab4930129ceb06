// client-of: echo
// defect: it is killed by SIGPIPE when it goes on sending after the server has gone
// mistake: the result of write() is not looked at, and SIGPIPE is left at its default
// trips: client/life/no-signal, client/end/reset, client/end/early-eof
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static const char *const lines[] = { "to be\n", "or not\n", "to be\n", "that is\n", "the question\n" };

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
    struct timeval patience = { .tv_sec = 3 };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0)
        return fail("no connection");

    char request[64] = "", reply[sizeof request];
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        strcat(request, lines[i]);
        (void)!write(fd, lines[i], strlen(lines[i]));
        usleep(20000); /* the speed of a typist */
    }
    size_t size = strlen(request), have = 0;
    while (have < size) {
        ssize_t n = recv(fd, reply + have, size - have, 0);
        if (n <= 0)
            return fail(n < 0 ? "no reply" : "the connection ended too early");
        have += (size_t)n;
    }
    shutdown(fd, SHUT_WR);
    if (memcmp(reply, request, size) != 0 || recv(fd, reply, 1, 0) != 0)
        return fail("wrong reply");
    close(fd);
    fputs(request, stdout);
    return 0;
}
