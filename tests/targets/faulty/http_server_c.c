// serves: http
// defect atoi: "abc" is a Content-Length of 0, "3x" one of 3 and "-1" one of nothing: atoi() does not complain; trips: http/request/bad-content-length
// defect strcmp: names of fields are compared with strcmp(), so that "host" is not "Host"; trips: http/request/header-case
// defect sizeof: the NUL at the end of the page is sent, too, behind what Content-Length says; trips: http/reply/content-length-exact
// defect no-colon: one of the fields of a reply has no colon: "Server Tiny/1.0"; trips: http/reply/header-syntax
// defect lf-lines: the lines of a reply end in LF only, since printf("\n") had always been enough; trips: http/reply/header-syntax, http/reply/status-line
// defect dot-dot: what follows the method is appended to "." and opened; trips: http/request/no-traversal
// defect small-buffer: a head of more than 4096 bytes is not answered, only closed upon, for there is no room for it; trips: http/request/long-header, http/request/long-target
// defect persistent: connections of HTTP/1.0 stay open, too, for nobody asked to close them; trips: http/connection/http10-closes
// defect one-recv: a head that does not come with one recv() is a bad request; trips: http/cut/byte-by-byte, http/cut/anywhere
// defect newest-piece: the end of the head is looked for in the newest piece only, and not seen if it is cut; trips: http/cut/anywhere, http/cut/byte-by-byte
// defect drops-rest: the buffer is emptied after each reply, together with the next requests in it; trips: http/connection/pipelined
// defect sscanf: a request line is read with "%15s %8000s", to which two spaces are one, and what follows does not matter; trips: http/request/malformed-line, http/request/bad-version
// defect head-body: the reply to HEAD has a body if the page is not found, for the shortcut for HEAD is in the other branch; trips: http/request/head-no-body
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LONGEST_LINE 8000
#define LONGEST_HEAD 16384

static const char page[] = "<!DOCTYPE html>\n<title>Hello</title>\n<p>It works.</p>\n";
static const char token[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char *word = "";

struct client {
    int fd;
    size_t have; /* bytes in buffer, of this request and those behind it */
    char buffer[LONGEST_HEAD + 1];
};

struct request {
    char method[16], target[LONGEST_LINE + 1];
    int minor, hosts;
    long length; /* of the body */
    bool close, coded;
};

static bool is(const char *name)
{
    return strcmp(word, name) == 0;
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

static ssize_t receive_more(struct client *c)
{
    ssize_t n;
    do
        n = recv(c->fd, c->buffer + c->have, LONGEST_HEAD - c->have, 0);
    while (n < 0 && errno == EINTR);
    c->have += n > 0 ? (size_t)n : 0;
    return n;
}

static void forget(struct client *c, size_t length)
{
    c->have -= length;
    memmove(c->buffer, c->buffer + length, c->have);
}

static void drop_the_rest(struct client *c)
{
    struct pollfd p = { .fd = c->fd, .events = POLLIN };
    shutdown(c->fd, SHUT_WR);
    for (time_t until = time(NULL) + 5; time(NULL) <= until;)
        if (poll(&p, 1, 1000) > 0 && recv(c->fd, c->buffer, LONGEST_HEAD, 0) <= 0)
            return;
}

static bool respond(int fd, const char *status, const char *type, const char *content, size_t length, bool with_body, bool close)
{
    char head[1024], date[64];
    const char *end = is("lf-lines") ? "\n" : "\r\n";
    time_t now = time(NULL);
    struct tm tm;
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &tm));
    int size = snprintf(head, sizeof head, "HTTP/1.1 %s%sDate: %s%sServer%s Tiny/1.0%sContent-Type: %s%sContent-Length: %zu%s%s%s%s%s%s",
        status, end, date, end, is("no-colon") ? "" : ":", end, type, end, length, end,
        strncmp(status, "405", 3) == 0 ? "Allow: GET, HEAD" : "Accept-Ranges: none", end,
        close ? "Connection: close" : "", close ? end : "", end);
    char *reply = malloc((size_t)size + length);
    if (reply == NULL)
        abort();
    memcpy(reply, head, (size_t)size);
    if (with_body)
        memcpy(reply + size, content, length);
    bool sent = send_all(fd, reply, (size_t)size + (with_body ? length : 0));
    if (sent && with_body && content == page && is("sizeof"))
        sent = send_all(fd, page + length, 1);
    free(reply);
    return sent;
}

