// defect: a chunk of less than four bytes is ignored
// mistake: believes that one send() of the client is one recv() here, and skips what is shorter than the shortest request
// trips: echo/data/every-segmentation, echo/data/every-size, tcp/half-close/drains-then-closes
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define SHORTEST_REQUEST 4

static void *answer_requests(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char request[4096];
    ssize_t length;
    while ((length = recv(fd, request, sizeof request, 0)) != 0) {
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            break;
        if (length < SHORTEST_REQUEST)
            continue; /* not a request */
        char *p = request, *end = request + length;
        while (p < end) {
            ssize_t n = send(fd, p, (size_t)(end - p), MSG_NOSIGNAL);
            if (n < 0 && errno != EINTR)
                goto gone;
            p += n > 0 ? n : 0;
        }
    }
gone:
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
        while (pthread_create(&thread, NULL, answer_requests, (void *)(intptr_t)fd) != 0)
            usleep(20000);
        pthread_detach(thread);
    }
}
