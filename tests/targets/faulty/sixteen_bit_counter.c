// defect: the counters of a connection have 16 bits; from byte 65536 on, received bytes seem to be sent already and are dropped
// mistake: declares a byte count as uint16_t because "no message is longer than that"
// trips: echo/data/every-size, tcp/data/slow-reader, tcp/half-close/drains-then-closes
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
    char buf[4096];
    uint16_t received = 0, sent = 0; /* in all */
    for (;;) {
        ssize_t n = read(fd, buf, sizeof buf);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        received = (uint16_t)(received + n);
        while (sent < received) {
            uint16_t left = (uint16_t)(received - sent);
            if (left > n)
                left = (uint16_t)n;
            ssize_t k = write(fd, buf + (n - left), left);
            if (k < 0 && errno == EINTR)
                continue;
            if (k < 0)
                return;
            sent = (uint16_t)(sent + k);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    struct sigaction no_zombies = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT };
    sigaction(SIGCHLD, &no_zombies, NULL);
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
