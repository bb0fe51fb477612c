#pragma once
// What the importer of C cannot see of liburing 2.3 (flags defined as casts, function-like macros), and entries that
// the library has no helper for yet. Static inline functions only; no policy stands here.
// Before liburing.h, which would define feature macros that change the shape of structures which Glibc's module has.
#include <errno.h>
#include <sys/types.h>
#include <sys/select.h>

// Before liburing.h, which would define the kernel's structures from a copy of its own. Swift System, which
// swift-configuration uses, has a module with those of this header, and structures of one name must be equal.
#include <linux/io_uring.h>

#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

// Completions copied out of the ring, in their order. Returns how many; never more than `capacity`.
static inline unsigned shim_drain(struct io_uring *ring, struct io_uring_cqe *out, unsigned capacity) {
    unsigned head = *ring->cq.khead;
    unsigned available = io_uring_smp_load_acquire(ring->cq.ktail) - head;
    unsigned count = available < capacity ? available : capacity;
    unsigned mask = *ring->cq.kring_mask;
    for (unsigned index = 0; index < count; index++) {
        struct io_uring_cqe *cqe = &ring->cq.cqes[(head + index) & mask];
        out[index].user_data = cqe->user_data;
        out[index].res = cqe->res;
        out[index].flags = cqe->flags;
    }
    io_uring_cq_advance(ring, count);
    return count;
}

