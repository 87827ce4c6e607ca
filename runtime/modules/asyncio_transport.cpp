// _asyncio._SocketTransport: bytes between a descriptor and a protocol, through the reactor; and the listeners behind add_reader().
#include "runtime/modules/asyncio_stream.h"

#if defined(GEN_HAS_LIBUV)

#include "runtime/host/reactor.h"
#include "runtime/modules/descriptor.h"

#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>

namespace gen {

namespace {

using Direction = UvReactor::Direction;

SocketTransport* transport_of(Value v) { return v.as<SocketTransport>(); }
int descriptor_of(const SocketTransport* t) { return int(t->descriptor.as_int()); }
bool feeds_reader(const SocketTransport* t) { return !t->reader.is_none(); }

// An OSError that nobody has raised yet.
Value os_error(VM& vm, int number) {
    Value before = vm.exception;
    raise_os_error(vm, number);
    Value error = vm.exception;
    vm.exception = before;
    return error;
}

}  // namespace

void call_transport_helper(VM& vm, Value loop, const char* name, std::initializer_list<Value> args) {
    Value callback = vm.get(async_state(vm).helpers.as<Dict>(), vm.intern(name));
    push_ready(vm, loop.as<EventLoop>(),
               Value::object(make_handle(vm, callback, vm.tuple(args), Value::none(), loop)));
}

namespace {

// ---- the end

void stop_listening(VM& vm, SocketTransport* t, Direction d) {
    if (UvReactor* reactor = runtime_of(vm).reactor) reactor->unlisten(descriptor_of(t), d);
}
// connection_lost() is on its way.
void lose(VM& vm, SocketTransport* t, Value error) {
    t->lost = Value::integer(t->lost.as_int() + 1);
    stop_listening(vm, t, UvReactor::kRead);
    stop_listening(vm, t, UvReactor::kWrite);
    call_transport_helper(vm, t->loop, "transport_lost", {Value::object(t), error});
}
void force_close(VM& vm, SocketTransport* t, Value error) {
    if (t->lost.as_int()) return;
    t->out.drop(t->out.size());
    t->state |= SocketTransport::kClosing;
    lose(vm, t, error);
}
void close_transport(VM& vm, SocketTransport* t) {
    if (t->state & SocketTransport::kClosing) return;
    t->state |= SocketTransport::kClosing;
    stop_listening(vm, t, UvReactor::kRead);
    if (!t->out.size()) lose(vm, t, Value::none());
}
void wake_drainers(VM& vm, SocketTransport* t) {
    if (!t->drainers.is_object()) return;
    auto* l = t->drainers.as<List>();
    for (size_t i = 0; i < l->size; i++) {
        auto* c = l->items->items[i].as<NativeCoroutine>();
        if (c->state == NativeCoroutine::kWaiting) wake_coroutine(vm, c, NativeCoroutine::kWoken);
    }
    t->drainers = Value::unbound();
}

// ---- reading

void deliver(VM& vm, SocketTransport* t, const uint8_t* data, size_t n) {
    if (feeds_reader(t)) {
        if (!feed_reader(vm, t->reader.as<StreamReader>(), data, n)) force_close(vm, t, os_error(vm, ENOMEM));
        return;
    }
    Bytes* bytes = make_bytes(vm.heap, data, n);
    if (!bytes) {
        force_close(vm, t, os_error(vm, ENOMEM));
        return;
    }
    t->state |= SocketTransport::kDelivering;
    call_transport_helper(vm, t->loop, "transport_data", {Value::object(t), Value::object(bytes)});
}
void end_of_input(VM& vm, SocketTransport* t) {
    stop_listening(vm, t, UvReactor::kRead);
    t->state &= uint8_t(~SocketTransport::kListening);
    if (feeds_reader(t)) {
        feed_reader_eof(vm, t->reader.as<StreamReader>());
        if (!(t->aux & SocketTransport::kSocket)) close_transport(vm, t);
    } else {
        call_transport_helper(vm, t->loop, "transport_eof", {Value::object(t)});
    }
}

bool on_readable(VM& vm, Value target, bool event) {
    SocketTransport* t = transport_of(target);
    if (t->state & SocketTransport::kDelivering)
        return false;  // what came before is on its way to the protocol
    if (!event) return true;
    // As long as it fills the buffer, a few times.
    for (int round = 0; round < 8; round++) {
        uint8_t buffer[32768];
        ssize_t n = t->aux & SocketTransport::kSocket
                        ? recv(descriptor_of(t), buffer, sizeof buffer, MSG_DONTWAIT)
                        : ::read(descriptor_of(t), buffer, sizeof buffer);
        if (n > 0) {
            deliver(vm, t, buffer, size_t(n));
            if (size_t(n) < sizeof buffer ||
                t->state &
                    (SocketTransport::kReadPaused | SocketTransport::kDelivering | SocketTransport::kClosing))
                return true;
        } else if (n == 0) {
            end_of_input(vm, t);
            return true;
        } else {
            if (errno != EAGAIN && errno != EINTR) {
                if (t->aux & SocketTransport::kSocket)
                    force_close(vm, t, os_error(vm, errno));
                else
                    end_of_input(vm, t);  // a terminal whose other side is gone
            }
            return true;
        }
    }
    return true;
}

void start_reading(VM& vm, Value v) {
    SocketTransport* t = transport_of(v);
    if (t->state & (SocketTransport::kClosing | SocketTransport::kReadPaused) ||
        !(t->state & SocketTransport::kListening))
        return;
    int error = UvReactor::of(vm).listen(descriptor_of(t), UvReactor::kRead, on_readable, v);
    if (error) force_close(vm, t, os_error(vm, error));
}

// ---- writing

ssize_t write_some(SocketTransport* t, std::string_view data) {
    ssize_t n = t->aux & SocketTransport::kSocket
                    ? send(descriptor_of(t), data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                    : ::write(descriptor_of(t), data.data(), data.size());
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : n;
}
void shut_down_writing(SocketTransport* t) {
    if (t->aux & SocketTransport::kSocket) shutdown(descriptor_of(t), SHUT_WR);
}
void writing_may_go_on(VM& vm, SocketTransport* t) {
    if (!(t->state & SocketTransport::kWritePaused) || t->out.size() > size_t(t->low.as_int())) return;
    t->state &= uint8_t(~SocketTransport::kWritePaused);
    wake_drainers(vm, t);
    if (!feeds_reader(t)) call_transport_helper(vm, t->loop, "transport_resumed", {Value::object(t)});
}

bool on_writable(VM& vm, Value target, bool event) {
    SocketTransport* t = transport_of(target);
    if (!event || t->lost.as_int()) return true;
    ssize_t n = write_some(t, {reinterpret_cast<const char*>(t->out.data()), t->out.size()});
    if (n < 0) {
        force_close(vm, t, os_error(vm, errno));
        return true;
    }
    t->out.drop(size_t(n));
    writing_may_go_on(vm, t);
    if (t->out.size()) return true;
    stop_listening(vm, t, UvReactor::kWrite);
    if (t->state & SocketTransport::kClosing)
        lose(vm, t, Value::none());
    else if (t->state & SocketTransport::kEofWritten)
        shut_down_writing(t);
    return true;
}

Outcome write(VM& vm, Value* args) {  // self, data
    SocketTransport* t = transport_of(args[0]);
    std::string_view data;
    std::string scratch;
    if (!view_bytes(vm, args[1], data, scratch))
        return vm.type_error("data argument must be a bytes-like object, not '%s'", vm.type_name(args[1]));
    if (t->state & SocketTransport::kEofWritten)
        return vm.raise(kShapeRuntimeError, "Cannot call write() after write_eof()");
    if (t->lost.as_int()) {
        t->lost = Value::integer(t->lost.as_int() + 1);
        return t->lost.as_int() > 5 ? call_helper(vm, "transport_written_after_end", {args[0]})
                                    : Outcome(Value::none());
    }
    if (data.empty()) return Value::none();
    if (!t->out.size()) {
        ssize_t n = write_some(t, data);
        if (n < 0) {
            force_close(vm, t, os_error(vm, errno));
            return Value::none();
        }
        data.remove_prefix(size_t(n));
        if (data.empty()) return Value::none();
        int error = UvReactor::of(vm).listen(descriptor_of(t), UvReactor::kWrite, on_writable, args[0]);
        if (error) return raise_os_error(vm, error);
    }
    if (!t->out.append(vm, t, data.data(), data.size())) return vm.out_of_memory();
    if (t->out.size() <= size_t(t->high.as_int()) || t->state & SocketTransport::kWritePaused)
        return Value::none();
    t->state |= SocketTransport::kWritePaused;
    return feeds_reader(t) ? Outcome(Value::none()) : call_helper(vm, "transport_paused", {args[0]});
}

}  // namespace

void pause_transport(VM& vm, Value v) {
    if (!is_socket_transport(vm, v)) {
        if (is_event_loop(vm.fiber->loop)) call_transport_helper(vm, vm.fiber->loop, "pause_foreign", {v});
        return;
    }
    SocketTransport* t = transport_of(v);
    if (t->state & (SocketTransport::kClosing | SocketTransport::kReadPaused)) return;
    t->state |= SocketTransport::kReadPaused;
    stop_listening(vm, t, UvReactor::kRead);
}
void resume_transport(VM& vm, Value v) {
    if (!is_socket_transport(vm, v)) {
        if (is_event_loop(vm.fiber->loop)) call_transport_helper(vm, vm.fiber->loop, "resume_foreign", {v});
        return;
    }
    SocketTransport* t = transport_of(v);
    if (!(t->state & SocketTransport::kReadPaused)) return;
    t->state &= uint8_t(~SocketTransport::kReadPaused);
    start_reading(vm, v);
}

// ---- drain(): owner: the transport; item: the reader, or None

Outcome await_drain(VM& vm, NativeCoroutine* c) {
    SocketTransport* t = transport_of(c->owner);
    if (c->state == NativeCoroutine::kCreated) {
        if (is_stream_reader(vm, c->item) && !c->item.as<StreamReader>()->exception.is_none()) {
            c->state = NativeCoroutine::kClosed;
            return raise_again(vm, c->item.as<StreamReader>()->exception);
        }
        if (t->state & SocketTransport::kClosing) {  // lets the loop tell that the connection is lost
            c->state = NativeCoroutine::kWoken;
            return Value::none();
        }
    }
    if (t->state & SocketTransport::kLost) {
        c->state = NativeCoroutine::kClosed;
        return vm.raise(kShapeConnectionResetError, "Connection lost");
    }
    if (!(t->state & SocketTransport::kWritePaused)) {
        c->state = NativeCoroutine::kClosed;
        vm.returned = Value::none();
        return Outcome::stop();
    }
    if (!is_event_loop(vm.fiber->loop)) return vm.raise(kShapeRuntimeError, "no running event loop");
    if (!t->drainers.is_object()) {
        t->drainers = vm.list();
        vm.heap.write(t);
    }
    if (!list_append(vm.heap, t->drainers.as<List>(), Value::object(c))) return vm.out_of_memory();
    c->state = NativeCoroutine::kWaiting;
    return Value::object(c);
}
void abandon_drain(VM&, NativeCoroutine* c) {
    SocketTransport* t = transport_of(c->owner);
    if (!t->drainers.is_object()) return;
    auto* l = t->drainers.as<List>();
    size_t kept = 0;
    for (size_t i = 0; i < l->size; i++)
        if (!l->items->items[i].is(Value::object(c))) l->items->items[kept++] = l->items->items[i];
    for (size_t i = kept; i < l->size; i++) l->items->items[i] = Value::unbound();
    l->size = kept;
}

namespace {

// ---- methods

constexpr int64_t kHighWater = 65536;

Outcome transport_new(VM& vm,
                      Value* args) {  // cls, loop, socket, protocol, descriptor, is_socket, extra, server
    Class* cls = checked_class(vm, args[0], kShapeSocketTransport);
    if (!cls) return Outcome::raised();
    if (!is_event_loop(args[1]))
        return vm.type_error("an event loop is wanted, not %s", vm.type_name(args[1]));
    int64_t fd = -1;
    if (!(args[5].is_true() ? network_granted(vm) : descriptors_granted(vm)) || !get_number(vm, args[4], fd))
        return Outcome::raised();
    auto* t = static_cast<SocketTransport*>(allocate_instance(vm, cls));
    t->loop = args[1];
    t->socket = args[2];
    t->protocol = args[3];
    t->descriptor = Value::integer(fd);
    t->aux = args[5].is_true() ? SocketTransport::kSocket : 0;
    t->extra = args[6];
    t->server = args[7];
    t->reader = Value::none();
    t->out.init();
    t->high = Value::integer(kHighWater);
    t->low = Value::integer(kHighWater / 4);
    t->drainers = Value::unbound();
    t->lost = Value::integer(0);
    return Value::object(t);
}
Outcome transport_init(VM&, Value*) { return Value::none(); }
Outcome start(VM& vm, Value* args) {
    transport_of(args[0])->state |= SocketTransport::kListening;
    start_reading(vm, args[0]);
    return Value::none();
}
Outcome attach(VM& vm, Value* args) {  // a StreamReader, which is fed directly from now on; or None
    transport_of(args[0])->reader = is_stream_reader(vm, args[1]) ? args[1] : Value::none();
    vm.heap.write(args[0].as_object());
    return Value::none();
}
Outcome delivered(VM&, Value* args) {
    transport_of(args[0])->state &= uint8_t(~SocketTransport::kDelivering);
    return Value::none();
}
// It is over: what is to be closed, and the server that counts it.
Outcome note_lost(VM& vm, Value* args) {
    SocketTransport* t = transport_of(args[0]);
    t->state |= SocketTransport::kLost;
    wake_drainers(vm, t);
    Value answer = vm.tuple({t->socket, t->server});
    t->server = Value::none();
    return answer;
}
Outcome is_closing(VM&, Value* args) {
    return Value::boolean(transport_of(args[0])->state & SocketTransport::kClosing);
}
Outcome close_native(VM& vm, Value* args) {
    close_transport(vm, transport_of(args[0]));
    return Value::none();
}
Outcome abort(VM& vm, Value* args) {
    force_close(vm, transport_of(args[0]), Value::none());
    return Value::none();
}
Outcome fail(VM& vm, Value* args) {
    force_close(vm, transport_of(args[0]), args[1]);
    return Value::none();
}
Outcome write_eof(VM& vm, Value* args) {
    SocketTransport* t = transport_of(args[0]);
    if (t->state & (SocketTransport::kClosing | SocketTransport::kEofWritten)) return Value::none();
    t->state |= SocketTransport::kEofWritten;
    if (!(t->aux & SocketTransport::kSocket))
        close_transport(vm, t);
    else if (!t->out.size())
        shut_down_writing(t);
    return Value::none();
}
Outcome can_write_eof(VM&, Value*) { return Value::true_(); }
Outcome pause_reading(VM& vm, Value* args) {
    pause_transport(vm, args[0]);
    return Value::none();
}
Outcome resume_reading(VM& vm, Value* args) {
    if (!(transport_of(args[0])->state & SocketTransport::kClosing)) resume_transport(vm, args[0]);
    return Value::none();
}
Outcome is_reading(VM&, Value* args) {
    return Value::boolean(
        !(transport_of(args[0])->state & (SocketTransport::kClosing | SocketTransport::kReadPaused)));
}
Outcome set_limits(VM& vm, Value* args) {  // self, high, low
    SocketTransport* t = transport_of(args[0]);
    int64_t high = kHighWater, low = -1;
    Outcome failure = Value::none();
    bool has_high = !args[1].is_unbound() && !args[1].is_none(),
         has_low = !args[2].is_unbound() && !args[2].is_none();
    if (has_low && !get_size(vm, args[2], low, failure)) return failure;
    if (has_high && !get_size(vm, args[1], high, failure)) return failure;
    if (!has_high && has_low) high = 4 * low;
    if (!has_low) low = high / 4;
    if (!(high >= low && low >= 0))
        return vm.value_error("high (%lld) must be >= low (%lld) must be >= 0", (long long)high,
                              (long long)low);
    t->high = Value::integer(high);
    t->low = Value::integer(low);
    if (t->out.size() <= size_t(high) || t->state & SocketTransport::kWritePaused) return Value::none();
    t->state |= SocketTransport::kWritePaused;
    return feeds_reader(t) ? Outcome(Value::none()) : call_helper(vm, "transport_paused", {args[0]});
}
Outcome buffer_size(VM&, Value* args) { return Value::integer(int64_t(transport_of(args[0])->out.size())); }
Outcome get_limits(VM& vm, Value* args) {
    return vm.tuple({transport_of(args[0])->low, transport_of(args[0])->high});
}
Outcome extra_info(VM& vm, Value* args) {  // self, name, default
    SocketTransport* t = transport_of(args[0]);
    Value found = Value::unbound();
    if (is_str(args[1]) && is_dict(t->extra))
        found = vm.get(t->extra.as<Dict>(), vm.intern(args[1].as<Str>()->view()));
    if (!found.is_unbound()) return found;
    return args[2].is_unbound() ? Value::none() : args[2];
}
Outcome get_protocol(VM&, Value* args) { return transport_of(args[0])->protocol; }
Outcome set_protocol(VM& vm, Value* args) {
    transport_of(args[0])->protocol = args[1];
    transport_of(args[0])->reader = Value::none();
    vm.heap.write(args[0].as_object());
    return call_helper(vm, "protocol_changed", {args[0], args[1]});
}
Outcome get_loop(VM&, Value self) { return transport_of(self)->loop; }
Outcome get_socket(VM&, Value self) { return transport_of(self)->socket; }
Outcome get_lost(VM&, Value self) { return transport_of(self)->lost; }
Outcome get_extra(VM&, Value self) { return transport_of(self)->extra; }

const NativeDef kMethods[] = {
    {.signature = "__new__(cls, loop, sock, protocol, fd, is_socket, extra, server, /)",
     .fn = transport_new,
     .flags = kStaticNative},
    {.signature = "__init__(self, /, *args)", .fn = transport_init},
    {.signature = "_start(self)", .fn = start},
    {.signature = "_attach(self, reader, /)", .fn = attach},
    {.signature = "_delivered(self)", .fn = delivered},
    {.signature = "_note_lost(self)", .fn = note_lost},
    {.signature = "_force_close(self, exc, /)", .fn = fail},
    {.signature = "is_closing(self)",
     .fn = is_closing,
     .doc = "Return True if the transport is closing or closed."},
    {.signature = "close(self)",
     .fn = close_native,
     .doc = "Close the transport, after what was written has gone out."},
    {.signature = "abort(self)", .fn = abort, .doc = "Close the transport immediately."},
    {.signature = "write(self, data)", .fn = write, .doc = "Write some data bytes to the transport."},
    {.signature = "write_eof(self)",
     .fn = write_eof,
     .doc = "Close the write end after flushing buffered data."},
    {.signature = "can_write_eof(self)", .fn = can_write_eof},
    {.signature = "pause_reading(self)", .fn = pause_reading},
    {.signature = "resume_reading(self)", .fn = resume_reading},
    {.signature = "is_reading(self)", .fn = is_reading},
    {.signature = "set_write_buffer_limits(self, high=None, low=None)",
     .fn = set_limits,
     .step = step_with_index},
    {.signature = "get_write_buffer_limits(self)", .fn = get_limits},
    {.signature = "get_write_buffer_size(self)", .fn = buffer_size},
    {.signature = "get_extra_info(self, name, default=None)", .fn = extra_info},
    {.signature = "get_protocol(self)", .fn = get_protocol},
    {.signature = "set_protocol(self, protocol)", .fn = set_protocol},
};
const AttributeDef kAttributes[] = {
    {"_loop", get_loop}, {"_sock", get_socket}, {"_conn_lost", get_lost}, {"_extra", get_extra}};

// ---- add_reader() and add_writer(): a Handle that runs whenever the descriptor is ready

bool on_ready(VM& vm, Value target, bool event) {
    auto* h = target.as<Handle>();
    if (h->state & Handle::kCancelled) return true;
    if (!is_event_loop(h->loop)) return true;  // it has been initialised again
    if (h->state & Handle::kQueued || !h->loop.as<EventLoop>()->fiber.is_object()) return false;
    if (!event) return true;
    h->state |= Handle::kQueued;
    push_ready(vm, h->loop.as<EventLoop>(), target);
    return true;
}

Outcome listen(VM& vm, Value* args) {  // fd, writing, handle
    int64_t fd = -1;
    if (!descriptors_granted(vm) || !get_number(vm, args[0], fd)) return Outcome::raised();
    if (!is_exact(args[2], kShapeHandle) || !is_event_loop(args[2].as<Handle>()->loop))
        return vm.type_error("a handle of an event loop is wanted, not %s", vm.type_name(args[2]));
    Direction d = args[1].is_true() ? UvReactor::kWrite : UvReactor::kRead;
    Value before = UvReactor::of(vm).listening(int(fd), d);
    if (is_exact(before, kShapeHandle))
        before.as_object()->state |= Handle::kCancelled;
    else if (!before.is_unbound())
        return vm.raise(kShapeRuntimeError, "the descriptor is used by a transport");
    int error = UvReactor::of(vm).listen(int(fd), d, on_ready, args[2]);
    return error ? raise_os_error(vm, error) : Outcome(Value::none());
}
Outcome unlisten(VM& vm, Value* args) {  // fd, writing: was there one?
    int64_t fd = -1;
    if (!get_number(vm, args[0], fd)) return Outcome::raised();
    Direction d = args[1].is_true() ? UvReactor::kWrite : UvReactor::kRead;
    UvReactor* reactor = runtime_of(vm).reactor;
    Value before = reactor ? reactor->listening(int(fd), d) : Value::unbound();
    if (!is_exact(before, kShapeHandle)) return Value::false_();
    before.as_object()->state |= Handle::kCancelled;
    reactor->unlisten(int(fd), d);
    return Value::true_();
}
Outcome is_transport(VM& vm, Value* args) {  // does one use the descriptor?
    int64_t fd = -1;
    if (!get_number(vm, args[0], fd)) return Outcome::raised();
    UvReactor* reactor = runtime_of(vm).reactor;
    Value user = reactor ? reactor->listening(int(fd), UvReactor::kRead) : Value::unbound();
    return Value::boolean(!user.is_unbound() && !is_exact(user, kShapeHandle));
}
// The loop is closed.
Outcome drop_listeners(VM& vm, Value* args) {
    if (!runtime_of(vm).reactor) return Value::none();
    runtime_of(vm).reactor->unlisten_all([&](Value target) {
        Value loop =
            is_socket_transport(vm, target) ? target.as<SocketTransport>()->loop : target.as<Handle>()->loop;
        return loop.is(args[0]);
    });
    return Value::none();
}
Outcome drain(VM& vm, Value* args) {  // transport, reader
    if (!is_socket_transport(vm, args[0]))
        return vm.type_error("a transport of sockets is wanted, not %s", vm.type_name(args[0]));
    return native_coroutine(vm, NativeCoroutine::kStreamDrain, args[0], args[1]);
}

const NativeDef kFunctions[] = {
    {.signature = "_listen(fd, writing, handle, /)", .fn = listen},
    {.signature = "_unlisten(fd, writing, /)", .fn = unlisten},
    {.signature = "_is_transport(fd, /)", .fn = is_transport},
    {.signature = "_drop_listeners(loop, /)", .fn = drop_listeners},
    {.signature = "_drain(transport, reader, /)", .fn = drain},
};

}  // namespace

void define_transports(VM& vm, Module* m) {
    define_type(vm, {.shape = kShapeSocketTransport, .methods = kMethods, .attributes = kAttributes});
    vm.type(kShapeSocketTransport)->module = vm.str("asyncio.selector_events");
    vm.set(m->dict, "_SocketTransport", Value::object(vm.type(kShapeSocketTransport)));
    for (const NativeDef& def : kFunctions) {
        std::string_view text = def.signature.text;
        vm.set(m->dict, text.substr(0, text.find('(')), make_native(vm, def, vm.str("_asyncio")));
    }
}

}  // namespace gen

#else

namespace gen {

void call_transport_helper(VM&, Value, const char*, std::initializer_list<Value>) {}
void pause_transport(VM&, Value) {}
void resume_transport(VM&, Value) {}
Outcome await_drain(VM& vm, NativeCoroutine*) {
    return vm.raise(kShapeRuntimeError, "there are no sockets here");
}
void abandon_drain(VM&, NativeCoroutine*) {}
void define_transports(VM&, Module*) {}

}  // namespace gen

#endif
