// defect: when the client's FIN is read, the connection is closed together with all output that still waits in its queue
// mistake: "recv() returned 0, so free everything": forgets that a client which has finished sending still wants to receive
// trips: tcp/half-close/drains-then-closes
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 65536

static struct pollfd fds[1024]; /* by slot; slot 0 listens */
static struct queue { size_t length; char bytes[ROOM]; } *queues[1024];
static nfds_t used = 1;

static bool passing(ssize_t n)
{
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Input first; false when the connection is over. */
static bool turn(struct pollfd *p, struct queue *q, bool *news)
{
    if (p->revents & ~POLLOUT) {
        ssize_t n = recv(p->fd, q->bytes + q->length, ROOM - q->length, 0);
        if (!passing(n))
            return false;
        q->length += n > 0 ? (size_t)n : 0;
        *news = true;
    }
    if (p->revents & POLLOUT) {
        ssize_t n = send(p->fd, q->bytes, q->length, MSG_NOSIGNAL);
        if (!passing(n))
            return false;
        if (n > 0)
            memmove(q->bytes, q->bytes + n, q->length -= (size_t)n);
    }
    p->events = (short)((q->length < ROOM ? POLLIN : 0) | (q->length > 0 ? POLLOUT : 0));
    return true;
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
    fds[0].fd = listener;
    for (;;) {
        bool news = false;
        fds[0].events = used < 1000 ? POLLIN : 0;
        if (poll(fds, used, -1) <= 0)
            continue;
        for (nfds_t i = used - 1; i > 0; i--) {
            if (fds[i].revents != 0 && !turn(&fds[i], queues[i], &news)) {
                close(fds[i].fd);
                free(queues[i]);
                fds[i] = fds[--used];
                queues[i] = queues[used];
            }
        }
        for (int fd; fds[0].revents && used < 1000 && (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0; used++) {
            fds[used] = (struct pollfd){ .fd = fd, .events = POLLIN };
            queues[used] = calloc(1, sizeof **queues);
        }
        if (news)
            usleep(50000); /* let more come in, so that fewer and larger pieces go out */
    }
}
