// defect: after each chunk a zero byte is sent that the client has not sent
// mistake: sends a C string together with the zero byte at its end (one byte more than was received)
// trips: echo/data/nothing-added, echo/data/every-segmentation, tcp/isolation/interleaved
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
    char text[4097];
    ssize_t length;
    for (;;) {
        length = recv(fd, text, sizeof text - 1, 0);
        if (length < 0 && errno == EINTR)
            continue;
        if (length <= 0)
            break;
        text[length] = '\0';
        length++;
        ssize_t done = 0, n = 0;
        while (done < length && n >= 0) {
            n = send(fd, text + done, (size_t)(length - done), MSG_NOSIGNAL);
            if (n < 0 && errno == EINTR)
                n = 0;
            if (n > 0)
                done += n;
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
