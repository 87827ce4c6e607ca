// What stands behind the classes of gen/*.h: a VM, what its host grants, and the values that handles refer to.
#pragma once
#include "gen/gen.h"
#include "runtime/host/host.h"
#include "runtime/runtime.h"
#include "vm/exec/vm.h"

#include <atomic>
#include <deque>
#include <unordered_map>

namespace gen::detail {

Outcome call_host_function(VM& vm, Value* args);

// A function of the host: its definition must stay where it is, since natives point to it.
struct HostFunction {
    std::string name;
    size_t parameters;
    bool any;
    std::string text;  // the signature
    NativeDef def = {.signature = "function(callable, /, *args)", .fn = call_host_function};
    std::function<Ref(Interpreter&, const std::vector<Ref>&)> function;
};

// What a task stands for. Its fiber and record (see _host_task in prelude_host.gen) are kept alive by State::tasks.
struct TaskState {
    Fiber* fiber = nullptr;
    List* record = nullptr;
    std::string name;
    bool seen = false;  // the host has been told how it ended

    enum { kValue, kError, kLock, kBegun };
    Value part(int which) const { return record->items->items[which]; }
    bool done() const { return fiber->state == Fiber::kEnded; }
};

// What a promise stands for, and who waits for it. It may not outlive its world, and does not keep it alive.
class Pending : public std::enable_shared_from_this<Pending> {
  public:
    explicit Pending(State& s) : state_(s) {}
    ~Pending();  // whoever waits gets a RuntimeError
    bool settled() const { return value_ != kNoSlot; }
    void settle(Value value, bool failed);
    void fail(const Error&);
    Outcome wait();       // of the running fiber
    bool awaited();       // does a fiber wait?
    bool remote = false;  // a Resolver will settle it, see State::remotes

  private:
    static constexpr uint32_t kNoSlot = ~uint32_t{0};
    struct Waiter {
        uint32_t fiber;  // its slot: it is kept alive; it may wait for something else by now
        uint64_t epoch;
    };
    bool waits(const Waiter&) const;
    State& state_;
    uint32_t value_ = kNoSlot;  // once it is settled: of the value or exception
    bool failed_ = false;
    std::vector<Waiter> waiters_;
};

// What the copies of a Promise share.
struct PromiseState {
    Interpreter vm;
    std::shared_ptr<Pending> pending;  // goes first
};

// Lives as long as anything of its world does: Interpreter, Ref, Program ... share it.
struct State : std::enable_shared_from_this<State> {
    RuntimeHost host;
    VM vm;
    Module* main = nullptr;
    std::vector<Value> slots;  // what handles refer to
    std::vector<uint32_t> free;
    std::deque<HostFunction> functions;
    Value last_result = Value::none();
    std::vector<std::shared_ptr<TaskState>> tasks;        // that had not ended when they were last looked at
    std::vector<std::shared_ptr<TaskState>> ended_tasks;  // that the host still holds
    uint64_t ended_before = 0;                            // Scheduler::ended_count() at that time
    std::shared_ptr<PromiseState> promised;  // what the function of the host that is returning has answered
    // Promises that other threads will settle, and those of them that somebody waits for, or has waited for.
    std::unordered_map<uint64_t, std::shared_ptr<Pending>> remotes;
    std::vector<std::shared_ptr<Pending>> awaited_remotes;
    uint64_t next_remote = 0;
    std::atomic<bool> woken = false;  // by Interpreter::wake(), for wait()
    bool has_ended = false;           // see end()
    bool hands_over =
        false;  // output goes to functions of the host: to be flushed whenever control goes back

    explicit State(const InterpreterOptions&);
    ~State();

    static State& of(const Interpreter& vm) { return *vm.state_; }
    static State& of(const Ref& r) {
        if (!r.state_) throw Error("ValueError", "an empty gen::Ref");
        return *r.state_;
    }
    static Value value_of(const Ref& r) { return of(r).slots[r.slot_]; }
    uint32_t keep(Value v);  // the number of its slot
    void let_go(uint32_t slot) {
        slots[slot] = Value::none();
        free.push_back(slot);
    }
    Ref hold(Value v) { return Ref(shared_from_this(), keep(v)); }
    Value own(const Ref&) const;  // the value of a handle that has to be of this world
    Code* compile(std::string_view text, std::string_view filename);  // see compile_answering()
    Interpreter facade() { return Interpreter(shared_from_this()); }

    Value check(Outcome o);  // the value of an outcome, or its exception as an Error
    [[noreturn]] void throw_error();
    Value call(Value callee, std::initializer_list<Value> args) { return check(vm.run(callee, args)); }
    Value builtin(std::string_view name) { return vm.get(vm.builtins, vm.intern(name)); }
    Value prelude(const char* name, std::initializer_list<Value> args);
    Outcome raise(const Error&);  // in the script: what a host function threw
    Value exception_of(const Error&);

    using Starts = std::function<Value()>;
    Task start(std::string name, const Starts& function, const std::vector<Ref>& args);
    void tend_tasks();  // forgets those that have ended, after reporting errors that nobody can see any more

    // Shows vm.exception, which nobody has caught, as the command line does; the exit status that it means.
    int show_uncaught();
    bool end(AtEnd how);  // see shut_down(); only once
};

}  // namespace gen::detail
