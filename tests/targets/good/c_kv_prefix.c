// serves: kv-prefix.yaml
/* Reverses length-prefixed messages, one detached thread per connection. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LONGEST 65536

struct message {
    uint32_t length; /* in network order */
    unsigned char payload[LONGEST];
};

static sem_t ended; /* raised once for every connection that is over */

static int listen_on(int port)
{
    struct sockaddr_in addr = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_ANY),
    };
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
        bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(fd, 128) < 0) {
        perror("listen");
        exit(1);
    }
    return fd;
}

/* Out of descriptors or threads: hold on until a connection ends, then try
   again. New clients wait in the backlog meanwhile; none is turned away. */
static void wait_for_room(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    sem_timedwait(&ended, &until);
}

static bool send_all(int fd, const void *from, size_t left)
{
    for (const char *data = from; left > 0;) {
        ssize_t n = send(fd, data, left, MSG_NOSIGNAL);
        if (n > 0) {
            data += n;
            left -= (size_t)n;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

/* False if the input ends before that, or the connection is reset. */
static bool receive_all(int fd, void *to, size_t left)
{
    for (char *data = to; left > 0;) {
        ssize_t n = recv(fd, data, left, 0);
        if (n > 0) {
            data += n;
            left -= (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

/* Ends the output, then drops what still comes, for some five seconds: a close
   with input unread is a reset, and that destroys replies on their way. */
static void drop_the_rest(int fd)
{
    char dropped[16384];
    struct pollfd p = { .fd = fd, .events = POLLIN };
    shutdown(fd, SHUT_WR);
    for (time_t until = time(NULL) + 5; time(NULL) <= until;)
        if (poll(&p, 1, 1000) > 0 && recv(fd, dropped, sizeof dropped, 0) <= 0)
            return;
}

static void reverse(int fd, struct message *m)
{
    while (receive_all(fd, &m->length, sizeof m->length)) {
        uint32_t length = ntohl(m->length);
        if (length > LONGEST) {
            drop_the_rest(fd);
            return;
        }
        if (!receive_all(fd, m->payload, length))
            return;
        for (uint32_t i = 0; i < length / 2; i++) {
            unsigned char first = m->payload[i];
            m->payload[i] = m->payload[length - 1 - i];
            m->payload[length - 1 - i] = first;
        }
        if (!send_all(fd, m, sizeof m->length + length))
            return;
    }
}

static void *serve(void *arg)
{
    int fd = (int)(intptr_t)arg;
    struct message m;
    reverse(fd, &m);
    close(fd);
    sem_post(&ended);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    int listener = listen_on(atoi(argv[1]));
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    sem_init(&ended, 0, 0);

    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                wait_for_room();
            continue; /* anything else, such as ECONNABORTED, concerns that client only */
        }
        pthread_t thread;
        while (pthread_create(&thread, &detached, serve, (void *)(intptr_t)fd) != 0)
            wait_for_room();
    }
}
