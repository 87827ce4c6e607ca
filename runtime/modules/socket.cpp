// _socket: the system calls on sockets that socket and asyncio are made of. A socket is its descriptor, which never blocks; calls that
// would block take a timeout and park the fiber.
#include "runtime/modules/modules.h"

#if defined(GEN_HAS_LIBUV)

#include "runtime/modules/descriptor.h"
#include "runtime/modules/socket_address.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <climits>

namespace gen {

namespace {

constexpr int64_t kMaxTransfer = int64_t{1} << 30;

int descriptor_of(Value v) { return v.is_int() && v.as_int() == int(v.as_int()) ? int(v.as_int()) : -1; }
Outcome done(VM& vm, int result) { return result < 0 ? raise_os_error(vm, errno) : Outcome(Value::none()); }

// What a failed call means: unhandled() to try again when the descriptor is ready.
Outcome failed(VM& vm) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return Outcome::unhandled();
    return raise_os_error(vm, errno);
}

// ---- making and closing

Outcome make_socket(VM& vm, Value* args) {  // family, type, protocol
    int64_t family = AF_INET, type = SOCK_STREAM, protocol = 0;
    if (!network_granted(vm) || !get_number(vm, args[0], family) || !get_number(vm, args[1], type) ||
        !get_number(vm, args[2], protocol))
        return Outcome::raised();
    int fd = socket(int(family), int(type) | SOCK_NONBLOCK | SOCK_CLOEXEC, int(protocol));
    return fd < 0 ? raise_os_error(vm, errno) : Outcome(Value::integer(fd));
}
Outcome make_pair(VM& vm, Value* args) {  // family, type, protocol
    int64_t family = AF_UNIX, type = SOCK_STREAM, protocol = 0;
    if (!network_granted(vm) || !get_number(vm, args[0], family) || !get_number(vm, args[1], type) ||
        !get_number(vm, args[2], protocol))
        return Outcome::raised();
    int ends[2];
    if (socketpair(int(family), int(type) | SOCK_NONBLOCK | SOCK_CLOEXEC, int(protocol), ends) < 0)
        return raise_os_error(vm, errno);
    return vm.tuple({Value::integer(ends[0]), Value::integer(ends[1])});
}
Outcome close_socket(VM& vm, Value* args) {
    if (!network_granted(vm)) return Outcome::raised();
    int fd = descriptor_of(args[0]);
    if (runtime_of(vm).reactor) runtime_of(vm).reactor->forget(fd);
    // The peer may have closed first, which is no error of this call.
    return close(fd) < 0 && errno != ECONNRESET ? raise_os_error(vm, errno) : Outcome(Value::none());
}
// Family, type and protocol of a descriptor that came from elsewhere; it never blocks from now on.
Outcome adopt(VM& vm, Value* args) {
    int fd = descriptor_of(args[0]), values[3] = {};
    if (!network_granted(vm)) return Outcome::raised();
    const int options[] = {SO_DOMAIN, SO_TYPE, SO_PROTOCOL};
    for (int i = 0; i < 3; i++) {
        socklen_t size = sizeof values[i];
        if (getsockopt(fd, SOL_SOCKET, options[i], &values[i], &size) < 0) return raise_os_error(vm, errno);
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return vm.tuple({Value::integer(values[0]), Value::integer(values[1]), Value::integer(values[2])});
}
Outcome duplicate(VM& vm, Value* args) {
    if (!network_granted(vm)) return Outcome::raised();
    int fd = fcntl(descriptor_of(args[0]), F_DUPFD_CLOEXEC, 0);
    return fd < 0 ? raise_os_error(vm, errno) : Outcome(Value::integer(fd));
}
Outcome set_inheritable(VM& vm, Value* args) {
    if (!network_granted(vm)) return Outcome::raised();
    return done(vm, fcntl(descriptor_of(args[0]), F_SETFD, args[1].is_true() ? 0 : FD_CLOEXEC));
}
Outcome is_inheritable(VM& vm, Value* args) {
    if (!network_granted(vm)) return Outcome::raised();
    int flags = fcntl(descriptor_of(args[0]), F_GETFD);
    return flags < 0 ? raise_os_error(vm, errno) : Outcome(Value::boolean(!(flags & FD_CLOEXEC)));
}

// ---- addresses

Outcome bind_socket(VM& vm, Value* args) {  // fd, family, address
    if (!network_granted(vm)) return Outcome::raised();
    SocketAddress address;
    if (!address.read(vm, int(args[1].as_int()), args[2], "bind")) return Outcome::raised();
    return done(vm, bind(descriptor_of(args[0]), address.get(), address.size));
}
Outcome listen_socket(VM& vm, Value* args) {  // fd, backlog
    if (!network_granted(vm)) return Outcome::raised();
    int64_t backlog = 128;
    if (!get_number(vm, args[1], backlog)) return Outcome::raised();
    return done(vm, listen(descriptor_of(args[0]), int(std::max<int64_t>(backlog, 0))));
}
template <int (*call)(int, sockaddr*, socklen_t*)>
Outcome name_of(VM& vm, Value* args) {
    if (!network_granted(vm)) return Outcome::raised();
    SocketAddress address;
    if (call(descriptor_of(args[0]), address.get(), &address.size) < 0) return raise_os_error(vm, errno);
    return address.value(vm);
}
Outcome shut_down_socket(VM& vm, Value* args) {
    if (!network_granted(vm)) return Outcome::raised();
    return done(vm, shutdown(descriptor_of(args[0]), descriptor_of(args[1])));
}

Outcome accept_one(VM& vm, Value* args) {  // fd, timeout: descriptor and address
    SocketAddress address;
    int fd = accept4(descriptor_of(args[0]), address.get(), &address.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return errno == ECONNABORTED ? Outcome::unhandled() : failed(vm);
    return vm.tuple({Value::integer(fd), address.value(vm)});
}

// The errno with which the attempt ended at once; or parks, and gives a bool.
Outcome begin_connect(VM& vm, Value* args) {  // fd, timeout, family, address
    if (!network_granted(vm)) return Outcome::raised();
    SocketAddress address;
    const int fd = descriptor_of(args[0]);
    if (!address.read(vm, int(args[2].as_int()), args[3], "connect")) return Outcome::raised();
    // A refusal that came after an earlier attempt is told by the next one, which then has to be made again.
    if (connect(fd, address.get(), address.size) == 0) return Value::integer(0);
    if (errno == ECONNABORTED && connect(fd, address.get(), address.size) == 0) return Value::integer(0);
    if ((errno != EINPROGRESS && errno != EINTR) || is_zero(args[1])) return Value::integer(errno);
    Value deadline = deadline_after(vm, args[1]);
    if (deadline.is_unbound()) return Outcome::raised();
    return UvReactor::of(vm).wait_for(fd, UvReactor::kWrite, deadline_of(deadline));
}
// 0 or an errno: EINPROGRESS and EAGAIN if there is no time to wait.
Outcome connect_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, begin_connect(vm, &frame[0]));
    }
    if (frame.result().is_false()) return timed_out(vm);
    if (!frame.result().is_true()) return frame.result();
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(descriptor_of(frame[0]), SOL_SOCKET, SO_ERROR, &error, &size) < 0) error = errno;
    return Value::integer(error);
}

