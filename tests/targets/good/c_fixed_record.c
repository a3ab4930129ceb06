// serves: fixed-record.yaml
/* Reverses records of 16 bytes, one thread and poll(). A connection either
   waits for the rest of a record or waits to send the reply, never both. */
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

#define RECORD 16

struct conn {
    size_t come; /* bytes of in[] */
    size_t owed; /* the last bytes of out[], still to be sent */
    char in[RECORD], out[RECORD];
};

/* fds[0] is the listener; fds[i] belongs to conns[i]. */
static struct pollfd *fds;
static struct conn **conns;
static size_t used, capacity;

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

static void add(int fd)
{
    if (used == capacity) {
        capacity = capacity ? 2 * capacity : 64;
        fds = realloc(fds, capacity * sizeof *fds);
        conns = realloc(conns, capacity * sizeof *conns);
    }
    struct conn *c = calloc(1, sizeof *c);
    if (fds == NULL || conns == NULL || c == NULL) {
        perror("memory");
        exit(1);
    }
    fds[used] = (struct pollfd){ .fd = fd, .events = POLLIN };
    conns[used] = c;
    used++;
}

/* The last entry takes the place of the one removed. */
static void drop(size_t i)
{
    close(fds[i].fd);
    free(conns[i]);
    used--;
    fds[i] = fds[used];
    conns[i] = conns[used];
}

static bool only_for_now(ssize_t result)
{
    return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

/* Moves what can be moved; false when the connection is over. At the end of
   the input nothing can be owed; half a record is no record. */
static bool serve(struct pollfd *p, struct conn *c)
{
    if (c->owed == 0) {
        ssize_t n = recv(p->fd, c->in + c->come, RECORD - c->come, 0);
        if (n <= 0)
            return only_for_now(n);
        c->come += (size_t)n;
        if (c->come < RECORD)
            return true;
        for (size_t i = 0; i < RECORD; i++)
            c->out[i] = c->in[RECORD - 1 - i];
        c->come = 0;
        c->owed = RECORD;
    }
    ssize_t n = send(p->fd, c->out + RECORD - c->owed, c->owed, MSG_NOSIGNAL);
    if (n >= 0)
        c->owed -= (size_t)n;
    else if (!only_for_now(n))
        return false;
    p->events = c->owed == 0 ? POLLIN : POLLOUT;
    return true;
}

/* Accepts all who wait; false when there is no room for the next one. */
static bool welcome(int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0)
            return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
        add(fd);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    int listener = listen_on(atoi(argv[1]));
    add(listener);
    bool room = true;

    for (;;) {
        /* Without room, leave the listener out for one round. */
        fds[0].events = room ? POLLIN : 0;
        int ready = poll(fds, used, room ? -1 : 1000);
        room = true;
        if (ready <= 0)
            continue;
        /* Downwards, so that drop() moves only entries already looked at. */
        for (size_t i = used - 1; i >= 1; i--)
            if (fds[i].revents != 0 && !serve(&fds[i], conns[i]))
                drop(i);
        if (fds[0].revents != 0)
            room = welcome(listener);
    }
}
