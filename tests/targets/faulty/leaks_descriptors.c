// defect: the descriptor of a finished connection is never closed; when all 64 are used up, nobody is accepted any more
// mistake: takes shutdown() for the call that ends a connection and gives its descriptor back, which only close() does
// trips: tcp/accept/one-after-another
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

static void *client(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char data[4096];
    ssize_t n;
    while ((n = recv(fd, data, sizeof data, 0)) > 0 || (n < 0 && errno == EINTR)) {
        ssize_t done = 0;
        while (done < n) {
            ssize_t k = send(fd, data + done, (size_t)(n - done), MSG_NOSIGNAL);
            if (k < 0 && errno != EINTR)
                goto end;
            done += k > 0 ? k : 0;
        }
    }
end:
    shutdown(fd, SHUT_RDWR);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct rlimit few;
    getrlimit(RLIMIT_NOFILE, &few);
    few.rlim_cur = 64;
    setrlimit(RLIMIT_NOFILE, &few);

    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    struct pollfd listener = { .fd = socket(AF_INET, SOCK_STREAM, 0), .events = POLLIN };
    int on = 1;
    setsockopt(listener.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener.fd, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener.fd, 128) < 0) {
        perror("listen");
        return 1;
    }
    for (;;) {
        int fd = accept(listener.fd, NULL, NULL);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE)
                poll(NULL, 0, 200); /* until somebody gives one back */
            continue;
        }
        pthread_t t;
        while (pthread_create(&t, NULL, client, (void *)(intptr_t)fd) != 0)
            poll(NULL, 0, 20);
        pthread_detach(t);
    }
}
