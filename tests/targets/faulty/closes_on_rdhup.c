// defect: when the client's FIN is reported, the connection is closed at once, with input still unread and echo still unsent
// mistake: takes EPOLLRDHUP for "the client is gone" and handles it before EPOLLIN and EPOLLOUT
// trips: tcp/half-close/drains-then-closes
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

struct conn { int fd; size_t begin, end; char buf[65536]; };

static bool read_now; /* something was read in this round */

static bool handle(struct conn *c, uint32_t events, int ep)
{
    ssize_t n = 0;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        return false;
    if (events & EPOLLIN) {
        if ((n = recv(c->fd, c->buf, sizeof c->buf, 0)) > 0) {
            c->begin = 0;
            c->end = (size_t)n;
            read_now = true;
        }
    } else if (events & EPOLLOUT) {
        if ((n = send(c->fd, c->buf + c->begin, c->end - c->begin, MSG_NOSIGNAL)) > 0)
            c->begin += (size_t)n;
    }
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        return false;
    struct epoll_event next = { .events = EPOLLRDHUP | (c->begin < c->end ? EPOLLOUT : EPOLLIN), .data.ptr = c };
    epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &next);
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1, ep = epoll_create1(0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    struct epoll_event events[64] = { { .events = EPOLLIN, .data.ptr = NULL } };
    epoll_ctl(ep, EPOLL_CTL_ADD, listener, events);
    for (;;) {
        int ready = epoll_wait(ep, events, 64, -1);
        read_now = false;
        for (int i = 0; i < ready; i++) {
            struct conn *c = events[i].data.ptr;
            if (c != NULL) {
                if (!handle(c, events[i].events, ep)) {
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
            c->begin = c->end = 0;
            epoll_ctl(ep, EPOLL_CTL_ADD, fd, &(struct epoll_event){ .events = EPOLLIN | EPOLLRDHUP, .data.ptr = c });
        }
        if (read_now)
            usleep(50000); /* answers go out in rounds, all together */
    }
}
