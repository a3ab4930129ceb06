// defect: the input of all clients is collected in one and the same buffer, which goes to the client that spoke last
// mistake: a buffer that has to outlive one turn of the select() loop is made static once instead of once per client
// trips: tcp/isolation/interleaved, tcp/accept/fifty-at-once
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static char collected[65536];
static size_t length;
static int speaker = -1;

static void reply(void)
{
    size_t sent = 0;
    while (speaker >= 0 && sent < length) {
        ssize_t n = send(speaker, collected + sent, length - sent, 0);
        if (n >= 0)
            sent += (size_t)n;
        else if (errno != EINTR)
            break;
    }
    length = 0;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    fd_set open_ones;
    FD_ZERO(&open_ones);
    FD_SET(listener, &open_ones);
    for (;;) {
        fd_set ready = open_ones;
        struct timeval rest = { 0, 50000 };
        int count = select(FD_SETSIZE, &ready, NULL, NULL, length > 0 ? &rest : NULL);
        if (count == 0)
            reply(); /* nobody has said more for 50 ms */
        if (count <= 0)
            continue;
        for (int fd = 0; fd < FD_SETSIZE; fd++) {
            if (fd == listener || !FD_ISSET(fd, &ready))
                continue;
            ssize_t n = recv(fd, collected + length, sizeof collected - length, 0);
            if (n > 0) {
                length += (size_t)n;
                speaker = fd;
                if (length == sizeof collected)
                    reply();
            } else if (n == 0 || errno != EINTR) {
                if (fd == speaker) {
                    reply();
                    speaker = -1;
                }
                FD_CLR(fd, &open_ones);
                close(fd);
            }
        }
        if (FD_ISSET(listener, &ready)) {
            int fd = accept(listener, NULL, NULL);
            if (fd >= FD_SETSIZE)
                close(fd);
            else if (fd >= 0)
                FD_SET(fd, &open_ones);
        }
    }
}
