// defect: writing to a client that has gone raises SIGPIPE, which ends the whole server
// mistake: uses plain write() and has never heard of SIGPIPE, which is not ignored unless one asks for it
// trips: tcp/survive/close-with-unread-data, tcp/survive/reset-in-mid-message, process/life/keeps-running
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Each chunk goes back in four slices with a pause between them. */
static void give_back(int fd, const char *data, size_t size)
{
    size_t slice = (size + 3) / 4, done = 0;
    while (done < size) {
        size_t end = done + slice < size ? done + slice : size;
        while (done < end) {
            ssize_t n = write(fd, data + done, end - done);
            if (n >= 0)
                done += (size_t)n;
            else if (errno != EINTR)
                done = end; /* lost; the next read() will tell why */
        }
        if (done < size)
            usleep(25000);
    }
}

static void *echo(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char data[65536];
    ssize_t n;
    while ((n = read(fd, data, sizeof data)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0)
            give_back(fd, data, (size_t)n);
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    signal(SIGPIPE, SIG_DFL); /* whatever the parent process had set */
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1, small = 8192;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
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
