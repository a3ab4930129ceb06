// client-of: echo
// defect: it is killed by SIGSEGV when the server resets the connection
// mistake: the result of recv() is put into a size_t, where -1 is the largest number of all
// trips: client/end/reset, client/life/no-signal
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <poll.h>
#include <unistd.h>

static const char request[] = "humpty dumpty\nsat on a wall\n";

static size_t receive(int fd, char *data, size_t size)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    if (poll(&p, 1, 3000) == 0) {
        fprintf(stderr, "no answer\n");
        exit(1);
    }
    return (size_t)recv(fd, data, size, 0);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0) {
        perror("connect");
        return 1;
    }
    size_t size = strlen(request), have = 0, n;
    char reply[sizeof request], piece[sizeof request];
    send(fd, request, size, MSG_NOSIGNAL); /* if that fails, so does the next recv() */
    while (have < size) {
        if ((n = receive(fd, piece, size - have)) == 0) {
            fprintf(stderr, "the connection ended too early\n");
            return 1;
        }
        memcpy(reply + have, piece, n);
        have += n;
    }
    shutdown(fd, SHUT_WR);
    if (memcmp(reply, request, size) != 0 || receive(fd, piece, 1) != 0) {
        fprintf(stderr, "wrong reply\n");
        return 1;
    }
    close(fd);
    fwrite(reply, 1, size, stdout);
    return 0;
}
