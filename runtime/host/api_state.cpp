#include "runtime/host/api_state.h"

#include "runtime/host/completions.h"
#include "runtime/host/evaluate.h"
#include "runtime/host/import.h"
#include "runtime/host/isolate.h"
#include "runtime/host/prelude.h"
#include "runtime/host/process_streams.h"
#include "runtime/host/system_clock.h"
#include "runtime/host/virtual_clock.h"
#include "runtime/runtime.h"
#include "runtime/types/core_types.h"

namespace gen::detail {

static void mark_handles(VM& vm, Marker& m) {
    auto* state = static_cast<State*>(runtime_of(vm).embedder);
    m.mark(state->slots.data(), state->slots.size());
    m.mark(state->last_result);
    for (const auto* list : {&state->tasks, &state->ended_tasks}) {
        for (const auto& task : *list) {
            m.mark(static_cast<Object*>(task->fiber));
            m.mark(static_cast<Object*>(task->record));
        }
    }
}

static void open_streams(State& s, const InterpreterOptions& options) {
    StandardStreams& streams = s.host.streams;
    if (options.standard_streams) {
        open_process_streams(s.vm, streams);
        return;
    }
    auto sink = [](std::function<void(std::string_view)> f) -> OutputStream::Sink {
        return [f = std::move(f)](std::string_view text) {
            if (f) f(text);
            return true;
        };
    };
    streams.out.open(sink(options.out), true);
    streams.err.open(sink(options.err), true);
    streams.read_line = options.in;
    s.hands_over = true;
}

State::State(const InterpreterOptions& options) : vm(options.seed) {
    vm.clock = options.time == Time::Manual                            ? make_manual_clock(options.seed)
               : options.virtual_time || options.time == Time::Virtual ? make_virtual_clock(options.seed)
                                                                       : make_system_clock();
    host.embedder = this;
    host.set_seed(options.seed);
    host.grants = {.files = options.files,
                   .environment = options.environment,
                   .network = options.network,
                   .processes = options.processes,
                   .isolates = options.isolates,
                   .machine_code = options.machine_code};
    host.search_path = options.search_path;
    host.arguments = options.arguments;
    if (host.arguments.empty()) host.arguments.push_back("");
    host.executable = options.executable;
    host.interactive = options.interactive;
    open_streams(*this, options);
    vm.limits.memory = options.memory;
    vm.limits.stack = options.stack;
    vm.frames.set_limit(options.stack);
    install_runtime(vm, host);
    vm.trace_host = mark_handles;
    main = make_main_module(vm, "");
    if (options.memory) vm.heap.set_limit(options.memory);
    host.completions = std::make_shared<Completions>();
    host.completions->awaits_function = [this] {
        while (!awaited_remotes.empty()) {
            if (awaited_remotes.back()->awaited()) return true;
            awaited_remotes.pop_back();
        }
        return false;
    };
}

State::~State() { end(AtEnd::LeaveThreads); }

// Whoever waited for the host is told, and may say so; nobody is waited for.
static void let_them_hear(VM& vm) {
    constexpr uint64_t kSteps = 100'000;
    vm.limits.steps = 0;
    vm.limits.deadline = 0;
    if (!vm.clock->is_virtual()) vm.clock = std::make_unique<ManualClock>(vm.clock->now(), vm.clock->wall());
    Turn turn;
    turn.end = vm.steps_now() + kSteps;
    if (vm.run_others(turn).is_raised()) vm.exception = Value::unbound();
}

bool State::end(AtEnd how) {
    if (has_ended) return true;
    has_ended = true;
    // Nobody waits for the host's threads at the end.
    const bool awaited = !remotes.empty();
    for (auto& [id, pending] : std::exchange(remotes, {}))
        pending->fail(Error("RuntimeError", "the host has closed this interpreter"));
    awaited_remotes.clear();
    if (awaited && how == AtEnd::LeaveThreads) let_them_hear(vm);
    tend_tasks();
    return shut_down(vm, how);
}

uint32_t State::keep(Value v) {
    if (free.empty()) {
        slots.push_back(v);
        return uint32_t(slots.size() - 1);
    }
    const uint32_t slot = free.back();
    free.pop_back();
    slots[slot] = v;
    return slot;
}

Value State::own(const Ref& r) const {
    if (&of(r) != this) throw Error("ValueError", "a value of another interpreter");
    return slots[r.slot_];
}

Code* State::compile(std::string_view text, std::string_view filename) {
    CompileOptions options;
    options.filename = filename;
    options.observe_generators = vm.observer;
    Source source = Source::from_text(options.filename, text);
    host.texts[options.filename] = source.text();
    host.sources.erase(options.filename);
    if (Code* code = compile_answering(vm, source, options)) return code;
    throw_error();
}

// ---- errors, both ways

namespace {

// A report must not fail for the reason that it reports. It may run the script's __str__, which gets `steps` to come to an end, and as
// many seconds as it waits for at most; 0: it may take as long as it likes.
class OtherLimits {
  public:
    explicit OtherLimits(VM& vm, uint64_t steps)
        : vm_(vm), memory_(vm.heap.limit()), limits_(vm.limits), termination_(vm.termination) {
        vm.heap.set_limit(memory_ ? memory_ + kMemory : 0);
        vm.limits.steps = steps ? vm.steps_now() + steps : 0;
        vm.limits.deadline = steps ? vm.clock->now() + kLongestWait : 0;
        vm.safepoint_soon();
    }
    ~OtherLimits() {
        vm_.heap.set_limit(memory_);
        vm_.limits = limits_;
        vm_.termination = termination_;
        vm_.safepoint_soon();
    }

