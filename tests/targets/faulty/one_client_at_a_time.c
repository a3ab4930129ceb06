// defect: a client is served to its end before the next one is accepted
// mistake: writes accept and the echo loop one inside the other and never tries the server with two clients
// trips: tcp/accept/silent-client-blocks-nobody, tcp/survive/connect-and-vanish, tcp/survive/reset-in-mid-message, tcp/survive/close-with-unread-data
#include <netinet/in.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

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
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        static char buf[32768];
        ssize_t left = 0, n = 1;
        while (n > 0 || (n < 0 && errno == EINTR)) {
            left = n = recv(fd, buf, sizeof buf, 0);
            for (ssize_t at = 0; left > 0 && n > 0;) {
                ssize_t k = send(fd, buf + at, (size_t)left, 0);
                if (k >= 0) {
                    at += k;
                    left -= k;
                } else if (errno != EINTR) {
                    n = 0; /* gone */
                }
            }
        }
        close(fd);
    }
}
