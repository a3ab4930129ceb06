// serves: echo-udp
// defect: the server ends when more than 32 datagrams wait for their answers
// mistake: the ring between the receiving and the answering thread has no room for more, and "queue full" is an error that ends the program
// trips: udp/survive/burst, udp/peers/many
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define ROOM 32

static struct job {
    struct sockaddr_in peer;
    size_t size;
    char data[65536];
} ring[ROOM + 1];
static int head, count; /* the oldest job, and how many there are */
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static int fd;

static void *answer(void *unused)
{
    const struct timespec moment = { .tv_nsec = 2000000 };
    for (;;) {
        pthread_mutex_lock(&guard);
        while (count == 0)
            pthread_cond_wait(&more, &guard);
        struct job *job = &ring[head];
        pthread_mutex_unlock(&guard);

        nanosleep(&moment, NULL); /* an answer takes a moment */
        sendto(fd, job->data, job->size, 0, (struct sockaddr *)&job->peer, sizeof job->peer);

        pthread_mutex_lock(&guard);
        head = (head + 1) % (ROOM + 1);
        count--;
        pthread_mutex_unlock(&guard);
    }
    return unused;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(fd, (struct sockaddr *)&any, sizeof any) < 0) {
        perror("bind");
        return 1;
    }
    pthread_t thread;
    if (pthread_create(&thread, NULL, answer, NULL) != 0)
        return 1;
    for (int tail = 0;;) {
        struct job *job = &ring[tail];
        socklen_t len = sizeof job->peer;
        ssize_t n = recvfrom(fd, job->data, sizeof job->data, 0, (struct sockaddr *)&job->peer, &len);
        if (n < 0)
            continue;
        job->size = (size_t)n;
        tail = (tail + 1) % (ROOM + 1);
        pthread_mutex_lock(&guard);
        if (count == ROOM) {
            fprintf(stderr, "queue full\n");
            exit(1);
        }
        count++;
        pthread_cond_signal(&more);
        pthread_mutex_unlock(&guard);
    }
}
