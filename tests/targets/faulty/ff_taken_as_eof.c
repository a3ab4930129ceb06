// defect: a byte 0xFF in the data ends the connection
// mistake: keeps the result of a getc()-like function in a char, where the byte 0xFF and EOF (-1) are the same
// trips: echo/data/unchanged
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct stream { int fd; size_t at, end, owed; unsigned char in[4096]; char out[4096]; };

/* Sends what put() has collected. */
static int flush(struct stream *s)
{
    size_t sent = 0;
    while (sent < s->owed) {
        ssize_t n = send(s->fd, s->out + sent, s->owed - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            return -1;
        sent += n < 0 ? 0 : (size_t)n;
    }
    s->owed = 0;
    return 0;
}

/* The next byte or EOF; before it waits for more input, the output is sent. */
static int get(struct stream *s)
{
    if (s->at == s->end) {
        ssize_t n;
        if (flush(s) < 0)
            return EOF;
        while ((n = recv(s->fd, s->in, sizeof s->in, 0)) < 0 && errno == EINTR)
            ;
        if (n <= 0)
            return EOF;
        s->at = 0;
        s->end = (size_t)n;
    }
    return s->in[s->at++];
}

static void *echo(void *arg)
{
    struct stream s = { .fd = (int)(intptr_t)arg };
    signed char c; /* what a plain char is on most machines */
    while ((c = (signed char)get(&s)) != EOF)
        s.out[s.owed++] = (char)c; /* never more than one chunk */
    flush(&s);
    close(s.fd);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
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
        while (pthread_create(&thread, NULL, echo, (void *)(intptr_t)fd) != 0)
            usleep(20000);
        pthread_detach(thread);
    }
}
