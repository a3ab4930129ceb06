// client-of: time
// defect: its exit code after success is 4
// mistake: main() returns the number of bytes received, as functions of the author usually do
// trips: client/exit/status
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

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
    unsigned char reply[5];
    size_t have = 0;
    ssize_t n = 1;
    while (have < sizeof reply && (n = recv(fd, reply + have, sizeof reply - have, 0)) > 0)
        have += (size_t)n;
    if (n < 0 || have != 4) {
        fprintf(stderr, "no time\n");
        return 1;
    }
    close(fd);
    printf("%u seconds since 1900\n", (unsigned)reply[0] << 24 | (unsigned)reply[1] << 16 | (unsigned)reply[2] << 8 | reply[3]);
    return (int)have;
}
