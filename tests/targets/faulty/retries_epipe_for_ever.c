// defect: a send() that fails because the client has gone (EPIPE, ECONNRESET) is tried again for ever, and nobody else is served
// mistake: the loop that makes up for short writes treats every negative result like an interrupted call
// trips: tcp/survive/close-with-unread-data, tcp/survive/reset-in-mid-message
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

static struct pollfd fds[1024];
static struct owed { size_t begin, end, slice; char buf[65536]; } *owed[1024];
static nfds_t used = 1;

/* One slice per round and client. */
static void send_slice(int fd, struct owed *o)
{
    size_t stop = o->begin + o->slice < o->end ? o->begin + o->slice : o->end;
    while (o->begin < stop) {
        ssize_t n = send(fd, o->buf + o->begin, stop - o->begin, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0)
            usleep(5000); /* perhaps it works next time */
        else
            o->begin += (size_t)n;
    }
}

static bool serve(struct pollfd *p, struct owed *o)
{
    if (p->events == POLLOUT) {
        send_slice(p->fd, o);
    } else {
        ssize_t n = recv(p->fd, o->buf, sizeof o->buf, 0);
        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        o->begin = 0;
        o->end = (size_t)n;
        o->slice = (o->end + 3) / 4;
    }
    p->events = o->begin < o->end ? POLLOUT : POLLIN;
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1, small = 8192;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    fds[0].fd = listener;
    for (;;) {
        fds[0].events = used < 1000 ? POLLIN : 0;
        if (poll(fds, used, -1) <= 0)
            continue;
        bool busy = false;
        for (nfds_t i = used - 1; i > 0; i--) {
            if (fds[i].revents != 0 && !serve(&fds[i], owed[i])) {
                close(fds[i].fd);
                free(owed[i]);
                fds[i] = fds[--used];
                owed[i] = owed[used];
            } else if (fds[i].revents & POLLOUT) {
                busy = true;
            }
        }
        for (int fd; fds[0].revents && used < 1000 && (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0; used++) {
            fds[used] = (struct pollfd){ .fd = fd, .events = POLLIN };
            owed[used] = calloc(1, sizeof **owed);
        }
        if (busy)
            usleep(25000); /* no client gets more than its share of the line */
    }
}
