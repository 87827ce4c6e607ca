// _stream.Stream: what a file has read and not given away yet, and what was written to it and not passed on. io derives its
// buffers, text files and StringIO from it. What can be done with these two alone is done here; for everything else the
// methods call those of the class with an underscore before the name, written in the language: _read, _readline, _write.
#include "runtime/modules/stream.h"

#include "runtime/modules/modules.h"
#include "runtime/types/support.h"

#include <algorithm>
#include <cstring>

namespace gen {

namespace {

enum Mode : int64_t {
    kReads = 1,     // the methods for reading may take from `ahead`
    kWrites = 2,    // the one for writing may add to `behind`, unless that is empty
    kText = 4,      // str is read and written, else bytes
    kOwnLines = 8,  // __next__ need not ask readline(), which no subclass has changed
    kLineEnd = 16   // a number below four stands from here on
};
enum class LineEnd : int64_t { Lf, Cr, CrLf, Any };

struct Stream : Object {
    Value ahead;   // Str or Bytes; unbound at first
    Value at;      // int: how many bytes of it are gone
    Value behind;  // Blob, or unbound
    Value used;    // int: bytes of it that are filled
    Value mode;    // int: Mode
    Value limit;   // int: more than that is not kept behind
};
static_assert(sizeof(Stream) == sizeof(Record));

Stream* stream_of(Value v) { return v.as<Stream>(); }
bool has(const Stream* s, Mode m) { return s->mode.as_int() & m; }
LineEnd line_end_of(const Stream* s) { return LineEnd(s->mode.as_int() / kLineEnd); }

std::string_view unread(const Stream* s) {
    if (s->ahead.is_unbound()) return {};
    std::string_view all = is_str(s->ahead) ? s->ahead.as<Str>()->view() : view_of(s->ahead.as<Bytes>());
    return all.substr(size_t(s->at.as_int()));
}
bool one_byte_units(const Stream* s) {
    return s->ahead.is_unbound() || !is_str(s->ahead) || s->ahead.as<Str>()->ascii();
}
size_t units_of(const Stream* s, std::string_view part) {
    return one_byte_units(s) ? part.size() : count_code_points(part);
}
// How many bytes the first `units` characters or bytes take; all of them where there are fewer.
size_t bytes_of(const Stream* s, std::string_view rest, size_t units) {
    if (one_byte_units(s)) return std::min(units, rest.size());
    const char* p = rest.data();
    const char* const end = p + rest.size();
    while (units-- && p < end) decode_utf8(p);
    return size_t(p - rest.data());
}

// The bytes of the first line with its end; 0: no end can be seen.
size_t line_size(LineEnd kind, std::string_view rest) {
    size_t at;
    switch (kind) {
        case LineEnd::Lf:
            at = rest.find('\n');
            break;
        case LineEnd::Cr:
            at = rest.find('\r');
            break;
        case LineEnd::CrLf:
            at = rest.find("\r\n");
            return at == rest.npos ? 0 : at + 2;
        default:
            at = rest.find_first_of("\r\n");
            if (at == rest.npos || rest[at] == '\n') break;
            if (at + 1 == rest.size()) return 0;  // perhaps a \n follows
            if (rest[at + 1] == '\n') at++;
    }
    return at == rest.npos ? 0 : at + 1;
}

// Takes that many bytes.
Outcome take(VM& vm, Stream* s, size_t n) {
    const size_t at = size_t(s->at.as_int());
    Value taken;
    if (has(s, kText)) {
        taken = at == 0 && s->ahead.is_object() && n == s->ahead.as<Str>()->size
                    ? s->ahead
                    : vm.str(unread(s).substr(0, n));
    } else if (at == 0 && s->ahead.is_object() && n == s->ahead.as<Bytes>()->size) {
        taken = s->ahead;
    } else {
        Bytes* b = make_bytes(vm.heap, unread(s).substr(0, n));
        taken = b ? Value::object(b) : Value::unbound();
    }
    if (taken.is_unbound()) return vm.no_room();
    s->at = Value::integer(int64_t(at + n));
    return taken;
}

// A size that may be absent, None or negative, which means all; false: it is something else.
bool size_of(Value v, size_t& out) {
    out = SIZE_MAX;
    if (v.is_unbound() || v.is_none()) return true;
    if (!v.is_int()) return false;
    if (v.as_int() >= 0) out = size_t(v.as_int());
    return true;
}

Outcome method(VM& vm, const char* name, Value self, Value argument) {
    Value f = vm.lookup(vm.class_of(self), vm.intern(name));
    if (f.is_unbound()) return vm.raisef(kShapeAttributeError, "%s", name);
    return vm.call(f, {self, argument});
}

// The line that can be taken at once; unhandled(): there is none.
Outcome line_ahead(VM& vm, Stream* s, size_t most) {
    std::string_view rest = unread(s);
    size_t n = line_size(line_end_of(s), rest);
    if (most != SIZE_MAX) {
        const size_t limit = bytes_of(s, rest, most);
        if (n ? limit < n : units_of(s, rest) >= most)
            n = limit;
        else if (!n)
            return Outcome::unhandled();
        return take(vm, s, n);
    }
    return n ? take(vm, s, n) : Outcome::unhandled();
}

// ---- methods

Outcome stream_new(VM& vm, Value* args) {  // cls, *args, **kwargs
    Class* cls = checked_class(vm, args[0], kShapeStream);
    if (!cls) return Outcome::raised();
    auto* s = static_cast<Stream*>(allocate_instance(vm, cls));
    if (!s) return vm.out_of_memory();
    s->at = s->used = s->mode = s->limit = Value::integer(0);
    return Value::object(s);
}

Outcome readline(VM& vm, Value* args) {  // self, size
    Stream* s = stream_of(args[0]);
    size_t most;
    if (has(s, kReads) && size_of(args[1], most)) {
        Outcome o = line_ahead(vm, s, most);
        if (!o.is_unhandled()) return o;
    }
    return method(vm, "_readline", args[0], args[1].is_unbound() ? Value::integer(-1) : args[1]);
}

Outcome next_fast(VM& vm, Value* args) {
    Stream* s = stream_of(args[0]);
    return has(s, kReads) && has(s, kOwnLines) ? line_ahead(vm, s, SIZE_MAX) : Outcome::unhandled();
}
Outcome next_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            if (has(stream_of(frame[0]), kOwnLines)) {
                AWAIT(1, method(vm, "_readline", frame[0], Value::integer(-1)));
            } else {
                AWAIT(2, op_getattr(vm, frame[0], vm.intern("readline")));
                AWAIT(3, vm.call(frame.result(), {}));
            }
            frame[1] = frame.result();
            AWAIT(4, op_truth(vm, frame[1]));
    }
    return frame.result().is_true() ? Outcome(frame[1]) : vm.raise(kShapeStopIteration, {});
}

