// serves: upper-line.yaml
/* Upper-case server for lines, one detached thread per connection. The buffer
   holds the longest line and its line feed, not a byte more. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LONGEST 1024

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

static int send_all(int fd, const char *data, size_t left)
{
    while (left > 0) {
        ssize_t n = send(fd, data, left, MSG_NOSIGNAL);
        if (n > 0) {
            data += n;
            left -= (size_t)n;
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return 0;
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

static int reply_to(int fd, char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (line[i] >= 'a' && line[i] <= 'z')
            line[i] -= 'a' - 'A';
    line[length] = '\n';
    return send_all(fd, line, length + 1);
}

static void upper(int fd)
{
    char line[LONGEST + 1];
    size_t come = 0;
    for (;;) {
        char *end = memchr(line, '\n', come);
        if (end != NULL) {
            size_t length = (size_t)(end - line);
            if (reply_to(fd, line, length) < 0)
                return;
            come -= length + 1;
            memmove(line, end + 1, come);
            continue;
        }
        if (come > LONGEST) {
            drop_the_rest(fd);
            return;
        }
        ssize_t n = recv(fd, line + come, sizeof line - come, 0);
        if (n == 0 && come > 0)
            reply_to(fd, line, come); /* the end of the input ends the last line */
        if (n == 0 || (n < 0 && errno != EINTR))
            return;
        come += n > 0 ? (size_t)n : 0;
    }
}

static void *serve(void *arg)
{
    int fd = (int)(intptr_t)arg;
    upper(fd);
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
