// defect: less than 4096 bytes come back only when the client has sent its FIN
// mistake: wraps the socket in stdio streams, which fill their buffers before they hand anything on
// trips: echo/data/answers-while-open
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void echo(int fd)
{
    FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");
    char block[4096];
    size_t n;
    if (in == NULL || out == NULL)
        return;
    setvbuf(in, NULL, _IOFBF, sizeof block);
    setvbuf(out, NULL, _IOFBF, sizeof block);
    while ((n = fread(block, 1, sizeof block, in)) > 0)
        if (fwrite(block, 1, n, out) < n)
            return;
    fclose(out);
    fclose(in);
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
    signal(SIGPIPE, SIG_IGN);
    struct sigaction child_ended = { .sa_handler = reap, .sa_flags = SA_RESTART };
    sigaction(SIGCHLD, &child_ended, NULL);
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
