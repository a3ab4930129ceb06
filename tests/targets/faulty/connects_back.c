// defect: for each client the server also opens a connection of its own to the client's address and port
// mistake: believes that replies need a connection in the other direction, next to the one over which the request came
// trips: tcp/tuple/one-per-connection
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
    int fd = (int)(intptr_t)arg;
    char buf[4096];
    ssize_t n;
    while ((n = recv(fd, buf, sizeof buf, 0)) > 0 || (n < 0 && errno == EINTR)) {
        for (ssize_t at = 0; at < n;) {
            ssize_t k = send(fd, buf + at, (size_t)(n - at), MSG_NOSIGNAL);
            if (k < 0 && errno != EINTR)
                goto end;
            at += k < 0 ? 0 : k;
        }
    }
end:
    close(fd);
    return NULL;
}

static void connect_back(const struct sockaddr_in *client)
{
    int back = socket(AF_INET, SOCK_STREAM, 0);
    if (back < 0)
        return;
    if (connect(back, (const struct sockaddr *)client, sizeof *client) < 0)
        perror("connect to the client"); /* it works without, too */
    close(back);
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
        struct sockaddr_in client;
        socklen_t size = sizeof client;
        int fd = accept(listener, (struct sockaddr *)&client, &size);
        if (fd < 0) {
            usleep(10000);
            continue;
        }
        connect_back(&client);
        pthread_t thread;
        while (pthread_create(&thread, NULL, echo, (void *)(intptr_t)fd) != 0)
            usleep(20000);
        pthread_detach(thread);
    }
}
