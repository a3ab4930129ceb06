// defect: the highest bit of every byte is cleared
// mistake: "text is ASCII": masks each byte with 0x7F to be on the safe side
// trips: echo/data/unchanged
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static struct line { bool used; char *next; size_t left; char text[4096]; } lines[FD_SETSIZE];

static bool echo(int fd, struct line *l)
{
    ssize_t n;
    if (l->left == 0) {
        n = recv(fd, l->text, sizeof l->text, 0);
        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        for (ssize_t i = 0; i < n; i++)
            l->text[i] &= 0x7F;
        l->next = l->text;
        l->left = (size_t)n;
    }
    n = send(fd, l->next, l->left, MSG_NOSIGNAL);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    l->next += n;
    l->left -= (size_t)n;
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1, top;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    for (top = listener;;) {
        fd_set readable, writable;
        FD_ZERO(&readable);
        FD_ZERO(&writable);
        FD_SET(listener, &readable);
        for (int fd = 0; fd <= top; fd++)
            if (lines[fd].used)
                FD_SET(fd, lines[fd].left > 0 ? &writable : &readable);
        if (select(top + 1, &readable, &writable, NULL, NULL) <= 0)
            continue;
        for (int fd = 0; fd <= top; fd++) {
            if (lines[fd].used && (FD_ISSET(fd, &readable) || FD_ISSET(fd, &writable)) && !echo(fd, &lines[fd])) {
                close(fd);
                lines[fd].used = false;
            }
        }
        if (!FD_ISSET(listener, &readable))
            continue;
        int fd = accept(listener, NULL, NULL);
        if (fd >= FD_SETSIZE) {
            close(fd);
        } else if (fd >= 0) {
            fcntl(fd, F_SETFL, O_NONBLOCK);
            lines[fd].used = true;
            lines[fd].left = 0;
            top = fd > top ? fd : top;
        } else if (errno == EMFILE) {
            usleep(20000);
        }
    }
}