// ---- receiving

bool get_transfer(VM& vm, Value size_value, Value flags_value, int64_t& size, int64_t& flags,
                  const char* name) {
    if (!is_int_like(size_value)) {
        vm.type_error("'%s' object cannot be interpreted as an integer", vm.type_name(size_value));
        return false;
    }
    size = int_clamp(size_value);
    if (size < 0) {
        vm.value_error("negative buffersize in %s", name);
        return false;
    }
    size = std::min(size, kMaxTransfer);
    return get_number(vm, flags_value, flags);
}

// A large buffer is rarely filled: the bytes come by way of the stack, or through one that is cut afterwards.
Outcome receive_bytes(VM& vm, int fd, int64_t size, int64_t flags, SocketAddress* from) {
    uint8_t small[4096];
    Bytes* large = nullptr;
    if (size_t(size) > sizeof small) {
        int waiting = 0;
        if (ioctl(fd, FIONREAD, &waiting) == 0 && !from && waiting > 0)
            size = std::min<int64_t>(size, waiting);
        if (size_t(size) > sizeof small) {
            if (!vm.heap.reserve(size_t(size))) return vm.no_room();
            if (!(large = make_bytes_uninitialized(vm.heap, size_t(size)))) return vm.out_of_memory();
        }
    }
    uint8_t* data = large ? large->data : small;
    ssize_t n = recvfrom(fd, data, size_t(size), int(flags) | MSG_DONTWAIT, from ? from->get() : nullptr,
                         from ? &from->size : nullptr);
    if (n < 0) return failed(vm);
    if (large && n == size) return Value::object(large);
    Bytes* bytes = make_bytes(vm.heap, data, size_t(n));
    return bytes ? Outcome(Value::object(bytes)) : vm.out_of_memory();
}
Outcome receive(VM& vm, Value* args) {  // fd, timeout, size, flags
    int64_t size, flags = 0;
    if (!get_transfer(vm, args[2], args[3], size, flags, "recv")) return Outcome::raised();
    return receive_bytes(vm, descriptor_of(args[0]), size, flags, nullptr);
}
Outcome receive_from(VM& vm, Value* args) {  // fd, timeout, size, flags: bytes and address
    int64_t size, flags = 0;
    if (!get_transfer(vm, args[2], args[3], size, flags, "recvfrom")) return Outcome::raised();
    SocketAddress from;
    Outcome o = receive_bytes(vm, descriptor_of(args[0]), size, flags, &from);
    return o.is_value() ? Outcome(vm.tuple({o.value(), from.value(vm)})) : o;
}
template <bool with_address>
Outcome receive_into(VM& vm, Value* args) {  // fd, timeout, buffer, size, flags
    uint8_t* data;
    size_t room;
    int64_t size = 0, flags = 0;
    constexpr const char* kName = with_address ? "recvfrom_into" : "recv_into";
    if (!writable_bytes(vm, args[2], data, room, kName)) return Outcome::raised();
    if (!get_transfer(vm, args[3].is_unbound() ? Value::integer(0) : args[3], args[4], size, flags, kName))
        return Outcome::raised();
    if (size_t(size) > room) return vm.value_error("buffer too small for requested bytes");
    SocketAddress from;
    ssize_t n = recvfrom(descriptor_of(args[0]), data, size ? size_t(size) : room, int(flags) | MSG_DONTWAIT,
                         from.get(), &from.size);
    if (n < 0) return failed(vm);
    return with_address ? Outcome(vm.tuple({Value::integer(n), from.value(vm)})) : Outcome(Value::integer(n));
}