Outcome read(VM& vm, Value* args) {  // self, size
    Stream* s = stream_of(args[0]);
    size_t n;
    if (has(s, kReads) && size_of(args[1], n) && n != SIZE_MAX) {
        std::string_view rest = unread(s);
        if (n <= (one_byte_units(s) ? rest.size() : rest.size() / 4))
            return take(vm, s, bytes_of(s, rest, n));
    }
    return method(vm, "_read", args[0], args[1].is_unbound() ? Value::integer(-1) : args[1]);
}

// Adds to what is behind, with more room than is needed now.
bool append(VM& vm, Stream* s, std::string_view data) {
    const auto used = size_t(s->used.as_int());
    const size_t capacity = s->behind.is_unbound() ? 0 : s->behind.as<Blob>()->size;
    if (capacity - used < data.size()) {
        const auto limit = size_t(s->limit.as_int());
        size_t wanted = std::max<size_t>({240, capacity * 2, used + data.size()});
        if (used + data.size() <= limit) wanted = std::min(wanted, limit);
        Blob* larger = make_blob(vm.heap, wanted);
        if (!larger) return false;
        if (used) std::memcpy(larger->data, s->behind.as<Blob>()->data, used);
        s->behind = Value::object(larger);
        vm.heap.write(s);
    }
    std::memcpy(s->behind.as<Blob>()->data + used, data.data(), data.size());
    s->used = Value::integer(int64_t(used + data.size()));
    return true;
}

