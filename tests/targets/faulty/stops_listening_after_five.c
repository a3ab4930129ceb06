// defect: after five connections the listening socket is closed for good, while those five go on being served
// mistake: the accept loop counts up to a fixed number of clients, taken over from the sample run in the exercise
// trips: tcp/listen/keeps-listening, tcp/handshake/three-way, tcp/accept/one-after-another, tcp/accept/burst, tcp/accept/fifty-at-once
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS 5

static struct { size_t begin, end; char buf[16384]; } owed[CLIENTS];

/* One step for one client: read when nothing is owed, else send. False at its end. */
static bool step(struct pollfd *p, int i)
{
    if (owed[i].begin == owed[i].end) {
        ssize_t n = recv(p->fd, owed[i].buf, sizeof owed[i].buf, 0);
        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        owed[i].begin = 0;
        owed[i].end = (size_t)n;
    }
    ssize_t n = send(p->fd, owed[i].buf + owed[i].begin, owed[i].end - owed[i].begin, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return false;
    owed[i].begin += n > 0 ? (size_t)n : 0;
    p->events = owed[i].begin < owed[i].end ? POLLOUT : POLLIN;
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    struct pollfd p[CLIENTS + 1];
    int on = 1, seen = 0;
    for (int i = 0; i < CLIENTS; i++)
        p[i].fd = -1;
    p[CLIENTS] = (struct pollfd){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), .events = POLLIN };
    setsockopt(p[CLIENTS].fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(p[CLIENTS].fd, (struct sockaddr *)&any, sizeof any) < 0 || listen(p[CLIENTS].fd, 128) < 0) {
        perror("listen");
        return 1;
    }
    for (;;) {
        if (poll(p, CLIENTS + 1, -1) < 0)
            continue;
        for (int i = 0; i < CLIENTS; i++) {
            if (p[i].fd >= 0 && p[i].revents && !step(&p[i], i)) {
                close(p[i].fd);
                p[i].fd = -1;
            }
        }
        int fd = p[CLIENTS].fd >= 0 && p[CLIENTS].revents ? accept4(p[CLIENTS].fd, NULL, NULL, SOCK_NONBLOCK) : -1;
        if (fd < 0)
            continue;
        p[seen++] = (struct pollfd){ .fd = fd, .events = POLLIN };
        if (seen == CLIENTS) {
            close(p[CLIENTS].fd);
            p[CLIENTS].fd = -1;
        }
    }
}
