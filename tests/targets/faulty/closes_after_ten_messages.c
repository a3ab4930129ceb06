// defect: the connection is closed when its tenth chunk has been echoed
// mistake: leaves a loop counter from an early test in the code that serves a client
// trips: tcp/close/server-waits-for-client, echo/data/every-size, tcp/data/slow-reader
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct conn { int fd, messages; size_t begin, end; char buf[65536]; };

static bool move_on(struct conn *c, int ep)
{
    ssize_t n;
    if (c->begin == c->end) {
        n = recv(c->fd, c->buf, sizeof c->buf, 0);
        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        c->messages++;
        c->begin = 0;
        c->end = (size_t)n;
    }
    n = send(c->fd, c->buf + c->begin, c->end - c->begin, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return false;
    c->begin += n > 0 ? (size_t)n : 0;
    bool owes = c->begin < c->end;
    if (!owes && c->messages == 10)
        return false;
    struct epoll_event next = { .events = owes ? EPOLLOUT : EPOLLIN, .data.ptr = c };
    epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &next);
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
    int ep = epoll_create1(0);
    struct epoll_event events[32] = { { .events = EPOLLIN, .data.ptr = NULL } };
    epoll_ctl(ep, EPOLL_CTL_ADD, listener, events);
    for (;;) {
        int ready = epoll_wait(ep, events, 32, -1);
        for (int i = 0; i < ready; i++) {
            struct conn *c = events[i].data.ptr;
            if (c != NULL) {
                if (!move_on(c, ep)) {
                    close(c->fd);
                    free(c);
                }
                continue;
            }
            int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
            if (fd < 0 || (c = malloc(sizeof *c)) == NULL) {
                usleep(20000);
                continue;
            }
            c->fd = fd;
            c->messages = 0;
            c->begin = c->end = 0;
            epoll_ctl(ep, EPOLL_CTL_ADD, fd, &(struct epoll_event){ .events = EPOLLIN, .data.ptr = c });
        }
    }
}
