// gen/gen.h: interpreters and functions of the host.
#include "runtime/host/api_state.h"
#include "runtime/types/core_types.h"
#include "vm/exec/define.h"
#include "vm/exec/ops.h"

#include <algorithm>

namespace gen {

using detail::State;

// callable is the number of the function among the state's.
Outcome detail::call_host_function(VM& vm, Value* args) {  // callable, *args
    auto& state = *static_cast<State*>(runtime_of(vm).embedder);
    detail::HostFunction& f = state.functions[size_t(args[0].as_int())];
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
        if (auto promise = std::move(state.promised)) return promise->pending->wait();
        return result ? state.own(result) : Value::none();
    } catch (const Error& e) {
        vm.frame = frame;
        return state.raise(e);
    } catch (const std::exception& e) {
        vm.frame = frame;
        return vm.raise(kShapeRuntimeError, e.what());
    } catch (...) {
        vm.frame = frame;
        return vm.raise(kShapeRuntimeError, "a function of the host has failed");
    }
}

Interpreter::Interpreter(InterpreterOptions options) : state_(std::make_shared<State>(options)) {
    set_step_limit(options.steps);
}

Ref Interpreter::run(std::string_view text, std::string_view filename) {
    State& s = *state_;
    Code* code = s.compile(text, filename);
    return s.hold(s.check(s.vm.run_code(code, s.main->dict, Value::object(s.main->dict))));
}

Ref Interpreter::make_function(std::string_view name, size_t parameters, bool any, Function function) {
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
    return s.hold(native);
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
    if (!state_->vm.set(state_->main->dict, name, state_->own(value))) throw Error("MemoryError", "");
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
        if (!list_append(state_->vm.heap, list.as<List>(), state_->own(r))) throw Error("MemoryError", "");
    return state_->hold(list);
}

Ref Interpreter::new_dict() const { return state_->hold(Value::object(state_->vm.dict())); }

void Interpreter::set_entry(const Ref& dict, std::string_view key, const Ref& item) const {
    Value k = state_->own(value(key));
    if (!state_->vm.set(state_->own(dict).as<Dict>(), k.as<Str>(), state_->own(item)))
        throw Error("MemoryError", "");
}

size_t Interpreter::memory_used() const { return state_->vm.heap.used(); }
void Interpreter::set_step_limit(uint64_t steps) {
    state_->vm.limits.steps = steps ? state_->vm.steps_now() + steps : 0;
    state_->vm.safepoint_soon();
}
void Interpreter::set_time_limit(double seconds) {
    constexpr double kLongest = 9e9;  // which nanoseconds of 64 bits can count
    state_->vm.limits.deadline =
        seconds > 0 ? state_->vm.clock->now() + int64_t(std::min(seconds, kLongest) * 1e9) : 0;
    state_->vm.safepoint_soon();
}

static void ask(VM& vm, Interrupt what) {
    vm.interrupt.fetch_or(what);
    vm.clock->interrupt();
    if (Reactor* waker = runtime_of(vm).waker) waker->wake();
}
void Interpreter::terminate() { ask(state_->vm, kInterruptTerminate); }
void Interpreter::interrupt() { ask(state_->vm, kInterruptKeyboard); }
void Interpreter::show_tasks() { ask(state_->vm, kInterruptShow); }

}  // namespace gen
