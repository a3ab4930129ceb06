// defect: the connection is closed as soon as the first chunk has been echoed
// mistake: thinks of one request and one reply per connection, as in the first version of HTTP
// trips: tcp/close/server-waits-for-client, echo/data/every-segmentation, echo/data/every-size, tcp/data/slow-reader, tcp/idle/stays-open
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void answer(int fd)
{
    char request[4096], *reply = request;
    ssize_t n, k;
    while ((n = recv(fd, request, sizeof request, 0)) < 0 && errno == EINTR)
        ;
    while (n > 0 && ((k = send(fd, reply, (size_t)n, 0)) >= 0 || errno == EINTR)) {
        if (k > 0) {
            reply += k;
            n -= k;
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
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
            answer(fd);
            _exit(0);
        }
        close(fd);
    }
}