  private:
    static constexpr size_t kMemory = 64 << 20;
    static constexpr int64_t kLongestWait = 1'000'000'000;
    VM& vm_;
    const size_t memory_;
    const Limits limits_;
    const char* const termination_;
};

constexpr uint64_t kStepsToDescribe = 1'000'000;

}  // namespace

Value State::check(Outcome o) {
    if (hands_over) host.streams.out.flush();
    if (o.is_value()) return o.value();
    throw_error();
}

void State::throw_error() {
    Value e = vm.exception;
    vm.exception = Value::unbound();
    Ref held = hold(e);
    std::string type(vm.type_name(e)), message, traceback;
    {
        OtherLimits limited(vm, kStepsToDescribe);
        Value describe = prelude_value(vm, "_describe_error");
        Outcome text = describe.is_unbound() ? Outcome::raised() : vm.run(describe, {e});
        if (text.is_value() && is_tuple(text.value())) {
            auto* t = text.value().as<Tuple>();
            message = t->items[0].as<Str>()->view();
            traceback = t->items[1].as<Str>()->view();
        } else {
            vm.exception = Value::unbound();
        }
    }
    throw Error(type, message, traceback, held);
}

int State::show_uncaught() {
    Ref error = hold(vm.exception);
    vm.exception = Value::unbound();
    OtherLimits unlimited(vm, 0);
    Value handle = prelude_value(vm, "_handle_uncaught");
    Outcome o = handle.is_unbound() ? Outcome::raised() : vm.run(handle, {value_of(error)});
    if (o.is_value() && o.value().is_int()) return int(o.value().as_int());
    vm.exception = Value::unbound();
    host.streams.err.write(std::string(vm.type_name(value_of(error))) + " (it cannot be shown)\n");
    return 1;
}

Value State::prelude(const char* name, std::initializer_list<Value> args) {
    vm.roots.insert(vm.roots.end(), args.begin(), args.end());
    Value f = prelude_value(vm, name);
    vm.roots.resize(vm.roots.size() - args.size());
    if (f.is_unbound()) throw_error();
    return call(f, args);
}

Value State::exception_of(const Error& e) {
    Value before = vm.exception;
    raise(e);
    return std::exchange(vm.exception, before);
}

Outcome State::raise(const Error& e) {
    if (e.exception() && &of(e.exception()) == this) {
        vm.exception = own(e.exception());
        return Outcome::raised();
    }
    Value cls = builtin(e.type());
    bool exception = cls.is_object() && cls.as_object()->kind == Kind::Class &&
                     (cls.as<Class>()->class_flags & Class::kException);
    if (!exception) return vm.raise(kShapeRuntimeError, e.what());
    for (uint32_t shape = kShapeBaseException; shape < kBuiltinShapes; shape++)
        if (vm.type(BuiltinShape(shape)) == cls.as<Class>())
            return vm.raise(BuiltinShape(shape), e.message());
    return vm.raise(kShapeRuntimeError, e.what());
}

}  // namespace gen::detail
