// drives: the kernel's socket calls, from C
/* Driver for `sockconf check --driver` (see docs/driver-protocol.md). A request
   becomes the one call that it names; answers are collected while there are
   requests to read and written in one go. A background request has a thread.
   lwip_driver.c is this file over another set of calls. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "driver_json.h"

#ifndef API
#define KERNEL
#define API(call) call
#define DRIVER_NAME "c kernel"
#define DRIVER_PROFILE "linux"
#define DRIVER_LACKS NULL
#endif
/* Whether this call is known never to come back, nor to let others. */
#ifndef IS_LOST
#define IS_LOST(call, fd) false
#endif

#define LONGEST_LINE (1 << 20)
#define LONGEST_RECV (64 << 20)
#define PATIENCE 20000000LL /* ns until a background request is told to be blocked */
#define LATEST 5000000L     /* ns that an answer waits while a later request is carried out */

/* ---- the names of the protocol ---- */

enum call {
    SOCKET, BIND, CONNECT, LISTEN, ACCEPT, SEND, RECV, SHUTDOWN, CLOSE, GETSOCKNAME, GETPEERNAME,
    SETSOCKOPT, GETSOCKOPT, NONBLOCKING, POLL, DUP, OPEN, LIMIT, INTERRUPT, RESET
};
enum option {
    REUSEADDR, NODELAY, BROADCAST, LINGER, RCVTIMEO, SNDTIMEO, RCVBUF, SNDBUF, ERROR, TYPE, ACCEPTCONN, USERTIMEOUT
};
enum field {
    F_ID, F_CALL, F_SOCKET, F_DOMAIN, F_TYPE, F_PROTOCOL, F_ADDRESS, F_BACKLOG, F_DATA, F_FLAGS, F_LENGTH,
    F_HOW, F_ROOM, F_OPTION, F_NUMBER, F_ON, F_EVENTS, F_TIMEOUT, F_SPARE, F_REQUEST, F_BACKGROUND, FIELDS
};

struct name {
    const char *text;
    int value;
    bool lacking; /* the API under test does not have it */
};
#define END { NULL, 0, false }

static struct name call_names[] = {
    { "socket", SOCKET, 0 }, { "bind", BIND, 0 }, { "connect", CONNECT, 0 }, { "listen", LISTEN, 0 },
    { "accept", ACCEPT, 0 }, { "send", SEND, 0 }, { "recv", RECV, 0 }, { "shutdown", SHUTDOWN, 0 },
    { "close", CLOSE, 0 }, { "getsockname", GETSOCKNAME, 0 }, { "getpeername", GETPEERNAME, 0 },
    { "setsockopt", SETSOCKOPT, 0 }, { "getsockopt", GETSOCKOPT, 0 }, { "nonblocking", NONBLOCKING, 0 },
    { "poll", POLL, 0 }, { "dup", DUP, 0 }, { "open", OPEN, 0 }, { "limit", LIMIT, 0 },
    { "interrupt", INTERRUPT, 0 }, { "reset", RESET, 0 }, END
};
static struct name option_names[] = {
    { "reuseaddr", REUSEADDR, 0 }, { "nodelay", NODELAY, 0 }, { "broadcast", BROADCAST, 0 },
    { "linger", LINGER, 0 }, { "rcvtimeo", RCVTIMEO, 0 }, { "sndtimeo", SNDTIMEO, 0 },
    { "rcvbuf", RCVBUF, 0 }, { "sndbuf", SNDBUF, 0 }, { "error", ERROR, 0 }, { "type", TYPE, 0 },
    { "acceptconn", ACCEPTCONN, 0 }, { "usertimeout", USERTIMEOUT, 0 }, END
};
static struct name flag_names[] = {
    { "peek", MSG_PEEK, 0 }, { "waitall", MSG_WAITALL, 0 }, { "dontwait", MSG_DONTWAIT, 0 },
    { "oob", MSG_OOB, 0 }, { "nosignal", MSG_NOSIGNAL, 0 }, END
};
static struct name domain_names[] = {
    { "inet", AF_INET, 0 }, { "inet6", AF_INET6, 0 }, { "unknown", 9999, 0 }, END
};
static struct name family_names[] = {
    { "inet", AF_INET, 0 }, { "inet6", AF_INET6, 0 }, { "unspec", AF_UNSPEC, 0 }, END
};
static struct name type_names[] = {
    { "stream", SOCK_STREAM, 0 }, { "dgram", SOCK_DGRAM, 0 }, { "unknown", 9999, 0 }, END
};
static struct name how_names[] = {
    { "rd", SHUT_RD, 0 }, { "wr", SHUT_WR, 0 }, { "rdwr", SHUT_RDWR, 0 }, { "unknown", 77, 0 }, END
};
static struct name event_names[] = {
    { "in", POLLIN, 0 }, { "out", POLLOUT, 0 }, { "err", POLLERR, 0 }, { "hup", POLLHUP, 0 },
    { "nval", POLLNVAL, 0 }, END
};

