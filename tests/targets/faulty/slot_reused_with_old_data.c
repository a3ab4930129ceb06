// defect: what a client that was reset had still to get is sent to the next client in the same slot of the table
// mistake: marks a slot as free without emptying its buffer, since after a normal close it is empty anyway
// trips: tcp/random/legal-program
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
static struct { size_t begin, end; char bytes[32768]; } slot[1 + SLOTS];

/* Reads or sends once; false when the connection is over. */
static bool turn(int i)
{
    ssize_t n;
    if (slot[i].begin == slot[i].end) {
        n = recv(fds[i].fd, slot[i].bytes, sizeof slot[i].bytes, 0);
        slot[i].begin = 0;
        slot[i].end = n > 0 ? (size_t)n : 0;
    } else {
        n = send(fds[i].fd, slot[i].bytes + slot[i].begin, slot[i].end - slot[i].begin, MSG_NOSIGNAL);
        slot[i].begin += n > 0 ? (size_t)n : 0;
    }
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool admit(int listener)
{
    int i = 1;
    while (i <= SLOTS && fds[i].fd >= 0)
        i++;
    if (i > SLOTS)
        return false;
    fds[i].fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    return fds[i].fd >= 0;
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
        bool input = false;
        for (int i = 1; i <= SLOTS; i++)
            fds[i].events = slot[i].begin < slot[i].end ? POLLOUT : POLLIN;
        if (poll(fds, 1 + SLOTS, -1) <= 0)
            continue;
        for (int i = 1; i <= SLOTS; i++) {
            if (fds[i].revents == 0)
                continue;
            input |= fds[i].events == POLLIN;
            if (!turn(i)) {
                close(fds[i].fd);
                fds[i].fd = -1;
            }
        }
        if (fds[0].revents != 0)
            while (admit(listener))
                ;
        if (input)
            usleep(50000); /* input is collected first, then answered */
    }
}
