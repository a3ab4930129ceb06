// defect: the descriptor of a connection that the client resets is never closed
// mistake: close() stands after the loop, and the way out for errors goes past it
// trips: process/leak/descriptors
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void *client(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char data[8192];
    ssize_t n;
    while ((n = recv(fd, data, sizeof data, 0)) != 0) {
        if (n < 0)
            return NULL; /* reset by the client */
        for (ssize_t done = 0; done < n;) {
            ssize_t k = send(fd, data + done, (size_t)(n - done), MSG_NOSIGNAL);
            if (k < 0)
                return NULL;
            done += k;
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
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE)
                poll(NULL, 0, 200);
            continue;
        }
        pthread_t t;
        while (pthread_create(&t, NULL, client, (void *)(intptr_t)fd) != 0)
            poll(NULL, 0, 20);
        pthread_detach(t);
    }
}
