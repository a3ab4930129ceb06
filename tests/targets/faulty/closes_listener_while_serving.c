// defect: the listening socket is closed as soon as a client is accepted and opened again only when that client leaves
// mistake: copies the first example of a socket course, which serves one client and closes the listener at once, and puts a loop around it
// trips: tcp/listen/keeps-listening, tcp/handshake/three-way
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_listener(const char *port)
{
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
    int s = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(s, (struct sockaddr *)&any, sizeof any) < 0 || listen(s, 128) < 0) {
        perror("listen");
        exit(1);
    }
    return s;
}

/* Everything back until the client's end or an error. */
static void serve(int client)
{
    char buf[4096];
    for (;;) {
        ssize_t have = recv(client, buf, sizeof buf, 0);
        if (have < 0 && errno == EINTR)
            continue;
        if (have <= 0)
            return;
        for (ssize_t done = 0, n; done < have; done += n) {
            n = send(client, buf + done, (size_t)(have - done), MSG_NOSIGNAL);
            if (n < 0 && errno != EINTR)
                return;
            if (n < 0)
                n = 0;
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    int listener = open_listener(argv[1]);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0)
            continue;
        close(listener);
        serve(client);
        listener = open_listener(argv[1]); /* before the FIN, so that whoever comes after it is let in */
        close(client);
    }
}
