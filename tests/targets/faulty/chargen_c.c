// serves: chargen
// defect impatient: a client that reads nothing for 0.2 seconds is hung up on, because it must be dead; trips: chargen/flow/slow-reader
// defect thousand_lines: the connection is closed after 1000 lines, because nobody could want more; trips: chargen/stream/goes-on
// defect repeats_input: what the client sends appears in the stream, because the program was made from the echo server; trips: chargen/input/discarded
// defect asks: the stream begins with the first line that the client sends, because a count of lines is expected there; trips: chargen/stream/at-once
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *word;
static char pattern[95 * 74];

static bool is(const char *name)
{
    return strcmp(word, name) == 0;
}

static bool only_for_now(ssize_t n)
{
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void *generate(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char input[4096];
    size_t at = 0, total = 0;
    bool begun = !is("asks");
    int room = 65536; /* many clients, little memory */
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    while (!is("thousand_lines") || total < 74000) {
        struct pollfd p = { .fd = fd, .events = begun ? POLLIN | POLLOUT : POLLIN };
        int ready = poll(&p, 1, is("impatient") ? 200 : -1);
        if (ready == 0)
            break;
        if (p.revents & ~POLLOUT) {
            ssize_t n = recv(fd, input, sizeof input, MSG_DONTWAIT);
            if (n <= 0 && !only_for_now(n))
                break;
            if (n > 0 && is("repeats_input"))
                send(fd, input, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
            begun = begun || (n > 0 && memchr(input, '\n', (size_t)n) != NULL);
        }
        if (p.revents & POLLOUT) {
            size_t most = is("thousand_lines") && 74000 - total < sizeof pattern - at ? 74000 - total : sizeof pattern - at;
            ssize_t n = send(fd, pattern + at, most, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (n < 0 && !only_for_now(n))
                break;
            at = n > 0 ? (at + (size_t)n) % sizeof pattern : at;
            total += n > 0 ? (size_t)n : 0;
        }
    }
    shutdown(fd, SHUT_WR);
    for (ssize_t n = 1; !is("impatient") && (n > 0 || only_for_now(n));)
        n = recv(fd, input, sizeof input, 0);
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    word = argv[2];
    for (int i = 0; i < 95 * 74; i++)
        pattern[i] = i % 74 == 72 ? '\r' : i % 74 == 73 ? '\n' : (char)(' ' + (i / 74 + i % 74) % 95);
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
        while (pthread_create(&thread, NULL, generate, (void *)(intptr_t)fd) != 0)
            usleep(20000);
        pthread_detach(thread);
    }
}