/* The length of the head with its empty line; 0 if it is not all there. */
static size_t head_length(const struct client *c, size_t newest)
{
    size_t from = is("newest-piece") && newest < c->have ? c->have - newest : 0;
    const char *end = memmem(c->buffer + from, c->have - from, "\r\n\r\n", 4);
    return end == NULL ? 0 : (size_t)(end + 4 - c->buffer);
}

/* Whether a list such as "keep-alive, close" has this word. */
static bool has_word(const char *list, const char *wanted)
{
    while (*list != '\0') {
        list += strspn(list, ", \t");
        size_t length = strcspn(list, ", \t");
        if (length == strlen(wanted) && strncasecmp(list, wanted, length) == 0)
            return true;
        list += length;
    }
    return false;
}

static bool same(const char *name, const char *known)
{
    return (is("strcmp") ? strcmp(name, known) : strcasecmp(name, known)) == 0;
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
    if (same(line, "Host")) {
        if (r->hosts++ > 0)
            return "400 Bad Request";
    } else if (same(line, "Content-Length")) {
        if (is("atoi")) {
            r->length = atoi(value);
            return NULL;
        }
        if (length == 0 || strspn(value, "0123456789") != length)
            return "400 Bad Request";
        if (length > 9)
            return "413 Content Too Large";
        if (r->length >= 0 && r->length != atol(value))
            return "400 Bad Request";
        r->length = atol(value);
    } else if (same(line, "Transfer-Encoding")) {
        r->coded = true;
    } else if (same(line, "Connection")) {
        r->close |= has_word(value, "close");
    }
    return NULL;
}

static const char *read_request_line(struct request *r, const char *line)
{
    size_t method = strspn(line, token);
    const char *end = strrchr(line, ' ');
    if (is("sscanf")) {
        r->minor = strstr(line, "HTTP/1.0") == NULL;
        return sscanf(line, "%15s %8000s", r->method, r->target) < 2 ? "400 Bad Request" : NULL;
    }
    if (method == 0 || line[method] != ' ' || end <= line + method + 1)
        return "400 Bad Request";
    for (const char *p = line + method + 1; p < end; p++)
        if (*p <= ' ' || *p > '~')
            return "400 Bad Request";
    if (strncmp(end, " HTTP/", 6) != 0 || !isdigit((unsigned char)end[6]) || end[7] != '.' || !isdigit((unsigned char)end[8]) || end[9] != '\0')
        return "400 Bad Request";
    snprintf(r->method, sizeof r->method, "%.*s", (int)method, line);
    snprintf(r->target, sizeof r->target, "%.*s", (int)(end - line - (long)method - 1), line + method + 1);
    r->minor = end[8] - '0';
    return end[6] == '1' ? NULL : "505 HTTP Version Not Supported";
}

/* Reads a head, which ends with an empty line and a NUL. */
static const char *read_head(struct request *r, char *head)
{
    const char *wrong = NULL;
    for (char *line = head, *end; (end = strstr(line, "\r\n")) != line && wrong == NULL; line = end + 2) {
        *end = '\0';
        if (line == head)
            wrong = read_request_line(r, line);
        else
            wrong = strlen(line) > LONGEST_LINE ? "431 Request Header Fields Too Large" : read_field(r, line);
    }
    if (wrong != NULL)
        return wrong;
    if (r->minor > 0 && r->hosts == 0)
        return "400 Bad Request";
    if (r->coded || (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0 && strcmp(r->method, "POST") != 0))
        return "501 Not Implemented";
    if (*r->target != '/' && strncasecmp(r->target, "http://", 7) != 0)
        return "400 Bad Request";
    return NULL;
}

static bool skip_body(struct client *c, long left)
{
    for (;;) {
        size_t take = (long)c->have < left ? c->have : (size_t)(left < 0 ? 0 : left);
        forget(c, take);
        left -= (long)take;
        if (left <= 0 || is("body-with-head"))
            return true;
        if (receive_more(c) <= 0)
            return false;
    }
}

