// defect: only complete lines come back; bytes without a line feed after them are never answered
// mistake: reads with getline(), as if everything that is sent over a connection were lines of text
// trips: echo/data/every-segmentation, echo/data/unchanged, tcp/isolation/interleaved
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t k = write(fd, p, n);
        if (k < 0 && errno != EINTR)
            return -1;
        if (k > 0) {
            p += k;
            n -= (size_t)k;
        }
    }
    return 0;
}

static void echo_lines(int fd)
{
    FILE *in = fdopen(fd, "r");
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    while (in != NULL && (length = getline(&line, &room, in)) > 0)
        if (line[length - 1] == '\n' && write_all(fd, line, (size_t)length) < 0)
            break;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN); /* nobody asks for their status */
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
            echo_lines(fd);
            _exit(0);
        }
        close(fd);
    }
}
