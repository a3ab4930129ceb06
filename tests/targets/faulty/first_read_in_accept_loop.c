// defect: the accept loop waits for the first message of each client, so that one who connects and says nothing keeps all others out
// mistake: wants the first message before deciding what to do with a client, and reads it where the client is accepted
// trips: tcp/accept/silent-client-blocks-nobody
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char message[4096];

static ssize_t next_message(int fd)
{
    ssize_t n;
    do
        n = read(fd, message, sizeof message);
    while (n < 0 && errno == EINTR);
    return n;
}

/* The first message, already read, and all that follow it. */
static void converse(int fd, ssize_t length)
{
    for (; length > 0; length = next_message(fd)) {
        ssize_t done = 0;
        while (done < length) {
            ssize_t n = write(fd, message + done, (size_t)(length - done));
            if (n < 0 && errno != EINTR)
                return;
            done += n < 0 ? 0 : n;
        }
    }
}

static void bury(int signal_number)
{
    (void)signal_number;
    int saved = errno;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    errno = saved;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = bury, .sa_flags = SA_RESTART }, NULL);
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
        ssize_t length = next_message(fd);
        pid_t pid = -1;
        while (length > 0 && (pid = fork()) < 0)
            usleep(20000);
        if (pid == 0) {
            close(listener);
            converse(fd, length);
            _exit(0);
        }
        close(fd);
    }
}
