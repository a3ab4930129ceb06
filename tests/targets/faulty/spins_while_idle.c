// defect: it takes all the time of a processor while nothing happens
// mistake: poll() has a time-out of 0, because a server must never block
// trips: process/idle/no-busy-wait, process/idle/no-busy-wait-with-clients
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

struct client { size_t begin, end; char buf[8192]; };

static struct pollfd fds[1 + 1024]; /* fds[0] listens, the rest belongs to clients[] */
static struct client *clients[1 + 1024];
static nfds_t count = 1;

static bool serve(struct pollfd *p, struct client *c)
{
    ssize_t n;
    if (c->begin == c->end) {
        n = recv(p->fd, c->buf, sizeof c->buf, 0);
        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        c->begin = 0;
        c->end = (size_t)n;
    }
    n = send(p->fd, c->buf + c->begin, c->end - c->begin, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return false;
    if (n > 0)
        c->begin += (size_t)n;
    p->events = c->begin == c->end ? POLLIN : POLLOUT;
    return true;
}

static void leave(nfds_t i)
{
    close(fds[i].fd);
    free(clients[i]);
    count--;
    fds[i] = fds[count];
    clients[i] = clients[count];
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
    fds[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
    for (;;) {
        poll(fds, count, 0);
        for (nfds_t i = count - 1; i >= 1; i--)
            if (fds[i].revents != 0 && !serve(&fds[i], clients[i]))
                leave(i);
        if (fds[0].revents == 0 || count > 1024)
            continue;
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0)
            continue;
        if ((clients[count] = calloc(1, sizeof(struct client))) == NULL)
            return 1;
        fds[count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
    }
}
