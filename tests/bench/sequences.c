// What `bench fuzz` lays a campaign beside: connect, send 16 bytes, receive them, close, again and again. Prints sequences per second.
//   sequences PORT SECONDS
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in source = {.sin_family = AF_INET};
    const char out[17] = "sixteen bytes ..";
    double start = now(), end = start + atof(arguments[2]);
    long done = 0;
    unsigned next = 0;
    while (now() < end) {
        for (int i = 0; i < 50; i++) {
            char in[16];
            int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
            setsockopt(fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &on, sizeof on);
            source.sin_addr.s_addr = htonl(0x7f200001 + next++ % 65000); // 127.32.0.1 and on: no port in TIME-WAIT is in the way
            if (bind(fd, (void *)&source, sizeof source) || connect(fd, (void *)&server, sizeof server)) return perror("connect"), 1;
            if (send(fd, out, 16, MSG_NOSIGNAL) != 16) return perror("send"), 1;
            for (int got = 0, n; got < 16; got += n)
                if ((n = recv(fd, in + got, 16 - got, 0)) <= 0) return perror("recv"), 1;
            if (memcmp(in, out, 16)) return 1;
            close(fd);
            done++;
        }
    }
    printf("%.0f\n", done / (now() - start));
    return 0;
}
