// defect: a client that leaves without having sent anything gets a RST instead of a FIN
// mistake: takes a connection without data for a broken one and throws it away with SO_LINGER zero
// trips: tcp/close/empty-connection, tcp/close/no-reset
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static bool give_back(int fd, const char *bytes, size_t count)
{
    size_t sent = 0;
    while (sent < count) {
        ssize_t n = send(fd, bytes + sent, count - sent, MSG_NOSIGNAL);
        if (n >= 0)
            sent += (size_t)n;
        else if (errno != EINTR)
            return false;
    }
    return true;
}

static void *talk(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char bytes[4096];
    size_t total = 0;
    ssize_t n;
    while ((n = recv(fd, bytes, sizeof bytes, 0)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || !give_back(fd, bytes, (size_t)n))
            break;
        total += (size_t)n;
    }
    if (total == 0) {
        struct linger drop = { 1, 0 };
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &drop, sizeof drop);
    }
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
        while (pthread_create(&thread, NULL, talk, (void *)(intptr_t)fd) != 0)
            usleep(20000);
        pthread_detach(thread);
    }
}
