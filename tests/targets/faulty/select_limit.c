// defect: every client beyond the thirty-second at one time is hung up on at once
// mistake: sizes the table of a select() loop for "enough" clients and closes whoever does not fit in
// trips: tcp/accept/fifty-at-once, tcp/accept/burst
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX 32

static struct peer { int fd; size_t len, off; char data[16384]; } peers[MAX];

static bool handle(struct peer *p)
{
    ssize_t n;
    if (p->off == p->len) {
        if ((n = recv(p->fd, p->data, sizeof p->data, 0)) <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        p->len = (size_t)n;
        p->off = 0;
    }
    if ((n = send(p->fd, p->data + p->off, p->len - p->off, 0)) < 0)
        return errno == EAGAIN || errno == EINTR;
    p->off += (size_t)n;
    return true;
}

static void admit(int fd)
{
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < MAX; i++) {
        if (peers[i].fd < 0) {
            peers[i].fd = fd;
            peers[i].len = peers[i].off = 0;
            return;
        }
    }
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    fcntl(listener, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < MAX; i++)
        peers[i].fd = -1;
    for (;;) {
        fd_set in, out;
        int top = listener;
        FD_ZERO(&in);
        FD_ZERO(&out);
        FD_SET(listener, &in);
        for (struct peer *p = peers; p < peers + MAX; p++) {
            if (p->fd >= 0)
                FD_SET(p->fd, p->off == p->len ? &in : &out);
            top = p->fd > top ? p->fd : top;
        }
        if (select(top + 1, &in, &out, NULL, NULL) < 0)
            continue;
        for (struct peer *p = peers; p < peers + MAX; p++) {
            if (p->fd >= 0 && (FD_ISSET(p->fd, &in) || FD_ISSET(p->fd, &out)) && !handle(p)) {
                close(p->fd);
                p->fd = -1;
            }
        }
        int fd;
        while (FD_ISSET(listener, &in) && (fd = accept(listener, NULL, NULL)) >= 0)
            admit(fd);
    }
}
