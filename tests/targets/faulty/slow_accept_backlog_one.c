// defect: the backlog is 1, each accept costs 300 ms and a full queue even 10 s, so that the SYNs of a crowd of clients are left unanswered
// mistake: passes 1 to listen() because "there is one listener", does slow work (a name lookup) in the accept loop, and rests when too many come
// trips: tcp/accept/burst, tcp/accept/fifty-at-once, tcp/isolation/interleaved
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int write_fully(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t k = write(fd, p, n);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return -1;
        p += k;
        n -= (size_t)k;
    }
    return 0;
}

static void *echo(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char buf[16384];
    ssize_t n;
    do {
        n = read(fd, buf, sizeof buf);
        if (n > 0 && write_fully(fd, buf, (size_t)n) < 0)
            break;
    } while (n > 0 || (n < 0 && errno == EINTR));
    close(fd);
    return NULL;
}

static void look_up_name_of_client(void)
{
    usleep(300000);
}

/* On a listening socket tcpi_unacked counts the clients that wait for accept(); Linux lets in backlog + 1. */
static int queue_is_full(int listener)
{
    struct tcp_info info = { 0 };
    socklen_t size = sizeof info;
    return getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_unacked >= 2;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 1) < 0) {
        perror("listen");
        return 1;
    }
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        look_up_name_of_client();
        pthread_t t;
        while (pthread_create(&t, NULL, echo, (void *)(intptr_t)fd) != 0)
            usleep(20000);
        pthread_detach(t);
        if (queue_is_full(listener))
            sleep(10); /* "overload protection" */
    }
}
