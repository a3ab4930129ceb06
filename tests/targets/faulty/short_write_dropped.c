// defect: what a single send() does not take of a large chunk is never sent
// mistake: makes the socket non-blocking and still ignores the result of send(), as if it took all or nothing
// trips: echo/data/every-size, tcp/data/slow-reader, tcp/half-close/drains-then-closes
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

/* Takes all that has come, up to 1 MiB, and sends it back in one go. */
static bool echo(int fd)
{
    static char chunk[1 << 20];
    size_t length = 0;
    ssize_t n = 1;
    while (length < sizeof chunk) {
        n = recv(fd, chunk + length, sizeof chunk - length, 0);
        if (n > 0)
            length += (size_t)n;
        else if (n == 0 || errno != EINTR)
            break;
    }
    bool over = n == 0 || (n < 0 && errno != EAGAIN);
    send(fd, chunk, length, MSG_NOSIGNAL);
    return !over;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1, small = 4096;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &small, sizeof small); /* accepted sockets inherit it */
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    int ep = epoll_create1(0);
    struct epoll_event e = { .events = EPOLLIN, .data.fd = listener };
    epoll_ctl(ep, EPOLL_CTL_ADD, listener, &e);
    for (;;) {
        struct epoll_event ready[64];
        int count = epoll_wait(ep, ready, 64, -1);
        usleep(10000); /* more of the same chunk may be on its way */
        for (int i = 0; i < count; i++) {
            if (ready[i].data.fd != listener) {
                if (!echo(ready[i].data.fd))
                    close(ready[i].data.fd);
                continue;
            }
            for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
                e = (struct epoll_event){ .events = EPOLLIN, .data.fd = fd };
                epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
            }
        }
    }
}
