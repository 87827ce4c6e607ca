#include "runtime/runtime.h"

#include "runtime/host/evaluate.h"
#include "runtime/host/import.h"
#include "runtime/host/prelude.h"
#include "runtime/host/virtual_clock.h"
#include "runtime/modules/modules.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"
#include "runtime/types/types.h"

#if defined(GEN_HAS_LIBUV)
#include "runtime/host/reactor.h"
#endif

#include <unistd.h>

namespace gen {

void define_core_natives(VM&);

// ---- what prelude_sys.gen needs for the standard streams

static OutputStream& stream(VM& vm, Value descriptor) {
    return descriptor.as_int() == 2 ? host_of(vm).streams.err : host_of(vm).streams.out;
}
static Outcome stream_write(VM& vm, Value* args) {
    if (args[1].as<Str>()->state & Str::kHasSurrogates) return surrogates_not_allowed(vm, args[1]);
    return write_or_wait(vm, stream(vm, args[0]), args[1].as<Str>()->view());
}
static Outcome stream_flush(VM& vm, Value* args) { return flush_or_wait(vm, stream(vm, args[0]), true); }
static bool can_wait_for_input([[maybe_unused]] VM& vm) {
#if defined(GEN_HAS_LIBUV)
    return vm.nested == 1 && (vm.scheduler.fibers().size() > 1 || (vm.reactor && vm.reactor->active()));
#else
    return false;
#endif
}
static Outcome stream_read_line(VM& vm, Value* args) {  // raw: as bytes
    const bool raw = args[0].is(Value::true_());
    // A line that has been taken is not there any more when this runs again.
    constexpr size_t kMostLines = 16 << 10;
    if (!vm.heap.reserve(kMostLines)) return vm.no_room();
    auto taken = [&vm](Value v) { return v.is_unbound() ? vm.out_of_memory() : Outcome(v); };
    std::string line;
    auto& read_line = host_of(vm).streams.read_line;
    // Others that could go on meanwhile do.
    auto& waits_for_line = host_of(vm).streams.waits_for_line;
    if (can_wait_for_input(vm) && waits_for_line && waits_for_line() >= 0) return Outcome::unhandled();
    if (!read_line || !read_line(line)) {
        // Ctrl-C ends the waiting, too.
        if (vm.interrupt.fetch_and(~uint32_t(kInterruptKeyboard)) & kInterruptKeyboard)
            return vm.raise(kShapeKeyboardInterrupt, std::initializer_list<Value>{});
        return raw ? taken(Value::object(make_bytes(vm.heap, ""))) : Value::object(vm.empty_string);
    }
    if (raw) return taken(Value::object(make_bytes(vm.heap, line)));
    size_t valid = valid_utf8(line);
    if (valid < line.size())
        return vm.raise(
            kShapeUnicodeDecodeError,
            {vm.str("utf-8"), Value::object(make_bytes(vm.heap, line)), Value::integer(int64_t(valid)),
             Value::integer(int64_t(valid) + 1), vm.str("invalid start byte")});
    return taken(vm.str(line));
}
static Outcome stream_read_line_step(VM& vm, NativeFrame& frame) {
#if defined(GEN_HAS_LIBUV)
    switch (frame.step_state()) {
        case 0:
            for (;;) {
                {
                    Value raw = frame[0];
                    Outcome o = stream_read_line(vm, &raw);
                    if (!o.is_unhandled()) return o;
                }
                AWAIT(1, UvReactor::of(vm).wait_for(0, UvReactor::kRead, kForever));
            }
    }
#endif
    Value raw = frame[0];
    return stream_read_line(vm, &raw);
}
// print() looks at the file itself from now on, and finds it closed.
static Outcome stream_close(VM& vm, Value* args) {
    StandardStreams& streams = host_of(vm).streams;
    (args[0].is(Value::integer(2)) ? streams.err_object : streams.out_object) = Value::unbound();
    return Value::none();
}
static Outcome is_terminal(VM&, Value* args) { return Value::boolean(isatty(int(args[0].as_int()))); }

static Outcome note_streams(VM& vm, Value* args) {  // False: they are known already
    StandardStreams& streams = host_of(vm).streams;
    if (streams.made) return Value::false_();
    streams.in_object = args[0];
    streams.out_object = args[1];
    streams.err_object = args[2];
    vm.roots.insert(vm.roots.end(), args, args + 3);
    streams.made = true;
    return Value::true_();
}

static const NativeDef kStreamNatives[] = {
    {.signature = "_stream_write(descriptor, text, /)", .fn = stream_write},
    {.signature = "_stream_flush(descriptor, /)", .fn = stream_flush},
    {.signature = "_stream_close(descriptor, /)", .fn = stream_close},
    {.signature = "_stream_read_line(raw=False, /)", .fn = stream_read_line, .step = stream_read_line_step},
    {.signature = "_is_terminal(descriptor, /)", .fn = is_terminal},
    {.signature = "_note_streams(stdin, stdout, stderr, /)", .fn = note_streams},
};

// ---- builtins that stand in the prelude

static Outcome build_class(VM& vm, Value* args) {  // *args, **keywords
    Value f = prelude_value(vm, "__build_class__");
    if (args[0].as<Tuple>()->size < 2) return vm.type_error("__build_class__: not enough arguments");
    return f.is_unbound() ? Outcome::raised() : vm.call_with(f, args[0], args[1]);
}
static Outcome open_file(VM& vm, Value* args) {
    Value f = prelude_value(vm, "open");
    return f.is_unbound() ? Outcome::raised() : vm.call_with(f, args[0], args[1]);
}
static Outcome leave(VM& vm, Value* args) {
    Value code = args[0].is_unbound() ? Value::none() : args[0];
    return vm.call_prelude(vm.intern("_leave"), {code});
}

static const NativeDef kBuiltins[] = {
    {.signature = "__build_class__(*args, **keywords)", .fn = build_class},
    {.signature = "open(*args, **keywords)",
     .fn = open_file,
     .doc = "Open file and return a stream.  Raise OSError upon failure."},
    {.signature = "exit(code=None)", .fn = leave},
    {.signature = "quit(code=None)", .fn = leave},
};

// ---- errors that nobody can catch

static void report_unraisable(VM& vm, Value error, Value object) {
    Value exception = vm.exception;
    vm.roots.insert(vm.roots.end(), {error, object});
    Value report = prelude_value(vm, "_report");
    vm.roots.resize(vm.roots.size() - 2);
    if (report.is_unbound() || vm.run(report, {error, object}).is_raised())
        host_of(vm).streams.err.write("Exception ignored: " + std::string(vm.type_name(error)) + "\n");
    vm.exception = exception;
}

static void show_fibers(VM& vm) {
    host_of(vm).streams.err.write(describe_fibers(vm) + "\n");
    host_of(vm).streams.err.flush();
}

std::span<const BuiltinModule> builtin_modules() {
    static const BuiltinModule modules[] = {
        {"errno", &kErrnoModule},
        {"_functools", &kFunctoolsModule},
        {"gc", &kGcModule},
        {"math", &kMathModule},
        {"cmath", &kCmathModule},
        {"_posix", &kPosixModule},
        {"_random", &kRandomModule},
        {"sys", &kSysModule},
        {"time", &kTimeModule},
        {"_traceback", &kTracebackModule},
        {"_weakref", &kWeakrefModule},
        {"_thread", &kThreadModule},
        {"_collections", &kCollectionsModule},
        {"_enum", &kEnumModule},
        {"_stream", &kStreamModule},
        {"_json", &kJsonModule},
        {"_struct", &kStructModule},
        {"_isolate", &kIsolateModule},
        {"_pickle", &kPickleModule},
        {"contextvars", &kContextvarsModule},
        {"_asyncio", &kAsyncioModule},
#if defined(GEN_HAS_LIBUV)
        {"_socket", &kSocketModule},
        {"_select", &kSelectModule},
        {"_signal", &kSignalModule},
        {"_process", &kProcessModule},
#endif
#if defined(GEN_HAS_UTF8PROC)
        {"unicodedata", &kUnicodedataModule},
#endif
#if defined(GEN_HAS_PCRE2)
        {"_re", &kRegexModule},
#endif
    };
    return modules;
}

void install_runtime(VM& vm, RuntimeHost& host) {
    vm.host = static_cast<Host*>(&host);
    using Define = void (*)(VM&);
    static const Define defines[] = {
        define_object,      define_type_type,
        define_descriptors, define_super,
        define_functions,   define_code,
        define_module_type, define_frames,
        define_weakref,     define_generic_alias,
        define_exceptions,  define_exception_groups,
        define_generators,  define_async_generators,
        define_int,         define_bool,
        define_float,       define_complex,
        define_str,         define_bytes,
        define_bytearray,   define_memoryview,
        define_list,        define_tuple,
        define_dict,        define_set,
        define_range,       define_slice,
        define_iterators,   define_singletons,
        define_builtins,
    };
    for (Define define : defines) define(vm);
    vm.note_core_types();
    vm.unraisable = report_unraisable;
    vm.show_fibers = show_fibers;

    Module* builtins = vm.module("builtins");
    uint32_t position = 0;
    while (DictEntry* e = next_entry(builtins->dict, position))
        if (vm.get(vm.builtins, e->key.as<Str>()).is_unbound())
            vm.set(vm.builtins, e->key.as<Str>(), e->value);
    builtins->dict = vm.builtins;
    vm.heap.write(builtins);

    define_prelude(vm);
    define_core_natives(vm);
    define_import(vm);
    define_evaluation(vm);
    auto define = [&](Dict* names, const NativeDef& def, Value module) {
        std::string_view text = def.signature.text;
        vm.set(names, text.substr(0, text.find('(')), make_native(vm, def, module));
    };
    for (const NativeDef& def : kStreamNatives) define(vm.prelude, def, Value::none());
    for (const NativeDef& def : kBuiltins) define(vm.builtins, def, Value::object(vm.names.builtins_module));
    define_module(vm, kSysModule);
}

// What runs at the end of a world that nobody waits for: so many steps in all, and no real time.
static void limit_last_words(VM& vm) {
    constexpr uint64_t kSteps = 1'000'000;
    constexpr int64_t kSecond = 1'000'000'000;
    vm.scheduler.drop_others(vm.fiber);
    if (!vm.clock->is_virtual()) vm.clock = std::make_unique<VirtualClock>(vm.clock->now(), vm.clock->wall());
    vm.limits.steps = vm.steps_now() + kSteps;
    vm.limits.deadline = vm.clock->now() + kSecond;
}

bool shut_down(VM& vm, AtEnd how) {
    StandardStreams& streams = host_of(vm).streams;
    vm.limits.steps = 0;
    vm.limits.deadline = 0;
    if (how == AtEnd::LeaveThreads) limit_last_words(vm);
    vm.safepoint_soon();
    auto run = [&](Value function, Value reported_as) {
        if (function.is_unbound()) return true;
        bool good = !vm.run(function, {}).is_raised();
        // SystemExit: whoever has started this isolate ends it, before it has come to its own end.
        if (!good && !vm.is_instance(vm.exception, kShapeSystemExit))
            report_unraisable(vm, vm.exception, reported_as);
        vm.exception = Value::unbound();
        return good;
    };
    auto run_of_module = [&](std::string_view name,
                             std::string_view function) {  // if the program has imported it
        Value module = vm.get(vm.modules, vm.intern(name));
        if (!module.is_object() || module.as_object()->kind != Kind::Module) return true;
        return run(vm.get(module.as<Module>()->dict, vm.intern(function)), module);
    };
    bool threads_ended = how == AtEnd::LeaveThreads || run_of_module("threading", "_shutdown");
    run_of_module("atexit", "_run_exitfuncs");
    run_of_module("asyncio._helpers", "at_exit");
    run_of_module("io", "_write_behind");
    vm.scheduler.drop_others(vm.fiber);
    streams.out.drain();
    // Finalisers may make more of their kind; a few rounds are enough for honest ones.
    for (int round = 0; round < 10 && (!vm.finalizable.empty() || !vm.dying.empty()); round++) {
        for (size_t i = vm.finalizable.size(); i-- > 0;) {
            Object* o = vm.finalizable[i];
            o->flags &= uint8_t(~kFinalizer);
            if (o->kind == Kind::Generator && o->state >= kRunning)
                continue;  // done, or in a thread that was dropped
            vm.dying.push_back(o);
        }
        vm.finalizable.clear();
        vm.old_finalizable = 0;
        vm.finalizing = true;
        run(vm.natives.run_finalizers, vm.natives.run_finalizers);
    }
    streams.out.drain();
    streams.err.flush();
    return threads_ended;
}

}  // namespace gen
