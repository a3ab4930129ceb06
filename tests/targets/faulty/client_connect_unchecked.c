// client-of: echo
// defect: a refused connection goes unnoticed: it prints nothing and ends with exit code 0
// mistake: the result of connect() is not looked at, and a receive that fails then ends the loop like any other end
// trips: client/connect/refused, client/exit/status
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static const char request[] = "larry\nmoe\ncurly\n";

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct timeval patience = { .tv_sec = 3 };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    connect(fd, (struct sockaddr *)&server, sizeof server);

    char reply[sizeof request];
    size_t size = strlen(request), have = 0;
    ssize_t n = send(fd, request, size, MSG_NOSIGNAL);
    while (n > 0 && have < size && (n = recv(fd, reply + have, size - have, 0)) > 0)
        have += (size_t)n;
    if (n == 0 || (n < 0 && errno != ENOTCONN && errno != EPIPE)) {
        fprintf(stderr, "no reply\n");
        return 1;
    }
    if (have > 0 && memcmp(reply, request, size) != 0) {
        fprintf(stderr, "wrong reply\n");
        return 1;
    }
    shutdown(fd, SHUT_WR);
    recv(fd, &(char){ 0 }, 1, 0);
    close(fd);
    fwrite(reply, 1, have, stdout);
    return 0;
}
