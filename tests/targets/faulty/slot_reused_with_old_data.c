// defect: the last chunk of a client that was reset is sent to the next client in the same slot of the table
// mistake: empties a slot only half when its client is gone, since after a normal end (recv() returned 0) its length is 0 anyway
// trips: tcp/random/legal-program
// options: --cases 400
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

#define SLOTS 1000

static struct pollfd fds[1 + SLOTS]; /* fds[0] listens; fd -1 means a free slot */
static struct { ssize_t sent, length; char bytes[16384]; } slot[1 + SLOTS];

static bool later(void)
{
    return errno == EAGAIN || errno == EINTR;
}

/* Reads when all is sent, then sends; false when the connection is over. */
static bool turn(int i)
{
    if (slot[i].sent == slot[i].length) {
        ssize_t n = recv(fds[i].fd, slot[i].bytes, sizeof slot[i].bytes, 0);
        if (n < 0)
            return later();
        slot[i].length = n;
        slot[i].sent = 0;
        if (n == 0)
            return false;
    }
    ssize_t n = send(fds[i].fd, slot[i].bytes + slot[i].sent, (size_t)(slot[i].length - slot[i].sent), MSG_NOSIGNAL);
    if (n < 0)
        return later();
    slot[i].sent += n;
    return true;
}

static void vacate(int i)
{
    close(fds[i].fd);
    fds[i].fd = -1;
    slot[i].sent = 0;
}

static void admit(int listener)
{
    int i = 1;
    while (i < SLOTS && fds[i].fd >= 0)
        i++;
    if (fds[i].fd < 0)
        fds[i].fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
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
    for (int i = 1; i <= SLOTS; i++)
        fds[i].fd = -1;
    for (;;) {
        for (int i = 1; i <= SLOTS; i++)
            fds[i].events = slot[i].sent < slot[i].length ? POLLOUT : POLLIN;
        if (poll(fds, 1 + SLOTS, -1) <= 0)
            continue;
        for (int i = 1; i <= SLOTS; i++)
            if (fds[i].revents != 0 && !turn(i))
                vacate(i);
        if (fds[0].revents != 0)
            admit(listener);
    }
}
