// serves: echo-udp, discard-udp, daytime-udp, time-udp, chargen-udp
/* The five services over UDP: one socket and one blocking loop. An answer is
   one sendto() from the socket that was asked, to whoever asked. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* Seconds from 1900 to 1970, RFC 868. */
#define SINCE_1900 2208988800u

static char data[65536]; /* what was asked, then what is answered */

static int bind_to(int port)
{
    struct sockaddr_in addr = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_ANY),
    };
    int room = 1 << 20; /* for datagrams that wait their turn; the kernel may grant less */
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0) {
        perror("bind");
        exit(1);
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    return fd;
}

static ssize_t echo(ssize_t asked)
{
    return asked;
}

static ssize_t discard(ssize_t asked)
{
    (void)asked;
    return -1;
}

static ssize_t daytime(ssize_t asked)
{
    (void)asked;
    time_t now = time(NULL);
    return (ssize_t)strftime(data, sizeof data, "%A, %B %d, %Y %H:%M:%S-UTC\r\n", gmtime(&now));
}

static ssize_t seconds(ssize_t asked)
{
    (void)asked;
    uint32_t now = htonl((uint32_t)time(NULL) + SINCE_1900);
    memcpy(data, &now, sizeof now);
    return sizeof now;
}

/* 0 to 512 characters, as many as chance will have it. */
static ssize_t chargen(ssize_t asked)
{
    (void)asked;
    int size = rand() % 513;
    for (int i = 0; i < size; i++)
        data[i] = i % 74 == 72 ? '\r' : i % 74 == 73 ? '\n' : (char)(' ' + (i / 74 + i % 74) % 95);
    return size;
}

static const struct {
    const char *name;
    ssize_t (*answer)(ssize_t asked); /* the size of the answer, or -1 for none */
} services[] = {
    { "echo-udp", echo }, { "discard-udp", discard }, { "daytime-udp", daytime },
    { "time-udp", seconds }, { "chargen-udp", chargen }, { NULL, NULL },
};

int main(int argc, char **argv)
{
    int i = 0;
    while (argc == 3 && services[i].name != NULL && strcmp(services[i].name, argv[2]) != 0)
        i++;
    if (argc != 3 || services[i].name == NULL) {
        fprintf(stderr, "usage: %s PORT SERVICE\n", argv[0]);
        return 2;
    }
    int fd = bind_to(atoi(argv[1]));
    srand((unsigned)time(NULL));

    for (;;) {
        struct sockaddr_in peer;
        socklen_t len = sizeof peer;
        ssize_t n = recvfrom(fd, data, sizeof data, 0, (struct sockaddr *)&peer, &len);
        if (n < 0)
            continue; /* of no concern to the others; an empty datagram is n == 0 */
        n = services[i].answer(n);
        if (n >= 0)
            sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&peer, len); /* may fail: its peer's bad luck */
    }
}
