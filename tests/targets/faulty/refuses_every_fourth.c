// defect: after every third client the server stops listening for 600 ms, and whoever connects meanwhile is refused
// mistake: "makes room" by closing and opening the listening socket again, instead of just not accepting for a while
// trips: tcp/handshake/three-way, tcp/accept/one-after-another, tcp/accept/burst, tcp/accept/fifty-at-once
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_at(int port)
{
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&any, sizeof any) < 0 || listen(fd, 128) < 0) {
        perror("listen");
        exit(1);
    }
    return fd;
}

static void *echo(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char buf[8192];
    ssize_t n;
    while ((n = recv(fd, buf, sizeof buf, 0)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        char *p = buf;
        while (n > 0) {
            ssize_t k = send(fd, p, (size_t)n, MSG_NOSIGNAL);
            if (k < 0 && errno != EINTR)
                n = -1;
            if (k > 0)
                p += k, n -= k;
        }
        if (n < 0)
            break;
    }
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    int port = atoi(argv[1]), listener = listen_at(port), clients = 0;
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            usleep(10000);
            continue;
        }
        if (++clients % 3 == 0)
            close(listener);
        pthread_t thread;
        while (pthread_create(&thread, NULL, echo, (void *)(intptr_t)fd) != 0)
            usleep(20000);
        pthread_detach(thread);
        if (clients % 3 == 0) {
            usleep(600000);
            listener = listen_at(port);
        }
    }
}
