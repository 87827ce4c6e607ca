// _select: waiting for several descriptors. poll(2) says what is ready; until then the fiber parks in the reactor.
#include "runtime/modules/modules.h"

#if defined(GEN_HAS_LIBUV)

#include "runtime/modules/descriptor.h"

#include <poll.h>
#include <sys/epoll.h>
#include <cerrno>

namespace gen {

namespace {

// A list of descriptor, events, descriptor, events ... as the system wants it. False: raised.
bool read_interests(VM& vm, Value list, std::vector<pollfd>& out) {
    auto* l = list.as<List>();
    for (size_t i = 0; i + 1 < l->size; i += 2) {
        int64_t fd = -1, events = 0;
        if (!get_number(vm, l->items->items[i], fd) || !get_number(vm, l->items->items[i + 1], events))
            return false;
        out.push_back({int(fd), short(events), 0});
    }
    return true;
}

// Those that are ready now; unhandled() when there is none.
Outcome poll_now(VM& vm, Value list, bool last) {
    std::vector<pollfd> interests;
    if (!read_interests(vm, list, interests)) return Outcome::raised();
    int n = poll(interests.data(), nfds_t(interests.size()), 0);
    if (n < 0 && errno != EINTR) return raise_os_error(vm, errno);
    if (n <= 0 && !last) return Outcome::unhandled();
    Value ready = vm.list();
    for (const pollfd& p : interests) {
        if (!p.revents) continue;
        if (!list_append(vm.heap, ready.as<List>(), Value::integer(p.fd)) ||
            !list_append(vm.heap, ready.as<List>(), Value::integer(p.revents)))
            return vm.out_of_memory();
    }
    return ready;
}
Outcome wait_for_any(VM& vm, Value list, Value deadline) {
    std::vector<pollfd> interests;
    std::vector<UvReactor::Interest> waits;
    if (!read_interests(vm, list, interests)) return Outcome::raised();
    for (const pollfd& p : interests) {
        if (p.fd < 0) continue;
        if (p.events & POLLOUT) waits.push_back({p.fd, UvReactor::kWrite});
        if (p.events & ~POLLOUT || !p.events) waits.push_back({p.fd, UvReactor::kRead});
    }
    return UvReactor::of(vm).wait_for(waits, deadline_of(deadline));
}
// poll(interests, timeout in seconds or None): descriptor, events, descriptor ... of those that are ready.
Outcome poll_step(VM& vm, NativeFrame& frame) {  // interests, timeout; local: deadline
    switch (frame.step_state()) {
        case 0:
            if (!network_granted(vm)) return Outcome::raised();
            if (!is_list(frame[0])) return vm.type_error("a list is required");
            frame[2] = deadline_after(vm, frame[1]);
            if (frame[2].is_unbound()) return Outcome::raised();
            frame.result() = Value::boolean(!is_zero(frame[1]));
            for (;;) {
                {
                    Outcome o = poll_now(vm, frame[0], frame.result().is_false());
                    if (!o.is_unhandled()) return o;
                }
                AWAIT(1, wait_for_any(vm, frame[0], frame[2]));
            }
    }
    return Value::none();
}

// ---- epoll: its descriptor is readable when there is something to report

Outcome epoll_create_native(VM& vm, Value*) {
    if (!network_granted(vm)) return Outcome::raised();
    int fd = epoll_create1(EPOLL_CLOEXEC);
    return fd < 0 ? raise_os_error(vm, errno) : Outcome(Value::integer(fd));
}
Outcome epoll_control(VM& vm, Value* args) {  // epoll, operation, descriptor, events
    int64_t numbers[4] = {};
    if (!network_granted(vm)) return Outcome::raised();
    for (int i = 0; i < 3; i++)
        if (!get_number(vm, args[i], numbers[i])) return Outcome::raised();
    if (!is_int_like(args[3]))
        return vm.type_error("'%s' object cannot be interpreted as an integer", vm.type_name(args[3]));
    epoll_event event{};
    event.events = uint32_t(int_clamp(args[3]));
    event.data.fd = int(numbers[2]);
    if (epoll_ctl(int(numbers[0]), int(numbers[1]), int(numbers[2]), &event) < 0)
        return raise_os_error(vm, errno);
    return Value::none();
}
constexpr int64_t kMostEvents = 65536;  // of one call; the rest is there for the next

Outcome epoll_take(VM& vm, Value* args) {  // epoll, timeout, at most: a list of pairs
    int64_t epoll = -1, most = 0;
    if (!network_granted(vm) || !get_number(vm, args[0], epoll) || !get_number(vm, args[2], most))
        return Outcome::raised();
    std::vector<epoll_event> events(size_t(std::clamp<int64_t>(most, 1, kMostEvents)));
    int n = epoll_wait(int(epoll), events.data(), int(events.size()), 0);
    if (n < 0 && errno != EINTR) return raise_os_error(vm, errno);
    if (n <= 0 && !is_zero(args[1])) return Outcome::unhandled();
    Value out = vm.list();
    for (int i = 0; i < n; i++) {
        Value pair =
            vm.tuple({Value::integer(events[size_t(i)].data.fd), Value::integer(events[size_t(i)].events)});
        if (!list_append(vm.heap, out.as<List>(), pair)) return vm.out_of_memory();
    }
    return out;
}
Outcome epoll_wait_step(VM& vm, NativeFrame& frame) {  // epoll, timeout, at most; local: deadline
    switch (frame.step_state()) {
        case 0:
            frame[3] = deadline_after(vm, frame[1]);
            if (frame[3].is_unbound()) return Outcome::raised();
            for (;;) {
                AWAIT(1, UvReactor::of(vm).wait_for(int(int_clamp(frame[0])), UvReactor::kRead,
                                                    deadline_of(frame[3])));
                {
                    Value args[] = {frame[0], frame.result().is_false() ? Value::integer(0) : Value::none(),
                                    frame[2]};
                    Outcome o = epoll_take(vm, args);
                    if (!o.is_unhandled()) return o;
                }
            }
    }
    return Value::none();
}

const NativeDef kFunctions[] = {
    {.signature = "poll(interests, timeout, /)", .step = poll_step, .locals = 1},
    {.signature = "epoll_create()", .fn = epoll_create_native},
    {.signature = "epoll_ctl(epoll, operation, fd, events, /)", .fn = epoll_control},
    {.signature = "epoll_wait(epoll, timeout, maxevents, /)",
     .fn = epoll_take,
     .step = epoll_wait_step,
     .locals = 1},
};

void init(VM& vm, Module* m) {
    struct Row {
        const char* name;
        int64_t value;
    };
    static const Row rows[] = {
#define ROW(name) {#name, int64_t(uint32_t(name))}
        ROW(POLLIN),        ROW(POLLPRI),      ROW(POLLOUT),       ROW(POLLERR),       ROW(POLLHUP),
        ROW(POLLNVAL),      ROW(POLLRDHUP),    ROW(POLLRDNORM),    ROW(POLLWRNORM),    ROW(EPOLLIN),
        ROW(EPOLLOUT),      ROW(EPOLLPRI),     ROW(EPOLLERR),      ROW(EPOLLHUP),      ROW(EPOLLRDHUP),
        ROW(EPOLLET),       ROW(EPOLLONESHOT), ROW(EPOLL_CLOEXEC), ROW(EPOLL_CTL_ADD), ROW(EPOLL_CTL_MOD),
        ROW(EPOLL_CTL_DEL),
#undef ROW
    };
    for (auto [name, value] : rows) vm.set(m->dict, name, Value::integer(value));
    vm.set(m->dict, "PIPE_BUF", Value::integer(4096));
}

}  // namespace

const ModuleDef kSelectModule = {
    .name = "_select", .functions = kFunctions, .init = init, .doc = "Waiting for several descriptors."};

}  // namespace gen

#endif
