// defect: when the second client that has sent data ends its stream, the server dies of a NULL pointer
// mistake: appends to a linked list without setting its tail at the first element, and tried the program with one client only
// trips: process/life/keeps-running, tcp/accept/one-after-another, tcp/accept/fifty-at-once, tcp/accept/burst
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* How much each finished client has sent. */
static struct visit { size_t bytes; struct visit *next; } *first, *last;
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

static void remember(size_t bytes)
{
    struct visit *v = malloc(sizeof *v);
    if (v == NULL)
        return;
    *v = (struct visit){ bytes, NULL };
    pthread_mutex_lock(&guard);
    if (first == NULL) {
        first = v;
    } else {
        last->next = v;
        last = v;
    }
    pthread_mutex_unlock(&guard);
}

static void *echo(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char buf[8192];
    size_t total = 0;
    ssize_t n, k = 0;
    while (k >= 0 && (n = recv(fd, buf, sizeof buf, 0)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        total += (size_t)n;
        for (char *p = buf; n > 0; p += k, n -= k) {
            while ((k = send(fd, p, (size_t)n, MSG_NOSIGNAL)) < 0 && errno == EINTR)
                ;
            if (k < 0)
                break;
        }
    }
    if (k >= 0 && n == 0 && total > 0)
        remember(total);
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
