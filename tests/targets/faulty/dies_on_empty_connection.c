// defect: the whole server dies when a client leaves without having sent anything
// mistake: computes the mean size of the chunks at the end of each connection and divides by their number, which may be zero
// trips: tcp/survive/connect-and-vanish, tcp/close/empty-connection, process/life/keeps-running
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
    unsigned long bytes = 0, chunks = 0;
    char buf[16384];
    for (;;) {
        ssize_t n = recv(fd, buf, sizeof buf, 0), off = 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        bytes += (unsigned long)n;
        chunks++;
        while (off < n) {
            ssize_t k = send(fd, buf + off, (size_t)(n - off), MSG_NOSIGNAL);
            if (k < 0 && errno != EINTR)
                break;
            off += k < 0 ? 0 : k;
        }
        if (off < n)
            break;
    }
    fprintf(stderr, "%lu bytes, %lu per chunk\n", bytes, bytes / chunks);
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
