// client-of: echo
// defect: when the connection ends before the whole reply it calls recv() for ever, with all the time of a processor
// mistake: a recv() that returns 0 adds nothing to the count, and the loop ends by the count alone
// trips: client/end/early-eof, client/exit/in-time
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static const char request[] = "round\nand round\nand round\n";

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct timeval patience = { .tv_sec = 3 };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0) {
        perror("connect");
        return 1;
    }
    size_t size = strlen(request), have = 0;
    char reply[sizeof request];
    if (send(fd, request, size, MSG_NOSIGNAL) < 0) {
        perror("send");
        return 1;
    }
    while (have < size) {
        ssize_t n = recv(fd, reply + have, size - have, 0);
        if (n < 0) {
            perror("recv");
            return 1;
        }
        have += (size_t)n;
    }
    shutdown(fd, SHUT_WR);
    if (memcmp(reply, request, size) != 0 || recv(fd, reply, 1, 0) != 0) {
        fprintf(stderr, "wrong reply\n");
        return 1;
    }
    close(fd);
    fputs(request, stdout);
    return 0;
}
