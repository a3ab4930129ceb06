/* An echo server, one client after the other, that dies of a word which nothing in its answers gives away: only its own edges do. */
// cflags: -O0 -fsanitize-coverage=trace-pc
#include "../../../docs/examples/coverage.c"

#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void look(const char *bytes, ssize_t count)
{
    if (count >= 3 && bytes[0] == 'F')
        if (bytes[1] == 'z')
            if (bytes[2] == '!') abort();
}

int main(int count, char **arguments)
{
    static char buffer[65536];
    if (count < 2) return 2;
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_ANY)};
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&name, sizeof name) || listen(listener, 128)) return 1;
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) continue;
        for (ssize_t got; (got = recv(fd, buffer, sizeof buffer, 0)) > 0;) {
            look(buffer, got);
            for (ssize_t done = 0, sent; done < got && (sent = send(fd, buffer + done, (size_t)(got - done), MSG_NOSIGNAL)) > 0;) done += sent;
        }
        close(fd);
    }
}
