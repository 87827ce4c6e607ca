// gen/gen.h: values that the host gives later.
#include "runtime/host/api_state.h"

namespace gen {

using detail::PromiseState;
using detail::State;

Promise::Promise(const Interpreter& vm) : state_(std::make_shared<PromiseState>(vm)) {}

Interpreter Promise::interpreter() const {
    if (!state_) throw Error("ValueError", "an empty gen::Promise");
    return state_->vm;
}
bool Promise::settled() const {
    interpreter();
    return bool(state_->value);
}
void Promise::resolve() const { settle(interpreter().none(), false); }
void Promise::settle(const Ref& value, bool failed) const { state_->settle(value, failed); }

void Promise::fail(std::string_view type, std::string_view message) const {
    settle(State::of(interpreter()).exception_of(Error(std::string(type), std::string(message))), true);
}

Ref Interpreter::wait_for(const Promise& promise) {
    State& s = *state_;
    if (&State::of(promise.interpreter()) != &s)
        throw Error("ValueError", "a promise of another interpreter");
    s.promised = promise.state_;
    return none();
}

Outcome PromiseState::wait() {
    State& s = State::of(vm);
    if (value && failed) {
        s.vm.exception = s.own(value);
        return Outcome::raised();
    }
    if (value) return s.own(value);
    s.vm.scheduler.park(s.vm, Wait::Host);
    waiters.push_back({s.hold(Value::object(s.vm.fiber)), s.vm.fiber->epoch});
    return Outcome::park();
}

void PromiseState::settle(const Ref& with, bool is_failure) {
    State& s = State::of(vm);
    Value v = s.own(with);
    if (value) return;
    value = with;
    failed = is_failure;
    for (const Waiter& w : waiters) {
        auto* fiber = s.own(w.fiber).as<Fiber>();
        if (!failed)
            s.vm.scheduler.wake(fiber, w.epoch, v);
        else if (fiber->state == Fiber::kParked && fiber->epoch == w.epoch)
            s.vm.scheduler.throw_into(fiber, v);
    }
    waiters.clear();
}

PromiseState::~PromiseState() {
    if (waiters.empty()) return;
    settle(State::of(vm).exception_of(Error("RuntimeError", "the host has dropped its promise")), true);
}

}  // namespace gen
