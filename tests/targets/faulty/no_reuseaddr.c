// defect: the server cannot be started again on its port while connections of its last run are in TIME_WAIT
// mistake: has not heard of SO_REUSEADDR and waits a minute or two after each crash
// trips: process/restart/same-port
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void *echo(void *arg)
{
    int fd = (int)(intptr_t)arg, alive = 1;
    char buf[16384];
    while (alive) {
        ssize_t n = recv(fd, buf, sizeof buf, 0), at = 0;
        if (n == 0 || (n < 0 && errno != EINTR))
            break;
        while (alive && at < n) {
            ssize_t k = send(fd, buf + at, (size_t)(n - at), MSG_NOSIGNAL);
            if (k > 0)
                at += k;
            else
                alive = errno == EINTR;
        }
    }
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0) {
        perror("bind");
        return 1;
    }
    if (listen(listener, 128) < 0) {
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
