// defect: a client that says nothing for one second is hung up on
// mistake: sets SO_RCVTIMEO so that no read blocks for ever, and takes the timeout (EAGAIN) for a failed connection
// trips: tcp/idle/stays-open
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int send_back(int fd, const char *data, ssize_t count)
{
    ssize_t done = 0;
    while (done < count) {
        ssize_t n = send(fd, data + done, (size_t)(count - done), 0);
        if (n < 0 && errno != EINTR)
            return -1;
        done += n < 0 ? 0 : n;
    }
    return 0;
}

static void echo(int fd)
{
    struct timeval one_second = { .tv_sec = 1 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &one_second, sizeof one_second);
    char data[16384];
    for (;;) {
        ssize_t n = recv(fd, data, sizeof data, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || send_back(fd, data, n) < 0)
            return;
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN); /* children leave no zombies */
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