enum form { INTEGER, IDENTIFIER, TRUTH, ONE_NAME, SET_OF_NAMES, HEX, PLACE };

static const struct {
    const char *text;
    enum form form;
    struct name *names;
} fields[FIELDS] = {
    [F_ID] = { "id", IDENTIFIER, NULL },
    [F_CALL] = { "call", ONE_NAME, call_names },
    [F_SOCKET] = { "socket", INTEGER, NULL },
    [F_DOMAIN] = { "domain", ONE_NAME, domain_names },
    [F_TYPE] = { "type", ONE_NAME, type_names },
    [F_PROTOCOL] = { "protocol", INTEGER, NULL },
    [F_ADDRESS] = { "address", PLACE, NULL },
    [F_BACKLOG] = { "backlog", INTEGER, NULL },
    [F_DATA] = { "data", HEX, NULL },
    [F_FLAGS] = { "flags", SET_OF_NAMES, flag_names },
    [F_LENGTH] = { "length", INTEGER, NULL },
    [F_HOW] = { "how", ONE_NAME, how_names },
    [F_ROOM] = { "room", INTEGER, NULL },
    [F_OPTION] = { "option", ONE_NAME, option_names },
    [F_NUMBER] = { "number", INTEGER, NULL },
    [F_ON] = { "on", TRUTH, NULL },
    [F_EVENTS] = { "events", SET_OF_NAMES, event_names },
    [F_TIMEOUT] = { "timeout", INTEGER, NULL },
    [F_SPARE] = { "spare", INTEGER, NULL },
    [F_REQUEST] = { "request", IDENTIFIER, NULL },
    [F_BACKGROUND] = { "background", TRUTH, NULL },
};

#define HAS(field) (1U << (field))

/* Without these fields a request cannot be carried out. */
static const unsigned needed[] = {
    [SOCKET] = HAS(F_DOMAIN) | HAS(F_TYPE) | HAS(F_PROTOCOL),
    [BIND] = HAS(F_SOCKET) | HAS(F_ADDRESS),
    [CONNECT] = HAS(F_SOCKET) | HAS(F_ADDRESS),
    [LISTEN] = HAS(F_SOCKET) | HAS(F_BACKLOG),
    [ACCEPT] = HAS(F_SOCKET),
    [SEND] = HAS(F_SOCKET) | HAS(F_DATA),
    [RECV] = HAS(F_SOCKET) | HAS(F_LENGTH),
    [SHUTDOWN] = HAS(F_SOCKET) | HAS(F_HOW),
    [CLOSE] = HAS(F_SOCKET),
    [GETSOCKNAME] = HAS(F_SOCKET),
    [GETPEERNAME] = HAS(F_SOCKET),
    [SETSOCKOPT] = HAS(F_SOCKET) | HAS(F_OPTION) | HAS(F_NUMBER),
    [GETSOCKOPT] = HAS(F_SOCKET) | HAS(F_OPTION),
    [NONBLOCKING] = HAS(F_SOCKET) | HAS(F_ON),
    [POLL] = HAS(F_SOCKET) | HAS(F_EVENTS) | HAS(F_TIMEOUT),
    [DUP] = HAS(F_SOCKET),
    [OPEN] = 0,
    [LIMIT] = HAS(F_SPARE),
    [INTERRUPT] = HAS(F_REQUEST),
    [RESET] = 0,
};

static const struct {
    int level, name;
} options[] = {
    [REUSEADDR] = { SOL_SOCKET, SO_REUSEADDR },   [NODELAY] = { IPPROTO_TCP, TCP_NODELAY },
    [BROADCAST] = { SOL_SOCKET, SO_BROADCAST },   [LINGER] = { SOL_SOCKET, SO_LINGER },
    [RCVTIMEO] = { SOL_SOCKET, SO_RCVTIMEO },     [SNDTIMEO] = { SOL_SOCKET, SO_SNDTIMEO },
    [RCVBUF] = { SOL_SOCKET, SO_RCVBUF },         [SNDBUF] = { SOL_SOCKET, SO_SNDBUF },
    [ERROR] = { SOL_SOCKET, SO_ERROR },           [TYPE] = { SOL_SOCKET, SO_TYPE },
    [ACCEPTCONN] = { SOL_SOCKET, SO_ACCEPTCONN }, [USERTIMEOUT] = { IPPROTO_TCP, TCP_USER_TIMEOUT },
};

