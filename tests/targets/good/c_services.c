// serves: discard, daytime, time, chargen
/* Four of the small services over TCP, one detached thread per connection. */
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

/* Seconds from 1900 to 1970, RFC 868. */
#define SINCE_1900 2208988800u

static void (*service)(int fd);
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

/* Out of descriptors or threads: wait until a connection ends, a second at most. */
static void wait_for_room(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    sem_timedwait(&ended, &until);
}

static bool only_for_now(ssize_t result)
{
    return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

static void discard(int fd)
{
    char waste[16384];
    ssize_t n;
    do
        n = recv(fd, waste, sizeof waste, 0);
    while (n > 0 || only_for_now(n));
}

/* Sends the answer, which any fresh connection has room for, and a FIN. What
   the client says is read and thrown away until it ends, too: to close with
   input unread would reset. A client has a minute for that. */
static void say(int fd, const void *answer, size_t size)
{
    if (send(fd, answer, size, MSG_NOSIGNAL) < 0)
        return;
    shutdown(fd, SHUT_WR);
    char waste[16384];
    time_t last = time(NULL) + 60, now;
    struct pollfd p = { .fd = fd, .events = POLLIN };
    while ((now = time(NULL)) < last) {
        if (poll(&p, 1, (int)(last - now) * 1000) <= 0)
            continue;
        ssize_t n = recv(fd, waste, sizeof waste, MSG_DONTWAIT);
        if (n <= 0 && !only_for_now(n))
            return;
    }
}

static void daytime(int fd)
{
    char line[80];
    struct tm tm;
    time_t now = time(NULL);
    say(fd, line, strftime(line, sizeof line, "%A, %B %d, %Y %H:%M:%S-UTC\r\n", gmtime_r(&now, &tm)));
}

static void seconds(int fd)
{
    uint32_t now = htonl((uint32_t)time(NULL) + SINCE_1900);
    say(fd, &now, sizeof now);
}

/* The pattern repeats after 95 lines: 72 characters and CR LF each. */
static char pattern[95 * 74];

static void draw_pattern(void)
{
    for (int line = 0; line < 95; line++) {
        for (int i = 0; i < 72; i++)
            pattern[line * 74 + i] = (char)(' ' + (line + i) % 95);
        memcpy(pattern + line * 74 + 72, "\r\n", 2);
    }
}

static void chargen(int fd)
{
    char waste[16384];
    size_t at = 0;
    struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
    for (;;) {
        if (poll(&p, 1, -1) <= 0)
            continue;
        if (p.revents & ~POLLOUT) {
            ssize_t n = recv(fd, waste, sizeof waste, MSG_DONTWAIT);
            if (n <= 0 && !only_for_now(n))
                return; /* the client has left */
        }
        if (p.revents & POLLOUT) {
            ssize_t n = send(fd, pattern + at, sizeof pattern - at, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (n > 0)
                at = (at + (size_t)n) % sizeof pattern;
            else if (!only_for_now(n))
                return;
        }
    }
}

static void *serve(void *arg)
{
    int fd = (int)(intptr_t)arg;
    service(fd);
    close(fd);
    sem_post(&ended);
    return NULL;
}

int main(int argc, char **argv)
{
    const char *name = argc == 3 ? argv[2] : "";
    service = strcmp(name, "discard") == 0 ? discard
            : strcmp(name, "daytime") == 0 ? daytime
            : strcmp(name, "time") == 0    ? seconds
            : strcmp(name, "chargen") == 0 ? chargen
                                           : NULL;
    if (service == NULL) {
        fprintf(stderr, "usage: %s PORT SERVICE\n", argv[0]);
        return 2;
    }
    draw_pattern();
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
            continue;
        }
        pthread_t thread;
        while (pthread_create(&thread, &detached, serve, (void *)(intptr_t)fd) != 0)
            wait_for_room();
    }
}
