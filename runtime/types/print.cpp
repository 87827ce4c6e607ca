// print, input and breakpoint. print goes straight to the host's stream as long as nobody has put something else into sys.stdout.
#include "runtime/host/io.h"
#include "runtime/modules/stream.h"
#include "runtime/types/builtins.h"

#include <charconv>

namespace gen {

// Slots of print.
enum { kSep, kEnd, kFile, kFlush, kItems, kStdout, kAt, kPiece };

static Value standard_output(VM& vm) {
    Value sys = vm.get(vm.modules, vm.intern("sys"));
    if (!sys.is_object() || sys.as_object()->kind != Kind::Module) return Value::unbound();
    return vm.get(sys.as<Module>()->dict, vm.names.stdout_);
}

// Nobody has looked at sys.stdout yet.
static bool untouched(VM& vm, Value output) {
    return output.is_unbound() && vm.host && !host_of(vm).streams.made;
}

static bool option_is_wrong(VM& vm, Value v, const char* name) {
    if (v.is_unbound() || v.is_none() || is_str(v)) return false;
    vm.type_error("%s must be None or a string, not %s", name, vm.type_name(v));
    return true;
}

// A lone surrogate has no UTF-8.
static bool cannot_encode(VM& vm, Str* s) {
    if (!(s->state & Str::kHasSurrogates)) return false;
    surrogates_not_allowed(vm, Value::object(s));
    return true;
}

static bool append_value(VM& vm, std::string& out, Value v) {
    if (v.is_int()) {
        char digits[24];
        out.append(digits, size_t(std::to_chars(digits, digits + sizeof digits, v.as_int()).ptr - digits));
        return true;
    }
    Value text = is_exact_str(v) ? v : fast_str(vm, v);
    if (text.is_unbound() || (text.as<Str>()->state & Str::kHasSurrogates)) return false;
    out += text.as<Str>()->view();
    return true;
}

static bool has_surrogates(Value v) { return is_str(v) && v.as<Str>()->state & Str::kHasSurrogates; }

static std::string_view text_or(Value v, std::string_view otherwise) {
    return is_str(v) ? v.as<Str>()->view() : otherwise;
}

// Everything is of a built-in type and goes to the host's stream, or to a file that takes it at once.
static Outcome print_fn(VM& vm, Value* args) {
    if (option_is_wrong(vm, args[kSep], "sep") || option_is_wrong(vm, args[kEnd], "end"))
        return Outcome::raised();
    bool given = !args[kFile].is_unbound() && !args[kFile].is_none();
    Value file = given ? args[kFile] : standard_output(vm);
    OutputStream* out = !given && untouched(vm, file) ? &host_of(vm).streams.out : stream_of(vm, file);
    bool plain_flush = args[kFlush].is_unbound() || args[kFlush].is_bool();
    if (!plain_flush || (!out && (!given || args[kFlush].is_true()))) return Outcome::unhandled();
    if (has_surrogates(args[kSep]) || has_surrogates(args[kEnd])) return Outcome::unhandled();
    auto* items = args[kItems].as<Tuple>();
    std::string text;
    for (size_t i = 0; i < items->size; i++) {
        if (i) text += text_or(args[kSep], " ");
        if (!append_value(vm, text, items->items[i])) return Outcome::unhandled();
    }
    text += text_or(args[kEnd], "\n");
    if (!out) return write_to_stream(vm, file, text) ? Outcome(Value::none()) : Outcome::unhandled();
    return write_or_wait(vm, *out, text, args[kFlush].is_true());
}

// file.write(text)
static Outcome write_step(VM& vm, NativeFrame& frame) {  // file, text
    OutputStream* out = nullptr;
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_str(vm, frame[1]));
            frame[1] = frame.result();
            out = stream_of(vm, frame[0]);
            if (out) {
                if (cannot_encode(vm, frame[1].as<Str>())) return Outcome::raised();
                return write_or_wait(vm, *out, frame[1].as<Str>()->view());
            }
            AWAIT(2, op_getattr(vm, frame[0], vm.names.write));
            AWAIT(3, vm.call(frame.result(), {frame[1]}));
    }
    return Value::none();
}
static const NativeDef kWrite = {.signature = "write(file, text, /)", .step = write_step};

