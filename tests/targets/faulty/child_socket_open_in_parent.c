// defect: the parent keeps its copy of each accepted socket, so that the child's exit does not end the connection and no FIN is sent
// mistake: closes the listener in the child but forgets close(connection) in the parent after fork()
// trips: tcp/close/fin-answered-by-fin, tcp/close/nothing-left-in-close-wait, tcp/close/empty-connection
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void echo_until_eof(int fd)
{
    char chunk[4096];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n == 0 || (n < 0 && errno != EINTR))
            return;
        for (ssize_t sent = 0; sent < n;) {
            ssize_t k = write(fd, chunk + sent, (size_t)(n - sent));
            if (k > 0)
                sent += k;
            else if (errno != EINTR)
                return;
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
            echo_until_eof(connection);
            exit(0);
        }
    }
}
