#include "runtime/host/isolate.h"

#include "runtime/host/evaluate.h"
#include "runtime/host/import.h"
#include "runtime/host/system_clock.h"
#include "runtime/host/virtual_clock.h"
#include "runtime/runtime.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>

namespace gen {

ChannelId IsolateGroup::open() {
    std::lock_guard guard(mutex_);
    channels_[next_];
    return next_++;
}

void IsolateGroup::share(ChannelId id) {
    std::lock_guard guard(mutex_);
    if (auto at = channels_.find(id); at != channels_.end()) at->second.holders++;
}

void IsolateGroup::tell(Channel& channel, ChannelId id) {
    for (auto& listener : channel.listeners) listener->post(id);
    channel.listeners.clear();
}

bool IsolateGroup::send(ChannelId id, std::string_view message) {
    std::lock_guard guard(mutex_);
    auto at = channels_.find(id);
    if (at == channels_.end() || at->second.closed) return false;
    at->second.messages.emplace_back(message);
    tell(at->second, id);
    return true;
}

IsolateGroup::Received IsolateGroup::peek(ChannelId id, const std::shared_ptr<Completions>& listener) {
    std::lock_guard guard(mutex_);
    auto at = channels_.find(id);
    if (at == channels_.end()) return Received::Closed;
    Channel& channel = at->second;
    if (!channel.messages.empty()) return Received::Message;
    if (channel.closed) return Received::Closed;
    if (std::find(channel.listeners.begin(), channel.listeners.end(), listener) == channel.listeners.end())
        channel.listeners.push_back(listener);
    return Received::Nothing;
}

IsolateGroup::Received IsolateGroup::receive(ChannelId id, const std::shared_ptr<Completions>& listener,
                                             std::string& message) {
    Received found = peek(id, listener);
    if (found != Received::Message) return found;
    std::unique_lock guard(mutex_);
    auto at = channels_.find(id);
    if (at == channels_.end() || at->second.messages.empty()) {  // another VM came between
        guard.unlock();
        return receive(id, listener, message);
    }
    message = std::move(at->second.messages.front());
    at->second.messages.pop_front();
    if (at->second.closed && at->second.messages.empty()) channels_.erase(at);
    return Received::Message;
}

size_t IsolateGroup::size(ChannelId id) {
    std::lock_guard guard(mutex_);
    auto at = channels_.find(id);
    return at == channels_.end() ? 0 : at->second.messages.size();
}

void IsolateGroup::close(ChannelId id) {
    std::lock_guard guard(mutex_);
    auto at = channels_.find(id);
    if (at == channels_.end() || --at->second.holders) return;
    at->second.closed = true;
    tell(at->second, id);
    if (at->second.messages.empty()) channels_.erase(at);
}

std::shared_ptr<SharedTime> IsolateGroup::shared_time(VM& vm) {
    VirtualClock* clock = vm.clock->shareable();
    if (!clock) return nullptr;
    if (!time_) time_ = std::make_shared<SharedTime>(clock->now());
    if (!clock->is_shared()) {
        auto member = time_->join(completions_of(vm));
        clock->share(member);
        completions_of(vm)->share_time(member);
    }
    return time_;
}

bool IsolateGroup::start(VM& parent, ChannelId inbox, ChannelId outcome) {
    RuntimeHost& host = runtime_of(parent);
    // Copied here, since the parent may go on, and end, before the new thread looks at anything.
    auto own = std::make_shared<RuntimeHost>();
    own->grants = host.grants;
    own->arguments = host.arguments;
    own->search_path = host.search_path;
    own->executable = host.executable;
    own->program = host.program;
    own->environment = environment_of(parent);
    own->isolates = shared_from_this();
    own->is_isolate = true;
    if (host.seed) own->set_seed(*host.seed + outcome);
    {
        std::lock_guard guard(mutex_);
        running_[outcome];
    }
    try {
        Start start{parent.limits,        parent.clock->is_virtual(),      parent.clock->now(),
                    parent.clock->wall(), std::make_shared<Completions>(), nullptr};
        // It counts as one that runs from here on.
        if (auto time = shared_time(parent)) start.time = time->join(start.completions);
        own->completions = start.completions;
        std::thread([own, start, inbox, outcome] {
            std::shared_ptr<IsolateGroup> group = own->isolates;
            group->run(*own, start, inbox, outcome);
        }).detach();
    } catch (const std::system_error&) {
        std::lock_guard guard(mutex_);
        running_.erase(outcome);
        return false;
    }
    return true;
}

void IsolateGroup::run(RuntimeHost& host, const Start& start, ChannelId inbox, ChannelId outcome) {
    const Limits& limits = start.limits;
    int status = 1;
    {
        VM vm(host.seed);
        if (start.virtual_time) {
            auto clock = std::make_unique<VirtualClock>(start.now, start.wall);
            if (start.time) {
                clock->share(start.time);
                start.completions->share_time(start.time);
            }
            vm.clock = std::move(clock);
        } else {
            vm.clock = make_system_clock();
        }
        vm.limits.stack = limits.stack;
        vm.frames.set_limit(limits.stack);
        open_descriptor(host.streams.out, 1, false);
        open_descriptor(host.streams.err, 2, true);
        install_runtime(vm, host);
        if (limits.memory) vm.heap.set_limit(limits.memory);
        completions_of(vm);
        {
            std::lock_guard guard(mutex_);
            running_[outcome].vm = &vm;
            if (running_[outcome].interrupted) vm.interrupt.fetch_or(kInterruptStop);
        }
        CompileOptions options;
        options.filename = "<isolate>";
        Source source = Source::from_text(options.filename,
                                          "from multiprocessing.spawn import _run_isolate\n"
                                          "status = _run_isolate(" +
                                              std::to_string(inbox) + ")\n");
        Dict* names = vm.dict();
        vm.roots.push_back(Value::object(names));
        Code* code = compile_source(vm, source, options);
        if (code && !vm.run_code(code, names, Value::object(names)).is_raised()) {
            Value answer = vm.get(names, vm.intern("status"));
            if (answer.is_int()) status = int(answer.as_int());
        } else if (host.left_with) {
            vm.exception = Value::unbound();
        } else if (vm.is_instance(vm.exception, kShapeSystemExit)) {
            status = 0;  // interrupted before it came to anything
            vm.exception = Value::unbound();
        } else {
            host.streams.err.write("an isolate ended with " + std::string(vm.type_name(vm.exception)) + "\n");
            vm.exception = Value::unbound();
        }
        if (host.left_with)
            status = *host.left_with;
        else if (!shut_down(vm, AtEnd::JoinThreads) && status == 0)
            status = 1;
        std::lock_guard guard(mutex_);
        running_[outcome].vm = nullptr;
    }
    send(outcome, std::to_string(status));
    close(outcome);
    std::lock_guard guard(mutex_);
    running_.erase(outcome);
    ended_.notify_all();
}

void IsolateGroup::interrupt(ChannelId outcome) {
    std::lock_guard guard(mutex_);
    auto at = running_.find(outcome);
    if (at == running_.end()) return;
    at->second.interrupted = true;
    if (!at->second.vm) return;
    VM& vm = *at->second.vm;
    vm.interrupt.fetch_or(kInterruptStop);
    vm.clock->interrupt();
    runtime_of(vm).completions->wake();
}

bool IsolateGroup::stop() {
    constexpr int kRounds = 40;
    constexpr std::chrono::milliseconds kRound(50);
    for (int round = 0; round < kRounds; round++) {
        std::vector<ChannelId> left;
        {
            std::lock_guard guard(mutex_);
            for (auto& [outcome, isolate] : running_) left.push_back(outcome);
        }
        if (left.empty()) return true;
        for (ChannelId outcome : left) interrupt(outcome);
        std::unique_lock guard(mutex_);
        ended_.wait_for(guard, kRound, [this] { return running_.empty(); });
    }
    std::lock_guard guard(mutex_);
    return running_.empty();
}

std::shared_ptr<IsolateGroup> isolates_of(VM& vm) {
    std::shared_ptr<IsolateGroup>& group = runtime_of(vm).isolates;
    if (!group) group = std::make_shared<IsolateGroup>();
    return group;
}

}  // namespace gen
