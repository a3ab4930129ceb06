// client-of: echo
// defect: it takes the first 16 bytes of the reply and closes, with the rest unread
// mistake: the buffer had to have some size, and a reply longer than that did not come to mind
// trips: client/reply/whole, client/close/orderly
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static const char request[] = "a first line\na second line\na third line\n";

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
    char reply[16];
    size_t have = 0;
    if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0) {
        perror("send");
        return 1;
    }
    while (have < sizeof reply) {
        ssize_t n = recv(fd, reply + have, sizeof reply - have, 0);
        if (n <= 0) {
            fprintf(stderr, "no reply\n");
            return 1;
        }
        have += (size_t)n;
    }
    if (memcmp(reply, request, sizeof reply) != 0) {
        fprintf(stderr, "wrong reply\n");
        return 1;
    }
    close(fd);
    fwrite(reply, 1, sizeof reply, stdout);
    return 0;
}
