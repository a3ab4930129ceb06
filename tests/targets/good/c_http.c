// serves: http
/* HTTP/1.1 server, one detached thread per connection: one page. The head of a
   request is looked at when all of it is in the buffer; a body is read and dropped. */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LONGEST_LINE 8000
#define LONGEST_HEAD 16384
#define DIGITS 12 /* of a Content-Length */

static const char page[] = "<!DOCTYPE html>\n<title>Hello</title>\n<p>It works.</p>\n";
static const char token[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

struct client {
    int fd;
    size_t have; /* bytes in buffer, of this request and those behind it */
    char buffer[LONGEST_HEAD + 1];
};

struct request {
    char *method, *target;
    int minor, hosts;
    long long length; /* of the body; -1: none told */
    bool close, chunked, expects;
};

static sem_t ended; /* raised once for every connection that is over */

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

/* Out of descriptors or threads: hold on until a connection ends, then try
   again. New clients wait in the backlog meanwhile; none is turned away. */
static void wait_for_room(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    sem_timedwait(&ended, &until);
}

static bool send_all(int fd, const char *data, size_t left)
{
    while (left > 0) {
        ssize_t n = send(fd, data, left, MSG_NOSIGNAL);
        if (n > 0) {
            data += n;
            left -= (size_t)n;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

/* False at the end of the input, or if the connection is reset. */
static bool receive_more(struct client *c)
{
    ssize_t n;
    do
        n = recv(c->fd, c->buffer + c->have, LONGEST_HEAD - c->have, 0);
    while (n < 0 && errno == EINTR);
    c->have += n > 0 ? (size_t)n : 0;
    return n > 0;
}

static void forget(struct client *c, size_t length)
{
    c->have -= length;
    memmove(c->buffer, c->buffer + length, c->have);
}

/* Ends the output, then drops what still comes, for some five seconds: a close
   with input unread is a reset, and that destroys replies on their way. */
static void drop_the_rest(struct client *c)
{
    struct pollfd p = { .fd = c->fd, .events = POLLIN };
    shutdown(c->fd, SHUT_WR);
    for (time_t until = time(NULL) + 5; time(NULL) <= until;)
        if (poll(&p, 1, 1000) > 0 && recv(c->fd, c->buffer, LONGEST_HEAD, 0) <= 0)
            return;
}

static bool respond(int fd, const char *status, const char *type, const char *content, const char *method, bool close)
{
    char reply[1024], date[64];
    time_t now = time(NULL);
    struct tm tm;
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
    int length = snprintf(reply, sizeof reply,
        "HTTP/1.1 %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s%s\r\n%s",
        status, date, type, strlen(content), strncmp(status, "405", 3) == 0 ? "Allow: GET, HEAD\r\n" : "",
        close ? "Connection: close\r\n" : "", strcmp(method, "HEAD") == 0 ? "" : content);
    return send_all(fd, reply, (size_t)length);
}

/* The length of the head with its empty line; 0 if it is not all there. */
static size_t head_length(const struct client *c)
{
    const char *at = c->buffer;
    while ((at = memchr(at, '\n', c->have - (size_t)(at - c->buffer))) != NULL) {
        at++;
        size_t left = c->have - (size_t)(at - c->buffer);
        if (left >= 1 && at[0] == '\n')
            return (size_t)(at + 1 - c->buffer);
        if (left >= 2 && at[0] == '\r' && at[1] == '\n')
            return (size_t)(at + 2 - c->buffer);
    }
    return 0;
}

/* Cuts off the next line of a head that is complete. */
static char *next_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');
    *at = end + 1;
    if (end > line && end[-1] == '\r')
        end--;
    *end = '\0';
    return line;
}

/* Whether a list such as "keep-alive, close" has this word. */
static bool has_word(const char *list, const char *word)
{
    while (*list != '\0') {
        list += strspn(list, ", \t");
        size_t length = strcspn(list, ", \t");
        if (length == strlen(word) && strncasecmp(list, word, length) == 0)
            return true;
        list += length;
    }
    return false;
}

/* What is wrong with a line of the head, as a status; NULL: nothing. */
static const char *read_field(struct request *r, char *line)
{
    char *value = line + strspn(line, token);
    if (value == line || *value != ':')
        return "400 Bad Request";
    *value++ = '\0';
    value += strspn(value, " \t");
    size_t length = strlen(value);
    while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
        value[--length] = '\0';
    for (char *p = value; *p != '\0'; p++)
        if (iscntrl((unsigned char)*p) && *p != '\t')
            return "400 Bad Request";

    if (strcasecmp(line, "Host") == 0) {
        if (r->hosts++ > 0 || strpbrk(value, " \t/?#@\\\"<>") != NULL)
            return "400 Bad Request";
    } else if (strcasecmp(line, "Content-Length") == 0) {
        if (length == 0 || strspn(value, "0123456789") != length)
            return "400 Bad Request";
        if (length > DIGITS)
            return "413 Content Too Large";
        long long told = strtoll(value, NULL, 10);
        if (r->length >= 0 && r->length != told)
            return "400 Bad Request";
        r->length = told;
    } else if (strcasecmp(line, "Transfer-Encoding") == 0) {
        r->chunked = true;
    } else if (strcasecmp(line, "Connection") == 0) {
        r->close |= has_word(value, "close");
    } else if (strcasecmp(line, "Expect") == 0) {
        r->expects = strcasecmp(value, "100-continue") == 0;
    }
    return NULL;
}

static const char *read_head(struct request *r, char *at)
{
    char *line = next_line(&at);
    size_t method = strspn(line, token);
    char *end = strrchr(line, ' ');
    if (method == 0 || line[method] != ' ' || end <= line + method + 1)
        return "400 Bad Request";
    for (char *p = line + method + 1; p < end; p++)
        if (*p <= ' ' || *p > '~')
            return "400 Bad Request";
    if (strncmp(end, " HTTP/", 6) != 0 || !isdigit((unsigned char)end[6]) || end[7] != '.' || !isdigit((unsigned char)end[8]) || end[9] != '\0')
        return "400 Bad Request";
    line[method] = *end = '\0';
    r->method = line;
    r->target = line + method + 1;
    r->minor = end[8] - '0';
    if (end[6] != '1')
        return "505 HTTP Version Not Supported";
    while (*(line = next_line(&at)) != '\0') {
        const char *wrong = read_field(r, line);
        if (wrong != NULL)
            return wrong;
    }
    if (r->minor > 0 && r->hosts == 0)
        return "400 Bad Request";
    if (r->chunked && (r->length >= 0 || r->minor == 0))
        return "400 Bad Request";
    if (r->chunked)
        return "501 Not Implemented"; /* no transfer coding is understood */
    if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0 && strcmp(r->method, "POST") != 0)
        return "501 Not Implemented";
    if (*r->target != '/' && strncasecmp(r->target, "http://", 7) != 0)
        return "400 Bad Request";
    return NULL;
}

static bool skip_body(struct client *c, const struct request *r)
{
    long long left = r->length > 0 ? r->length : 0;
    if (left > 0 && r->expects && r->minor > 0 && !send_all(c->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25))
        return false;
    for (;;) {
        size_t take = (long long)c->have < left ? c->have : (size_t)left;
        forget(c, take);
        left -= (long long)take;
        if (left == 0)
            return true;
        if (!receive_more(c))
            return false;
    }
}

/* Whether the target is the page: as /, as /?query, or in the absolute form. */
static bool is_page(const char *target)
{
    if (strncasecmp(target, "http://", 7) == 0)
        target += 7 + strcspn(target + 7, "/?");
    if (*target == '/')
        target++;
    return *target == '\0' || *target == '?';
}

/* Serves one request; false when there is nothing more to serve. */
static bool serve_request(struct client *c)
{
    struct request r = { .method = "", .length = -1 };
    const char *wrong = NULL;
    size_t length;
    if (c->have < 2 && (c->have == 0 || c->buffer[0] == '\r'))
        return receive_more(c);
    if (c->buffer[0] == '\n')
        forget(c, 1); /* empty lines before a request are not minded */
    else if (c->buffer[0] == '\r' && c->buffer[1] == '\n')
        forget(c, 2);
    while ((length = head_length(c)) == 0) {
        if (c->have > LONGEST_LINE && memchr(c->buffer, '\n', LONGEST_LINE) == NULL)
            wrong = "414 URI Too Long";
        else if (c->have == LONGEST_HEAD)
            wrong = "431 Request Header Fields Too Large";
        if (wrong != NULL)
            break;
        if (!receive_more(c))
            return false; /* half a request is no request */
    }
    if (length > 0) {
        if (memchr(c->buffer, '\0', length) != NULL)
            wrong = "400 Bad Request";
        else if ((size_t)((char *)memchr(c->buffer, '\n', length) - c->buffer) > LONGEST_LINE)
            wrong = "414 URI Too Long";
        else
            wrong = read_head(&r, c->buffer);
    }
    if (wrong != NULL) {
        bool head = strncmp(c->buffer, "HEAD", 4) == 0 && strchr(" ", c->buffer[4]) != NULL; /* may be cut already */
        respond(c->fd, wrong, "text/plain", "refused\n", head ? "HEAD" : "", true);
        drop_the_rest(c);
        return false;
    }
    /* What follows moves the buffer, and the words of the request are in it. */
    char method[8];
    snprintf(method, sizeof method, "%s", r.method);
    bool found = is_page(r.target), post = strcmp(method, "POST") == 0;
    bool close = r.close || r.minor == 0;
    forget(c, length);
    if (!skip_body(c, &r))
        return false;
    if (!respond(c->fd, post ? "405 Method Not Allowed" : found ? "200 OK" : "404 Not Found",
            found && !post ? "text/html; charset=utf-8" : "text/plain",
            post ? "read only\n" : found ? page : "not found\n", method, close))
        return false;
    if (close)
        drop_the_rest(c);
    return !close;
}

static void *serve(void *arg)
{
    struct client *c = arg;
    while (serve_request(c))
        ;
    close(c->fd);
    free(c);
    sem_post(&ended);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    int listener = listen_on(atoi(argv[1]));
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    sem_init(&ended, 0, 0);

    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                wait_for_room();
            continue; /* anything else, such as ECONNABORTED, concerns that client only */
        }
        struct client *c;
        while ((c = malloc(sizeof *c)) == NULL)
            wait_for_room();
        c->fd = fd;
        c->have = 0;
        pthread_t thread;
        while (pthread_create(&thread, &detached, serve, c) != 0)
            wait_for_room();
    }
}
