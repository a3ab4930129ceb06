// serves: upper-line.yaml
// defect splits-long-lines: a line that is too long is answered as two, as fgets() with a buffer of fixed size cuts it; trips: message/size/one-over, message/size/endless
// defect room-for-the-nul: a line of 1024 bytes is too long already, for the author kept one byte of the buffer for a NUL; trips: message/size/longest
// defect grows: the buffer grows until a line feed comes, and only then the length is looked at; trips: message/size/endless
// defect strtok: empty lines get no reply, for strtok() takes several line feeds in a row for one (and a NUL for the end); trips: message/size/empty, message/bytes/wrong
// defect strlen: what follows a NUL in a line is lost, for the line is treated as a string; trips: message/bytes/wrong
// defect sends-nul: each reply is followed by a NUL, which its author counted as part of the string; trips: message/reply/nothing-added
// defect stdio: replies stay in the buffer of a FILE until the connection ends, for stdout of a terminal had never needed fflush(); trips: message/reply/answers-while-open
// defect last-only: of several lines that came together only the last is answered, for it looks for the last line feed with memrchr() and begins after the one before; trips: message/join/two-in-one-segment, message/pipeline/all-in-order
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LONGEST 1024

static const char *word = "";

static bool is(const char *name)
{
    return strcmp(word, name) == 0;
}

static void drop_the_rest(int fd)
{
    char dropped[16384];
    struct pollfd p = { .fd = fd, .events = POLLIN };
    shutdown(fd, SHUT_WR);
    for (time_t until = time(NULL) + 5; time(NULL) <= until;)
        if (poll(&p, 1, 1000) > 0 && recv(fd, dropped, sizeof dropped, 0) <= 0)
            return;
}

static bool reply_to(FILE *out, const char *line, size_t length)
{
    if (is("strlen"))
        length = strnlen(line, length);
    for (size_t i = 0; i < length; i++)
        putc(line[i] >= 'a' && line[i] <= 'z' ? line[i] - 32 : line[i], out);
    putc('\n', out);
    if (is("sends-nul"))
        putc('\0', out);
    return is("stdio") || fflush(out) == 0;
}

/* Replies to the lines in text, which ends with a line feed. */
static bool reply_to_all(FILE *out, char *text, size_t length, bool *too_long)
{
    if (is("strtok")) {
        char *rest;
        text[length - 1] = '\0';
        for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
            if (!reply_to(out, line, strlen(line)))
                return false;
        return true;
    }
    if (is("last-only")) {
        char *before = memrchr(text, '\n', length - 1);
        char *begin = before == NULL ? text : before + 1;
        length -= (size_t)(begin - text);
        text = begin;
    }
    while (length > 0) {
        size_t line = (size_t)((char *)memchr(text, '\n', length) - text);
        *too_long = line > LONGEST;
        if (*too_long || !reply_to(out, text, line))
            return false;
        text += line + 1;
        length -= line + 1;
    }
    return true;
}

static void *serve(void *arg)
{
    int fd = (int)(intptr_t)arg;
    FILE *out = fdopen(dup(fd), "w");
    size_t room = is("room-for-the-nul") ? LONGEST : LONGEST + 1, come = 0;
    char *in = malloc(room);
    bool too_long = false;
    while (!too_long) {
        ssize_t n = recv(fd, in + come, room - come, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0 && come > 0 && come <= LONGEST)
            reply_to(out, in, come); /* the end of the input ends the last line */
        if (n <= 0)
            break;
        char *end = memrchr(in + come, '\n', (size_t)n);
        size_t whole = end == NULL ? 0 : (size_t)(end + 1 - in);
        come += (size_t)n;
        if (whole > 0 && !reply_to_all(out, in, whole, &too_long))
            break;
        come -= whole;
        memmove(in, in + whole, come);
        if (come < room)
            continue;
        if (is("splits-long-lines")) {
            if (!reply_to(out, in, LONGEST))
                break;
            in[0] = in[LONGEST];
            come = 1;
        } else if (is("grows")) {
            in = realloc(in, room *= 2);
            if (in == NULL)
                abort();
        } else {
            too_long = true;
        }
    }
    fclose(out);
    if (too_long)
        drop_the_rest(fd);
    close(fd);
    free(in);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    if (argc > 2)
        word = argv[2];
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        pthread_t thread;
        if (fd >= 0 && pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
            pthread_detach(thread);
    }
}
