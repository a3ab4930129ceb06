// serves: kv-prefix.yaml
// defect int-length: lengths above 0x7FFFFFFF are negative, hence below the limit: the length is an int; trips: message/length/negative
// defect 64-mib: 64 MiB are the limit where 64 KiB was meant, and so much memory is taken and cleared as soon as it is announced; trips: message/size/one-over, message/length/huge
// defect short-length: 65536 becomes 0, for the length is kept in an unsigned short once the limit has been looked at; trips: message/size/longest
// defect four-k: what exceeds 4096 bytes of a payload is read and left out of the reply, for the buffer has one page; trips: message/reply/every-size, message/size/longest
// defect strlen: a payload ends at its first NUL, for it is treated as a string; trips: message/bytes/wrong
// defect trailing-nul: each payload is sent with the NUL that ends the string; trips: message/reply/nothing-added
// defect host-order: the prefix is read without ntohl(), so that a short message seems to be a very long one and the connection is closed; trips: message/reply/answers-while-open
// defect inclusive: the prefix of a reply counts its own four bytes, too, as in another protocol that its author knew; trips: message/reply/right-answer
// defect looks-ahead: the reply is sent when the next prefix has begun to come, since it is looked for in advance; trips: message/reply/answers-while-open
#define _GNU_SOURCE
#include <arpa/inet.h>
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
#include <time.h>
#include <unistd.h>

#define LONGEST 65536
#define PAGE 4096

static const char *word = "";

static bool is(const char *name)
{
    return strcmp(word, name) == 0;
}

static bool send_all(int fd, const char *data, int left)
{
    while (left > 0) {
        ssize_t n = send(fd, data, (size_t)left, MSG_NOSIGNAL);
        if (n > 0) {
            data += n;
            left -= (int)n;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static bool receive_all(int fd, void *to, int length)
{
    for (int come = 0; come < length;) {
        ssize_t n = recv(fd, (char *)to + come, (size_t)(length - come), 0);
        if (n > 0)
            come += (int)n;
        else if (n == 0 || errno != EINTR)
            return false;
    }
    return true;
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

static bool too_long(uint32_t length)
{
    if (is("int-length"))
        return (int)length > LONGEST;
    return length > (is("64-mib") ? 64u << 20 : LONGEST);
}

/* Serves one message; false when there is nothing more to serve. */
static bool serve_one(int fd)
{
    uint32_t prefix, length;
    if (!receive_all(fd, &prefix, sizeof prefix))
        return false;
    length = is("host-order") ? prefix : ntohl(prefix);
    if (too_long(length)) {
        drop_the_rest(fd);
        return false;
    }
    if (is("short-length"))
        length = (unsigned short)length;
    int room = (int)length < 0 ? 0 : (int)length;
    char *in = malloc((size_t)room + 1), *out = malloc((size_t)room + 5);
    if (in == NULL || out == NULL)
        abort();
    if (is("64-mib"))
        memset(in, 0, (size_t)room + 1);
    bool going_on = receive_all(fd, in, (int)length);
    if (going_on) {
        int size = (int)length;
        in[room] = '\0';
        if (is("strlen"))
            size = (int)strlen(in);
        if (is("four-k") && size > PAGE)
            size = PAGE;
        for (int i = 0; i < size; i++)
            out[4 + i] = in[size - 1 - i];
        prefix = htonl((uint32_t)(is("inclusive") ? size + 4 : size));
        memcpy(out, &prefix, sizeof prefix);
        if (is("trailing-nul"))
            out[4 + size++] = '\0';
        if (is("looks-ahead"))
            recv(fd, &prefix, 1, MSG_PEEK);
        going_on = send_all(fd, out, 4 + size);
    }
    free(in);
    free(out);
    return going_on;
}

static void *serve(void *arg)
{
    int fd = (int)(intptr_t)arg;
    while (serve_one(fd))
        ;
    close(fd);
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
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        pthread_t thread;
        if (fd >= 0 && pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
            pthread_detach(thread);
    }
}
