// The reactor's other half: work beside the VM's thread, child processes, signals.
#include "runtime/host/reactor_parts.h"

#include "runtime/host/host.h"
#include "runtime/types/core_types.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <mutex>

namespace gen {

// ---- work

struct UvReactor::Work {
    uv_work_t request;
    UvReactor* reactor;
    Waiter waiter;
    std::function<void()> job;
    std::function<Value(VM&)> result;
};

Outcome UvReactor::work(std::function<void()> job, std::function<Value(VM&)> result) {
    vm_.scheduler.park(vm_, Wait::Reactor);
    auto* w = new Work{{}, this, running_fiber(), std::move(job), std::move(result)};
    w->request.data = w;
    works_++;
    // Only the epoch is kept of a fiber that may end before the work does: fibers that wait are held by the scheduler.
    uv_queue_work(
        &loop_, &w->request, [](uv_work_t* request) { static_cast<Work*>(request->data)->job(); },
        [](uv_work_t* request, int) {
            std::unique_ptr<Work> w(static_cast<Work*>(request->data));
            UvReactor& self = *w->reactor;
            self.works_--;
            if (self.closing_) return;
            for (Fiber* f : self.vm_.scheduler.fibers()) {
                if (f != w->waiter.fiber || !is_waiting(w->waiter)) continue;
                self.vm_.scheduler.wake(f, w->waiter.epoch, w->result(self.vm_));
                return;
            }
        });
    return Outcome::park();
}

// ---- child processes

int UvReactor::spawn(const Program& program, int& pid) {
    std::vector<char*> arguments, environment;
    for (const std::string& s : program.arguments) arguments.push_back(const_cast<char*>(s.c_str()));
    arguments.push_back(nullptr);
    uv_process_options_t options{};
    options.file = program.file.c_str();
    options.args = arguments.data();
    if (program.environment) {
        for (const std::string& s : *program.environment) environment.push_back(const_cast<char*>(s.c_str()));
        environment.push_back(nullptr);
        options.env = environment.data();
    }
    if (!program.directory.empty()) options.cwd = program.directory.c_str();
    std::vector<uv_stdio_container_t> stdio(program.descriptors.size());
    for (size_t i = 0; i < stdio.size(); i++) {
        stdio[i].flags = program.descriptors[i] < 0 ? UV_IGNORE : UV_INHERIT_FD;
        stdio[i].data.fd = program.descriptors[i];
    }
    options.stdio = stdio.data();
    options.stdio_count = int(stdio.size());
    if (program.detached) options.flags |= UV_PROCESS_DETACHED;
    auto child = std::make_unique<Child>();
    child->reactor = this;
    child->handle.data = child.get();
    options.exit_cb = [](uv_process_t* handle, int64_t status, int signal) {
        auto& child = *static_cast<Child*>(handle->data);
        child.exited = true;
        child.status = signal ? -signal : int(status);
        child.close();
        UvReactor& self = *child.reactor;
        if (self.closing_) return;
        wake_all(self.vm_, child.waiters);
        if (!child.listener) return;
        Listener listener = child.listener;
        Value target = child.target;
        child.listener = nullptr;
        child.target = Value::unbound();
        listener(self.vm_, target, true);
    };
    std::unique_lock guard(environment_mutex(), std::defer_lock);
    if (!program.environment) guard.lock();
    int error = -uv_spawn(&loop_, &child->handle, &options);
    if (guard) guard.unlock();
    if (error) {
        // A handle that was not started is closed all the same; it outlives this call.
        Child* failed = child.release();
        uv_close(reinterpret_cast<uv_handle_t*>(&failed->handle),
                 [](uv_handle_t* h) { delete static_cast<Child*>(h->data); });
        return error;
    }
    child->started = true;
    pid = child->handle.pid;
    auto& place = children_[pid];
    if (place && place->exited) finished_.push_back(std::move(place));  // its number is used again
    place = std::move(child);
    return 0;
}

bool UvReactor::exit_status(int pid, int& status) const {
    auto at = children_.find(pid);
    if (at == children_.end() || !at->second->exited) return false;
    status = at->second->status;
    return true;
}

Outcome UvReactor::wait_for_exit(int pid, int64_t deadline) {
    vm_.scheduler.park(vm_, Wait::Reactor, deadline, Value::unbound(), Value::false_());
    Child& child = *children_.at(pid);
    drop_stale(child.waiters);
    child.waiters.push_back(running_fiber());
    return Outcome::park();
}

void UvReactor::listen_exit(int pid, Listener listener, Value target) {
    auto at = children_.find(pid);
    if (at == children_.end() || at->second->exited) {
        listener(vm_, target, true);
        return;
    }
    at->second->listener = listener;
    at->second->target = target;
}

// ---- signals

// They are the process's, and the reactors of several VMs may catch the same one: what held before the first of them did holds again
// when the last has released it.
namespace {

struct Caught {
    unsigned reactors = 0;
    struct sigaction before;
};
struct CaughtSignals {
    std::mutex mutex;  // guards what follows, and goes before libuv's own lock
    Caught of[NSIG];
};
CaughtSignals& caught_signals() {
    static CaughtSignals all;
    return all;
}

}  // namespace

int UvReactor::catch_signal(int number, SignalHandler handler) {
    if (auto at = signals_.find(number); at != signals_.end()) {
        at->second->handler = handler;
        at->second->hoped = true;
        return 0;
    }
    auto s = std::make_unique<Signal>();
    s->reactor = this;
    s->handler = handler;
    CaughtSignals& all = caught_signals();
    std::lock_guard guard(all.mutex);
    Caught& caught = all.of[number];
    if (!caught.reactors && sigaction(number, nullptr, &caught.before) < 0) return errno;
    uv_signal_init(&loop_, &s->handle);
    s->handle.data = s.get();
    int error = -uv_signal_start(
        &s->handle,
        [](uv_signal_t* handle, int number) {
            auto& s = *static_cast<Signal*>(handle->data);
            UvReactor& self = *s.reactor;
            if (self.closing_) return;
            if (self.taken_)
                self.taken_->push_back(number);
            else
                s.handler(self.vm_, number);  // before those who wait for it
            wake_all(self.vm_, self.signal_waiters_);
        },
        number);
    if (error) {
        uv_close(reinterpret_cast<uv_handle_t*>(&s.release()->handle),
                 [](uv_handle_t* h) { delete static_cast<Signal*>(h->data); });
        return error;
    }
    caught.reactors++;
    signals_[number] = std::move(s);
    return 0;
}

void UvReactor::hope_for_signal(int number, bool hoped) {
    if (auto at = signals_.find(number); at != signals_.end()) at->second->hoped = hoped;
}

void UvReactor::release_signal(int number) {
    auto at = signals_.find(number);
    if (at == signals_.end()) return;
    Signal* s = at->second.release();
    signals_.erase(at);
    {
        CaughtSignals& all = caught_signals();
        std::lock_guard guard(all.mutex);
        uv_signal_stop(&s->handle);
        if (--all.of[number].reactors == 0) sigaction(number, &all.of[number].before, nullptr);
    }
    uv_close(reinterpret_cast<uv_handle_t*>(&s->handle),
             [](uv_handle_t* h) { delete static_cast<Signal*>(h->data); });
}

int UvReactor::set_disposition(int number, void (*disposition)(int)) {
    CaughtSignals& all = caught_signals();
    std::lock_guard guard(all.mutex);
    Caught& caught = all.of[number];
    struct sigaction action {};
    action.sa_handler = disposition;
    if (!caught.reactors) return sigaction(number, &action, nullptr) == 0 ? 0 : errno;
    caught.before = action;
    return 0;
}

std::vector<int> UvReactor::take_signals() {
    std::vector<int> numbers;
    taken_ = &numbers;
    poll();
    taken_ = nullptr;
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

Outcome UvReactor::wait_for_signal(int64_t deadline) {
    vm_.scheduler.park(vm_, Wait::Reactor, deadline, Value::unbound(), Value::false_());
    signal_waiters_.push_back(running_fiber());
    return Outcome::park();
}

}  // namespace gen
