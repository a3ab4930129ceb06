// defect: on a non-blocking socket "nothing there at the moment" (EAGAIN) after the first message is taken for the end of the connection
// mistake: moves "while ((n = recv(...)) > 0)" followed by close() from a blocking server to a non-blocking one
// trips: tcp/close/server-waits-for-client, echo/data/every-segmentation
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void until(int fd, short what)
{
    struct pollfd p = { .fd = fd, .events = what };
    while (poll(&p, 1, -1) < 0 && errno == EINTR)
        ;
}

static bool put(int fd, const char *from, size_t left)
{
    while (left > 0) {
        ssize_t n = send(fd, from, left, MSG_NOSIGNAL);
        if (n > 0) {
            from += n;
            left -= (size_t)n;
        } else if (errno == EAGAIN) {
            until(fd, POLLOUT);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static void *echo(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char buf[8192];
    ssize_t n;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    until(fd, POLLIN);
    while ((n = recv(fd, buf, sizeof buf, 0)) > 0)
        if (!put(fd, buf, (size_t)n))
            break;
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            usleep(10000);
            continue;
        }
        pthread_t thread;
        while (pthread_create(&thread, NULL, echo, (void *)(intptr_t)fd) != 0)
            usleep(20000);
        pthread_detach(thread);
    }
}
