#include "runtime/host/completions.h"

#include "runtime/host/host.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace gen {

void Completions::post(Key key) {
    std::lock_guard guard(mutex_);
    if (!reactor_) return;
    posted_.push_back(key);
    if (auto member = time_.lock()) member->stir();
    reactor_->wake();
}

void Completions::post(std::function<void(VM&)> function) {
    std::lock_guard guard(mutex_);
    if (!reactor_) return;
    functions_.push_back(std::move(function));
    if (auto member = time_.lock()) member->stir();
    reactor_->wake();
}

void Completions::wake() {
    std::lock_guard guard(mutex_);
    if (reactor_) reactor_->wake();
}

void Completions::share_time(std::shared_ptr<SharedTime::Member> member) {
    std::lock_guard guard(mutex_);
    time_ = member;
    member_ = true;
}

void Completions::serve(Reactor* reactor) {
    std::lock_guard guard(mutex_);
    reactor_ = reactor;
    if (!posted_.empty() || !functions_.empty()) reactor->wake();  // another one was told of them
}

void Completions::leave(Reactor* reactor) {
    std::lock_guard guard(mutex_);
    if (reactor_ == reactor) reactor_ = nullptr;
}

bool Completions::active() const {
    for (const auto& [key, list] : waiting_)
        if (list.first) return true;
    return awaits_function && awaits_function();
}

void Completions::deliver(VM& vm) {
    std::vector<Key> posted;
    std::vector<std::function<void(VM&)>> functions;
    {
        std::lock_guard guard(mutex_);
        posted.swap(posted_);
        functions.swap(functions_);
    }
    for (auto& function : functions) function(vm);
    for (Key key : posted) {
        auto at = waiting_.find(key);
        if (at == waiting_.end()) continue;
        while (vm.scheduler.wake_first(at->second, Value::true_())) {
        }
        waiting_.erase(at);
    }
}

namespace {

// Waits for completions, and for interrupts, at a pipe.
class CompletionReactor : public Reactor {
  public:
    CompletionReactor(VM& vm, std::shared_ptr<Completions> completions)
        : vm_(vm), completions_(std::move(completions)) {
        if (pipe2(ends_, O_NONBLOCK | O_CLOEXEC) != 0) ends_[0] = ends_[1] = -1;
    }
    ~CompletionReactor() override {
        completions_->leave(this);
        for (int end : ends_)
            if (end >= 0) close(end);
    }
    bool active() override { return completions_->active(); }
    bool busy() override { return completions_->busy(); }
    void poll() override { completions_->deliver(vm_); }
    void wait(int64_t nanoseconds) override {
        pollfd ready{ends_[0], POLLIN, 0};
        timespec timeout{time_t(nanoseconds / 1'000'000'000), long(nanoseconds % 1'000'000'000)};
        ppoll(&ready, 1, nanoseconds < 0 ? nullptr : &timeout, nullptr);
        char bytes[64];
        while (read(ends_[0], bytes, sizeof bytes) > 0) {
        }
        completions_->deliver(vm_);
    }
    void wake() override {
        ssize_t written = write(ends_[1], "!", 1);
        (void)written;  // a full pipe wakes as well
    }

  private:
    VM& vm_;
    std::shared_ptr<Completions> completions_;
    int ends_[2];
};

}  // namespace

void set_reactor(VM& vm, std::unique_ptr<Reactor> reactor) {
    runtime_of(vm).waker = reactor.get();
    vm.reactor = std::move(reactor);
}

std::shared_ptr<Completions> completions_of(VM& vm) {
    std::shared_ptr<Completions>& completions = runtime_of(vm).completions;
    if (completions && vm.reactor) return completions;
    if (!completions) completions = std::make_shared<Completions>();
    if (!vm.reactor) set_reactor(vm, std::make_unique<CompletionReactor>(vm, completions));
    completions->serve(vm.reactor.get());
    return completions;
}

}  // namespace gen
