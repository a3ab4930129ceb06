// defect: every chunk is sent back twice
// mistake: puts the send() into the condition of an if to check it, and then sends "properly" in the next line
// trips: echo/data/nothing-added, echo/data/every-segmentation, tcp/isolation/interleaved
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static ssize_t send_all(int fd, const char *data, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = send(fd, data + done, size - done, 0);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            return -1;
    }
    return (ssize_t)done;
}

static void echo(int fd)
{
    char chunk[8192];
    ssize_t n, sent;
    while ((n = recv(fd, chunk, sizeof chunk, 0)) > 0 || (n < 0 && errno == EINTR)) {
        if (n < 0)
            continue;
        if (send_all(fd, chunk, (size_t)n) < 0)
            return;
        sent = send_all(fd, chunk, (size_t)n);
        if (sent != n)
            return;
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN); /* the kernel reaps */
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        pid_t pid;
        while ((pid = fork()) < 0)
            usleep(20000);
        if (pid == 0) {
            close(listener);
            echo(fd);
            _exit(0);
        }
        close(fd);
    }
}
