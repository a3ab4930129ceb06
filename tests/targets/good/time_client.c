// client-of: time
/* Time client: sends nothing, reads the four bytes of the server until its end
   and prints them as a date. Three seconds of silence are too much. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define FROM_1900_TO_1970 2208988800u

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "time_client: %s\n", what);
    exit(1);
}

static _Noreturn void fail_errno(void)
{
    fail(errno == EAGAIN || errno == EWOULDBLOCK || errno == EINPROGRESS ? "no answer for three seconds" : strerror(errno));
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    struct sockaddr_in server = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)atoi(argv[1])),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct timeval patience = { .tv_sec = 3 };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0 ||
        connect(fd, (struct sockaddr *)&server, sizeof server) < 0)
        fail_errno();

    unsigned char reply[5]; /* one more than can be right */
    size_t have = 0;
    while (have < sizeof reply) {
        ssize_t n = recv(fd, reply + have, sizeof reply - have, 0);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            fail_errno();
        have += n > 0 ? (size_t)n : 0;
    }
    if (have != 4)
        fail(have < 4 ? "the connection ended before four bytes" : "more than four bytes");
    close(fd);

    uint32_t since_1900 = (uint32_t)reply[0] << 24 | (uint32_t)reply[1] << 16 | (uint32_t)reply[2] << 8 | reply[3];
    /* Before 1970 is taken for after the overflow of 2036. */
    time_t now = (time_t)(uint32_t)(since_1900 - FROM_1900_TO_1970);
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", gmtime(&now));
    puts(text);
    return 0;
}
