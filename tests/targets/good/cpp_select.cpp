// Echo server, one thread and select(), which cannot watch a descriptor of
// FD_SETSIZE or above: the limit on open files is lowered to match.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <netinet/in.h>
#include <string>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

constexpr size_t most_owed = 65536;

struct Connection {
    std::string owed; // received and not yet sent back
    bool eof = false; // the client has sent its FIN
};

static int listen_on(int port)
{
    sockaddr_in addr{};
    addr.sin_family = AF_INET;
    addr.sin_port = htons(static_cast<uint16_t>(port));
    addr.sin_addr.s_addr = htonl(INADDR_ANY);
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
        bind(fd, reinterpret_cast<sockaddr *>(&addr), sizeof addr) < 0 || listen(fd, 128) < 0) {
        std::perror("listen");
        std::exit(1);
    }
    return fd;
}

static bool only_for_now(ssize_t result)
{
    return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

// Moves what can be moved; false when the connection is over.
static bool serve(int fd, Connection &c)
{
    static char buf[most_owed];
    if (!c.eof && c.owed.size() < most_owed) {
        ssize_t n = recv(fd, buf, most_owed - c.owed.size(), 0);
        if (n > 0)
            c.owed.append(buf, static_cast<size_t>(n));
        else if (n == 0)
            c.eof = true;
        else if (!only_for_now(n))
            return false;
    }
    if (!c.owed.empty()) {
        ssize_t n = send(fd, c.owed.data(), c.owed.size(), MSG_NOSIGNAL);
        if (n >= 0)
            c.owed.erase(0, static_cast<size_t>(n));
        else if (!only_for_now(n))
            return false;
    }
    return !(c.eof && c.owed.empty());
}

// Accepts all who wait; false when there is no room for the next one.
static bool welcome(int listener, std::map<int, Connection> &connections)
{
    for (;;) {
        int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
        if (fd < 0)
            return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
        connections[fd];
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = std::min<rlim_t>(files.rlim_cur, FD_SETSIZE);
    setrlimit(RLIMIT_NOFILE, &files);

    int listener = listen_on(std::atoi(argv[1]));
    std::map<int, Connection> connections;
    bool room = true;

    for (;;) {
        fd_set readable, writable;
        FD_ZERO(&readable);
        FD_ZERO(&writable);
        if (room)
            FD_SET(listener, &readable);
        for (auto &[fd, c] : connections) {
            if (!c.eof && c.owed.size() < most_owed)
                FD_SET(fd, &readable);
            if (!c.owed.empty())
                FD_SET(fd, &writable);
        }
        int highest = connections.empty() ? listener : std::max(listener, connections.rbegin()->first);
        timeval second{1, 0}; // without room, leave the listener out for one round
        int ready = select(highest + 1, &readable, &writable, nullptr, room ? nullptr : &second);
        room = true;
        if (ready <= 0)
            continue;
        for (auto it = connections.begin(); it != connections.end();) {
            int fd = it->first;
            if ((FD_ISSET(fd, &readable) || FD_ISSET(fd, &writable)) && !serve(fd, it->second)) {
                close(fd);
                it = connections.erase(it);
            } else {
                ++it;
            }
        }
        if (FD_ISSET(listener, &readable))
            room = welcome(listener, connections);
    }
}
