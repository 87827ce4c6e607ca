// The other side of gen/gen.h.
#include "gen/gen.h"

#include "runtime/host/evaluate.h"
#include "runtime/host/import.h"
#include "runtime/host/prelude.h"
#include "runtime/host/system_clock.h"
#include "runtime/host/virtual_clock.h"
#include "runtime/runtime.h"
#include "runtime/types/core_types.h"
#include "vm/exec/ops.h"

#include <deque>

namespace gen {

namespace detail {

static Outcome call_host_function(VM& vm, Value* args);

// A function of the host: its definition must stay where it is, since natives point to it.
struct HostFunction {
    std::string name;
    size_t parameters;
    bool any;
    std::string text;  // the signature
    NativeDef def = {.signature = "function(callable, /, *args)", .fn = call_host_function};
    std::function<Ref(Interpreter&, const std::vector<Ref>&)> function;
};

struct State : std::enable_shared_from_this<State> {
    RuntimeHost host;
    VM vm;
    Module* main = nullptr;
    std::vector<Value> slots;
    std::vector<uint32_t> free;
    std::deque<HostFunction> functions;
    Value last_result = Value::none();

    explicit State(std::optional<uint64_t> seed) : vm(seed) { host.set_seed(seed); }
    ~State() { shut_down(vm); }
    Ref hold(Value v) {
        uint32_t slot;
        if (free.empty()) {
            slot = uint32_t(slots.size());
            slots.push_back(v);
        } else {
            slot = free.back();
            free.pop_back();
            slots[slot] = v;
        }
        return Ref(shared_from_this(), slot);
    }
    static Value value_of(const Ref& r) {
        if (!r.state_) throw Error("ValueError", "an empty gen::Ref");
        return r.state_->slots[r.slot_];
    }
    static State& state_of(const Ref& r) {
        if (!r.state_) throw Error("ValueError", "an empty gen::Ref");
        return *r.state_;
    }
    Interpreter facade() { return Interpreter(shared_from_this()); }

    // The value of an outcome, or its exception as an Error.
    Value check(Outcome o) {
        if (o.is_value()) return o.value();
        throw_error();
    }
    [[noreturn]] void throw_error() {
        Value e = vm.exception;
        vm.exception = Value::unbound();
        Ref held = hold(e);
        std::string type(vm.type_name(e)), message, traceback;
        // The report must not fail for the reason that it reports.
        const size_t memory = vm.heap.limit();
        const Limits limits = vm.limits;
        vm.heap.set_limit(0);
        vm.limits.steps = 0;
        vm.limits.deadline = 0;
        Value describe = prelude_value(vm, "_describe_error");
        Outcome text = describe.is_unbound() ? Outcome::raised() : vm.run(describe, {e});
        vm.heap.set_limit(memory);
        vm.limits = limits;
        if (text.is_value() && text.value().is_object() && text.value().as_object()->kind == Kind::Tuple) {
            auto* t = text.value().as<Tuple>();
            message = t->items[0].as<Str>()->view();
            traceback = t->items[1].as<Str>()->view();
        } else {
            vm.exception = Value::unbound();
        }
        throw Error(type, message, traceback, held);
    }
    Value call(Value callee, std::initializer_list<Value> args) { return check(vm.run(callee, args)); }
    Value prelude(const char* name, std::initializer_list<Value> args) {
        vm.roots.insert(vm.roots.end(), args.begin(), args.end());
        Value f = prelude_value(vm, name);
        vm.roots.resize(vm.roots.size() - args.size());
        if (f.is_unbound()) throw_error();
        return call(f, args);
    }

