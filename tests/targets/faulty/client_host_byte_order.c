// client-of: kv-prefix.yaml
// defect: the length before its request is in the order of the host's bytes, so that five becomes 83,886,080
// mistake: htonl() is forgotten; with a server of the same author, who forgets ntohl(), all is well
// trips: client/request/right
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void receive(int fd, void *data, size_t size)
{
    for (size_t have = 0; have < size;) {
        ssize_t n = recv(fd, (char *)data + have, size - have, 0);
        if (n <= 0)
            fail(n < 0 ? "no reply" : "the connection ended too early");
        have += (size_t)n;
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct timeval patience = { .tv_sec = 3 };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0)
        fail("no connection");

    struct { uint32_t length; char text[5]; } request = { 5, { 'l', 'e', 'v', 'e', 'r' } };
    if (send(fd, &request, 4 + sizeof request.text, MSG_NOSIGNAL) < 0)
        fail("cannot send");
    uint32_t length;
    char reply[64];
    receive(fd, &length, sizeof length);
    if (length != 5)
        fail("the reply is of the wrong length");
    receive(fd, reply, length);
    if (memcmp(reply, "revel", 5) != 0)
        fail("the reply is wrong");
    shutdown(fd, SHUT_WR);
    if (recv(fd, reply, 1, 0) != 0)
        fail("there is more");
    close(fd);
    puts("revel");
    return 0;
}
