// defect: the hundredth accept is the last one; the socket still listens, so that later clients connect and are never answered
// mistake: the accept loop was given an upper bound while testing, and the loop after it only waits for the program to be stopped
// trips: tcp/accept/one-after-another
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void echo(int fd)
{
    static char buf[16384];
    for (;;) {
        ssize_t n = recv(fd, buf, sizeof buf, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        char *at = buf;
        while (n > 0) {
            ssize_t k = send(fd, at, (size_t)n, 0);
            if (k < 0 && errno != EINTR)
                return;
            if (k > 0) {
                at += k;
                n -= k;
            }
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN); /* Linux then reaps the children itself */
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    for (int clients = 0; clients < 100;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        pid_t child;
        while ((child = fork()) < 0)
            usleep(20000);
        if (child == 0) {
            close(listener);
            echo(fd);
            _exit(0);
        }
        close(fd);
        clients++;
    }
    for (;;)
        pause();
}
