// The mix of primitives that `bench api` measures, as fast as C can call them: prints primitives per second.
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

int main(void) {
    double start = now(), end = start + 1;
    long calls = 0;
    while (now() < end) {
        for (int i = 0; i < 100; i++, calls += 9) {
            struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
            socklen_t size = sizeof at;
            char data[16];
            int on = 1, s = socket(AF_INET, SOCK_STREAM, 0);
            ioctl(s, FIONBIO, &on);
            bind(s, (struct sockaddr *)&at, sizeof at);
            listen(s, 8);
            accept4(s, 0, 0, 0);
            getsockname(s, (struct sockaddr *)&at, &size);
            recv(s, data, sizeof data, 0);
            shutdown(s, SHUT_WR);
            close(s);
        }
    }
    printf("%.0f\n", calls / (now() - start));
    return 0;
}
