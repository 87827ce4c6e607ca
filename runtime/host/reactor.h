// Input and output on libuv: descriptors, work beside the VM's thread, child processes and signals. Each VM has a loop of its own,
// made when it is first needed.
//
// A fiber waits with what is here and tries again when it is woken; an event loop of the script listens instead. Everything is called
// by the VM's thread, wake() apart. Listeners and the results of work run outside of any frame: they may make objects, fill
// queues and wake fibers, but neither raise nor call.
#pragma once
#include "vm/data/value.h"
#include "vm/exec/outcome.h"
#include "vm/sched/fiber.h"
#include "vm/sched/reactor.h"

#include <uv.h>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gen {

class VM;
struct Array;

class UvReactor final : public Reactor {
  public:
    static UvReactor& of(VM&);
    explicit UvReactor(VM&);
    ~UvReactor() override;

    bool active() override;
    bool busy() override;
    void poll() override;
    void wait(int64_t nanoseconds) override;
    void wake() override;
    void trace(Marker&) const override;

    // ---- descriptors
    enum Direction : uint8_t { kRead, kWrite };
    struct Interest {
        int descriptor;
        Direction direction;
    };
    // Parks the running fiber until one of them may be ready: True, or False when the deadline has passed. Or raises OSError.
    Outcome wait_for(std::span<const Interest>, int64_t deadline);
    Outcome wait_for(int descriptor, Direction direction, int64_t deadline) {
        Interest one{descriptor, direction};
        return wait_for({&one, 1}, deadline);
    }
    // `event`: the descriptor is ready; false means that nothing was done about it, and nothing is reported until a call without an
    // event answers true.
    using Listener = bool (*)(VM&, Value target, bool event);
    int listen(int descriptor, Direction, Listener, Value target);  // one each; errno, or 0
    void unlisten(int descriptor, Direction);
    Value listening(int descriptor, Direction) const;  // the target, or unbound
    void unlisten_all(const std::function<bool(Value target)>& matches);
    void forget(int descriptor);  // it is about to be closed

    // ---- work on threads beside the VM
    // Parks the running fiber while `job` runs elsewhere; then `result`, here, says what the wait gives.
    Outcome work(std::function<void()> job, std::function<Value(VM&)> result);

    // ---- child processes
    struct Program {
        std::vector<std::string> arguments;
        std::string file;                                     // looked up in PATH
        std::optional<std::vector<std::string>> environment;  // "name=value"; else that of this process
        std::string directory;                                // empty: here
        std::vector<int> descriptors;  // what is open in the child, from 0; -1: nothing
        bool detached = false;         // in a session of its own
    };
    int spawn(const Program&, int& pid);  // errno, or 0
    // How it ended, negative for a signal; false: it still runs, or is none of ours.
    bool exit_status(int pid, int& status) const;
    Outcome wait_for_exit(int pid, int64_t deadline);   // parks as wait_for() does
    void listen_exit(int pid, Listener, Value target);  // told once
    bool is_child(int pid) const { return children_.count(pid) != 0; }

    // ---- signals
    using SignalHandler = void (*)(VM&, int number);
    int catch_signal(int number, SignalHandler);  // errno, or 0
    void release_signal(int number);              // what held before holds again
    // SIG_DFL or SIG_IGN, as soon as no VM catches it; errno, or 0.
    static int set_disposition(int number, void (*disposition)(int));
    void hope_for_signal(int number, bool hoped);  // false: that it may come is no reason to wait for ever
    Outcome wait_for_signal(int64_t deadline);     // any of those that are caught
    // Looks around, as poll(); the signals that have come are answered, in order, instead of being handed to their handlers.
    std::vector<int> take_signals();

  private:
    struct Waiter {
        Fiber* fiber;
        uint64_t epoch;
    };
    using Waiters = std::vector<Waiter>;
    struct Watch;
    struct Work;
    struct Child;
    struct Signal;
    static bool is_waiting(const Waiter&);
    static void drop_stale(Waiters&);
    static bool any_waiting(Waiters&);
    static void wake_all(VM&, Waiters&);
    Waiter running_fiber() const;
    void wait_in_loop(int64_t nanoseconds);

    Watch* watch(int descriptor, int& error);
    Watch* find(int descriptor) const {
        return size_t(descriptor) < watches_.size() ? watches_[size_t(descriptor)] : nullptr;
    }
    Value& target(int descriptor, Direction direction) const;
    static bool wants(Watch&, Direction);
    void arm(Watch&, bool exactly);
    static void on_poll(uv_poll_t*, int status, int events);
    void ask_dormant();

    VM& vm_;
    uv_loop_t loop_;
    uv_async_t wake_;
    uv_timer_t timer_;
    bool closing_ = false;
    std::vector<Watch*> watches_;  // by descriptor
    std::vector<Watch*> waited_;   // in which fibers wait, or did
    std::vector<Watch*> dormant_;
    Value targets_;  // Array: of listeners, by 2 * descriptor + direction
    size_t listeners_ = 0;
    size_t works_ = 0;
    std::map<int, std::unique_ptr<Child>> children_;
    std::vector<std::unique_ptr<Child>> finished_;  // whose numbers others have now
    std::map<int, std::unique_ptr<Signal>> signals_;
    Waiters signal_waiters_;
    std::vector<int>* taken_ = nullptr;  // where signals go, while somebody takes them
};

}  // namespace gen
