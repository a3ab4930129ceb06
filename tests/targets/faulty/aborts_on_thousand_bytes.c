// defect: a chunk of more than 1000 bytes ends the whole server with abort()
// mistake: has a buffer of fixed size for one message and an assertion, instead of a loop, for messages that are longer
// trips: process/life/keeps-running, tcp/survive/close-with-unread-data
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

#define MOST 1000

static struct pollfd fds[MOST + 1];
static struct message { size_t sent, length; char bytes[1000]; } *messages[MOST + 1];

static bool serve(struct pollfd *p, struct message *m)
{
    ssize_t n;
    if (m->sent == m->length) {
        char input[4096];
        n = recv(p->fd, input, sizeof input, 0);
        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        if ((size_t)n > sizeof m->bytes) {
            fprintf(stderr, "message too long: %zd bytes\n", n);
            abort();
        }
        memcpy(m->bytes, input, m->length = (size_t)n);
        m->sent = 0;
    }
    n = send(p->fd, m->bytes + m->sent, m->length - m->sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return false;
    m->sent += n > 0 ? (size_t)n : 0;
    p->events = m->sent < m->length ? POLLOUT : POLLIN;
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
            if (fds[i].revents != 0 && !serve(&fds[i], messages[i])) {
                close(fds[i].fd);
                free(messages[i]);
                fds[i] = fds[last];
                messages[i] = messages[last--];
            }
        }
        int fd = fds[0].revents ? accept4(listener, NULL, NULL, SOCK_NONBLOCK) : -1;
        if (fd >= 0) {
            fds[++last] = (struct pollfd){ .fd = fd, .events = POLLIN };
            messages[last] = calloc(1, sizeof **messages);
        }
    }
}
