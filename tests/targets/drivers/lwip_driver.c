// drives: lwIP's socket calls, both ends inside this process
// cflags: -isystem /usr/include/lwip -Wl,--no-as-needed -llwip
// needs: /usr/include/lwip/lwip/sockets.h
/* Driver for `sockconf check --driver` (see docs/driver-protocol.md) over lwIP 2.1
   as Debian has it (liblwip-dev, made for the Hurd): its own thread, a loopback
   interface with 127.0.0.1 and ::1, its own descriptors. The protocol is in
   c_driver.c; this file says what is different here. */
#define _GNU_SOURCE
#include <lwip/netif.h>
#include <lwip/sockets.h>
#include <lwip/sys.h>
#include <lwip/tcpip.h>
#include <poll.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>

/* lwIP tells the peer's address with the bytes of a stream, too. */
static ssize_t recvfrom_of_datagrams(int s, void *mem, size_t len, int flags, struct sockaddr *from,
                                     socklen_t *fromlen)
{
    ssize_t n = lwip_recvfrom(s, mem, len, flags, from, fromlen);
    int type = 0, error = errno;
    socklen_t size = sizeof type;
    if (n >= 0 && (lwip_getsockopt(s, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_DGRAM))
        *fromlen = 0;
    errno = error;
    return n;
}
#define lwip_recvfrom recvfrom_of_datagrams

/* poll returns -1 without an errno where a descriptor is bad. */
static int poll_with_errno(struct pollfd *fds, nfds_t nfds, int timeout)
{
    int n = lwip_poll(fds, nfds, timeout);
    if (n < 0 && errno == 0)
        errno = EBADF;
    return n;
}
#define lwip_poll poll_with_errno

static bool is_lost(bool binds, bool reads, int fd);
#define IS_LOST(call, fd) is_lost((call) == BIND, (call) == RECV, fd)
#define API(call) lwip_##call
#define DRIVER_NAME "lwip"
#define DRIVER_PROFILE "lwip"
/* Its sockets have no number in common with files, no limit and no signal that
   interrupts; MSG_OOB and MSG_WAITALL are ignored, SO_SNDBUF is refused. SO_LINGER is
   another thing than POSIX has: 0 seconds reset only what is not sent yet, and a close or shutdown that would linger fails with EAGAIN. */
#define DRIVER_LACKS "network", "signals", "descriptors", "dup", "open", "limit", "interrupt", "oob", "waitall", "linger", "sndbuf", "usertimeout"

#include "c_driver.c"

/* The packets of the loopback interface come back, all of them. */
static err_t loop_output(struct netif *netif, struct pbuf *p, const ip4_addr_t *to)
{
    (void)to;
    return netif_loop_output(netif, p);
}

static err_t loop_output_ip6(struct netif *netif, struct pbuf *p, const ip6_addr_t *to)
{
    (void)to;
    return netif_loop_output(netif, p);
}

static err_t init_loop(struct netif *netif)
{
    netif->name[0] = 'l';
    netif->name[1] = 'o';
    netif->mtu = 65535;
    netif->output = loop_output;
    netif->output_ip6 = loop_output_ip6;
    return ERR_OK;
}

/* In lwIP's thread. */
static void add_loop(void *ready)
{
    static struct netif loop;
    ip4_addr_t address, mask, none;
    ip6_addr_t address6;
    IP4_ADDR(&address, 127, 0, 0, 1);
    IP4_ADDR(&mask, 255, 0, 0, 0);
    ip4_addr_set_zero(&none);
    ip6_addr_set_loopback(&address6);
    netif_add(&loop, &address, &mask, &none, NULL, init_loop, tcpip_input);
    netif_ip6_addr_set(&loop, 0, &address6);
    netif_ip6_addr_set_state(&loop, 0, IP6_ADDR_PREFERRED);
    netif_set_link_up(&loop);
    netif_set_up(&loop);
    sys_sem_signal(ready);
}

/* After a restart (see begin_reset) the requests that were not carried out are in a file. */
static void take_over(int file, long long reset_id)
{
    ssize_t n = read(file, input, sizeof input - 1);
    input_end = n > 0 ? (size_t)n : 0;
    close(file);
    answers.size = 0; /* no second hello */
    put(&answers, "{\"id\":");
    put_number(&answers, reset_id);
    put(&answers, ",\"value\":0}\n");
}

static char **arguments;

static void start_layer(int argc, char **argv)
{
    sys_sem_t ready;
    arguments = argv;
    output_fd = dup(1); /* lwIP may print */
    dup2(2, 1);
    srand((unsigned)now());
    sys_sem_new(&ready, 0);
    tcpip_init(add_loop, &ready);
    sys_arch_sem_wait(&ready, 0);
    if (argc > 3 && strcmp(argv[argc - 3], "--take-over") == 0)
        take_over(atoi(argv[argc - 2]), atoll(argv[argc - 1]));
}

/* lwIP never comes back from two calls that it should refuse: a second bind makes a ring of the list of bound
   sockets, in which the next one goes round for ever; and a blocking read of a stream that was never connected
   waits for what nobody can do any more. */
static bool is_lost(bool binds, bool reads, int fd)
{
    struct sockaddr_in name = { 0 };
    socklen_t size = sizeof name;
    int type = 0, error = errno;
    bool lost = false;
    socklen_t type_size = sizeof type;
    if ((binds || reads) && lwip_getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) == 0 && type == SOCK_STREAM) {
        if (binds)
            lost = lwip_getsockname(fd, (struct sockaddr *)&name, &size) == 0 && name.sin_port != 0;
        else
            lost = lwip_getpeername(fd, (struct sockaddr *)&name, &size) < 0 && (lwip_fcntl(fd, F_GETFL, 0) & O_NONBLOCK) == 0;
    }
    errno = error;
    return lost;
}

/* Not asked for, they are lacking. */
static int duplicate(int fd)
{
    return fd;
}

static int open_no_socket(void)
{
    return -1;
}

static int set_limit(int spare)
{
    return spare;
}

/* lwIP starts anew in a new process, and the requests not yet seen go with it:
   nothing wakes a thread that is blocked inside lwIP, to close a socket under it
   stops the whole stack, and so do some calls that it should refuse. */
static void begin_reset(long long reset_id)
{
    char file[16], id[24];
    int rest = memfd_create("requests", 0);
    for (struct job *job = jobs; job != NULL; job = job->next) {
        put(&answers, "{\"id\":");
        put_number(&answers, job->request.id);
        put(&answers, ",\"unsupported\":true}\n");
    }
    flush();
    if (rest < 0 || write(rest, input + input_begin, input_end - input_begin) < 0 ||
        lseek(rest, 0, SEEK_SET) < 0)
        _exit(1);
    snprintf(file, sizeof file, "%d", rest);
    snprintf(id, sizeof id, "%lld", reset_id);
    dup2(output_fd, 1);
    close(output_fd);
    execv("/proc/self/exe", (char *[]){ arguments[0], "--take-over", file, id, NULL });
    _exit(1);
}

static void tidy_up(void)
{
}
