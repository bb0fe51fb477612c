// Preloaded into the server: ends the process, as kill -9 would, right before the n-th step that anybody outside could
// notice. A step is a send, as a call or as an entry that is handed to a ring, or a call that writes, cuts, syncs or
// removes a file. What the process does between two of them stays in its own memory, so that a kill before each step is
// a kill at every moment that counts.
//
// The steps are counted, named and decided on in the file that KILL_SWITCH names; see killswitch.py for its layout.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <liburing.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NAME_BYTES = 16, STEPS_MAX = 1024 };

struct board {
    _Atomic unsigned fatal; // the step that is not reached any more, counted from 1; 0: nothing is counted
    _Atomic unsigned count;
    char names[STEPS_MAX][NAME_BYTES];
};

static struct board *board;

__attribute__((constructor)) static void open_board(void) {
    const char *path = getenv("KILL_SWITCH");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *memory = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory != MAP_FAILED) board = memory;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

// Whether this step is the fatal one. Those of other threads that come after it wait for the end.
static int is_fatal(const char *name) {
    unsigned fatal = board ? atomic_load(&board->fatal) : 0;
    if (fatal == 0) return 0;
    unsigned number = atomic_fetch_add(&board->count, 1) + 1;
    if (number <= STEPS_MAX) strncpy(board->names[number - 1], name, NAME_BYTES - 1);
    if (number > fatal) die();
    return number == fatal;
}

static void step(const char *name) {
    if (is_fatal(name)) die();
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    step("pwrite");
    return REAL(pwrite64)(file, bytes, count, offset);
}
int ftruncate64(int file, off64_t length) {
    step("ftruncate");
    return REAL(ftruncate64)(file, length);
}
int unlink(const char *path) {
    step("unlink");
    return REAL(unlink)(path);
}
int fsync(int file) {
    step("fsync");
    return REAL(fsync)(file);
}
int fdatasync(int file) {
    step("fdatasync");
    return REAL(fdatasync)(file);
}

ssize_t send(int socket, const void *bytes, size_t count, int flags) {
    step("send");
    return REAL(send)(socket, bytes, count, flags);
}

// Counts the sends that wait to be submitted; when one is fatal, the entries before it are still handed in.
static void take_sends(struct io_uring *ring) {
    struct io_uring_sq *queue = &ring->sq;
    for (unsigned index = queue->sqe_head; index != queue->sqe_tail; index++) {
        const struct io_uring_sqe *entry = &queue->sqes[index & queue->ring_mask];
        if (entry->opcode != IORING_OP_SEND || !is_fatal("send")) continue;
        queue->sqe_tail = index;
        REAL(io_uring_submit)(ring);
        die();
    }
}

int io_uring_submit(struct io_uring *ring) {
    take_sends(ring);
    return REAL(io_uring_submit)(ring);
}
int io_uring_submit_and_wait(struct io_uring *ring, unsigned count) {
    take_sends(ring);
    return REAL(io_uring_submit_and_wait)(ring, count);
}
int io_uring_submit_and_wait_timeout(
    struct io_uring *ring, struct io_uring_cqe **completion, unsigned count, struct __kernel_timespec *timeout,
    sigset_t *signals) {
    take_sends(ring);
    return REAL(io_uring_submit_and_wait_timeout)(ring, completion, count, timeout, signals);
}
