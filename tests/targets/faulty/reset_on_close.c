// defect: each connection is ended by a RST instead of a FIN
// mistake: sets SO_LINGER to zero seconds to get rid of TIME_WAIT, after a tip found on the web
// trips: tcp/close/no-reset, tcp/close/empty-connection
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

#define MOST 1000

static struct pollfd fds[MOST + 1];
static struct pending { char *at; size_t left; char buf[8192]; } *pending[MOST + 1];
static nfds_t used = 1;

static bool work(struct pollfd *p, struct pending *o)
{
    ssize_t n;
    if (o->left == 0) {
        n = recv(p->fd, o->at = o->buf, sizeof o->buf, 0);
        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        o->left = (size_t)n;
    }
    n = send(p->fd, o->at, o->left, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return false;
    o->at += n > 0 ? n : 0;
    o->left -= n > 0 ? (size_t)n : 0;
    p->events = o->left > 0 ? POLLOUT : POLLIN;
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    fds[0].fd = listener;
    for (;;) {
        fds[0].events = used <= MOST ? POLLIN : 0;
        if (poll(fds, used, -1) <= 0)
            continue;
        for (nfds_t i = used - 1; i > 0; i--) {
            if (fds[i].revents == 0 || work(&fds[i], pending[i]))
                continue;
            struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
            setsockopt(fds[i].fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
            close(fds[i].fd);
            free(pending[i]);
            fds[i] = fds[--used];
            pending[i] = pending[used];
        }
        int fd = fds[0].revents ? accept4(listener, NULL, NULL, SOCK_NONBLOCK) : -1;
        if (fd >= 0) {
            fds[used] = (struct pollfd){ .fd = fd, .events = POLLIN };
            pending[used++] = calloc(1, sizeof **pending);
        }
    }
}