static void put_errno(struct text *out, int error)
{
#define NAME(e) case e: put(out, #e); return
    switch (error) {
        NAME(E2BIG); NAME(EACCES); NAME(EADDRINUSE); NAME(EADDRNOTAVAIL); NAME(EAFNOSUPPORT); NAME(EAGAIN);
        NAME(EALREADY); NAME(EBADF); NAME(EBADFD); NAME(EBADMSG); NAME(EBUSY); NAME(ECANCELED);
        NAME(ECONNABORTED); NAME(ECONNREFUSED); NAME(ECONNRESET); NAME(EDESTADDRREQ); NAME(EDOM); NAME(EEXIST);
        NAME(EFAULT); NAME(EHOSTDOWN); NAME(EHOSTUNREACH); NAME(EINPROGRESS); NAME(EINTR); NAME(EINVAL);
        NAME(EIO); NAME(EISCONN); NAME(EISDIR); NAME(EMFILE); NAME(EMSGSIZE); NAME(ENETDOWN); NAME(ENETRESET);
        NAME(ENETUNREACH); NAME(ENFILE); NAME(ENOBUFS); NAME(ENODATA); NAME(ENODEV); NAME(ENOENT); NAME(ENOMEM);
        NAME(ENOMSG); NAME(ENONET); NAME(ENOPROTOOPT); NAME(ENOSPC); NAME(ENOSR); NAME(ENOSYS); NAME(ENOTCONN);
        NAME(ENOTSOCK); NAME(ENOTTY); NAME(ENOTUNIQ); NAME(ENXIO); NAME(EOPNOTSUPP); NAME(EOVERFLOW); NAME(EPERM);
        NAME(EPFNOSUPPORT); NAME(EPIPE); NAME(EPROTO); NAME(EPROTONOSUPPORT); NAME(EPROTOTYPE); NAME(ERANGE);
        NAME(EREMOTEIO); NAME(ESHUTDOWN); NAME(ESOCKTNOSUPPORT); NAME(ESPIPE); NAME(ESRCH); NAME(ESTALE);
        NAME(ETIME); NAME(ETIMEDOUT); NAME(ETOOMANYREFS); NAME(EUSERS);
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK: put(out, "EAGAIN"); return;
#endif
#if ENOTSUP != EOPNOTSUPP
    case ENOTSUP: put(out, "EOPNOTSUPP"); return;
#endif
    }
#undef NAME
    put(out, "E");
    put_number(out, error);
}

/* ---- a request ---- */

struct request {
    long long id, target; /* target is what `request` says */
    unsigned has;
    bool unsupported;
    int number[FIELDS];
    unsigned char *data;
    size_t size;
    struct sockaddr_storage address;
    socklen_t address_size;
};

static bool is_name(const char *name, const char *text, size_t size)
{
    return strncmp(name, text, size) == 0 && name[size] == '\0';
}

/* The value of a name; false for one that is not known, or not to be had. */
static bool find(const struct name *names, const struct value *v, int *value)
{
    if (v->kind != STRING)
        return false;
    while (names->text != NULL && !is_name(names->text, v->text, v->size))
        names++;
    *value = names->value;
    return names->text != NULL && !names->lacking;
}

static bool as_int(const struct value *v, int *number)
{
    *number = (int)v->number;
    return v->kind == NUMBER && v->number >= INT_MIN && v->number <= INT_MAX;
}

