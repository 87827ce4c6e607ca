// _asyncio.StreamReader. What reads from it is a coroutine in C++: it takes what it asks for from the buffer, or waits there.
#include "runtime/modules/asyncio_stream.h"

#include <algorithm>
#include <cstring>

namespace gen {

// ---- the buffer

bool ByteQueue::append(VM& vm, Object* holder, const void* source, size_t n) {
    constexpr size_t kSmallest = 240;
    size_t used = size();
    size_t capacity = blob.is_object() ? blob.as<Blob>()->size : 0;
    if (size_t(last.as_int()) + n > capacity) {
        if (used + n <= capacity / 2) {
            std::memmove(blob.as<Blob>()->data, data(), used);
        } else {
            Blob* grown = make_blob(vm.heap, std::max(kSmallest, (used + n) * 2));
            if (!grown) return false;
            if (used) std::memcpy(grown->data, data(), used);
            blob = Value::object(grown);
            vm.heap.write(holder);
        }
        first = Value::integer(0);
    }
    std::memcpy(blob.as<Blob>()->data + first.as_int() + used, source, n);
    last = Value::integer(first.as_int() + int64_t(used + n));
    return true;
}

void ByteQueue::drop(size_t n) {
    constexpr size_t kKept = 65536;  // a buffer that was needed once is not kept for ever
    first = Value::integer(first.as_int() + int64_t(n));
    if (size()) return;
    first = last = Value::integer(0);
    if (blob.is_object() && blob.as<Blob>()->size > kKept) blob = Value::unbound();
}

namespace {

StreamReader* reader_of(Value v) { return v.as<StreamReader>(); }
size_t limit_of(const StreamReader* r) { return size_t(r->limit.as_int()); }

void wake_reader(VM& vm, StreamReader* r) {
    if (!r->waiter.is_object()) return;
    auto* c = r->waiter.as<NativeCoroutine>();
    r->waiter = Value::unbound();
    if (c->state == NativeCoroutine::kWaiting) wake_coroutine(vm, c, NativeCoroutine::kWoken);
}

void pause_if_full(VM& vm, StreamReader* r) {
    if (r->transport.is_none() || r->state & StreamReader::kPaused || r->bytes.size() <= 2 * limit_of(r))
        return;
    r->state |= StreamReader::kPaused;
    pause_transport(vm, r->transport);
}
void go_on_reading(VM& vm, StreamReader* r) {
    if (!(r->state & StreamReader::kPaused)) return;
    r->state &= uint8_t(~StreamReader::kPaused);
    resume_transport(vm, r->transport);
}
void resume_if_room(VM& vm, StreamReader* r) {
    if (r->bytes.size() <= limit_of(r)) go_on_reading(vm, r);
}

// ---- what the coroutines take: a value, raised(), or unhandled() while it is not there

Outcome take_bytes(VM& vm, StreamReader* r, size_t n) {
    if (!vm.heap.reserve(n)) return vm.out_of_memory();
    Bytes* b = make_bytes(vm.heap, r->bytes.data(), n);
    if (!b) return vm.out_of_memory();
    r->bytes.drop(n);
    resume_if_room(vm, r);
    return Value::object(b);
}

Value class_of_helpers(VM& vm, const char* name) {
    return vm.get(async_state(vm).helpers.as<Dict>(), vm.intern(name));
}

Outcome incomplete(VM& vm, StreamReader* r, Value expected) {
    const size_t n = r->bytes.size();
    Outcome partial = take_bytes(vm, r, n);
    if (partial.is_raised()) return partial;
    std::string wanted = expected.is_none() ? "undefined" : std::to_string(expected.as_int());
    Value e =
        make_error(vm, class_of_helpers(vm, "IncompleteReadError"),
                   vm.str(std::to_string(n) + " bytes read on a total of " + wanted + " expected bytes"));
    set_instance_attribute(vm, e.as_object(), vm.intern("partial"), partial.value());
    set_instance_attribute(vm, e.as_object(), vm.intern("expected"), expected);
    return vm.raise(e);
}

Outcome overrun(VM& vm, StreamReader* r, bool found, size_t consumed, size_t separator, bool line) {
    const char* text = found ? "Separator is found, but chunk is longer than limit"
                             : "Separator is not found, and chunk exceed the limit";
    if (line) {
        // What is too long is thrown away, so that the next line can be read.
        r->bytes.drop(found ? consumed + separator : r->bytes.size());
        resume_if_room(vm, r);
        return vm.raise(kShapeValueError, text);
    }
    Value e = make_error(vm, class_of_helpers(vm, "LimitOverrunError"), vm.str(text));
    set_instance_attribute(vm, e.as_object(), vm.intern("consumed"), Value::integer(int64_t(consumed)));
    return vm.raise(e);
}

Outcome take_until(VM& vm, StreamReader* r, NativeCoroutine* c) {
    const bool line = c->operation() == NativeCoroutine::kStreamLine;
    std::string_view separator = line ? std::string_view("\n") : view_of(c->item.as<Bytes>());
    std::string_view all(reinterpret_cast<const char*>(r->bytes.data()), r->bytes.size());
    size_t seen = c->when.is_int() ? size_t(c->when.as_int()) : 0;
    size_t at = all.size() >= separator.size() ? all.find(separator, std::min(seen, all.size()))
                                               : std::string_view::npos;
    if (at != std::string_view::npos) {
        if (at > limit_of(r)) return overrun(vm, r, true, at, separator.size(), line);
        return take_bytes(vm, r, at + separator.size());
    }
    seen = all.size() + 1 > separator.size() ? all.size() + 1 - separator.size() : 0;
    if (seen > limit_of(r)) return overrun(vm, r, false, seen, separator.size(), line);
    c->when = Value::integer(int64_t(seen));
    if (!(r->state & StreamReader::kEof)) return Outcome::unhandled();
    return line ? take_bytes(vm, r, all.size()) : incomplete(vm, r, Value::none());
}

Outcome take(VM& vm, StreamReader* r, NativeCoroutine* c) {
    if (!r->exception.is_none()) return raise_again(vm, r->exception);
    const size_t size = r->bytes.size();
    const bool eof = r->state & StreamReader::kEof;
    const int64_t n = c->item.is_int() ? c->item.as_int() : 0;
    switch (c->operation()) {
        case NativeCoroutine::kStreamRead:
            if (n < 0) return eof ? take_bytes(vm, r, size) : Outcome::unhandled();
            if (n && !size && !eof) return Outcome::unhandled();
            return take_bytes(vm, r, std::min(size, size_t(n)));
        case NativeCoroutine::kStreamExactly:
            if (size >= size_t(n)) return take_bytes(vm, r, size_t(n));
            return eof ? incomplete(vm, r, c->item) : Outcome::unhandled();
        default:
            return take_until(vm, r, c);
    }
}

const char* name_of(const NativeCoroutine* c) {
    switch (c->operation()) {
        case NativeCoroutine::kStreamRead:
            return "read";
        case NativeCoroutine::kStreamExactly:
            return "readexactly";
        default:
            return "readuntil";
    }
}

}  // namespace

bool feed_reader(VM& vm, StreamReader* r, const void* data, size_t n) {
    if (!r->bytes.append(vm, r, data, n)) return false;
    wake_reader(vm, r);
    pause_if_full(vm, r);
    return true;
}
void feed_reader_eof(VM& vm, StreamReader* r) {
    r->state |= StreamReader::kEof;
    wake_reader(vm, r);
}

Outcome await_stream(VM& vm, NativeCoroutine* c) {
    StreamReader* r = reader_of(c->owner);
    Outcome o = take(vm, r, c);
    if (!o.is_unhandled()) {
        c->state = NativeCoroutine::kClosed;
        if (o.is_raised()) return o;
        // A line that __anext__() asks for.
        if (c->item.is_true() && !o.value().as<Bytes>()->size)
            return vm.raise(kShapeStopAsyncIteration, std::initializer_list<Value>{});
        vm.returned = o.value();
        return Outcome::stop();
    }
    if (r->waiter.is_object()) {
        c->state = NativeCoroutine::kClosed;
        return vm.raisef(kShapeRuntimeError,
                         "%s() called while another coroutine is already waiting for incoming data",
                         name_of(c));
    }
    if (!is_event_loop(vm.fiber->loop)) return vm.raise(kShapeRuntimeError, "no running event loop");
    go_on_reading(vm, r);
    r->waiter = Value::object(c);
    vm.heap.write(r);
    c->state = NativeCoroutine::kWaiting;
    return Value::object(c);
}
void abandon_stream(VM&, NativeCoroutine* c) {
    StreamReader* r = reader_of(c->owner);
    if (r->waiter.is(Value::object(c))) r->waiter = Value::unbound();
}

namespace {

// ---- methods

Outcome reader_new(VM& vm, Value* args) {  // cls, limit, loop
    Class* cls = checked_class(vm, args[0], kShapeStreamReader);
    if (!cls) return Outcome::raised();
    auto* r = static_cast<StreamReader*>(allocate_instance(vm, cls));
    r->bytes.init();
    r->limit = Value::integer(65536);
    r->waiter = Value::unbound();
    r->loop = r->exception = r->transport = Value::none();
    return Value::object(r);
}
Outcome reader_init(VM& vm, Value* args) {  // self, limit, loop
    StreamReader* r = reader_of(args[0]);
    if (!args[1].is_unbound()) {
        if (!is_int_like(args[1]))
            return vm.type_error("'<=' not supported between instances of '%s' and 'int'",
                                 vm.type_name(args[1]));
        if (int_clamp(args[1]) <= 0) return vm.value_error("Limit cannot be <= 0");
        r->limit = Value::integer(int_clamp(args[1]));
    }
    if (!args[2].is_unbound() && !args[2].is_none())
        r->loop = args[2];
    else if (!vm.fiber->loop.is_none())
        r->loop = vm.fiber->loop;
    vm.heap.write(r);
    return Value::none();
}

template <NativeCoroutine::Operation operation>
Outcome coroutine(VM& vm, Value reader, Value item) {
    return native_coroutine(vm, operation, reader, item);
}
Outcome read(VM& vm, Value* args) {  // self, n
    int64_t n = -1;
    Outcome failure = Value::none();
    if (!get_size(vm, args[1], n, failure)) return failure;
    return coroutine<NativeCoroutine::kStreamRead>(vm, args[0], Value::integer(n));
}
Outcome read_line(VM& vm, Value* args) {
    return coroutine<NativeCoroutine::kStreamLine>(vm, args[0], Value::none());
}
Outcome next_line(VM& vm, Value* args) {
    return coroutine<NativeCoroutine::kStreamLine>(vm, args[0], Value::true_());
}
Outcome read_until(VM& vm, Value* args) {  // self, separator
    std::string_view separator = "\n";
    std::string scratch;
    if (!args[1].is_unbound() && !view_bytes(vm, args[1], separator, scratch))
        return vm.type_error("a bytes-like object is required, not '%s'", vm.type_name(args[1]));
    if (separator.empty()) return vm.value_error("Separator should be at least one-byte string");
    return coroutine<NativeCoroutine::kStreamUntil>(vm, args[0],
                                                    Value::object(make_bytes(vm.heap, separator)));
}
Outcome read_exactly(VM& vm, Value* args) {  // self, n
    int64_t n = 0;
    Outcome failure = Value::none();
    if (!get_size(vm, args[1], n, failure)) return failure;
    if (n < 0) return vm.value_error("readexactly size can not be less than zero");
    return coroutine<NativeCoroutine::kStreamExactly>(vm, args[0], Value::integer(n));
}

Outcome feed_data(VM& vm, Value* args) {  // self, data
    std::string_view data;
    std::string scratch;
    if (!view_bytes(vm, args[1], data, scratch))
        return vm.type_error("a bytes-like object is required, not '%s'", vm.type_name(args[1]));
    if (reader_of(args[0])->state & StreamReader::kEof)
        return vm.raise(kShapeAssertionError, "feed_data after feed_eof");
    if (data.empty()) return Value::none();
    return feed_reader(vm, reader_of(args[0]), data.data(), data.size()) ? Outcome(Value::none())
                                                                         : vm.out_of_memory();
}
Outcome feed_eof(VM& vm, Value* args) {
    feed_reader_eof(vm, reader_of(args[0]));
    return Value::none();
}
Outcome at_eof(VM&, Value* args) {
    StreamReader* r = reader_of(args[0]);
    return Value::boolean(r->state & StreamReader::kEof && !r->bytes.size());
}
Outcome exception(VM&, Value* args) { return reader_of(args[0])->exception; }
Outcome set_exception(VM& vm, Value* args) {
    StreamReader* r = reader_of(args[0]);
    if (!args[1].is_none() && !vm.is_instance(args[1], kShapeBaseException))
        return vm.type_error("exceptions must derive from BaseException");
    r->exception = args[1];
    vm.heap.write(r);
    wake_reader(vm, r);
    return Value::none();
}
Outcome set_transport(VM& vm, Value* args) {
    StreamReader* r = reader_of(args[0]);
    if (!r->transport.is_none()) return vm.raise(kShapeAssertionError, "Transport already set");
    r->transport = args[1];
    vm.heap.write(r);
    return Value::none();
}
Outcome repr(VM& vm, Value* args) {
    StreamReader* r = reader_of(args[0]);
    std::string s = "<StreamReader";
    if (r->bytes.size()) s += " " + std::to_string(r->bytes.size()) + " bytes";
    if (r->state & StreamReader::kEof) s += " eof";
    if (limit_of(r) != 65536) s += " limit=" + std::to_string(limit_of(r));
    if (r->state & StreamReader::kPaused) s += " paused";
    return vm.checked(vm.str(s + ">"));
}
Outcome get_limit(VM&, Value self) { return reader_of(self)->limit; }
Outcome get_eof(VM&, Value self) { return Value::boolean(reader_of(self)->state & StreamReader::kEof); }
Outcome get_transport(VM&, Value self) { return reader_of(self)->transport; }
Outcome get_loop(VM&, Value self) { return reader_of(self)->loop; }
Outcome get_paused(VM&, Value self) { return Value::boolean(reader_of(self)->state & StreamReader::kPaused); }
Outcome get_buffer(VM& vm, Value self) {
    ByteQueue& q = reader_of(self)->bytes;
    return vm.checked(Value::object(make_bytearray(vm.heap, q.data(), q.size())));
}

const NativeDef kMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)", .fn = reader_new, .flags = kStaticNative},
    {.signature = "__init__(self, limit=65536, loop=None)", .fn = reader_init},
    {.signature = "read(self, n=-1)",
     .fn = read,
     .step = step_with_index,
     .doc = "Read up to n bytes from the stream; -1: until EOF."},
    {.signature = "readline(self)",
     .fn = read_line,
     .doc = "Read up to and including a newline, or what is left."},
    {.signature = "readuntil(self, separator=b'\\n')",
     .fn = read_until,
     .doc = "Read up to and including the separator."},
    {.signature = "readexactly(self, n)",
     .fn = read_exactly,
     .step = step_with_index,
     .doc = "Read exactly n bytes, or raise IncompleteReadError."},
    {.signature = "feed_data(self, data)", .fn = feed_data},
    {.signature = "feed_eof(self)", .fn = feed_eof},
    {.signature = "at_eof(self)",
     .fn = at_eof,
     .doc = "Return True if the buffer is empty and feed_eof() was called."},
    {.signature = "exception(self)", .fn = exception},
    {.signature = "set_exception(self, exc)", .fn = set_exception},
    {.signature = "set_transport(self, transport)", .fn = set_transport},
    {.signature = "__aiter__(self, /)", .fn = same},
    {.signature = "__anext__(self, /)", .fn = next_line},
    {.signature = "__repr__(self, /)", .fn = repr},
};
const AttributeDef kAttributes[] = {
    {"_limit", get_limit}, {"_eof", get_eof},       {"_transport", get_transport},
    {"_loop", get_loop},   {"_paused", get_paused}, {"_buffer", get_buffer},
};

}  // namespace

void define_streams(VM& vm, Module* m) {
    define_type(vm, {.shape = kShapeStreamReader,
                     .methods = kMethods,
                     .attributes = kAttributes,
                     .doc = "What has come from a stream."});
    vm.type(kShapeStreamReader)->module = vm.str("asyncio.streams");
    vm.set(m->dict, "_StreamReader", Value::object(vm.type(kShapeStreamReader)));
}

}  // namespace gen
