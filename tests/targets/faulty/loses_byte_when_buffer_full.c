// defect: when a chunk fills the buffer of 4096 bytes, its last byte is lost
// mistake: ends the received text with a zero byte and, where there is no room for it, puts it over the last byte
// trips: echo/data/every-size, tcp/data/slow-reader
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
static struct text { size_t sent, length; char bytes[4096]; } *texts[MOST + 1];

static bool serve(struct pollfd *p, struct text *t)
{
    ssize_t n;
    if (t->sent == t->length) {
        n = recv(p->fd, t->bytes, sizeof t->bytes, 0);
        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        if (n == sizeof t->bytes)
            n--;
        t->bytes[n] = '\0';
        t->length = (size_t)n;
        t->sent = 0;
    }
    n = send(p->fd, t->bytes + t->sent, t->length - t->sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return false;
    if (n > 0)
        t->sent += (size_t)n;
    p->events = t->sent < t->length ? POLLOUT : POLLIN;
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1, last = 0;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    fds[0].fd = listener;
    for (;;) {
        fds[0].events = last < MOST ? POLLIN : 0;
        if (poll(fds, (nfds_t)last + 1, -1) <= 0)
            continue;
        for (int i = last; i > 0; i--) {
            if (fds[i].revents != 0 && !serve(&fds[i], texts[i])) {
                close(fds[i].fd);
                free(texts[i]);
                fds[i] = fds[last];
                texts[i] = texts[last--];
            }
        }
        int fd = fds[0].revents ? accept4(listener, NULL, NULL, SOCK_NONBLOCK) : -1;
        if (fd >= 0) {
            fds[++last] = (struct pollfd){ .fd = fd, .events = POLLIN };
            texts[last] = calloc(1, sizeof **texts);
        }
    }
}
