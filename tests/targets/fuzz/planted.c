/* A line protocol with bugs that only a sequence of messages reaches. The second argument says which:
 *   none; behind-1, behind-2, behind-3 states; magic-length: a line of just 1024 bytes; leak: a descriptor for each AUTH that is refused;
 *   spin: never answers again after a line that begins with a NUL byte; stuck: accepts nobody any more after one;
 *   wrong: another answer to HELO; slow: work that grows with the square of a line; late: half a second of the processor after a QUIT, and then its death. */
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char *bug = "none";
static volatile int stuck;
static volatile unsigned work;

static int is(const char *name) { return strcmp(bug, name) == 0; }

static void answer(int fd, const char *text) { (void)!send(fd, text, strlen(text), MSG_NOSIGNAL); }

/* Returns whether the connection goes on. */
static int take(int fd, const char *line, size_t length, int *state)
{
    int longer = length > 200;
    if (is("slow")) for (size_t i = 0; i < length; i++) for (size_t k = 0; k < 64 * length; k++) work++;
    if (length >= 4 && memcmp(line, "HELO", 4) == 0) {
        if (longer && is("behind-1")) abort();
        if (*state < 1) *state = 1;
        answer(fd, is("wrong") ? "999 hello\n" : "250 hello\n");
    } else if (length >= 5 && memcmp(line, "AUTH ", 5) == 0) {
        if (*state < 1) {
            if (is("leak")) (void)!dup(fd);
            answer(fd, "503 say HELO first\n");
            return 1;
        }
        if (longer && is("behind-2")) abort();
        *state = 2;
        answer(fd, "235 you are in\n");
    } else if (length >= 4 && memcmp(line, "DATA", 4) == 0) {
        if (*state < 2) {
            answer(fd, "503 say AUTH first\n");
            return 1;
        }
        if (longer && is("behind-3")) abort();
        answer(fd, "354 go on\n");
    } else if (length == 4 && memcmp(line, "QUIT", 4) == 0) {
        answer(fd, "221 bye\n");
        if (is("late")) {
            while (clock() < CLOCKS_PER_SEC / 2) continue;
            abort();
        }
        return 0;
    } else {
        if (length == 1024 && is("magic-length")) abort();
        if (length > 1 && line[0] == 0 && is("spin")) for (;;) pause();
        if (length > 1 && line[0] == 0 && is("stuck")) stuck = 1;
        answer(fd, "500 what?\n");
    }
    return 1;
}

static void *serve(void *argument)
{
    int fd = (int)(long)argument, state = 0;
    static const size_t most = 65537;
    char *buffer = malloc(most);
    size_t have = 0;
    for (;;) {
        ssize_t count = recv(fd, buffer + have, most - have, 0);
        if (count <= 0) break;
        have += (size_t)count;
        char *end;
        int on = 1;
        while (on && (end = memchr(buffer, '\n', have))) {
            size_t length = (size_t)(end - buffer);
            on = take(fd, buffer, length, &state);
            have -= length + 1;
            memmove(buffer, end + 1, have);
        }
        if (!on || have == most) break;
    }
    shutdown(fd, SHUT_WR);
    while (recv(fd, buffer, most, 0) > 0) continue;
    close(fd);
    free(buffer);
    return NULL;
}

int main(int count, char **arguments)
{
    if (count < 2) return 2;
    if (count > 2) bug = arguments[2];
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_ANY)};
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&name, sizeof name) || listen(listener, 128)) return 1;
    for (;;) {
        long fd = accept(listener, NULL, NULL);
        pthread_t thread;
        while (stuck) pause();
        if (fd < 0) continue;
        if (pthread_create(&thread, NULL, serve, (void *)fd) == 0) pthread_detach(thread);
        else close((int)fd);
    }
}