// Can so much be added, with nothing else to do? What comes first is not: the stream is noted as unwritten then.
bool has_room(const Stream* s, size_t n) {
    const auto used = size_t(s->used.as_int());
    return has(s, kWrites) && used && used + n <= size_t(s->limit.as_int());
}
// What is written when there is nothing in its way; false: there is.
bool plain_data(Stream* s, Value v, std::string_view& data) {
    if (has(s, kText)) {
        if (!is_str(v) || v.as<Str>()->state & Str::kHasSurrogates) return false;
        data = v.as<Str>()->view();
    } else if (is_bytes(v)) {
        data = view_of(v.as<Bytes>());
    } else {
        return false;
    }
    return has_room(s, data.size());
}

Outcome write(VM& vm, Value* args) {  // self, data
    Stream* s = stream_of(args[0]);
    std::string_view data;
    if (!plain_data(s, args[1], data)) return method(vm, "_write", args[0], args[1]);
    if (!append(vm, s, data)) return vm.no_room();
    return Value::integer(has(s, kText) ? int64_t(args[1].as<Str>()->length) : int64_t(data.size()));
}

// ---- functions, for the classes themselves

Outcome set_up(VM& vm, Value* args) {  // stream, line_end ('\n', '\r', '\r\n', '': any; None: bytes), limit
    Stream* s = stream_of(args[0]);
    if (!args[2].is_int()) return vm.type_error("an integer is required");
    int64_t mode = 0;
    if (is_str(args[1])) {
        std::string_view end = args[1].as<Str>()->view();
        const LineEnd kind = end == "\n"     ? LineEnd::Lf
                             : end == "\r"   ? LineEnd::Cr
                             : end == "\r\n" ? LineEnd::CrLf
                                             : LineEnd::Any;
        mode = int64_t{kText} + int64_t{kLineEnd} * int64_t(kind);
    }
    Str* name = vm.intern("readline");
    if (vm.lookup(vm.class_of(args[0]), name).is(vm.lookup(vm.type(kShapeStream), name))) mode |= kOwnLines;
    s->ahead = s->behind = Value::unbound();
    s->at = s->used = Value::integer(0);
    s->mode = Value::integer(mode);
    s->limit = args[2];
    return Value::none();
}
Outcome allow(VM&, Value* args) {  // stream, reading, writing
    Stream* s = stream_of(args[0]);
    int64_t mode = s->mode.as_int() & ~int64_t(kReads | kWrites);
    if (args[1].is_true()) mode |= kReads;
    if (args[2].is_true()) mode |= kWrites;
    s->mode = Value::integer(mode);
    return Value::none();
}

Outcome put_ahead(VM& vm, Value* args) {  // stream, data, start
    Stream* s = stream_of(args[0]);
    if (has(s, kText) ? !is_exact_str(args[1]) : !is_exact(args[1], kShapeBytes))
        return vm.type_error("read() should have returned %s, not '%s'", has(s, kText) ? "a string" : "bytes",
                             vm.type_name(args[1]));
    s->ahead = args[1];
    s->at = Value::integer(0);
    if (args[2].is_int()) s->at = Value::integer(int64_t(bytes_of(s, unread(s), size_t(args[2].as_int()))));
    vm.heap.write(s);
    return Value::none();
}
Outcome ahead(VM&, Value* args) {
    const Stream* s = stream_of(args[0]);
    return Value::integer(int64_t(units_of(s, unread(s))));
}
Outcome take_ahead(VM& vm, Value* args) {  // stream, size: less than that where less is there
    Stream* s = stream_of(args[0]);
    size_t n;
    size_of(args[1], n);
    std::string_view rest = unread(s);
    return take(vm, s, n == SIZE_MAX ? rest.size() : bytes_of(s, rest, n));
}
Outcome take_line(VM& vm,
                  Value* args) {  // stream, size; None: no line ends here, and fewer than `size` are there
    size_t most;
    size_of(args[1], most);
    Outcome o = line_ahead(vm, stream_of(args[0]), most);
    return o.is_unhandled() ? Outcome(Value::none()) : o;
}

