// defect: only the normal end of a conversation closes the socket; after an error, an end in mid-message or an end before any message it stays in CLOSE_WAIT
// mistake: cleans up at the bottom of the function and leaves it earlier by return wherever something goes wrong
// trips: tcp/close/nothing-left-in-close-wait, tcp/close/empty-connection, tcp/close/fin-answered-by-fin
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static ssize_t receive(int fd, char *to, size_t room)
{
    ssize_t n;
    while ((n = recv(fd, to, room, 0)) < 0 && errno == EINTR)
        ;
    return n;
}

static bool reply(int fd, const char *from, size_t left)
{
    while (left > 0) {
        ssize_t n = send(fd, from, left, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            from += n;
            left -= (size_t)n;
        }
    }
    return true;
}

static void *converse(void *arg)
{
    struct pollfd p = { .fd = (int)(intptr_t)arg, .events = POLLIN };
    char message[16384];
    for (bool first = true;; first = false) {
        ssize_t n = receive(p.fd, message, sizeof message);
        if (n == 0 && !first)
            break; /* the client has said goodbye */
        if (n <= 0)
            return NULL;
        /* A message goes on until the client rests for 50 ms. */
        size_t length = (size_t)n;
        while (n > 0 && length < sizeof message && poll(&p, 1, 50) > 0)
            if ((n = receive(p.fd, message + length, sizeof message - length)) > 0)
                length += (size_t)n;
        if (!reply(p.fd, message, length) || n <= 0)
            return NULL;
    }
    close(p.fd);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            usleep(50000);
            continue;
        }
        pthread_t thread;
        while (pthread_create(&thread, NULL, converse, (void *)(intptr_t)fd) != 0)
            usleep(20000);
        pthread_detach(thread);
    }
}
