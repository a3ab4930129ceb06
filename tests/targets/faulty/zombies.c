// defect: each connection leaves a zombie behind
// mistake: the parent never waits for its children; that their entries stay until somebody does was not known
// trips: process/leak/zombies
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void echo(int fd)
{
    char chunk[8192];
    for (;;) {
        ssize_t n = recv(fd, chunk, sizeof chunk, 0);
        if (n == 0 || (n < 0 && errno != EINTR))
            return;
        for (ssize_t sent = 0; sent < n;) {
            ssize_t k = send(fd, chunk + sent, (size_t)(n - sent), MSG_NOSIGNAL);
            if (k < 0 && errno != EINTR)
                return;
            sent += k > 0 ? k : 0;
        }
    }
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
        int connection = accept(listener, NULL, NULL);
        if (connection < 0) {
            usleep(10000);
            continue;
        }
        pid_t pid;
        while ((pid = fork()) < 0)
            usleep(20000);
        if (pid == 0) {
            close(listener);
            echo(connection);
            _exit(0);
        }
        close(connection);
    }
}
