// defect: when the send buffer is full, the rest of the chunk is thrown away
// mistake: knows that EAGAIN is no reason to hang up, but keeps no queue and just goes on with the next event
// trips: tcp/data/slow-reader, tcp/half-close/drains-then-closes
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

static bool echo_chunk(int fd)
{
    char chunk[2048];
    ssize_t length = recv(fd, chunk, sizeof chunk, 0);
    if (length <= 0)
        return length < 0 && (errno == EAGAIN || errno == EINTR);
    for (ssize_t sent = 0; sent < length;) {
        ssize_t n = send(fd, chunk + sent, (size_t)(length - sent), MSG_NOSIGNAL);
        if (n >= 0)
            sent += n;
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            return true;
        else if (errno != EINTR)
            return false;
    }
    return true;
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
    epoll_ctl(ep, EPOLL_CTL_ADD, listener, &(struct epoll_event){ .events = EPOLLIN, .data.fd = listener });
    for (;;) {
        struct epoll_event ready[16];
        int count = epoll_wait(ep, ready, 16, -1);
        for (int i = 0; i < count; i++) {
            int fd = ready[i].data.fd;
            if (fd != listener) {
                if (!echo_chunk(fd))
                    close(fd);
                continue;
            }
            fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
            if (fd >= 0)
                epoll_ctl(ep, EPOLL_CTL_ADD, fd, &(struct epoll_event){ .events = EPOLLIN, .data.fd = fd });
            else if (errno == EMFILE || errno == ENFILE)
                usleep(20000);
        }
    }
}
