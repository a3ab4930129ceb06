// defect: the answer to the client's FIN comes ten seconds late
// mistake: sleeps before close(), for fear that the last bytes would otherwise not get through
// trips: tcp/close/fin-answered-by-fin, tcp/close/nothing-left-in-close-wait, tcp/close/empty-connection
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void serve(int fd)
{
    char buf[10000];
    ssize_t n, k;
    while ((n = recv(fd, buf, sizeof buf, 0)) > 0 || (n < 0 && errno == EINTR)) {
        for (char *p = buf; n > 0; p += k, n -= k) {
            k = send(fd, p, (size_t)n, 0);
            if (k < 0 && errno != EINTR)
                return;
            if (k < 0)
                k = 0;
        }
    }
    if (n == 0)
        sleep(10);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN); /* no zombies on Linux */
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
            usleep(50000);
        if (pid == 0) {
            close(listener);
            serve(fd);
            close(fd);
            _exit(0);
        }
        close(fd);
    }
}
