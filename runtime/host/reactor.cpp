#include "runtime/host/reactor.h"

#include "runtime/host/completions.h"
#include "runtime/host/host.h"
#include "runtime/host/reactor_parts.h"
#include "runtime/types/core_types.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <utility>

namespace gen {

// ---- the loop

UvReactor& UvReactor::of(VM& vm) {
    UvReactor*& known = runtime_of(vm).reactor;
    if (!known) {
        auto made = std::make_unique<UvReactor>(vm);
        known = made.get();
        runtime_of(vm).old_reactor = std::move(vm.reactor);
        set_reactor(vm, std::move(made));
        if (Completions* completions = runtime_of(vm).completions.get()) completions->serve(known);
    }
    return *known;
}

UvReactor::UvReactor(VM& vm) : vm_(vm) {
    uv_loop_init(&loop_);
    uv_async_init(&loop_, &wake_, [](uv_async_t*) {});
    uv_timer_init(&loop_, &timer_);
    targets_ = Value::unbound();
}

UvReactor::~UvReactor() {
    closing_ = true;
    if (Completions* completions = runtime_of(vm_).completions.get()) completions->leave(this);
    while (!signals_.empty()) release_signal(signals_.begin()->first);
    for (Watch* w : watches_)
        if (w)
            uv_close(reinterpret_cast<uv_handle_t*>(&w->handle),
                     [](uv_handle_t* h) { delete static_cast<Watch*>(h->data); });
    for (auto& [pid, child] : children_) child->close();
    uv_close(reinterpret_cast<uv_handle_t*>(&wake_), nullptr);
    uv_close(reinterpret_cast<uv_handle_t*>(&timer_), nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);  // until work that is under way has ended, too
    uv_loop_close(&loop_);
    children_.clear();
}

void UvReactor::wake() { uv_async_send(&wake_); }

void UvReactor::poll() {
    ask_dormant();
    uv_run(&loop_, UV_RUN_NOWAIT);
    if (Completions* completions = runtime_of(vm_).completions.get()) completions->deliver(vm_);
}

// libuv counts in milliseconds: what is left of a shorter wait is spent on its descriptor.
void UvReactor::wait(int64_t nanoseconds) {
    wait_in_loop(nanoseconds);
    if (Completions* completions = runtime_of(vm_).completions.get()) completions->deliver(vm_);
}

void UvReactor::wait_in_loop(int64_t nanoseconds) {
    constexpr int64_t kMillisecond = 1'000'000;
    ask_dormant();
    if (nanoseconds < 0) {
        uv_run(&loop_, UV_RUN_ONCE);
        return;
    }
    if (nanoseconds >= kMillisecond) {
        uv_update_time(&loop_);
        uv_timer_start(
            &timer_, [](uv_timer_t*) {}, uint64_t(nanoseconds / kMillisecond), 0);
        uv_run(&loop_, UV_RUN_ONCE);
        uv_timer_stop(&timer_);
        return;
    }
    uv_run(&loop_, UV_RUN_NOWAIT);
    if (vm_.scheduler.has_ready() || vm_.interrupt.load()) return;
    pollfd backend{uv_backend_fd(&loop_), POLLIN, 0};
    timespec timeout{0, long(nanoseconds)};
    if (ppoll(&backend, 1, &timeout, nullptr) > 0) uv_run(&loop_, UV_RUN_NOWAIT);
}

bool UvReactor::active() {
    if (Completions* completions = runtime_of(vm_).completions.get(); completions && completions->active())
        return true;
    if (listeners_ || works_ || any_waiting(signal_waiters_)) return true;
    if (std::any_of(signals_.begin(), signals_.end(), [](auto& entry) { return entry.second->hoped; }))
        return true;
    // Other signals are noticed as long as anybody runs or will.
    if (!signals_.empty() && (vm_.fiber->state == Fiber::kRunningFiber ||
                              std::any_of(vm_.scheduler.fibers().begin(), vm_.scheduler.fibers().end(),
                                          [](const Fiber* f) { return f->deadline != kForever; })))
        return true;
    while (!waited_.empty()) {
        Watch& w = *waited_.back();
        if (any_waiting(w.waiters[kRead]) || any_waiting(w.waiters[kWrite])) return true;
        w.listed = false;
        waited_.pop_back();
    }
    return std::any_of(children_.begin(), children_.end(),
                       [](auto& entry) { return entry.second->awaited(); });
}

bool UvReactor::busy() {
    if (Completions* completions = runtime_of(vm_).completions.get(); completions && completions->busy())
        return true;
    return works_ || std::any_of(children_.begin(), children_.end(),
                                 [](auto& entry) { return entry.second->awaited(); });
}

// Fibers that wait are held by the scheduler. Those that wait no longer may be gone when this collection is over.
void UvReactor::trace(Marker& m) const {
    m.mark(targets_);
    for (Watch* w : waited_)
        for (Waiters& waiters : w->waiters) drop_stale(waiters);
    drop_stale(const_cast<Waiters&>(signal_waiters_));
    for (auto& [pid, child] : children_) {
        drop_stale(child->waiters);
        m.mark(child->target);
    }
}

// ---- fibers that wait

bool UvReactor::is_waiting(const Waiter& w) {
    return w.fiber->state == Fiber::kParked && w.fiber->epoch == w.epoch;
}

void UvReactor::drop_stale(Waiters& waiters) {
    std::erase_if(waiters, [](const Waiter& w) { return !is_waiting(w); });
}
bool UvReactor::any_waiting(Waiters& waiters) {
    while (!waiters.empty() && !is_waiting(waiters.back())) waiters.pop_back();
    return !waiters.empty();
}
void UvReactor::wake_all(VM& vm, Waiters& waiters) {
    for (const Waiter& w : waiters)
        if (is_waiting(w)) vm.scheduler.wake(w.fiber, w.epoch, Value::true_());
    waiters.clear();
}
UvReactor::Waiter UvReactor::running_fiber() const { return {vm_.fiber, vm_.fiber->epoch}; }

// ---- descriptors

UvReactor::Watch* UvReactor::watch(int descriptor, int& error) {
    if (descriptor < 0) {
        error = EBADF;
        return nullptr;
    }
    if (Watch* known = find(descriptor)) return known;
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0) {
        error = errno;
        return nullptr;
    }
    auto w = std::make_unique<Watch>(*this, descriptor);
    error = -uv_poll_init(&loop_, &w->handle, descriptor);
    // libuv takes the descriptor over; a terminal or pipe that others use too stays as they know it.
    if (!(flags & O_NONBLOCK)) fcntl(descriptor, F_SETFL, flags);
    if (error) return nullptr;
    w->handle.data = w.get();
    if (size_t(descriptor) >= watches_.size())
        watches_.resize(std::max<size_t>(2 * watches_.size(), size_t(descriptor) + 16));
    return watches_[size_t(descriptor)] = w.release();
}

