// defect: a connection error of one client (such as ECONNRESET) ends the server for all
// mistake: treats every failed call by perror() and exit(), as the examples do for bind() and listen()
// trips: tcp/survive/reset-in-mid-message, tcp/survive/connect-and-vanish, tcp/survive/close-with-unread-data, process/life/keeps-running
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static struct { bool open; size_t begin, end; char buf[8192]; } table[FD_SETSIZE];

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static size_t checked(ssize_t n, const char *what)
{
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        die(what);
    return n < 0 ? 0 : (size_t)n;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0)
        die("listen");
    for (;;) {
        fd_set in, out;
        FD_ZERO(&in);
        FD_ZERO(&out);
        FD_SET(listener, &in);
        for (int fd = 0; fd < FD_SETSIZE; fd++)
            if (table[fd].open)
                FD_SET(fd, table[fd].begin < table[fd].end ? &out : &in);
        if (select(FD_SETSIZE, &in, &out, NULL, NULL) < 0)
            continue;
        for (int fd = 0; fd < FD_SETSIZE; fd++) {
            if (fd == listener || !table[fd].open)
                continue;
            if (FD_ISSET(fd, &in)) {
                ssize_t n = recv(fd, table[fd].buf, sizeof table[fd].buf, 0);
                table[fd].begin = 0;
                table[fd].end = checked(n, "recv");
                if (n == 0) {
                    close(fd);
                    table[fd].open = false;
                }
            } else if (FD_ISSET(fd, &out)) {
                table[fd].begin += checked(send(fd, table[fd].buf + table[fd].begin, table[fd].end - table[fd].begin, 0), "send");
            }
        }
        int fd = FD_ISSET(listener, &in) ? accept4(listener, NULL, NULL, SOCK_NONBLOCK) : -1;
        if (fd >= FD_SETSIZE)
            close(fd);
        else if (fd >= 0)
            table[fd].open = true, table[fd].begin = table[fd].end = 0;
        else if (errno == EMFILE)
            usleep(20000);
    }
}