// ---- sending

bool get_data(VM& vm, Value v, std::string_view& data, std::string& scratch) {
    if (view_bytes(vm, v, data, scratch)) return true;
    vm.type_error("a bytes-like object is required, not '%s'", vm.type_name(v));
    return false;
}
Outcome send_some(VM& vm, Value* args) {  // fd, timeout, data, flags, start: how many bytes went out
    std::string_view data;
    std::string scratch;
    int64_t flags = 0, start = 0;
    if (!get_data(vm, args[2], data, scratch) || !get_number(vm, args[3], flags)) return Outcome::raised();
    if (!args[4].is_unbound()) start = args[4].as_int();
    data.remove_prefix(std::min(size_t(start), data.size()));
    ssize_t n =
        send(descriptor_of(args[0]), data.data(), data.size(), int(flags) | MSG_DONTWAIT | MSG_NOSIGNAL);
    return n < 0 ? failed(vm) : Outcome(Value::integer(n));
}
Outcome send_to(VM& vm, Value* args) {  // fd, timeout, family, data, flags, address
    std::string_view data;
    std::string scratch;
    int64_t flags = 0;
    SocketAddress address;
    if (!get_data(vm, args[3], data, scratch) || !get_number(vm, args[4], flags)) return Outcome::raised();
    if (!address.read(vm, int(args[2].as_int()), args[5], "sendto")) return Outcome::raised();
    ssize_t n = sendto(descriptor_of(args[0]), data.data(), data.size(),
                       int(flags) | MSG_DONTWAIT | MSG_NOSIGNAL, address.get(), address.size);
    return n < 0 ? failed(vm) : Outcome(Value::integer(n));
}
// All of it; the deadline is for the whole.
Outcome send_all_step(VM& vm, NativeFrame& frame) {  // fd, timeout, data, flags; locals: deadline, sent
    switch (frame.step_state()) {
        case 0:
            if (!network_granted(vm)) return Outcome::raised();
            frame[4] = deadline_after(vm, frame[1]);
            if (frame[4].is_unbound()) return Outcome::raised();
            frame[5] = Value::integer(0);
            for (;;) {
                {
                    std::string_view data;
                    std::string scratch;
                    Value args[] = {frame[0], frame[1], frame[2], frame[3], frame[5]};
                    if (!get_data(vm, frame[2], data, scratch)) return Outcome::raised();
                    Outcome o = send_some(vm, args);
                    if (o.is_raised()) return o;
                    if (o.is_value()) {
                        frame[5] = Value::integer(frame[5].as_int() + o.value().as_int());
                        if (size_t(frame[5].as_int()) >= data.size()) return Value::none();
                        continue;
                    }
                    if (is_zero(frame[1])) return raise_os_error(vm, EAGAIN);
                }
                AWAIT(1, UvReactor::of(vm).wait_for(descriptor_of(frame[0]), UvReactor::kWrite,
                                                    deadline_of(frame[4])));
                if (frame.result().is_false()) return timed_out(vm);
            }
    }
    return Value::none();
}

