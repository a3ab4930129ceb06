// defect: it reads one byte past the end of a block of memory, which AddressSanitizer reports while the server goes on
// mistake: the copy of the data was made without the zero at its end that strlen() looks for
// trips: process/output/sanitizer-clean
// cflags: -fsanitize=address -fsanitize-recover=address
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static size_t longest_text; /* for a report that is not written yet */

/* Asked by the sanitizer when the program starts. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "halt_on_error=0";
}

static void remember(const char *data, size_t size)
{
    char *text = malloc(size);
    if (text == NULL)
        return;
    memcpy(text, data, size);
    size_t length = strlen(text);
    if (length > longest_text)
        longest_text = length;
    free(text);
}

static void *client(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char data[8192];
    ssize_t n;
    while ((n = recv(fd, data, sizeof data, 0)) > 0) {
        remember(data, (size_t)n);
        ssize_t done = 0;
        while (done < n) {
            ssize_t k = send(fd, data + done, (size_t)(n - done), MSG_NOSIGNAL);
            if (k < 0)
                goto end;
            done += k;
        }
    }
end:
    close(fd);
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
        pthread_t t;
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE)
                usleep(20000);
            continue;
        }
        while (pthread_create(&t, NULL, client, (void *)(intptr_t)fd) != 0)
            usleep(20000);
        pthread_detach(t);
    }
}