bool UvReactor::wants(Watch& w, Direction d) {
    return any_waiting(w.waiters[d]) || (w.listener[d] && !w.dormant[d]);
}

// What is wanted is polled for. What nobody wants any more is left alone until it happens, since it may be wanted again by then.
void UvReactor::arm(Watch& w, bool exactly) {
    int wanted = (wants(w, kRead) ? UV_READABLE : 0) | (wants(w, kWrite) ? UV_WRITABLE : 0);
    if (exactly ? wanted == w.armed : !(wanted & ~w.armed)) return;
    w.armed = exactly ? wanted : wanted | w.armed;
    if (w.armed)
        uv_poll_start(&w.handle, w.armed, on_poll);
    else
        uv_poll_stop(&w.handle);
}

void UvReactor::on_poll(uv_poll_t* handle, int status, int events) {
    Watch& w = *static_cast<Watch*>(handle->data);
    UvReactor& self = w.reactor;
    if (self.closing_) return;
    if (status < 0) {  // whoever tries will get the error
        w.armed = 0;
        events = UV_READABLE | UV_WRITABLE;
    }
    const int descriptor = w.descriptor;
    bool unwanted = false;
    for (Direction d : {kRead, kWrite}) {
        if (!(events & (d == kRead ? UV_READABLE : UV_WRITABLE))) continue;
        bool taken = any_waiting(w.waiters[d]);
        wake_all(self.vm_, w.waiters[d]);
        if (w.listener[d] && !w.dormant[d]) {
            if (w.listener[d](self.vm_, self.target(descriptor, d), true)) {
                taken = true;
            } else if (self.find(descriptor) == &w) {
                w.dormant[d] = true;
                self.dormant_.push_back(&w);
            }
        }
        if (self.find(descriptor) != &w) return;  // it was closed meanwhile
        unwanted |= !taken;
    }
    if (unwanted || status < 0) self.arm(w, true);
}

