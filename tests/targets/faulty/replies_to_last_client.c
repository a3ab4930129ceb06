// defect: every reply goes to the latest of the clients that are still there, whoever has sent the bytes
// mistake: keeps the connection to talk to in a global variable, which was enough as long as there was only one client
// trips: tcp/isolation/interleaved, tcp/accept/fifty-at-once, tcp/accept/burst, tcp/half-close/drains-then-closes
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 1000

static int client = -1; /* the client that we talk to */

static struct conn { int fd; size_t begin, end; char buf[8192]; } *conns[MOST];
static struct pollfd fds[MOST + 1];
static int used;

static bool echo(struct conn *c)
{
    ssize_t n;
    if (c->begin == c->end) {
        n = recv(c->fd, c->buf, sizeof c->buf, 0);
        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        c->begin = 0;
        c->end = (size_t)n;
    }
    n = send(client, c->buf + c->begin, c->end - c->begin, MSG_NOSIGNAL);
    if (n >= 0)
        c->begin += (size_t)n;
    return n >= 0 || errno == EAGAIN || errno == EINTR;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    for (;;) {
        for (int i = 0; i < used; i++) {
            bool owes = conns[i]->begin < conns[i]->end;
            fds[i] = (struct pollfd){ .fd = owes ? client : conns[i]->fd, .events = owes ? POLLOUT : POLLIN };
        }
        fds[used] = (struct pollfd){ .fd = used < MOST ? listener : -1, .events = POLLIN };
        if (poll(fds, (nfds_t)used + 1, -1) <= 0)
            continue;
        int known = used;
        /* Newcomers first, all of them. */
        for (int fd; used < MOST && (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0; used++) {
            conns[used] = calloc(1, sizeof **conns);
            conns[used]->fd = client = fd;
        }
        for (int i = known - 1; i >= 0; i--) {
            if (fds[i].revents != 0 && !echo(conns[i])) {
                close(conns[i]->fd);
                free(conns[i]);
                used--;
                memmove(&conns[i], &conns[i + 1], (size_t)(used - i) * sizeof *conns);
                client = used > 0 ? conns[used - 1]->fd : -1;
            }
        }
    }
}
