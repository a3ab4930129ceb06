// defect: its check sum overflows, which UndefinedBehaviorSanitizer reports while the server goes on
// mistake: the sum is an int, and a signed number that overflows was thought to start again from below
// trips: process/output/sanitizer-clean
// cflags: -fsanitize=undefined
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile int last_sum; /* for a report that is not written yet */

static int add_up(int sum, const char *data, ssize_t size)
{
    for (ssize_t i = 0; i < size; i++)
        sum = sum * 31 + data[i];
    return sum;
}

static void *client(void *arg)
{
    int fd = (int)(intptr_t)arg;
    int sum = 1 << 30;
    char data[8192];
    ssize_t n;
    while ((n = recv(fd, data, sizeof data, 0)) > 0) {
        sum = add_up(sum, data, n);
        ssize_t done = 0;
        while (done < n) {
            ssize_t k = send(fd, data + done, (size_t)(n - done), MSG_NOSIGNAL);
            if (k < 0)
                goto end;
            done += k;
        }
    }
    last_sum = sum;
end:
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
        pthread_t t;
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE)
                usleep(20000);
            continue;
        }
        while (pthread_create(&t, NULL, client, (void *)(intptr_t)fd) != 0)
            usleep(20000);
        pthread_detach(t);
    }
}