// Whether completions wait in the kernel for this thread to enter it: deferred task work, or an overflown queue.
static inline int shim_has_deferred_work(const struct io_uring *ring) {
    return (IO_URING_READ_ONCE(*ring->sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

static inline unsigned shim_unsubmitted(const struct io_uring *ring) { return io_uring_sq_ready(ring); }

// A free submission entry, all zero; submits what is queued when the queue is full. NULL only when the kernel refuses.
static inline struct io_uring_sqe *shim_entry(struct io_uring *ring) {
    struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
    if (__builtin_expect(sqe == NULL, 0)) {
        io_uring_submit(ring);
        sqe = io_uring_get_sqe(ring);
        if (sqe == NULL) return NULL;
    }
    memset(sqe, 0, sizeof *sqe);
    return sqe;
}

static inline void shim_accept_multishot(struct io_uring_sqe *sqe, int listener, unsigned long long tag) {
    sqe->opcode = IORING_OP_ACCEPT;
    sqe->fd = listener;
    sqe->ioprio = IORING_ACCEPT_MULTISHOT;
    sqe->file_index = IORING_FILE_INDEX_ALLOC;
    sqe->user_data = tag;
}

static inline void shim_receive(struct io_uring_sqe *sqe, unsigned slot, unsigned short group, int multishot,
                                unsigned long long tag) {
    sqe->opcode = IORING_OP_RECV;
    sqe->fd = (int)slot;
    sqe->flags = IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    sqe->ioprio = multishot ? IORING_RECV_MULTISHOT : 0;
    sqe->buf_group = group;
    sqe->user_data = tag;
}

static inline void shim_send(struct io_uring_sqe *sqe, unsigned slot, const void *bytes, unsigned byte_count,
                             unsigned message_flags, unsigned char entry_flags, unsigned long long tag) {
    sqe->opcode = IORING_OP_SEND;
    sqe->fd = (int)slot;
    sqe->flags = (unsigned char)(IOSQE_FIXED_FILE | entry_flags);
    sqe->addr = (unsigned long long)(uintptr_t)bytes;
    sqe->len = byte_count;
    sqe->msg_flags = message_flags;
    sqe->user_data = tag;
}

enum {
    SHIM_TRY_SEND_FLAGS = MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL,
    SHIM_WAIT_FLAGS = MSG_WAITALL | MSG_NOSIGNAL,
    SHIM_SKIP_SUCCESS = IOSQE_CQE_SKIP_SUCCESS,
};

static inline void shim_poll_writable(struct io_uring_sqe *sqe, unsigned slot, unsigned long long tag) {
    sqe->opcode = IORING_OP_POLL_ADD;
    sqe->fd = (int)slot;
    sqe->flags = IOSQE_FIXED_FILE;
    sqe->poll32_events = POLLOUT;
    sqe->user_data = tag;
}

static inline void shim_poll_descriptor(
    struct io_uring_sqe *sqe, int descriptor, int is_for_writing, unsigned long long tag) {
    sqe->opcode = IORING_OP_POLL_ADD;
    sqe->fd = descriptor;
    sqe->poll32_events = is_for_writing ? POLLOUT : POLLIN;
    sqe->user_data = tag;
}

static inline void shim_shutdown(struct io_uring_sqe *sqe, unsigned slot, int how, unsigned long long tag) {
    sqe->opcode = IORING_OP_SHUTDOWN;
    sqe->fd = (int)slot;
    sqe->flags = IOSQE_FIXED_FILE;
    sqe->len = (unsigned)how;
    sqe->user_data = tag;
}

static inline void shim_close_direct(struct io_uring_sqe *sqe, unsigned slot, unsigned long long tag) {
    sqe->opcode = IORING_OP_CLOSE;
    sqe->file_index = slot + 1;
    sqe->user_data = tag;
}

static inline void shim_cancel_all(struct io_uring_sqe *sqe, unsigned long long target, unsigned long long tag) {
    sqe->opcode = IORING_OP_ASYNC_CANCEL;
    sqe->fd = -1;
    sqe->addr = target;
    sqe->cancel_flags = IORING_ASYNC_CANCEL_ALL;
    sqe->user_data = tag;
}

// Posts a completion with `remote_tag` on another ring; this ring hears only of a failure.
static inline void shim_message_ring(struct io_uring_sqe *sqe, int ring_descriptor, unsigned long long remote_tag,
                                     unsigned long long tag) {
    sqe->opcode = IORING_OP_MSG_RING;
    sqe->fd = ring_descriptor;
    sqe->off = remote_tag;
    sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = tag;
}

// Installs the direct descriptor `slot` in a free slot of another ring, whose completion carries that slot.
static inline void shim_transfer_descriptor(struct io_uring_sqe *sqe, unsigned slot, int ring_descriptor,
                                        unsigned long long remote_tag, unsigned long long tag) {
    sqe->opcode = IORING_OP_MSG_RING;
    sqe->fd = ring_descriptor;
    sqe->addr = 1; /* IORING_MSG_SEND_FD */
    sqe->addr3 = slot;
    sqe->file_index = IORING_FILE_INDEX_ALLOC;
    sqe->off = remote_tag;
    sqe->user_data = tag;
}

// SOCKET_URING_OP_GETSOCKOPT (Linux 6.7), which the headers of liburing 2.3 do not know.
static inline void shim_peer_name(struct io_uring_sqe *sqe, unsigned slot, void *address, unsigned byte_count,
                                  unsigned long long tag) {
    unsigned level_and_name[2] = {SOL_SOCKET, SO_PEERNAME};
    sqe->opcode = IORING_OP_URING_CMD;
    sqe->fd = (int)slot;
    sqe->flags = IOSQE_FIXED_FILE;
    sqe->off = 2;
    memcpy(&sqe->addr, level_and_name, sizeof level_and_name);
    sqe->file_index = byte_count;
    sqe->addr3 = (unsigned long long)(uintptr_t)address;
    sqe->user_data = tag;
}

// Linked entries run one after the other; a failure ends the rest. All but the last of a chain are silent when they
// succeed, and the kernel makes the rest of a chain silent when a silent one fails: one completion for each chain.
enum { SHIM_STEP_FLAGS = IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS };

// io_uring_register_restrictions and io_uring_enable_rings, which Debian's liburing 2.3 has and does not export. 0, or
// the negated errno.
static inline int shim_register(const struct io_uring *ring, unsigned operation, const void *argument, unsigned count) {
    return syscall(__NR_io_uring_register, ring->ring_fd, operation, argument, count) < 0 ? -errno : 0;
}

// Operations that the headers of liburing 2.3 do not know, and all flags of the entries below.
enum {
    SHIM_OP_INSTALL = 54,
    SHIM_OP_BIND = 56,
    SHIM_ENTRY_FLAGS = IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT | IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS,
};

// A step of a chain: a new stream socket in the direct descriptor `slot`.
static inline void shim_socket_step(struct io_uring_sqe *sqe, unsigned slot, int family, unsigned long long tag) {
    sqe->opcode = IORING_OP_SOCKET;
    sqe->fd = family;
    sqe->off = SOCK_STREAM;
    sqe->len = IPPROTO_TCP;
    sqe->file_index = slot + 1;
    sqe->flags = SHIM_STEP_FLAGS;
    sqe->user_data = tag;
}

// A step of a chain: SOCKET_URING_OP_SETSOCKOPT (Linux 6.7). `value` is read when the step runs.
static inline void shim_set_option_step(struct io_uring_sqe *sqe, unsigned slot, unsigned level, unsigned name,
                                        const int *value, unsigned long long tag) {
    unsigned level_and_name[2] = {level, name};
    sqe->opcode = IORING_OP_URING_CMD;
    sqe->fd = (int)slot;
    sqe->flags = IOSQE_FIXED_FILE | SHIM_STEP_FLAGS;
    sqe->off = 3;
    memcpy(&sqe->addr, level_and_name, sizeof level_and_name);
    sqe->file_index = sizeof *value;
    sqe->addr3 = (unsigned long long)(uintptr_t)value;
    sqe->user_data = tag;
}

// A step of a chain: IORING_OP_BIND (Linux 6.11). The kernel copies `address` when the entry is submitted.
static inline void shim_bind_step(struct io_uring_sqe *sqe, unsigned slot, const void *address, unsigned byte_count,
                                  unsigned long long tag) {
    sqe->opcode = SHIM_OP_BIND;
    sqe->fd = (int)slot;
    sqe->flags = IOSQE_FIXED_FILE | SHIM_STEP_FLAGS;
    sqe->addr = (unsigned long long)(uintptr_t)address;
    sqe->off = byte_count;
    sqe->user_data = tag;
}

// The end of such a chain. The kernel copies `address` when the entry is submitted.
static inline void shim_connect(struct io_uring_sqe *sqe, unsigned slot, const void *address, unsigned byte_count,
                                unsigned long long tag) {
    sqe->opcode = IORING_OP_CONNECT;
    sqe->fd = (int)slot;
    sqe->flags = IOSQE_FIXED_FILE;
    sqe->addr = (unsigned long long)(uintptr_t)address;
    sqe->off = byte_count;
    sqe->user_data = tag;
}

// Free submission entries, of which a chain needs as many as it has steps: a submission's end ends a chain.
static inline unsigned shim_free_entries(const struct io_uring *ring) { return io_uring_sq_space_left(ring); }

// The place of an entry in the queue.
static inline unsigned shim_entry_index(const struct io_uring *ring, const struct io_uring_sqe *sqe) {
    return (unsigned)(sqe - ring->sq.sqes);
}

// IORING_OP_FIXED_FD_INSTALL (Linux 6.8): an ordinary descriptor for a direct one, for benchmarks that compare.
static inline void shim_install_descriptor(struct io_uring_sqe *sqe, unsigned slot, unsigned long long tag) {
    sqe->opcode = SHIM_OP_INSTALL;
    sqe->fd = (int)slot;
    sqe->flags = IOSQE_FIXED_FILE;
    sqe->user_data = tag;
}

static inline void shim_read(struct io_uring_sqe *sqe, int descriptor, void *bytes, unsigned byte_count,
                             unsigned long long tag) {
    sqe->opcode = IORING_OP_READ;
    sqe->fd = descriptor;
    sqe->addr = (unsigned long long)(uintptr_t)bytes;
    sqe->len = byte_count;
    sqe->off = (unsigned long long)-1;
    sqe->user_data = tag;
}

// The buffer ring's producer side: one buffer back to the kernel.
static inline void shim_buffer_return(struct io_uring_buf_ring *ring, void *bytes, unsigned byte_count,
                                      unsigned short identifier, int mask) {
    io_uring_buf_ring_add(ring, bytes, byte_count, identifier, mask, 0);
    io_uring_buf_ring_advance(ring, 1);
}

// Binds the calling thread to one processor, below 1,024. Returns 0, or -1 with errno.
static inline long shim_pin_this_thread(unsigned processor) {
    unsigned long mask[16] = {0};
    mask[processor / 64 % 16] = 1UL << (processor % 64);
    return syscall(SYS_sched_setaffinity, 0, sizeof mask, mask);
}

// Sets how much later than asked the kernel may end a timed wait of the calling thread, in nanoseconds.
static inline void shim_set_timer_slack(unsigned long nanoseconds) { prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0); }

// struct sched_attr of sched_setattr(2), which this C library has no header for.
struct shim_scheduling {
    unsigned size, policy;
    unsigned long long flags;
    int nice;
    unsigned priority;
    unsigned long long slice, deadline, period;
    unsigned utilization_min, utilization_max;
};

// Sets the time slice of a thread of the policies SCHED_OTHER and SCHED_BATCH; 0 is the calling one. Returns 0, or -1
// with errno or for another policy.
static inline long shim_set_time_slice(int thread, unsigned long long nanoseconds) {
    struct shim_scheduling now = {0}, wanted = {.size = sizeof wanted, .slice = nanoseconds};
    if (syscall(SYS_sched_getattr, thread, &now, sizeof now, 0) != 0) return -1;
    if (now.policy != 0 && now.policy != 3) return -1;
    wanted.policy = now.policy;
    wanted.nice = now.nice;
    wanted.flags = now.flags & 1; /* SCHED_FLAG_RESET_ON_FORK */
    return syscall(SYS_sched_setattr, thread, &wanted, 0);
}

// That time slice; 0 when the kernel does not tell.
static inline unsigned long long shim_time_slice(int thread) {
    struct shim_scheduling now = {0};
    return syscall(SYS_sched_getattr, thread, &now, sizeof now, 0) == 0 ? now.slice : 0;
}

// Names the calling thread, in at most 15 bytes.
static inline void shim_name_this_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