Outcome put_behind(VM& vm, Value* args) {  // stream, data: str or bytes; False: a str that has no UTF-8
    if (!is_str(args[1]) && !is_bytes(args[1])) return vm.type_error("str or bytes are required");
    if (is_str(args[1]) && args[1].as<Str>()->state & Str::kHasSurrogates) return Value::boolean(false);
    std::string_view data = is_str(args[1]) ? args[1].as<Str>()->view() : view_of(args[1].as<Bytes>());
    return append(vm, stream_of(args[0]), data) ? Outcome(Value::boolean(true)) : vm.no_room();
}
std::string_view all_behind(const Stream* s) {
    if (s->behind.is_unbound()) return {};
    return {reinterpret_cast<const char*>(s->behind.as<Blob>()->data), size_t(s->used.as_int())};
}
Outcome behind(VM&, Value* args) {  // stream, as_text: in characters, else in bytes
    const Stream* s = stream_of(args[0]);
    return args[1].is_true() ? Value::integer(int64_t(count_code_points(all_behind(s)))) : s->used;
}
Outcome take_behind(VM& vm, Value* args) {  // stream, as_text: as str, else as bytes
    Stream* s = stream_of(args[0]);
    std::string_view data = all_behind(s);
    Value taken;
    if (args[1].is_true()) {
        if (valid_utf8(data) != data.size()) return vm.raise(kShapeValueError, "what was written is no text");
        taken = vm.str(data);
    } else {
        Bytes* b = make_bytes(vm.heap, data);
        taken = b ? Value::object(b) : Value::unbound();
    }
    if (taken.is_unbound()) return vm.no_room();
    s->used = Value::integer(0);
    if (s->behind.is_object() && s->behind.as<Blob>()->size > 65536) s->behind = Value::unbound();
    return taken;
}

// A function of the module: its first argument is a stream.
template <PlainFn function>
Outcome of_stream(VM& vm, Value* args) {
    if (!vm.is_instance(args[0], kShapeStream))
        return vm.type_error("a stream is required, not '%s'", vm.type_name(args[0]));
    return function(vm, args);
}

const NativeDef kMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwds)", .fn = stream_new, .flags = kStaticNative},
    {.signature = "readline(self, size=-1, /)", .fn = readline},
    {.signature = "__next__(self, /)", .fn = next_fast, .step = next_step, .locals = 1},
    {.signature = "read(self, size=-1, /)", .fn = read},
    {.signature = "write(self, data, /)", .fn = write},
};
const NativeDef kFunctions[] = {
    {.signature = "set_up(stream, line_end, limit, /)", .fn = of_stream<set_up>},
    {.signature = "allow(stream, reading, writing, /)", .fn = of_stream<allow>},
    {.signature = "put_ahead(stream, data, start=0, /)", .fn = of_stream<put_ahead>},
    {.signature = "ahead(stream, /)", .fn = of_stream<ahead>},
    {.signature = "take(stream, size=-1, /)", .fn = of_stream<take_ahead>},
    {.signature = "take_line(stream, size=-1, /)", .fn = of_stream<take_line>},
    {.signature = "put_behind(stream, data, /)", .fn = of_stream<put_behind>},
    {.signature = "behind(stream, as_text=False, /)", .fn = of_stream<behind>},
    {.signature = "take_behind(stream, as_text=False, /)", .fn = of_stream<take_behind>},
};

void init(VM& vm, Module* m) {
    define_type(vm, {.shape = kShapeStream, .methods = kMethods});
    vm.type(kShapeStream)->module = vm.str("_stream");
    vm.set(m->dict, "Stream", Value::object(vm.type(kShapeStream)));
}

}  // namespace

const ModuleDef kStreamModule = {.name = "_stream", .functions = kFunctions, .init = init};

bool write_to_stream(VM& vm, Value file, std::string_view text) {
    if (!file.is_object() || file.as_object()->kind != Kind::Record || !vm.is_instance(file, kShapeStream))
        return false;
    Stream* s = stream_of(file);
    return has(s, kText) && has_room(s, text.size()) &&
           vm.lookup(vm.class_of(file), vm.names.write)
               .is(vm.lookup(vm.type(kShapeStream), vm.names.write)) &&
           append(vm, s, text);
}

}  // namespace gen
