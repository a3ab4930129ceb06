// serves: time
// defect eight_octets: eight octets are sent, because time_t is that large; trips: time/reply/four-octets
// defect host_order: the octets come in the machine's order, because htonl() is only known from port numbers; trips: time/reply/current
// defect unix_time: the time counts from 1970, because that is what time() returns; trips: time/reply/current
// defect no_input: a client that sends something is turned away, because "the protocol has no request"; trips: time/input/discarded
// defect stays_open: the connection stays open until the client ends it, because close() is thought to be the client's business; trips: time/close/after-sending
// defect zero (daytime): a zero byte follows the line, because strlen() + 1 bytes are sent as if they were copied; trips: daytime/reply/printable
// defect closes_unread (daytime): a client that has sent something is reset, because close() follows the answer and what came in is left unread; trips: daytime/input/discarded, tcp/close/no-reset
// defect frozen: every client gets the time at which the server was started, for now() is asked once; trips: time/reply/goes-on
// defect frozen_line (daytime): the line is made when the server starts, and sent to every client; trips: daytime/reply/goes-on
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SINCE_1900 2208988800u

static const char *word;
static time_t started;

static int is(const char *name)
{
    return strcmp(word, name) == 0;
}

static size_t daytime(char *line, size_t room)
{
    time_t now = is("frozen_line") ? started : time(NULL);
    struct tm tm;
    return strftime(line, room, "%a %b %d %H:%M:%S UTC %Y\r\n", gmtime_r(&now, &tm));
}

static size_t answer(char *data, size_t room)
{
    uint32_t now = (uint32_t)(is("frozen") ? started : time(NULL)) + SINCE_1900;
    uint64_t wide = htobe64(now);
    if (is("zero"))
        return daytime(data, room) + 1;
    if (is("closes_unread") || is("frozen_line"))
        return daytime(data, room);
    if (is("eight_octets")) {
        memcpy(data, &wide, sizeof wide);
        return sizeof wide;
    }
    now = is("host_order") ? now : htonl(is("unix_time") ? now - SINCE_1900 : now);
    memcpy(data, &now, sizeof now);
    return sizeof now;
}

static void *serve(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char data[4096];
    ssize_t n;
    struct pollfd p = { .fd = fd, .events = POLLIN };
    struct timeval minute = { .tv_sec = 60 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &minute, sizeof minute);
    if (is("closes_unread"))
        poll(NULL, 0, 50); /* who is that? for the log */
    if (is("no_input") && poll(&p, 1, 100) > 0 && recv(fd, data, 1, MSG_PEEK) > 0)
        shutdown(fd, SHUT_WR);
    else
        send(fd, data, answer(data, sizeof data), MSG_NOSIGNAL);
    if (!is("stays_open") && !is("closes_unread"))
        shutdown(fd, SHUT_WR);
    while (!is("closes_unread") && ((n = recv(fd, data, sizeof data, 0)) > 0 || (n < 0 && errno == EINTR)))
        ;
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    word = argv[2];
    started = time(NULL);
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            usleep(10000);
            continue;
        }
        pthread_t thread;
        while (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) != 0)
            usleep(20000);
        pthread_detach(thread);
    }
}