void UvReactor::ask_dormant() {
    if (dormant_.empty()) return;
    std::vector<Watch*> asleep;
    asleep.swap(dormant_);
    for (Watch* w : asleep) {
        bool still = false;
        for (Direction d : {kRead, kWrite}) {
            if (!w->dormant[d]) continue;
            if (w->listener[d] && !w->listener[d](vm_, target(w->descriptor, d), false))
                still = true;
            else
                w->dormant[d] = false;
        }
        if (still) dormant_.push_back(w);
        arm(*w, false);
    }
}

Outcome UvReactor::wait_for(std::span<const Interest> interests, int64_t deadline) {
    int error = 0;
    for (const Interest& i : interests)
        if (!watch(i.descriptor, error)) return raise_os_error(vm_, error);
    vm_.scheduler.park(vm_, Wait::Reactor, deadline, Value::unbound(), Value::false_());
    for (const Interest& i : interests) {
        Watch& w = *find(i.descriptor);
        drop_stale(w.waiters[i.direction]);
        w.waiters[i.direction].push_back(running_fiber());
        if (!w.listed) {
            w.listed = true;
            waited_.push_back(&w);
        }
        arm(w, false);
    }
    return Outcome::park();
}

Value& UvReactor::target(int descriptor, Direction d) const {
    return targets_.as<Array>()->items[2 * size_t(descriptor) + d];
}

int UvReactor::listen(int descriptor, Direction d, Listener listener, Value new_target) {
    int error = 0;
    Watch* w = watch(descriptor, error);
    if (!w) return error;
    const size_t needed = 2 * size_t(descriptor) + 2;
    if (!targets_.is_object() || targets_.as<Array>()->capacity < needed) {
        Array* grown = make_array(vm_.heap, 2 * needed + 30);
        if (!grown) return ENOMEM;
        if (targets_.is_object())
            std::copy_n(targets_.as<Array>()->items, targets_.as<Array>()->capacity, grown->items);
        targets_ = Value::object(grown);
    }
    if (!w->listener[d]) listeners_++;
    w->listener[d] = listener;
    w->dormant[d] = false;
    target(descriptor, d) = new_target;
    vm_.heap.write(targets_.as_object());
    arm(*w, false);
    return 0;
}

void UvReactor::unlisten(int descriptor, Direction d) {
    Watch* w = descriptor < 0 ? nullptr : find(descriptor);
    if (!w || !w->listener[d]) return;
    w->listener[d] = nullptr;
    w->dormant[d] = false;
    target(descriptor, d) = Value::unbound();
    listeners_--;
}

void UvReactor::unlisten_all(const std::function<bool(Value target)>& matches) {
    for (Watch* w : watches_)
        for (Direction d : {kRead, kWrite})
            if (w && w->listener[d] && matches(target(w->descriptor, d))) unlisten(w->descriptor, d);
}

Value UvReactor::listening(int descriptor, Direction d) const {
    Watch* w = descriptor < 0 ? nullptr : find(descriptor);
    return w && w->listener[d] ? target(descriptor, d) : Value::unbound();
}

void UvReactor::forget(int descriptor) {
    Watch* w = descriptor < 0 ? nullptr : find(descriptor);
    if (!w) return;
    unlisten(descriptor, kRead);
    unlisten(descriptor, kWrite);
    for (Waiters& waiters : w->waiters) wake_all(vm_, waiters);
    std::erase(waited_, w);
    std::erase(dormant_, w);
    watches_[size_t(descriptor)] = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&w->handle),
             [](uv_handle_t* h) { delete static_cast<Watch*>(h->data); });
}

}  // namespace gen
