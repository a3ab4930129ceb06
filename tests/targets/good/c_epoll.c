/* Echo server, one thread, non-blocking sockets, level-triggered epoll. Each
   connection owns one fixed buffer; reading stops while that is full. */
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

struct conn {
    int fd;
    bool eof;          /* the client has sent its FIN */
    uint32_t watching; /* what epoll reports for this socket */
    size_t begin, end; /* buf[begin..end) is received and still owed */
    char buf[32768];
};

static int epfd;

static int listen_on(int port)
{
    struct sockaddr_in addr = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_ANY),
    };
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
        bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(fd, 128) < 0) {
        perror("listen");
        exit(1);
    }
    return fd;
}

static void watch(int op, int fd, uint32_t events, void *conn)
{
    struct epoll_event ev = { .events = events, .data.ptr = conn };
    if (epoll_ctl(epfd, op, fd, &ev) < 0) {
        perror("epoll_ctl");
        exit(1);
    }
}

static bool only_for_now(ssize_t result)
{
    return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

/* Moves what can be moved; false when the connection is over. */
static bool serve(struct conn *c)
{
    if (!c->eof && c->end < sizeof c->buf) {
        ssize_t n = recv(c->fd, c->buf + c->end, sizeof c->buf - c->end, 0);
        if (n > 0)
            c->end += (size_t)n;
        else if (n == 0)
            c->eof = true;
        else if (!only_for_now(n))
            return false;
    }
    if (c->begin < c->end) {
        ssize_t n = send(c->fd, c->buf + c->begin, c->end - c->begin, MSG_NOSIGNAL);
        if (n >= 0)
            c->begin += (size_t)n;
        else if (!only_for_now(n))
            return false;
    }
    if (c->begin == c->end) {
        if (c->eof)
            return false; /* nothing more comes, nothing is owed */
        c->begin = c->end = 0;
    }
    uint32_t want = 0;
    if (!c->eof && c->end < sizeof c->buf)
        want |= EPOLLIN;
    if (c->begin < c->end)
        want |= EPOLLOUT;
    if (want != c->watching) {
        watch(EPOLL_CTL_MOD, c->fd, want, c);
        c->watching = want;
    }
    return true;
}

/* Accepts all who wait; false when there is no room for the next one. */
static bool welcome(int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0)
            return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
        struct conn *c = malloc(sizeof *c);
        if (c == NULL) {
            close(fd);
            return false;
        }
        c->fd = fd;
        c->eof = false;
        c->watching = EPOLLIN;
        c->begin = c->end = 0;
        watch(EPOLL_CTL_ADD, fd, EPOLLIN, c);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    int listener = listen_on(atoi(argv[1]));
    epfd = epoll_create1(0);
    watch(EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
    bool room = true;

    for (;;) {
        struct epoll_event events[64];
        int n = epoll_wait(epfd, events, 64, room ? -1 : 1000);
        if (!room) { /* try the listener again after each round */
            watch(EPOLL_CTL_MOD, listener, EPOLLIN, NULL);
            room = true;
        }
        for (int i = 0; i < n; i++) {
            struct conn *c = events[i].data.ptr;
            if (c == NULL) {
                room = welcome(listener);
                if (!room) /* level-triggered: else it would be reported for ever */
                    watch(EPOLL_CTL_MOD, listener, 0, NULL);
            } else if (!serve(c)) {
                close(c->fd);
                free(c);
            }
        }
    }
}