    // An exception object for something that a host function threw.
    Outcome raise(const Error& e) {
        if (e.exception()) {
            vm.exception = value_of(e.exception());
            return Outcome::raised();
        }
        Value cls = vm.get(vm.builtins, vm.intern(e.type()));
        bool exception = cls.is_object() && cls.as_object()->kind == Kind::Class &&
                         (cls.as<Class>()->class_flags & Class::kException);
        if (!exception) return vm.raise(kShapeRuntimeError, e.what());
        for (uint32_t shape = kShapeBaseException; shape < kBuiltinShapes; shape++)
            if (vm.type(BuiltinShape(shape)) == cls.as<Class>())
                return vm.raise(BuiltinShape(shape), e.message());
        return vm.raise(kShapeRuntimeError, e.what());
    }
};

// callable is the number of the function among the state's.
static Outcome call_host_function(VM& vm, Value* args) {  // callable, *args
    auto& state = *static_cast<State*>(runtime_of(vm).embedder);
    HostFunction& f = state.functions[size_t(args[0].as_int())];
    auto* given = args[1].as<Tuple>();
    if (!f.any && given->size != f.parameters)
        return vm.type_error("%s() takes %zu positional argument%s but %zu %s given", f.name.c_str(),
                             f.parameters, f.parameters == 1 ? "" : "s", size_t(given->size),
                             given->size == 1 ? "was" : "were");
    if (state.weak_from_this().expired())
        return vm.raise(kShapeRuntimeError, "the host has closed this interpreter");
    Frame* frame = vm.frame;
    try {
        std::vector<Ref> refs;
        for (uint64_t i = 0; i < given->size; i++) refs.push_back(state.hold(given->items[i]));
        Interpreter facade = state.facade();
        Ref result = f.function(facade, refs);
        vm.frame = frame;
        return result ? State::value_of(result) : Value::none();
    } catch (const Error& e) {
        vm.frame = frame;
        return state.raise(e);
    } catch (const std::exception& e) {
        vm.frame = frame;
        return vm.raise(kShapeRuntimeError, e.what());
    }
}

}  // namespace detail

using detail::State;

// ---- Ref

Ref::Ref(const Ref& other) {
    if (other.state_) *this = other.state_->hold(State::value_of(other));
}
Ref::Ref(Ref&& other) noexcept : state_(std::move(other.state_)), slot_(other.slot_) {}
Ref& Ref::operator=(Ref other) noexcept {
    std::swap(state_, other.state_);
    std::swap(slot_, other.slot_);
    return *this;
}
Ref::~Ref() {
    if (!state_) return;
    state_->slots[slot_] = Value::unbound();
    state_->free.push_back(slot_);
}

bool Ref::is_none() const { return State::value_of(*this).is_none(); }
std::string Ref::type_name() const { return State::state_of(*this).vm.type_name(State::value_of(*this)); }

static std::string text_of(State& s, Value v) {
    if (!is_str(v)) throw Error("TypeError", std::string("expected str, got ") + s.vm.type_name(v));
    return std::string(v.as<Str>()->view());
}
std::string Ref::str() const {
    State& s = State::state_of(*this);
    return text_of(s, s.call(Value::object(s.vm.type(kShapeStr)), {State::value_of(*this)}));
}
std::string Ref::repr() const {
    State& s = State::state_of(*this);
    return text_of(s, s.call(s.vm.get(s.vm.builtins, s.vm.intern("repr")), {State::value_of(*this)}));
}

int64_t Ref::to_int() const {
    State& s = State::state_of(*this);
    Value v = State::value_of(*this);
    int64_t i;
    if (!is_int_like(v)) throw Error("TypeError", std::string("expected int, got ") + s.vm.type_name(v));
    if (!int_to_int64(v, i)) throw Error("OverflowError", "int too large for the host's type");
    return i;
}
double Ref::to_double() const {
    State& s = State::state_of(*this);
    Value v = State::value_of(*this);
    if (is_float(v)) return as_float(v);
    if (!is_int_like(v)) throw Error("TypeError", std::string("expected float, got ") + s.vm.type_name(v));
    bool overflow = false;
    double d = int_to_double(v, overflow);
    if (overflow) throw Error("OverflowError", "int too large to convert to float");
    return d;
}
bool Ref::to_bool() const {
    State& s = State::state_of(*this);
    return s.call(Value::object(s.vm.type(kShapeBool)), {State::value_of(*this)}).is_true();
}
std::string Ref::to_string() const {
    State& s = State::state_of(*this);
    Value v = State::value_of(*this);
    if (is_bytes(v)) return std::string(view_of(v.as<Bytes>()));
    std::string text = text_of(s, v);
    if (v.as<Str>()->state & Str::kHasSurrogates)
        throw Error("UnicodeEncodeError", "the text has lone surrogates");
    return text;
}

Ref Ref::attribute(std::string_view name) const {
    State& s = State::state_of(*this);
    return s.hold(s.call(s.vm.get(s.vm.builtins, s.vm.intern("getattr")),
                         {State::value_of(*this), Value::object(s.vm.intern(name))}));
}
void Ref::set_attribute(std::string_view name, const Ref& value) const {
    State& s = State::state_of(*this);
    s.call(s.vm.get(s.vm.builtins, s.vm.intern("setattr")),
           {State::value_of(*this), Value::object(s.vm.intern(name)), State::value_of(value)});
}
Ref Ref::item(const Ref& key) const {
    State& s = State::state_of(*this);
    return s.hold(s.prelude("_host_item", {State::value_of(*this), State::value_of(key)}));
}
size_t Ref::size() const {
    State& s = State::state_of(*this);
    return size_t(s.call(s.vm.get(s.vm.builtins, s.vm.intern("len")), {State::value_of(*this)}).as_int());
}
Ref Ref::call(const std::vector<Ref>& args) const {
    State& s = State::state_of(*this);
    Tuple* t = args.empty() ? s.vm.empty_tuple : make_tuple(s.vm.heap, args.size());
    if (!t) throw Error("MemoryError", "");
    for (size_t i = 0; i < args.size(); i++) t->items[i] = State::value_of(args[i]);
    return s.hold(s.check(s.vm.run(State::value_of(*this), Value::object(t))));
}

// The prelude answers (True, value) or (False, result).
static std::optional<Ref> step(State& s, Value answer) {
    auto* t = answer.as<Tuple>();
    if (t->items[0].is_true()) return s.hold(t->items[1]);
    s.last_result = t->items[1];
    return std::nullopt;
}
std::optional<Ref> Ref::next() const {
    State& s = State::state_of(*this);
    return step(s, s.prelude("_host_next", {State::value_of(*this)}));
}
std::optional<Ref> Ref::send(const Ref& value) const {
    State& s = State::state_of(*this);
    return step(s, s.prelude("_host_send", {State::value_of(*this), State::value_of(value)}));
}
std::optional<Ref> Ref::raise(const Ref& exception) const {
    State& s = State::state_of(*this);
    return step(s, s.prelude("_host_throw", {State::value_of(*this), State::value_of(exception)}));
}
std::optional<Ref> Ref::raise(std::string_view type, std::string_view message) const {
    State& s = State::state_of(*this);
    Value cls = s.vm.get(s.vm.builtins, s.vm.intern(type));
    if (cls.is_unbound()) throw Error("NameError", "no exception class " + std::string(type));
    return raise(s.hold(s.call(cls, {s.vm.str(message)})));
}
void Ref::close() const { method("close"); }
Ref Ref::result() const {
    State& s = State::state_of(*this);
    return s.hold(s.last_result);
}
Ref::Range Ref::each() const {
    State& s = State::state_of(*this);
    return Range(s.hold(s.call(s.vm.get(s.vm.builtins, s.vm.intern("iter")), {State::value_of(*this)})));
}

// ---- Interpreter

static void mark_handles(VM& vm, Marker& m) {
    auto* state = static_cast<State*>(runtime_of(vm).embedder);
    m.mark(state->slots.data(), state->slots.size());
    m.mark(state->last_result);
}

Interpreter::Interpreter(InterpreterOptions options) : state_(std::make_shared<State>(options.seed)) {
    State& s = *state_;
    VM& vm = s.vm;
    vm.clock = options.virtual_time ? make_virtual_clock(options.seed) : make_system_clock();
    s.host.embedder = &s;
    s.host.grants = {.files = options.files,
                     .environment = options.environment,
                     .network = options.network,
                     .processes = options.processes};
    s.host.search_path = std::move(options.search_path);
    s.host.arguments = std::move(options.arguments);
    if (s.host.arguments.empty()) s.host.arguments.push_back("");
    auto sink = [](std::function<void(std::string_view)> f) -> OutputStream::Sink {
        return [f = std::move(f)](std::string_view text) {
            if (f) f(text);
            return true;
        };
    };
    s.host.streams.out.open(sink(std::move(options.out)), true);
    s.host.streams.err.open(sink(std::move(options.err)), true);
    s.host.streams.read_line = std::move(options.in);
    vm.limits.stack = options.stack;
    vm.frames.set_limit(options.stack);
    install_runtime(vm, s.host);
    vm.trace_host = mark_handles;
    s.main = make_main_module(vm, "");
    if (options.memory) vm.heap.set_limit(options.memory);
    set_step_limit(options.steps);
}

Ref Interpreter::run(std::string_view text, std::string_view filename) {
    State& s = *state_;
    VM& vm = s.vm;
    Source source = Source::from_text(std::string(filename), text);
    s.host.texts[std::string(filename)] = source.text();
    s.host.sources.erase(std::string(filename));
    CompileOptions options;
    options.filename = filename;
    Arena arena;
    ParseResult parsed = parse(source, arena);
    std::optional<Diagnostic> error = parsed.error;
    Code* code = nullptr;
    if (parsed.module) {
        ScopeResult scopes =
            analyse_scopes(parsed.module, source, arena, {.future_annotations = parsed.future_annotations});
        error = scopes.error;
        if (scopes.module) {
            // The value of a last statement that is an expression is that of the program.
            auto* module = ast::as<ast::Module>(parsed.module);
            auto* last = module->body.empty() ? nullptr : ast::as_if<ast::Expr>(module->body.back());
            if (last) {
                auto* answer = arena.make<ast::Return>();
                answer->kind = ast::NodeKind::Return;
                answer->span = last->span;
                answer->value = last->value;
                module->body.back() = answer;
            }
            CodeBuilder builder(vm.heap, vm.strings);
            options.future_annotations = parsed.future_annotations;
            CompileResult result =
                compile_tree(builder, arena, source, parsed.module, scopes.module, options);
            code = result.code;
            if (!code) error = result.error;
        }
    }
    if (!code) {
        if (error)
            vm.raise(syntax_error(vm, *error, filename));
        else
            vm.out_of_memory();
        s.throw_error();
    }
    return s.hold(s.check(vm.run_code(code, s.main->dict, Value::object(s.main->dict))));
}

void Interpreter::define(std::string_view name, size_t parameters, bool any, Function function) {
    State& s = *state_;
    auto& f = s.functions.emplace_back();
    f.name = name;
    f.text = f.name + "(callable, /, *args)";
    f.def.signature.text = f.text.c_str();
    f.parameters = parameters;
    f.any = any;
    f.function = std::move(function);
    Value native = make_native(s.vm, f.def, Value::object(s.vm.names.main));
    native.as<Native>()->self = Value::integer(int64_t(s.functions.size()) - 1);
    if (!s.vm.set(s.main->dict, name, native)) throw Error("MemoryError", "");
}

Ref Interpreter::get(std::string_view name) const {
    State& s = *state_;
    Str* key = s.vm.intern(name);
    Value v = s.vm.get(s.main->dict, key);
    if (v.is_unbound()) v = s.vm.get(s.vm.builtins, key);
    if (v.is_unbound()) throw Error("NameError", "name '" + std::string(name) + "' is not defined");
    return s.hold(v);
}
void Interpreter::set(std::string_view name, const Ref& value) {
    if (!state_->vm.set(state_->main->dict, name, State::value_of(value))) throw Error("MemoryError", "");
}

Ref Interpreter::none() const { return state_->hold(Value::none()); }
Ref Interpreter::value(bool b) const { return state_->hold(Value::boolean(b)); }
Ref Interpreter::value(int64_t i) const { return state_->hold(state_->vm.integer(i)); }
Ref Interpreter::value(double d) const { return state_->hold(state_->vm.real(d)); }
Ref Interpreter::value(std::string_view text) const {
    if (valid_utf8(text) < text.size()) throw Error("ValueError", "the text is no UTF-8");
    return state_->hold(state_->check(state_->vm.checked(state_->vm.str(text))));
}
Ref Interpreter::value(const std::vector<Ref>& items) const {
    Value list = state_->vm.list();
    for (const Ref& r : items)
        if (!list_append(state_->vm.heap, list.as<List>(), State::value_of(r)))
            throw Error("MemoryError", "");
    return state_->hold(list);
}

size_t Interpreter::memory_used() const { return state_->vm.heap.used(); }
void Interpreter::set_step_limit(uint64_t steps) {
    state_->vm.limits.steps = steps ? state_->vm.steps_now() + steps : 0;
    state_->vm.safepoint_soon();
}
void Interpreter::set_time_limit(double seconds) {
    state_->vm.limits.deadline = seconds > 0 ? state_->vm.clock->now() + int64_t(seconds * 1e9) : 0;
    state_->vm.safepoint_soon();
}
void Interpreter::terminate() {
    state_->vm.interrupt.fetch_or(kInterruptTerminate);
    state_->vm.clock->interrupt();
    if (state_->vm.reactor) state_->vm.reactor->wake();
}
void Interpreter::interrupt() {
    state_->vm.interrupt.fetch_or(kInterruptKeyboard);
    state_->vm.clock->interrupt();
    if (state_->vm.reactor) state_->vm.reactor->wake();
}

}  // namespace gen
