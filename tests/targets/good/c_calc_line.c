// serves: calc-line.yaml
/* Calculator, one child process per connection; the parent only accepts and
   reaps the children that have ended. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONGEST 512
#define DIGITS 18 /* of a number; the sum of two such numbers still fits */

static int listen_on(int port)
{
    struct sockaddr_in addr = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_ANY),
    };
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
        bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(fd, 128) < 0) {
        perror("listen");
        exit(1);
    }
    return fd;
}

/* One signal can stand for several dead children, hence the loop. */
static void reap(int sig)
{
    (void)sig;
    int saved = errno;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    errno = saved;
}

/* Out of processes or descriptors: wait up to a second. SIGCHLD ends the wait
   at once, since poll() is never restarted after a signal. */
static void wait_for_room(void)
{
    poll(NULL, 0, 1000);
}

static bool send_line(int fd, const char *text)
{
    char line[64];
    int left = snprintf(line, sizeof line, "%s\r\n", text);
    for (const char *data = line; left > 0;) {
        ssize_t n = send(fd, data, (size_t)left, MSG_NOSIGNAL);
        if (n > 0) {
            data += n;
            left -= (int)n;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

/* Ends the output, then drops what still comes, until the alarm ends this
   process: a close with input unread is a reset, which destroys the last reply. */
static void drop_the_rest(int fd)
{
    char dropped[16384];
    alarm(5);
    shutdown(fd, SHUT_WR);
    while (recv(fd, dropped, sizeof dropped, 0) > 0)
        ;
}

/* Reads a number and the character that must follow it. */
static bool number(const char **text, char after, long long *value)
{
    const char *digits = *text + (**text == '-');
    size_t count = strspn(digits, "0123456789");
    if (count == 0 || count > DIGITS || digits[count] != after)
        return false;
    *value = strtoll(*text, NULL, 10);
    *text = digits + count + 1;
    return true;
}

static bool answer(int fd, const char *line, size_t length)
{
    char text[32];
    long long a, b;
    if (strlen(line) != length) /* there is a NUL in it */
        return send_line(fd, "ERR what is that?");
    if (strcmp(line, "PING") == 0)
        return send_line(fd, "PONG");
    if (strcmp(line, "QUIT") == 0)
        return send_line(fd, "BYE");
    const char *rest = line + 4;
    if (strncmp(line, "ADD ", 4) == 0 && number(&rest, ' ', &a) && number(&rest, '\0', &b)) {
        snprintf(text, sizeof text, "OK %lld", a + b);
        return send_line(fd, text);
    }
    return send_line(fd, "ERR what is that?");
}

static void talk(int fd)
{
    char line[LONGEST + 2];
    size_t come = 0;
    if (!send_line(fd, "READY"))
        return;
    for (;;) {
        char *end = memmem(line, come, "\r\n", 2);
        if (end != NULL) {
            size_t length = (size_t)(end - line);
            *end = '\0';
            if (!answer(fd, line, length))
                return;
            if (strcmp(line, "QUIT") == 0 && length == 4)
                break;
            come -= length + 2;
            memmove(line, end + 2, come);
            continue;
        }
        if (come == sizeof line || (come > LONGEST && line[LONGEST] != '\r')) {
            send_line(fd, "ERR line too long");
            break;
        }
        ssize_t n = recv(fd, line + come, sizeof line - come, 0);
        if (n == 0 || (n < 0 && errno != EINTR))
            return; /* half a line is no line */
        come += n > 0 ? (size_t)n : 0;
    }
    drop_the_rest(fd);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    int listener = listen_on(atoi(argv[1]));
    struct sigaction on_child = { .sa_handler = reap, .sa_flags = SA_RESTART | SA_NOCLDSTOP };
    sigaction(SIGCHLD, &on_child, NULL);

    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                wait_for_room();
            continue; /* anything else, such as ECONNABORTED, concerns that client only */
        }
        pid_t pid;
        while ((pid = fork()) < 0)
            wait_for_room();
        if (pid == 0) {
            close(listener);
            talk(fd);
            _exit(0); /* closes the connection */
        }
        close(fd); /* or the child's exit would not end the connection */
    }
}
