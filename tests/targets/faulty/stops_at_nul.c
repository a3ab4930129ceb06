// defect: of each chunk only the bytes before its first zero byte come back
// mistake: takes what was received for a C string and measures it with strlen() instead of using the result of recv()
// trips: echo/data/unchanged
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void echo(int fd)
{
    char text[8192];
    for (;;) {
        ssize_t n = recv(fd, text, sizeof text - 1, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        text[n] = '\0';
        const char *rest = text;
        size_t left = strlen(text);
        while (left > 0) {
            ssize_t sent = send(fd, rest, left, MSG_NOSIGNAL);
            if (sent < 0 && errno == EINTR)
                continue;
            if (sent < 0)
                return;
            rest += sent;
            left -= (size_t)sent;
        }
    }
}

static void reap(int status)
{
    int saved = errno;
    while (waitpid(-1, &status, WNOHANG) > 0)
        ;
    errno = saved;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct sigaction on_exit_of_child = { .sa_handler = reap, .sa_flags = SA_RESTART | SA_NOCLDSTOP };
    sigaction(SIGCHLD, &on_exit_of_child, NULL);
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
