/* Tells sockconf fuzz which edges of a program have run. Build it into a server:
 *   gcc   -g -O1 -fsanitize-coverage=trace-pc       server.c coverage.c -o server
 *   clang -g -O1 -fsanitize-coverage=trace-pc-guard server.c coverage.c -o server
 * The counters lie in shared memory, which sockconf names by the variable __AFL_SHM_ID. Without it nothing is counted. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/shm.h>

#define SIZE 65536

#ifdef __clang__
#define UNCOUNTED __attribute__((no_sanitize("coverage")))
#else
#define UNCOUNTED __attribute__((no_sanitize_coverage))
#endif

extern const char __executable_start; /* the linker's */

static uint8_t nowhere[SIZE];
static uint8_t *map = nowhere;
static __thread uintptr_t before;

__attribute__((constructor(101))) UNCOUNTED static void attach(void)
{
    const char *id = getenv("__AFL_SHM_ID");
    if (id) {
        void *shared = shmat(atoi(id), NULL, 0);
        if (shared != (void *)-1) map = shared;
    }
}

/* One count for a way from one place to another; 255 stays 255, so that a busy edge does not look like an unused one. */
UNCOUNTED static void count(uintptr_t place)
{
    uint8_t *counter = &map[(place ^ before) % SIZE];
    if (*counter != 255) ++*counter;
    before = place >> 1;
}

/* clang: each edge has a guard, which holds its number. */
UNCOUNTED void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop)
{
    static uint32_t number;
    if (start == stop || *start) return;
    for (uint32_t *guard = start; guard < stop; guard++) *guard = ++number;
}

UNCOUNTED void __sanitizer_cov_trace_pc_guard(uint32_t *guard)
{
    uint8_t *counter = &map[*guard % SIZE];
    if (*counter != 255) ++*counter;
}

/* gcc: a call in each block; where it returns to tells which. */
UNCOUNTED void __sanitizer_cov_trace_pc(void)
{
    uintptr_t place = (uintptr_t)__builtin_return_address(0) - (uintptr_t)&__executable_start; /* the same wherever it is loaded */
    count((place >> 4) ^ (place << 8));
}
