// defect: the listening socket is bound to 127.0.1.1 only, so that nobody reaches it at 127.0.0.1
// mistake: binds to the address that looking up the machine's own name gives, which many Linux systems keep as 127.0.1.1 in /etc/hosts
// trips: tcp/listen/told-address
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void *echo(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char buf[8192];
    for (;;) {
        ssize_t got = recv(fd, buf, sizeof buf, 0), sent = 0;
        if (got < 0 && errno == EINTR)
            continue;
        while (sent < got) {
            ssize_t n = send(fd, buf + sent, (size_t)(got - sent), 0);
            if (n >= 0)
                sent += n;
            else if (errno != EINTR)
                break;
        }
        if (got <= 0 || sent < got)
            break;
    }
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    inet_pton(AF_INET, "127.0.1.1", &here.sin_addr); /* stands for getaddrinfo(my own name) */
    if (bind(listener, (struct sockaddr *)&here, sizeof here) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            poll(NULL, 0, errno == EMFILE ? 50 : 0);
            continue;
        }
        pthread_t thread;
        while (pthread_create(&thread, NULL, echo, (void *)(intptr_t)fd) != 0)
            poll(NULL, 0, 20);
        pthread_detach(thread);
    }
}
