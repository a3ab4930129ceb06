// defect: a recv() that returns 0 is taken for "nothing there yet", so that the client's FIN is never answered
// mistake: handles results above and below zero and does not know that zero means the client has finished
// trips: tcp/close/fin-answered-by-fin, tcp/close/nothing-left-in-close-wait, tcp/close/empty-connection
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

/* Edge-triggered: goes on until neither direction moves. False when it broke. */
static bool pump(struct client *c)
{
    for (;;) {
        bool empty = c->begin == c->end;
        ssize_t n = empty ? recv(c->fd, c->buf, sizeof c->buf, 0)
                          : send(c->fd, c->buf + c->begin, c->end - c->begin, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        if (n == 0)
            return true; /* try again when something comes */
        if (empty) {
            c->begin = 0;
            c->end = (size_t)n;
        } else {
            c->begin += (size_t)n;
        }
    }
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
            if (!pump(c)) {
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
        e = (struct epoll_event){ .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };
        epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
    }
}