static Outcome print_step(VM& vm, NativeFrame& frame) {
    OutputStream* out = nullptr;
    switch (frame.step_state()) {
        case 0:
            if (option_is_wrong(vm, frame[kSep], "sep") || option_is_wrong(vm, frame[kEnd], "end"))
                return Outcome::raised();
            if (frame[kFile].is_unbound() || frame[kFile].is_none()) {
                frame[kFile] = standard_output(vm);
                if (untouched(vm, frame[kFile])) {
                    AWAIT(7, vm.call_prelude(vm.intern("_sys_attribute"), {Value::object(vm.names.stdout_)}));
                    frame[kFile] = frame.result();
                }
                if (frame[kFile].is_unbound()) return vm.raise(kShapeRuntimeError, "lost sys.stdout");
                if (frame[kFile].is_none()) return Value::none();
            }
            for (frame[kAt] = Value::integer(0);
                 frame[kAt].as_int() < int64_t(frame[kItems].as<Tuple>()->size);
                 frame[kAt] = Value::integer(frame[kAt].as_int() + 1)) {
                if (frame[kAt].as_int() > 0) {
                    AWAIT(1, call_internal(vm, kWrite,
                                           {frame[kFile], is_str(frame[kSep]) ? frame[kSep] : vm.str(" ")}));
                }
                AWAIT(2,
                      call_internal(vm, kWrite,
                                    {frame[kFile], frame[kItems].as<Tuple>()->items[frame[kAt].as_int()]}));
            }
            AWAIT(3, call_internal(vm, kWrite,
                                   {frame[kFile], is_str(frame[kEnd]) ? frame[kEnd] : vm.str("\n")}));
            if (frame[kFlush].is_unbound()) return Value::none();
            AWAIT(4, op_truth(vm, frame[kFlush]));
            if (!frame.result().is_true()) return Value::none();
            out = stream_of(vm, frame[kFile]);
            if (out) return flush_or_wait(vm, *out, false);
            AWAIT(5, op_getattr(vm, frame[kFile], vm.names.flush));
            AWAIT(6, vm.call(frame.result(), {}));
    }
    return Value::none();
}

static Outcome input_native(VM& vm, Value* args) {
    return vm.call_prelude(vm.intern("input"), {args[0].is_unbound() ? Value::none() : args[0]});
}

static Outcome breakpoint_native(VM& vm, Value* args) {
    Value f = vm.prelude_value(vm.intern("breakpoint"));
    return f.is_unbound() ? Outcome::raised() : vm.call_with(f, args[0], args[1]);
}

static const NativeDef kFunctions[] = {
    {.signature = "breakpoint(*args, **kws)",
     .fn = breakpoint_native,
     .doc = "breakpoint(*args, **kws)\n\nCall sys.breakpointhook(*args, **kws).  sys.breakpointhook() must "
            "accept\n"
            "whatever arguments are passed."},
    {.signature = "print(*args, sep=' ', end='\\n', file=None, flush=False)",
     .fn = print_fn,
     .step = print_step,
     .locals = 3,
     .doc = "Prints the values to a stream, or to sys.stdout by default.\n\n"
            "  sep\n    string inserted between values, default a space.\n"
            "  end\n    string appended after the last value, default a newline.\n"
            "  file\n    a file-like object (stream); defaults to the current sys.stdout.\n"
            "  flush\n    whether to forcibly flush the stream."},
    {.signature = "input(prompt='', /)",
     .fn = input_native,
     .doc = "Read a string from standard input.  The trailing newline is stripped.\n\n"
            "The prompt string, if given, is printed to standard output without a\n"
            "trailing newline before reading input.\n\n"
            "If the user hits EOF (*nix: Ctrl-D, Windows: Ctrl-Z+Return), raise EOFError."},
};
std::span<const NativeDef> print_functions() { return kFunctions; }

}  // namespace gen