/* Decodes inside the line. */
static bool decode_hex(struct request *r, const struct value *v)
{
    if (v->kind != STRING || v->size % 2 != 0)
        return false;
    r->data = (unsigned char *)v->text;
    r->size = v->size / 2;
    for (size_t i = 0; i < r->size; i++) {
        int high = hex_digit(v->text[2 * i]), low = hex_digit(v->text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        r->data[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static bool scan_names(struct scanner *s, struct request *r, const struct name *names, int *set)
{
    bool first = true;
    int more, bit;
    struct value v;
    *set = 0;
    while ((more = next_element(s, &first)) > 0) {
        if (!scan_value(s, &v) || !skip_rest(s, &v))
            return false;
        if (find(names, &v, &bit))
            *set |= bit;
        else
            r->unsupported = true;
    }
    return more == 0;
}

static bool scan_address(struct scanner *s, struct request *r)
{
    bool first = true, good = true;
    int more, family = -1, port = 0, length = 0;
    bool with_length = false;
    char *name;
    const char *ip = NULL;
    size_t size;
    struct value v;
    while ((more = next_member(s, &first, &name, &size)) > 0) {
        if (!scan_value(s, &v) || !skip_rest(s, &v))
            return false;
        if (is_name("family", name, size)) {
            good &= find(family_names, &v, &family);
        } else if (is_name("ip", name, size)) {
            good &= v.kind == STRING;
            ip = v.text;
        } else if (is_name("port", name, size)) {
            good &= as_int(&v, &port) && port >= 0 && port <= UINT16_MAX;
        } else if (is_name("length", name, size)) {
            good &= as_int(&v, &length);
            with_length = true;
        }
    }
    if (more < 0)
        return false;
    if (good && family == AF_INET6) {
        struct sockaddr_in6 *to = (struct sockaddr_in6 *)&r->address;
        to->sin6_family = AF_INET6;
        to->sin6_port = htons((uint16_t)port);
        r->address_size = sizeof *to;
        good = ip == NULL || inet_pton(AF_INET6, ip, &to->sin6_addr) == 1;
    } else if (good && family >= 0) {
        struct sockaddr_in *to = (struct sockaddr_in *)&r->address;
        to->sin_family = (sa_family_t)family;
        to->sin_port = htons((uint16_t)port);
        r->address_size = sizeof *to;
        good = ip == NULL || inet_pton(AF_INET, ip, &to->sin_addr) == 1;
    } else {
        good = false;
    }
    if (with_length)
        r->address_size = (socklen_t)length;
    if (!good)
        r->unsupported = true;
    return true;
}

static bool scan_field(struct scanner *s, struct request *r, unsigned field)
{
    struct value v;
    bool good = true;
    if (!scan_value(s, &v))
        return false;
    r->has |= HAS(field);
    switch (fields[field].form) {
    case INTEGER:
        good = as_int(&v, &r->number[field]);
        break;
    case IDENTIFIER:
        if (v.kind != NUMBER && field == F_ID)
            return false; /* nothing to answer with */
        good = v.kind == NUMBER;
        *(field == F_ID ? &r->id : &r->target) = v.number;
        break;
    case TRUTH:
        good = v.kind == NUMBER || v.kind == BOOLEAN;
        r->number[field] = v.number != 0;
        break;
    case ONE_NAME:
        good = find(fields[field].names, &v, &r->number[field]);
        break;
    case SET_OF_NAMES:
        if (v.kind == ARRAY)
            return scan_names(s, r, fields[field].names, &r->number[field]);
        good = false;
        break;
    case HEX:
        good = decode_hex(r, &v);
        break;
    case PLACE:
        if (v.kind == OBJECT)
            return scan_address(s, r);
        good = false;
        break;
    }
    if (!good)
        r->unsupported = true;
    return skip_rest(s, &v);
}

static bool scan_request(char *line, size_t size, struct request *r)
{
    struct scanner s = { line, 0 };
    struct value v;
    bool first = true;
    int more;
    char *name;
    size_t name_size;
    r->has = 0;
    r->unsupported = false;
    r->number[F_FLAGS] = 0;
    r->number[F_BACKGROUND] = 0;
    r->data = NULL;
    r->size = 0;
    memset(&r->address, 0, sizeof r->address);
    if (!take(&s, '{'))
        return false;
    while ((more = next_member(&s, &first, &name, &name_size)) > 0) {
        unsigned field = 0;
        while (field < FIELDS && !is_name(fields[field].text, name, name_size))
            field++;
        if (field < FIELDS ? !scan_field(&s, r, field) : !scan_value(&s, &v) || !skip_rest(&s, &v))
            return false;
    }
    if (more < 0 || next_char(&s) != '\0' || s.at != line + size || !(r->has & HAS(F_ID)))
        return false;
    if (!(r->has & HAS(F_CALL)))
        r->unsupported = true;
    if (!r->unsupported && (r->has & needed[r->number[F_CALL]]) != needed[r->number[F_CALL]])
        r->unsupported = true;
    return true;
}

/* ---- what is shared between the threads ---- */

struct job { /* a background request */
    struct request request;
    struct job *next;
    pthread_t thread;
    _Atomic long long since; /* when its thread began */
    bool over, told_blocked;
    unsigned char data[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* for all that follows */
static pthread_cond_t job_over, answers_waiting;
static struct job *jobs;          /* those that are not over */
static struct text answers;       /* not written yet */
static bool flusher_awake;
static unsigned char *opened;     /* by number: has it been given since the last reset? */
static int opened_room;

static int input_fd = 0, output_fd = 1, log_fd = 2;

/* What the main thread reads; nobody else touches it. */
static char input[LONGEST_LINE + 65536];
static size_t input_begin, input_end, input_searched;

/* What the set of calls that is tested has to bring beside the calls. */
static void start_layer(int argc, char **argv); /* before the first line is written */
static int duplicate(int fd);
static int open_no_socket(void);
static int set_limit(int spare);                /* -1 lifts it */
static void begin_reset(long long reset_id);    /* under the lock; there are no jobs afterwards */
static void tidy_up(void);                      /* after a reset has closed all that was opened */

static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int wait_until(pthread_cond_t *cond, long long time)
{
    struct timespec t = { time / 1000000000LL, time % 1000000000LL };
    return pthread_cond_timedwait(cond, &lock, &t);
}

static void wait_for(int fd, short events)
{
    struct pollfd p = { .fd = fd, .events = events };
    poll(&p, 1, -1);
}

/* Under the lock. */
static void flush(void)
{
    size_t done = 0;
    while (done < answers.size) {
        ssize_t n = write(output_fd, answers.at + done, answers.size - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno == EAGAIN)
            wait_for(output_fd, POLLOUT);
        else if (errno != EINTR)
            _exit(1); /* nobody reads any more */
    }
    answers.size = 0;
}

_Noreturn static void give_up(const char *why)
{
    pthread_mutex_lock(&lock);
    flush();
    dprintf(log_fd, "%s\n", why);
    _exit(2);
}

/* Answers do not wait for the end of a later request that takes its time. */
static void *flush_from_time_to_time(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&lock);
    for (;;) {
        flusher_awake = false;
        while (!flusher_awake)
            pthread_cond_wait(&answers_waiting, &lock);
        pthread_mutex_unlock(&lock);
        nanosleep(&(struct timespec){ 0, LATEST }, NULL);
        pthread_mutex_lock(&lock);
        flush();
    }
    return NULL;
}

static void remember(int fd)
{
    pthread_mutex_lock(&lock);
    if (fd >= opened_room) {
        int room = fd + 64;
        opened = realloc(opened, (size_t)room);
        if (opened == NULL)
            _exit(1);
        memset(opened + opened_room, 0, (size_t)(room - opened_room));
        opened_room = room;
    }
    opened[fd] = 1;
    pthread_mutex_unlock(&lock);
}

/* ---- one request carried out ---- */

static _Thread_local volatile sig_atomic_t sigpipes;

static void on_sigpipe(int sig)
{
    (void)sig;
    sigpipes = 1;
}

static void on_interrupt(int sig)
{
    (void)sig;
}

static int set_nonblocking(int fd, int on)
{
    int flags = API(fcntl)(fd, F_GETFL, 0);
    if (flags < 0)
        return -1;
    return API(fcntl)(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) < 0 ? -1 : 0;
}

static int set_option(int fd, int option, int number)
{
    struct linger linger = { number >= 0, number >= 0 ? number : 0 };
    struct timeval time = { number / 1000, number % 1000 * 1000 };
    const void *value = &number;
    socklen_t size = sizeof number;
    if (option == LINGER) {
        value = &linger;
        size = sizeof linger;
    } else if (option == RCVTIMEO || option == SNDTIMEO) {
        value = &time;
        size = sizeof time;
    }
    return API(setsockopt)(fd, options[option].level, options[option].name, value, size);
}

static int get_option(int fd, int option, int *number)
{
    struct linger linger = { 0, 0 };
    struct timeval time = { 0, 0 };
    void *value = number;
    socklen_t size = sizeof *number;
    *number = 0;
    if (option == LINGER) {
        value = &linger;
        size = sizeof linger;
    } else if (option == RCVTIMEO || option == SNDTIMEO) {
        value = &time;
        size = sizeof time;
    }
    if (API(getsockopt)(fd, options[option].level, options[option].name, value, &size) < 0)
        return -1;
    if (option == LINGER)
        *number = linger.l_onoff ? linger.l_linger : -1;
    else if (option == RCVTIMEO || option == SNDTIMEO)
        *number = (int)(time.tv_sec * 1000 + time.tv_usec / 1000);
    return 0;
}

/* Under the lock, so that the thread cannot end meanwhile. */
static int interrupt(long long id)
{
    int error = ESRCH;
    pthread_mutex_lock(&lock);
    for (struct job *job = jobs; job != NULL; job = job->next)
        if (job->request.id == id)
            error = pthread_kill(job->thread, SIGUSR1);
    pthread_mutex_unlock(&lock);
    errno = error;
    return error == 0 ? 0 : -1;
}

static int reset(long long id)
{
    set_limit(-1);
    pthread_mutex_lock(&lock);
    begin_reset(id);
    pthread_mutex_unlock(&lock);
    for (int fd = 0; fd < opened_room; fd++) {
        if (!opened[fd])
            continue;
        set_option(fd, LINGER, 0); /* nothing of it stays behind, no TIME_WAIT either */
        API(close)(fd);
        opened[fd] = 0;
    }
    tidy_up();
    return 0;
}

static void put_address(struct text *out, const struct sockaddr_storage *address)
{
    char ip[INET6_ADDRSTRLEN] = "0.0.0.0";
    unsigned port = 0;
    const char *family = "unspec";
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;
        family = "inet";
        port = ntohs(in->sin_port);
        inet_ntop(AF_INET, &in->sin_addr, ip, sizeof ip);
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
        family = "inet6";
        port = ntohs(in6->sin6_port);
        inet_ntop(AF_INET6, &in6->sin6_addr, ip, sizeof ip);
    }
    put(out, ",\"address\":{\"family\":\"");
    put(out, family);
    put(out, "\",\"ip\":\"");
    put(out, ip);
    put(out, "\",\"port\":");
    put_number(out, port);
    put(out, "}");
}

static void put_events(struct text *out, int events)
{
    const char *between = "\"";
    put(out, ",\"revents\":[");
    for (const struct name *n = event_names; n->text != NULL; n++) {
        if (!(events & n->value))
            continue;
        put(out, between);
        put(out, n->text);
        put(out, "\"");
        between = ",\"";
    }
    put(out, "]");
}

static void carry_out(struct request *r, struct text *out, struct text *received)
{
    enum call call = (enum call)r->number[F_CALL];
    int fd = r->number[F_SOCKET], flags = r->number[F_FLAGS], number = 0, error;
    long long value = -1;
    bool named = false;
    const struct sockaddr *to = (const struct sockaddr *)&r->address;
    struct sockaddr_storage address;
    struct sockaddr *from = (struct sockaddr *)&address;
    socklen_t size = sizeof address;
    struct pollfd p = { .fd = fd, .events = 0 };

    put(out, "{\"id\":");
    put_number(out, r->id);
    if (r->unsupported || IS_LOST(call, fd) ||
        (call == RECV && (r->number[F_LENGTH] < 0 || r->number[F_LENGTH] > LONGEST_RECV))) {
        put(out, ",\"unsupported\":true}\n");
        return;
    }

    sigpipes = 0;
    errno = 0;
    switch (call) {
    case SOCKET:
        value = API(socket)(r->number[F_DOMAIN], r->number[F_TYPE], r->number[F_PROTOCOL]);
        break;
    case BIND:
        value = API(bind)(fd, to, r->address_size);
        break;
    case CONNECT:
        value = API(connect)(fd, to, r->address_size);
        break;
    case LISTEN:
        value = API(listen)(fd, r->number[F_BACKLOG]);
        break;
    case ACCEPT:
        value = API(accept)(fd, from, &size);
        named = true;
        break;
    case SEND:
        if (r->has & HAS(F_ADDRESS))
            value = API(sendto)(fd, r->data, r->size, flags, to, r->address_size);
        else
            value = API(send)(fd, r->data, r->size, flags);
        break;
    case RECV:
        received->size = 0;
        text_room(received, (size_t)r->number[F_LENGTH] + 1);
        value = API(recvfrom)(fd, received->at, (size_t)r->number[F_LENGTH], flags, from, &size);
        named = true;
        break;
    case SHUTDOWN:
        value = API(shutdown)(fd, r->number[F_HOW]);
        break;
    case CLOSE:
        value = API(close)(fd);
        break;
    case GETSOCKNAME:
    case GETPEERNAME:
        if (r->has & HAS(F_ROOM))
            size = (socklen_t)r->number[F_ROOM];
        else
            named = true;
        value = call == GETSOCKNAME ? API(getsockname)(fd, from, &size) : API(getpeername)(fd, from, &size);
        break;
    case SETSOCKOPT:
        value = set_option(fd, r->number[F_OPTION], r->number[F_NUMBER]);
        break;
    case GETSOCKOPT:
        value = get_option(fd, r->number[F_OPTION], &number);
        break;
    case NONBLOCKING:
        value = set_nonblocking(fd, r->number[F_ON]);
        break;
    case POLL:
        p.events = (short)r->number[F_EVENTS];
        value = API(poll)(&p, 1, r->number[F_TIMEOUT]);
        break;
    case DUP:
        value = duplicate(fd);
        break;
    case OPEN:
        value = open_no_socket();
        break;
    case LIMIT:
        value = set_limit(r->number[F_SPARE] < 0 ? -1 : r->number[F_SPARE]);
        break;
    case INTERRUPT:
        value = interrupt(r->target);
        break;
    case RESET:
        value = reset(r->id);
        break;
    }
    error = errno;

    if (value < 0) {
        put(out, ",\"errno\":\"");
        put_errno(out, error);
        put(out, "\"");
    } else {
        if (call == SOCKET || call == ACCEPT || call == DUP || call == OPEN)
            remember((int)value);
        put(out, ",\"value\":");
        put_number(out, call == GETSOCKOPT && r->number[F_OPTION] != ERROR ? number : value);
        if (call == RECV) {
            put(out, ",\"data\":\"");
            put_hex(out, (unsigned char *)received->at, (size_t)value);
            put(out, "\"");
        }
        if (named && size > 0)
            put_address(out, &address);
        if (r->has & HAS(F_ROOM) && (call == GETSOCKNAME || call == GETPEERNAME)) {
            put(out, ",\"length\":");
            put_number(out, size);
        }
        if (call == POLL)
            put_events(out, p.revents);
        if (call == GETSOCKOPT && r->number[F_OPTION] == ERROR) {
            put(out, ",\"error\":\"");
            if (number == 0)
                put(out, "0");
            else
                put_errno(out, number);
            put(out, "\"");
        }
    }
    put(out, sigpipes ? ",\"signals\":[\"SIGPIPE\"]}\n" : "}\n");
}

/* ---- background requests ---- */

static void *run_job(void *arg)
{
    struct job *job = arg;
    struct text answer = { 0 }, received = { 0 };
    text_room(&answer, 256);
    atomic_store(&job->since, now());
    carry_out(&job->request, &answer, &received);
    pthread_mutex_lock(&lock);
    put_bytes(&answers, answer.at, answer.size);
    struct job **link = &jobs;
    while (*link != job)
        link = &(*link)->next;
    *link = job->next;
    job->over = true;
    if (job->told_blocked) {
        flush();
        free(job);
    }
    pthread_cond_broadcast(&job_over);
    pthread_mutex_unlock(&lock);
    free(answer.at);
    free(received.at);
    return NULL;
}

static void start_job(const struct request *r)
{
    struct job *job = malloc(sizeof *job + r->size);
    pthread_attr_t attr;
    if (job == NULL)
        give_up("no memory for a background request");
    job->request = *r;
    job->request.data = job->data;
    if (r->size > 0)
        memcpy(job->data, r->data, r->size);
    job->over = job->told_blocked = false;
    atomic_init(&job->since, 0);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, 256 * 1024);

    pthread_mutex_lock(&lock);
    flush();
    job->next = jobs;
    jobs = job;
    if (pthread_create(&job->thread, &attr, run_job, job) != 0) {
        pthread_mutex_unlock(&lock);
        give_up("no thread for a background request");
    }
    pthread_attr_destroy(&attr);
    for (long long until = now() + PATIENCE; !job->over;) {
        long long since;
        if (wait_until(&job_over, until) == 0 || job->over)
            continue;
        /* The thread may have begun late. */
        since = atomic_load(&job->since);
        if (since != 0 && now() >= since + PATIENCE)
            break;
        until = (since != 0 ? since : now()) + PATIENCE;
    }
    if (job->over) {
        free(job);
    } else {
        job->told_blocked = true;
        put(&answers, "{\"id\":");
        put_number(&answers, r->id);
        put(&answers, ",\"blocked\":true}\n");
        flush();
    }
    pthread_mutex_unlock(&lock);
}

/* ---- lines in, lines out ---- */

/* The next line, without its end, and a zero byte behind it; NULL if it is not complete yet. */
static char *next_line(size_t *size)
{
    char *line = input + input_begin;
    char *end = memchr(input + input_searched, '\n', input_end - input_searched);
    input_searched = input_end;
    *size = end != NULL ? (size_t)(end - line) : input_end - input_begin;
    if (*size > LONGEST_LINE)
        give_up("a line is longer than 1 MiB");
    if (end == NULL)
        return NULL;
    *end = '\0';
    input_begin = input_searched = (size_t)(end + 1 - input);
    return line;
}

/* False at the end of stdin. */
static bool read_more(void)
{
    if (input_begin > 0) {
        memmove(input, input + input_begin, input_end - input_begin);
        input_end -= input_begin;
        input_searched -= input_begin;
        input_begin = 0;
    }
    for (;;) {
        ssize_t n = read(input_fd, input + input_end, sizeof input - 1 - input_end);
        if (n >= 0) {
            input_end += (size_t)n;
            return n > 0;
        }
        if (errno == EAGAIN)
            wait_for(input_fd, POLLIN);
        else if (errno != EINTR)
            give_up("stdin cannot be read");
    }
}

static void serve(char *line, size_t size)
{
    static struct request r;
    static struct text answer, received;
    if (!scan_request(line, size, &r))
        give_up("a line is no request in JSON");
    if (r.number[F_BACKGROUND] && !r.unsupported && r.number[F_CALL] < LIMIT) {
        start_job(&r);
        return;
    }
    answer.size = 0;
    carry_out(&r, &answer, &received);
    pthread_mutex_lock(&lock);
    put_bytes(&answers, answer.at, answer.size);
    pthread_mutex_unlock(&lock);
}

static void serve_all(void)
{
    bool more = true;
    while (more) {
        size_t size;
        char *line;
        while ((line = next_line(&size)) != NULL) {
            pthread_mutex_lock(&lock);
            if (answers.size > 0 && !flusher_awake) {
                flusher_awake = true;
                pthread_cond_signal(&answers_waiting);
            }
            pthread_mutex_unlock(&lock);
            serve(line, size);
        }
        pthread_mutex_lock(&lock);
        flush();
        pthread_mutex_unlock(&lock);
        more = read_more();
    }
    if (input_end > input_begin) { /* the last line has no end */
        input[input_end] = '\0';
        serve(input + input_begin, input_end - input_begin);
    }
    pthread_mutex_lock(&lock);
    flush();
}

static void mark_lacking(struct name *names, const char *text)
{
    for (; names->text != NULL; names++)
        if (strcmp(names->text, text) == 0)
            names->lacking = true;
}

static void say_hello(const char *profile)
{
    static const char *const lacks[] = { DRIVER_LACKS, NULL };
    put(&answers, "{\"driver\":1,\"name\":\"" DRIVER_NAME "\",\"profile\":\"");
    put(&answers, profile);
    put(&answers, "\",\"lacks\":[");
    for (int i = 0; lacks[i] != NULL; i++) {
        put(&answers, i > 0 ? ",\"" : "\"");
        put(&answers, lacks[i]);
        put(&answers, "\"");
        mark_lacking(call_names, lacks[i]);
        mark_lacking(option_names, lacks[i]);
        mark_lacking(flag_names, lacks[i]);
    }
    put(&answers, "]}\n");
}

static void catch_signal(int sig, void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler };
    sigset_t set;
    sigemptyset(&action.sa_mask);
    sigaction(sig, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, sig);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int main(int argc, char **argv)
{
    const char *profile = DRIVER_PROFILE;
    pthread_condattr_t attr;
    pthread_t flusher;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--profile") == 0 && i + 1 < argc)
            profile = argv[++i];
    catch_signal(SIGPIPE, on_sigpipe);
    catch_signal(SIGUSR1, on_interrupt);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&job_over, &attr);
    pthread_cond_init(&answers_waiting, &attr);
    say_hello(profile);
    start_layer(argc, argv);
    if (pthread_create(&flusher, NULL, flush_from_time_to_time, NULL) != 0)
        give_up("no threads");
    serve_all();
    _exit(0); /* whatever may still be blocked */
}

/* ---- the kernel's own ---- */

#ifdef KERNEL

static struct rlimit first_limit;

/* The driver's own descriptors move up, out of the way: the lowest numbers hold
   something that a request may close. */
static void start_layer(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    getrlimit(RLIMIT_NOFILE, &first_limit);
    int high = (int)(first_limit.rlim_cur < 1024 ? first_limit.rlim_cur : 1024) - 11;
    if (high > 2) {
        int in = fcntl(0, F_DUPFD_CLOEXEC, high);
        int out = fcntl(1, F_DUPFD_CLOEXEC, high);
        int log = fcntl(2, F_DUPFD_CLOEXEC, high);
        if (in < 0 || out < 0)
            give_up("no descriptors");
        input_fd = in;
        output_fd = out;
        log_fd = log;
        close(0);
        close(1);
    }
    tidy_up();
}

static int duplicate(int fd)
{
    return dup(fd);
}

static int open_no_socket(void)
{
    return open("/dev/null", O_RDWR);
}

static int set_limit(int spare)
{
    struct rlimit limit = first_limit;
    for (int fd = 0; spare >= 0 && (rlim_t)fd < first_limit.rlim_cur; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || spare-- > 0)
            continue;
        limit.rlim_cur = (rlim_t)fd; /* the first number that is not to be had */
    }
    return setrlimit(RLIMIT_NOFILE, &limit);
}

/* A signal that comes before its call is entered is lost, hence the loop. */
static void begin_reset(long long reset_id)
{
    (void)reset_id;
    while (jobs != NULL) {
        for (struct job *job = jobs; job != NULL; job = job->next)
            pthread_kill(job->thread, SIGUSR1);
        wait_until(&job_over, now() + 1000000);
    }
}

static void tidy_up(void)
{
    for (int fd = 0; fd <= 1; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", O_RDWR); /* gets the lowest number, this one */
    if (fcntl(2, F_GETFD) < 0)
        dup2(log_fd, 2);
}

#endif
