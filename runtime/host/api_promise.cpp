// gen/gen.h: values that the host gives later.
#include "runtime/host/api_state.h"
#include "runtime/host/completions.h"

namespace gen {

using detail::Pending;
using detail::PromiseState;
using detail::State;

// ---- the host's side

Promise::Promise(const Interpreter& vm)
    : state_(std::make_shared<PromiseState>(PromiseState{vm, std::make_shared<Pending>(State::of(vm))})) {}

Interpreter Promise::interpreter() const {
    if (!state_) throw Error("ValueError", "an empty gen::Promise");
    return state_->vm;
}
bool Promise::settled() const {
    State& s = State::of(interpreter());
    if (state_->pending->remote) s.host.completions->deliver(s.vm);
    return state_->pending->settled();
}
void Promise::resolve() const { settle(interpreter().none(), false); }
void Promise::settle(const Ref& value, bool failed) const {
    state_->pending->settle(State::of(interpreter()).own(value), failed);
}
void Promise::fail(std::string_view type, std::string_view message) const {
    interpreter();
    state_->pending->fail(Error(std::string(type), std::string(message)));
}

Ref Interpreter::wait_for(const Promise& promise) {
    State& s = *state_;
    if (&State::of(promise.interpreter()) != &s)
        throw Error("ValueError", "a promise of another interpreter");
    s.promised = promise.state_;
    return none();
}

// ---- the script's side

namespace detail {

bool Pending::waits(const Waiter& w) const {
    auto* fiber = state_.slots[w.fiber].as<Fiber>();
    return fiber->state == Fiber::kParked && fiber->epoch == w.epoch;
}

bool Pending::awaited() {
    while (!waiters_.empty() && !waits(waiters_.back())) {
        state_.let_go(waiters_.back().fiber);
        waiters_.pop_back();
    }
    return !waiters_.empty();
}

Outcome Pending::wait() {
    VM& vm = state_.vm;
    if (settled() && failed_) {
        vm.exception = state_.slots[value_];
        return Outcome::raised();
    }
    if (settled()) return state_.slots[value_];
    if (remote && !awaited()) state_.awaited_remotes.push_back(shared_from_this());
    vm.scheduler.park(vm, Wait::Host);
    waiters_.push_back({state_.keep(Value::object(vm.fiber)), vm.fiber->epoch});
    return Outcome::park();
}

void Pending::settle(Value v, bool is_failure) {
    if (settled()) return;
    value_ = state_.keep(v);
    failed_ = is_failure;
    for (const Waiter& w : waiters_) {
        auto* fiber = state_.slots[w.fiber].as<Fiber>();
        if (!failed_)
            state_.vm.scheduler.wake(fiber, w.epoch, v);
        else if (waits(w))
            state_.vm.scheduler.throw_into(fiber, v);
        state_.let_go(w.fiber);
    }
    waiters_.clear();
}

void Pending::fail(const Error& e) {
    if (!settled()) settle(state_.exception_of(e), true);
}

Pending::~Pending() {
    if (awaited()) fail(Error("RuntimeError", "the host has dropped its promise"));
    if (settled()) state_.let_go(value_);
}

// ---- settled by other threads. What they post finds the promise by its number, if its world still is.

struct ResolverState {
    std::shared_ptr<Completions> completions;
    uint64_t id;
    std::atomic<bool> used = false;

    ResolverState(std::shared_ptr<Completions> c, uint64_t i) : completions(std::move(c)), id(i) {}
    ~ResolverState() {
        post([](const Interpreter&) -> Ref {
            throw Error("RuntimeError", "the host has dropped its promise");
        });
    }
    void post(Resolver::Make make) {
        if (used.exchange(true)) return;
        completions->post([id = id, make = std::move(make)](VM& vm) {
            auto& state = *static_cast<State*>(runtime_of(vm).embedder);
            auto at = state.remotes.find(id);
            if (at == state.remotes.end()) return;
            const std::shared_ptr<Pending> pending = at->second;
            state.remotes.erase(at);
            try {
                pending->settle(state.own(make(state.facade())), false);
            } catch (const Error& e) {
                pending->fail(e);
            } catch (const std::exception& e) {
                pending->fail(Error("RuntimeError", e.what()));
            }
        });
    }
};

}  // namespace detail

Resolver Promise::resolver() const {
    State& s = State::of(interpreter());
    Resolver r;
    r.state_ = std::make_shared<detail::ResolverState>(completions_of(s.vm), s.next_remote);
    const std::shared_ptr<Pending>& pending = state_->pending;
    if (!pending->settled()) {
        if (!pending->remote && pending->awaited()) s.awaited_remotes.push_back(pending);
        pending->remote = true;
        s.remotes[s.next_remote] = pending;
    }
    s.next_remote++;
    return r;
}

void Resolver::post(Make make) const {
    if (!state_) throw Error("ValueError", "an empty gen::Resolver");
    state_->post(std::move(make));
}
void Resolver::resolve() const {
    post([](const Interpreter& vm) { return vm.none(); });
}
void Resolver::fail(std::string_view type, std::string_view message) const {
    post([e = Error(std::string(type), std::string(message))](const Interpreter&) -> Ref { throw e; });
}

}  // namespace gen
