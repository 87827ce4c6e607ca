#include "vm/sched/scheduler.h"

#include "vm/exec/exec.h"

#include <algorithm>

namespace gen {

Fiber* Scheduler::make_fiber(VM& vm) {
    auto* f = vm.heap.make<Fiber>(Kind::Fiber, kShapeInternal);
    f->state = Fiber::kReady;
    f->frame = nullptr;
    f->handled = Value::none();
    f->result = f->error = Value::unbound();
    f->next = nullptr;
    f->id = next_id_++;
    f->epoch = 0;
    f->steps = 0;
    f->deadline = 0;
    f->wait = Wait::Nothing;
    fibers_.push_back(f);
    return f;
}

Fiber* Scheduler::spawn(VM& vm, Value callee, std::initializer_list<Value> args) {
    Fiber* f = make_fiber(vm);
    Frame* base = make_base_frame(vm);
    if (!base) { forget(f); return nullptr; }
    Frame* pushed = nullptr;
    Outcome o = start_call(vm, base, callee, args.begin(), unsigned(args.size()), Value::unbound(), Value::unbound(), false, pushed);
    if (!pushed) {
        // Done at once: the base frame has its result.
        base->registers[0] = o.is_value() ? o.value() : Value::none();
        base->pc = kBaseStub + 1;
        pushed = base;
    }
    f->frame = pushed;
    ready(f);
    return f;
}

void Scheduler::ready(Fiber* f) {
    f->state = Fiber::kReady;
    f->next = nullptr;
    if (last_) last_->next = f;
    else first_ = f;
    last_ = f;
}

bool Scheduler::later(const Timer& a, const Timer& b) {
    return a.deadline != b.deadline ? a.deadline > b.deadline : a.order > b.order;
}

void Scheduler::park(VM& vm, Wait why, int64_t deadline) {
    Fiber* f = vm.fiber;
    f->state = Fiber::kParked;
    f->wait = why;
    f->deadline = deadline;
    f->epoch++;
    f->result = Value::unbound();
    if (why == Wait::Time) {
        timers_.push_back({deadline, next_order_++, f, f->epoch});
        std::push_heap(timers_.begin(), timers_.end(), later);
    }
}

bool Scheduler::wake(Fiber* f, uint64_t epoch, Value result) {
    if (f->state != Fiber::kParked || f->epoch != epoch) return false;
    f->wait = Wait::Nothing;
    f->epoch++;
    f->result = result;
    ready(f);
    return true;
}

void Scheduler::fire_timers(VM& vm) {
    if (timers_.empty() || !vm.clock) return;
    int64_t now = vm.clock->now();
    while (!timers_.empty() && timers_.front().deadline <= now) {
        Timer t = timers_.front();
        std::pop_heap(timers_.begin(), timers_.end(), later);
        timers_.pop_back();
        wake(t.fiber, t.epoch, Value::none());
    }
}

Fiber* Scheduler::next(VM& vm) {
    for (;;) {
        if (Fiber* f = first_) {
            first_ = f->next;
            if (!first_) last_ = nullptr;
            f->next = nullptr;
            return f;
        }
        std::erase_if(timers_, [](const Timer& t) { return t.fiber->epoch != t.epoch; });
        std::make_heap(timers_.begin(), timers_.end(), later);
        if (timers_.empty() || !vm.clock || vm.interrupt.load()) return nullptr;
        vm.clock->wait_until(timers_.front().deadline);
        if (vm.interrupt.load()) return nullptr;
        fire_timers(vm);
    }
}

std::string Scheduler::describe_deadlock(VM& vm) const {
    static const char* const kTexts[] = {
#define WAIT(name, text) text,
#include "vm/sched/waits.def"
#undef WAIT
    };
    std::string s = "deadlock: every fiber waits";
    for (const Fiber* f : fibers_) {
        s += "\n  fiber " + std::to_string(f->id) + " " + kTexts[int(f->wait)];
        for (const Frame* fr = f->frame; fr; fr = fr->parent) {
            if (fr->is_native()) continue;
            const Code* code = fr->code();
            s += " in " + std::string(code->qualname.as<Str>()->view()) + ", line " +
                 std::to_string(position_of(*code, fr->pc_offset()).line);
            break;
        }
    }
    (void)vm;
    return s;
}

void Scheduler::forget(Fiber* f) { std::erase(fibers_, f); }

void Scheduler::trace(Marker& m) const {
    for (Fiber* f : fibers_) m.mark(f);
    for (const Timer& t : timers_) m.mark(t.fiber);
}

}   // namespace gen