// ---- options

Outcome set_option(VM& vm, Value* args) {  // fd, level, option, value, length
    if (!network_granted(vm)) return Outcome::raised();
    int64_t level = 0, option = 0;
    if (!get_number(vm, args[1], level) || !get_number(vm, args[2], option)) return Outcome::raised();
    const int fd = descriptor_of(args[0]);
    if (is_int_like(args[3])) {
        int value = int(int_clamp(args[3]));
        return done(vm, setsockopt(fd, int(level), int(option), &value, sizeof value));
    }
    if (args[3].is_none())
        return done(vm, setsockopt(fd, int(level), int(option), nullptr, socklen_t(int_clamp(args[4]))));
    std::string_view data;
    std::string scratch;
    if (!get_data(vm, args[3], data, scratch)) return Outcome::raised();
    return done(vm, setsockopt(fd, int(level), int(option), data.data(), socklen_t(data.size())));
}
Outcome get_option(VM& vm, Value* args) {  // fd, level, option, length
    if (!network_granted(vm)) return Outcome::raised();
    int64_t level = 0, option = 0, length = 0;
    if (!get_number(vm, args[1], level) || !get_number(vm, args[2], option) ||
        !get_number(vm, args[3], length))
        return Outcome::raised();
    if (length < 0 || length > 1024) return raise_os_error(vm, EINVAL);
    char value[1024];
    int number = 0;
    socklen_t size = length ? socklen_t(length) : socklen_t(sizeof number);
    if (getsockopt(descriptor_of(args[0]), int(level), int(option),
                   length ? static_cast<void*>(value) : &number, &size) < 0)
        return raise_os_error(vm, errno);
    return length ? vm.checked(Value::object(make_bytes(vm.heap, value, size)))
                  : Outcome(Value::integer(number));
}

const NativeDef kFunctions[] = {
    {.signature = "socket(family, type, proto, /)", .fn = make_socket},
    {.signature = "socketpair(family, type, proto, /)", .fn = make_pair},
    {.signature = "close(fd, /)", .fn = close_socket},
    {.signature = "adopt(fd, /)", .fn = adopt},
    {.signature = "dup(fd, /)", .fn = duplicate},
    {.signature = "set_inheritable(fd, inheritable, /)", .fn = set_inheritable},
    {.signature = "get_inheritable(fd, /)", .fn = is_inheritable},
    {.signature = "bind(fd, family, address, /)", .fn = bind_socket},
    {.signature = "listen(fd, backlog, /)", .fn = listen_socket},
    {.signature = "getsockname(fd, /)", .fn = name_of<getsockname>},
    {.signature = "getpeername(fd, /)", .fn = name_of<getpeername>},
    {.signature = "shutdown(fd, how, /)", .fn = shut_down_socket},
    {.signature = "accept(fd, timeout, /)", PARKING(accept_one, kRead)},
    {.signature = "connect(fd, timeout, family, address, /)", .step = connect_step},
    {.signature = "recv(fd, timeout, size, flags, /)", PARKING(receive, kRead)},
    {.signature = "recvfrom(fd, timeout, size, flags, /)", PARKING(receive_from, kRead)},
    {.signature = "recv_into(fd, timeout, buffer, size, flags, /)", PARKING(receive_into<false>, kRead)},
    {.signature = "recvfrom_into(fd, timeout, buffer, size, flags, /)", PARKING(receive_into<true>, kRead)},
    {.signature = "send(fd, timeout, data, flags, start=0, /)", PARKING(send_some, kWrite)},
    {.signature = "sendto(fd, timeout, family, data, flags, address, /)", PARKING(send_to, kWrite)},
    {.signature = "sendall(fd, timeout, data, flags, /)", .step = send_all_step, .locals = 2},
    {.signature = "setsockopt(fd, level, option, value, length, /)", .fn = set_option},
    {.signature = "getsockopt(fd, level, option, length, /)", .fn = get_option},
};

