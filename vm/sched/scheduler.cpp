#include "vm/sched/scheduler.h"

#include "vm/exec/exec.h"
#include "vm/sched/run_observer.h"

#include <algorithm>

namespace gen {

Fiber* Scheduler::make_fiber(VM& vm) {
    auto* f = vm.heap.make<Fiber>(Kind::Fiber, kShapeInternal);
    f->state = Fiber::kParked;
    f->frame = nullptr;
    f->handled = f->context = f->loop = f->asyncgen_hooks = f->name = f->otherwise = Value::none();
    f->locals = f->result = f->thrown = f->waits_on = Value::unbound();
    f->queue = nullptr;
    f->previous = f->next = nullptr;
    f->id = next_id_++;
    f->epoch = f->steps = 0;
    f->deadline = kForever;
    f->index = uint32_t(fibers_.size());
    f->wait = Wait::Nothing;
    fibers_.push_back(f);
    if (fibers_.size() > ready_.size()) {
        // A larger ring, from its start; room for all is made here, so that ready() never needs any.
        std::vector<Fiber*> ring(std::max<size_t>(ready_.size() * 2, 8));
        for (size_t i = 0; i < ready_count_; i++) ring[i] = ready_[(ready_first_ + i) % ready_.size()];
        ready_ = std::move(ring);
        ready_first_ = 0;
    }
    return f;
}

Fiber* Scheduler::spawn(VM& vm, Value callee, std::initializer_list<Value> args) {
    Fiber* f = make_fiber(vm);
    Frame* base = make_base_frame(vm);
    if (!base) {
        ended(f);
        return nullptr;
    }
    Frame* pushed = nullptr;
    Outcome o = start_call(vm, base, callee, args.begin(), unsigned(args.size()), Value::unbound(),
                           Value::unbound(), kUsedAnyhow, pushed);
    if (!pushed) {
        // Done at once: the base frame has its result.
        base->registers[0] = o.is_value() ? o.value() : Value::none();
        base->pc = kBaseStub + 1;
        pushed = base;
    }
    f->frame = pushed;
    ready(f);
    if (observer) observer->begins(vm, f);
    return f;
}

void Scheduler::ended(Fiber* f) {
    f->state = Fiber::kEnded;
    ended_count_++;
    f->frame = nullptr;
    fibers_[f->index] = fibers_.back();
    fibers_[f->index]->index = f->index;
    fibers_.pop_back();
}

void Scheduler::drop_others(Fiber* kept) {
    for (Fiber* f : fibers_) {
        if (f == kept) continue;
        leave_queue(f);
        f->state = Fiber::kEnded;
        f->frame = nullptr;
        ended_count_++;
    }
    fibers_.assign(1, kept);
    kept->index = 0;
    ready_count_ = 0;
    drop_stale_timers();
}

void Scheduler::ready(Fiber* f) {
    f->state = Fiber::kReady;
    f->wait = Wait::Nothing;
    size_t at = ready_first_ + ready_count_++;
    ready_[at < ready_.size() ? at : at - ready_.size()] = f;
}

Fiber* Scheduler::take_ready() {
    if (random_ && !first_is_next_) {
        random_ ^= random_ << 13;
        random_ ^= random_ >> 7;
        random_ ^= random_ << 17;
        std::swap(ready_[ready_first_], ready_[(ready_first_ + random_ % ready_count_) % ready_.size()]);
    }
    first_is_next_ = false;
    Fiber* f = ready_[ready_first_];
    if (++ready_first_ == ready_.size()) ready_first_ = 0;
    ready_count_--;
    return f;
}

bool Scheduler::later(const Timer& a, const Timer& b) {
    return a.deadline != b.deadline ? a.deadline > b.deadline : a.order > b.order;
}

void Scheduler::park(VM& vm, Wait why, int64_t deadline, Value on, Value otherwise, WaitList* queue) {
    Fiber* f = vm.fiber;
    f->state = Fiber::kParked;
    f->wait = why;
    f->deadline = deadline;
    f->epoch++;
    f->result = Value::unbound();
    f->waits_on = on;
    f->otherwise = otherwise;
    if (deadline != kForever) {
        timers_.push_back({deadline, next_order_++, f, f->epoch});
        std::push_heap(timers_.begin(), timers_.end(), later);
    }
    if (!queue) return;
    f->queue = queue;
    f->next = nullptr;
    f->previous = queue->last;
    (queue->last ? queue->last->next : queue->first) = f;
    queue->last = f;
}

void Scheduler::leave_queue(Fiber* f) {
    if (!f->queue) return;
    (f->previous ? f->previous->next : f->queue->first) = f->next;
    (f->next ? f->next->previous : f->queue->last) = f->previous;
    f->queue = nullptr;
    f->previous = f->next = nullptr;
}

bool Scheduler::wake(Fiber* f, uint64_t epoch, Value result) {
    if (f->state != Fiber::kParked || f->epoch != epoch) return false;
    leave_queue(f);
    if (f->deadline != kForever) stale_timers_++;
    f->epoch++;
    f->deadline = kForever;
    f->waits_on = Value::unbound();
    f->result = result;
    ready(f);
    if (observer) observer->wakes(f, by_itself_);
    return true;
}

Fiber* Scheduler::wake_first(WaitList& queue, Value result) {
    Fiber* f = queue.first;
    if (f) wake(f, f->epoch, result);
    return f;
}

void Scheduler::throw_into(Fiber* f, Value exception) {
    f->thrown = exception;
    if (f->state == Fiber::kParked) wake(f, f->epoch, Value::none());
    put_first(f);
}

void Scheduler::put_first(Fiber* f) {
    size_t i = 0;
    while (i < ready_count_ && ready_[(ready_first_ + i) % ready_.size()] != f) i++;
    if (i == ready_count_) return;
    first_is_next_ = true;
    for (; i > 0; i--)
        std::swap(ready_[(ready_first_ + i) % ready_.size()], ready_[(ready_first_ + i - 1) % ready_.size()]);
}

void Scheduler::end_turn(VM& vm, bool idle) {
    vm.turn->over = true;
    vm.turn->idle = idle;
    wake(vm.main_fiber, vm.main_fiber->epoch, Value::none());
    put_first(vm.main_fiber);
}

int64_t Scheduler::first_deadline() {
    drop_stale_front();
    return timers_.empty() ? kForever : timers_.front().deadline;
}

bool Scheduler::is_stale(const Timer& t) {
    return t.fiber->epoch != t.epoch || t.fiber->state != Fiber::kParked;
}

void Scheduler::drop_stale_timers() {
    std::erase_if(timers_, is_stale);
    std::make_heap(timers_.begin(), timers_.end(), later);
    stale_timers_ = 0;
}

void Scheduler::drop_stale_front() {
    while (!timers_.empty() && is_stale(timers_.front())) {
        std::pop_heap(timers_.begin(), timers_.end(), later);
        timers_.pop_back();
        if (stale_timers_) stale_timers_--;
    }
}

void Scheduler::fire_timers(VM& vm) {
    if (timers_.empty() || !vm.clock) return;
    if (stale_timers_ > 64 && stale_timers_ > timers_.size() / 2) drop_stale_timers();
    int64_t now = vm.clock->now();
    while (!timers_.empty() && timers_.front().deadline <= now) {
        Timer t = timers_.front();
        std::pop_heap(timers_.begin(), timers_.end(), later);
        timers_.pop_back();
        if (wake(t.fiber, t.epoch, t.fiber->otherwise)) stale_timers_--;
    }
}

void Scheduler::look_around(VM& vm) {
    by_itself_ = true;
    fire_timers(vm);
    if (vm.reactor && vm.reactor->active()) vm.reactor->poll();
    by_itself_ = false;
}

static bool is_interrupted(VM& vm) {
    if (vm.interrupt.load() & kInterruptShow) {
        vm.interrupt.fetch_and(~uint32_t(kInterruptShow));
        if (vm.show_fibers) vm.show_fibers(vm);
    }
    return vm.interrupt.load();
}

bool is_past_deadline(VM& vm) {
    return vm.clock && vm.limits.deadline && vm.clock->now() >= vm.limits.deadline;
}

Fiber* Scheduler::next(VM& vm) {
    by_itself_ = true;
    Fiber* f = has_ready() ? take_ready() : wait_for_ready(vm);
    by_itself_ = false;
    return f;
}

Fiber* Scheduler::wait_for_ready(VM& vm) {
    for (;;) {
        if (has_ready()) return take_ready();
        drop_stale_front();
        if (is_interrupted(vm) || is_past_deadline(vm)) return nullptr;
        const bool manual = vm.clock && vm.clock->is_manual();
        if (manual) fire_timers(vm);
        if (has_ready()) continue;
        const bool timed = !timers_.empty() && vm.clock && !manual;
        const bool outside = vm.reactor && vm.reactor->active();
        if (vm.turn && !vm.turn->over) {  // nobody waits while it is the host that has given it
            look_around(vm);
            by_itself_ = true;
            if (has_ready()) continue;
            if (timed && !timers_.empty() && vm.clock->is_virtual() && !(outside && vm.reactor->busy())) {
                const bool goes_on = vm.clock->rests(timers_.front().deadline);
                vm.clock->resumes();
                fire_timers(vm);
                // The time is that of other VMs, too, and they run.
                if (!goes_on && !has_ready()) end_turn(vm, true);
            } else {
                end_turn(vm, true);
            }
            continue;
        }
        if (!timed && !outside) return nullptr;
        int64_t until = timed ? timers_.front().deadline : kForever;
        if (vm.clock && vm.limits.deadline && !manual) until = std::min(until, vm.limits.deadline);
        if (vm.clock && vm.clock->is_virtual()) {
            if (outside && vm.reactor->busy())
                vm.reactor->wait(-1);
            else if (outside)
                vm.reactor->poll();
            if (!has_ready() && !(outside && vm.reactor->busy())) {
                if ((until == kForever && !vm.clock->is_shared()) || !vm.clock->rests(until))
                    vm.reactor->wait(-1);
                vm.clock->resumes();
            }
        } else if (outside) {
            vm.reactor->wait(until == kForever ? -1 : std::max<int64_t>(until - vm.clock->now(), 0));
        } else {
            vm.clock->wait_until(until);
        }
        if (is_interrupted(vm)) return nullptr;
        fire_timers(vm);
    }
}

void Scheduler::trace(Marker& m) const {
    for (Fiber* f : fibers_) {
        m.mark(f);
        m.mark(&f->handled,
               size_t(&f->waits_on - &f->handled) + 1);  // without a barrier: each is looked at every time
    }
    for (const Timer& t : timers_) m.mark(t.fiber);
}

}  // namespace gen
