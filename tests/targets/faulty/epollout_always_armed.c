// defect: it takes all the time of a processor while a client is connected
// mistake: EPOLLOUT is asked for although nothing is to be sent, and a socket with room in its buffer is always ready for that
// trips: process/idle/no-busy-wait-with-clients
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

struct client { int fd; size_t begin, end; char buf[16384]; };

static bool only_for_now(ssize_t result)
{
    return result < 0 && (errno == EAGAIN || errno == EINTR);
}

/* False when the connection is over. */
static bool serve(struct client *c)
{
    if (c->begin == c->end) {
        ssize_t n = recv(c->fd, c->buf, sizeof c->buf, 0);
        if (n <= 0)
            return only_for_now(n);
        c->begin = 0;
        c->end = (size_t)n;
    }
    ssize_t n = send(c->fd, c->buf + c->begin, c->end - c->begin, MSG_NOSIGNAL);
    c->begin += n > 0 ? (size_t)n : 0;
    return n >= 0 || only_for_now(n);
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
    struct epoll_event e = { .events = EPOLLIN, .data.ptr = NULL };
    epoll_ctl(ep, EPOLL_CTL_ADD, listener, &e);
    for (;;) {
        if (epoll_wait(ep, &e, 1, -1) < 1)
            continue;
        struct client *c = e.data.ptr;
        if (c != NULL) {
            if (!serve(c)) {
                close(c->fd);
                free(c);
            }
            continue;
        }
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0) {
            usleep(20000);
            continue;
        }
        if ((c = calloc(1, sizeof *c)) == NULL)
            return 1;
        c->fd = fd;
        e = (struct epoll_event){ .events = EPOLLIN | EPOLLOUT, .data.ptr = c };
        epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
    }
}
