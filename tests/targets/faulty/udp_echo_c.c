// serves: echo-udp
// defect send: nothing is ever answered, because send() on a socket without a peer fails and its result is not looked at; trips: udp/reply/answers
// defect no_empty: empty datagrams get no answer, because 0 from recvfrom() is handled like an error, "as with TCP"; trips: udp/data/empty
// defect small_buffer: answers end after 1024 bytes, because the author thought that the rest comes with the next recvfrom(); trips: udp/data/every-size, udp/data/largest
// defect string: answers end before the first zero byte, because the data is measured with strlen(); trips: udp/data/binary
// defect table: a seventeenth peer is ignored while sixteen have been heard of lately, because a table of peers is full; trips: udp/peers/many
// defect socket_per_answer: a peer that is gone when the answer comes ends the server, because the socket connected for the answer reports ECONNREFUSED and any error is fatal; trips: udp/survive/unreachable-peer
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char data[65537];
static struct sockaddr_in any = { .sin_family = AF_INET };

static struct { struct sockaddr_in peer; double until; } table[16];

/* Finds a place for the peer; it may be given away after 0.1 s of silence. */
static bool known(const struct sockaddr_in *peer)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    double now = (double)t.tv_sec + (double)t.tv_nsec / 1e9;
    int place = -1;
    for (int i = 0; i < 16; i++) {
        if (table[i].until > now && memcmp(&table[i].peer, peer, sizeof *peer) == 0) {
            place = i;
            break;
        }
        if (table[i].until <= now)
            place = i;
    }
    if (place < 0)
        return false;
    table[place].peer = *peer;
    table[place].until = now + 0.1;
    return true;
}

static int bound_socket(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&any, sizeof any) < 0) {
        perror("bind");
        exit(1);
    }
    return fd;
}

/* As accept() would have it: a socket for this peer, which answers all that
   comes in there meanwhile, whoever it is from. */
static void answer_connected(int fd, ssize_t n, struct sockaddr_in *peer, socklen_t len)
{
    int own = bound_socket();
    poll(NULL, 0, 1); /* the answer takes a moment */
    if (connect(own, (struct sockaddr *)peer, len) < 0 || send(own, data, (size_t)n, 0) < 0) {
        perror("send");
        exit(1);
    }
    while ((n = recvfrom(own, data, 65536, MSG_DONTWAIT, (struct sockaddr *)peer, &len)) >= 0)
        sendto(fd, data, (size_t)n, 0, (struct sockaddr *)peer, len);
    if (errno != EAGAIN) {
        perror("recv");
        exit(1);
    }
    close(own);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    const char *word = argv[2];
    any.sin_port = htons((uint16_t)atoi(argv[1]));
    int fd = bound_socket();
    size_t room = strcmp(word, "small_buffer") == 0 ? 1024 : 65536;
    ssize_t least = strcmp(word, "no_empty") == 0 ? 1 : 0;
    for (;;) {
        struct sockaddr_in peer = { 0 };
        socklen_t len = sizeof peer;
        ssize_t n = recvfrom(fd, data, room, 0, (struct sockaddr *)&peer, &len);
        if (n < least || (strcmp(word, "table") == 0 && !known(&peer)))
            continue;
        data[n] = '\0';
        if (strcmp(word, "string") == 0)
            n = (ssize_t)strlen(data);
        if (strcmp(word, "send") == 0)
            send(fd, data, (size_t)n, 0);
        else if (strcmp(word, "socket_per_answer") == 0)
            answer_connected(fd, n, &peer, len);
        else
            sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&peer, len);
    }
}