/* A copy of the file that a target names, to be freed; NULL if there is none. */
static char *read_file(char *target, size_t *length)
{
    char name[LONGEST_LINE + 2];
    struct stat st;
    char *content = NULL;
    target[strcspn(target, "?")] = '\0';
    if (strstr(target, "..") != NULL && !is("dot-dot"))
        return NULL;
    snprintf(name, sizeof name, ".%s", target);
    FILE *file = fopen(name, "rb");
    if (file == NULL)
        return NULL;
    if (fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode) && (content = malloc((size_t)st.st_size + 1)) != NULL)
        *length = fread(content, 1, (size_t)st.st_size, file);
    fclose(file);
    return content;
}

static bool serve_target(int fd, struct request *r, bool close)
{
    bool body = strcmp(r->method, "HEAD") != 0;
    char *target = r->target, root[] = "/";
    if (strcmp(r->method, "POST") == 0)
        return respond(fd, "405 Method Not Allowed", "text/plain", "read only\n", 10, true, close);
    if (strncasecmp(target, "http://", 7) == 0)
        target += 7 + strcspn(target + 7, "/?");
    if (*target != '/')
        target = root; /* http://host, maybe with a query */
    if (strcmp(target, "/") == 0 || strncmp(target, "/?", 2) == 0)
        return respond(fd, "200 OK", "text/html; charset=utf-8", page, strlen(page), body, close);
    size_t length;
    char *content = read_file(target, &length);
    if (content == NULL)
        return respond(fd, "404 Not Found", "text/plain", "not found\n", 10, body || is("head-body"), close);
    bool sent = respond(fd, "200 OK", "application/octet-stream", content, length, body, close);
    free(content);
    return sent;
}

/* Empty lines before a request are not minded. */
static void skip_empty_lines(struct client *c)
{
    while (c->have >= 2 && c->buffer[0] == '\r' && c->buffer[1] == '\n')
        forget(c, 2);
}

/* Serves one request; false when there is nothing more to serve. */
static bool serve_request(struct client *c, struct request *r)
{
    const char *wrong = NULL;
    size_t length;
    ssize_t newest = LONGEST_HEAD;
    skip_empty_lines(c);
    while ((length = head_length(c, (size_t)newest)) == 0 && wrong == NULL) {
        if (is("small-buffer") && c->have >= 4096) {
            drop_the_rest(c);
            return false;
        }
        if (c->have > LONGEST_LINE && memchr(c->buffer, '\n', LONGEST_LINE) == NULL)
            wrong = "414 URI Too Long";
        else if (c->have == LONGEST_HEAD)
            wrong = "431 Request Header Fields Too Large";
        else if (is("one-recv") && c->have > 0)
            wrong = "400 Bad Request";
        else if ((newest = receive_more(c)) <= 0)
            return false; /* half a request is no request */
        skip_empty_lines(c);
    }
    *r = (struct request){ .length = -1 };
    if (length > 0) {
        char after = c->buffer[length];
        c->buffer[length] = '\0';
        if (strlen(c->buffer) != length)
            wrong = "400 Bad Request";
        else if ((size_t)(strchr(c->buffer, '\n') - c->buffer) > LONGEST_LINE)
            wrong = "414 URI Too Long";
        else
            wrong = read_head(r, c->buffer);
        c->buffer[length] = after;
    }
    if (wrong == NULL) {
        bool close = r->close || (r->minor == 0 && !is("persistent"));
        forget(c, length);
        if (!skip_body(c, r->length) || !serve_target(c->fd, r, close))
            return false;
        if (is("drops-rest"))
            c->have = 0;
        if (!close)
            return true;
    } else {
        respond(c->fd, wrong, "text/plain", "", 0, false, true);
    }
    drop_the_rest(c);
    return false;
}

static void *serve(void *arg)
{
    struct client *c = arg;
    struct request r;
    while (serve_request(c, &r))
        ;
    close(c->fd);
    free(c);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    if (argc > 2)
        word = argv[2];
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        struct client *c = fd < 0 ? NULL : malloc(sizeof *c);
        pthread_t thread;
        if (c == NULL)
            continue;
        c->fd = fd;
        c->have = 0;
        if (pthread_create(&thread, NULL, serve, c) == 0)
            pthread_detach(thread);
    }
}