void init(VM& vm, Module* m) {
    struct Row {
        const char* name;
        int value;
    };
    static const Row rows[] = {
#define ROW(name) {#name, name}
        ROW(AF_UNSPEC),       ROW(AF_INET),           ROW(AF_INET6),
        ROW(AF_UNIX),         ROW(SOCK_STREAM),       ROW(SOCK_DGRAM),
        ROW(SOCK_RAW),        ROW(SOCK_SEQPACKET),    ROW(SOCK_NONBLOCK),
        ROW(SOCK_CLOEXEC),    ROW(SOL_SOCKET),        ROW(SO_REUSEADDR),
        ROW(SO_REUSEPORT),    ROW(SO_KEEPALIVE),      ROW(SO_BROADCAST),
        ROW(SO_ERROR),        ROW(SO_TYPE),           ROW(SO_SNDBUF),
        ROW(SO_RCVBUF),       ROW(SO_LINGER),         ROW(SO_OOBINLINE),
        ROW(SO_RCVTIMEO),     ROW(SO_SNDTIMEO),       ROW(SO_RCVLOWAT),
        ROW(SO_SNDLOWAT),     ROW(SO_DONTROUTE),      ROW(SO_ACCEPTCONN),
        ROW(SO_PEERCRED),     ROW(SO_DOMAIN),         ROW(SO_PROTOCOL),
        ROW(SOMAXCONN),       ROW(IPPROTO_IP),        ROW(IPPROTO_ICMP),
        ROW(IPPROTO_TCP),     ROW(IPPROTO_UDP),       ROW(IPPROTO_IPV6),
        ROW(IPPROTO_RAW),     ROW(TCP_NODELAY),       ROW(TCP_MAXSEG),
        ROW(TCP_CORK),        ROW(TCP_KEEPIDLE),      ROW(TCP_KEEPINTVL),
        ROW(TCP_KEEPCNT),     ROW(TCP_DEFER_ACCEPT),  ROW(TCP_QUICKACK),
        ROW(TCP_FASTOPEN),    ROW(TCP_USER_TIMEOUT),  ROW(IP_TTL),
        ROW(IP_TOS),          ROW(IP_MULTICAST_TTL),  ROW(IP_MULTICAST_LOOP),
        ROW(IP_MULTICAST_IF), ROW(IP_ADD_MEMBERSHIP), ROW(IP_DROP_MEMBERSHIP),
        ROW(IPV6_V6ONLY),     ROW(MSG_PEEK),          ROW(MSG_WAITALL),
        ROW(MSG_OOB),         ROW(MSG_DONTWAIT),      ROW(MSG_NOSIGNAL),
        ROW(MSG_TRUNC),       ROW(MSG_CTRUNC),        ROW(MSG_DONTROUTE),
        ROW(MSG_EOR),         ROW(MSG_MORE),          ROW(SHUT_RD),
        ROW(SHUT_WR),         ROW(SHUT_RDWR),
#undef ROW
    };
    for (auto [name, value] : rows) vm.set(m->dict, name, Value::integer(value));
    add_address_functions(vm, m);
}

}  // namespace

const ModuleDef kSocketModule = {
    .name = "_socket", .functions = kFunctions, .init = init, .doc = "System calls on sockets."};

}  // namespace gen

#endif
