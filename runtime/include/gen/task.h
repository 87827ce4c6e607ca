// Scripts that go on beside the host: tasks, and promises of values that scripts wait for. For games, servers, user interfaces.
//
//     gen::Task patrol = vm.start(source);
//     while (!patrol.done()) { draw(); vm.advance(1 / 60.0); vm.run_for({.steps = 100'000}); }
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace gen {

class Interpreter;
class Ref;
namespace detail {
struct State;
struct TaskState;
struct PromiseState;
struct ResolverState;
}  // namespace detail

// A script, or a call, that goes on beside others whenever the interpreter has control: see Interpreter::start(). It may wait
// anywhere. Copies mean the same task. One that fails when nobody holds it any more is reported on `err`.
class Task {
  public:
    Task() = default;  // no task; only to be assigned to
    explicit operator bool() const { return task_ != nullptr; }
    bool done() const;
    std::string status() const;  // "sleeps for another 2.5 s", "waits for a lock", "is ready", "has ended"
    Ref result() const;          // what it gave, or the Error that ended it. RuntimeError: it is not done
    Ref wait() const;            // lets everything run, and waits, until it is done; its result
    // Raises an exception where it stands, which ends its wait: SystemExit to end it. Without effect on one that is done.
    void raise(const Ref& exception) const;
    void raise(std::string_view type, std::string_view message = "") const;

  private:
    friend struct detail::State;
    std::shared_ptr<detail::State> state_;
    std::shared_ptr<detail::TaskState> task_;
};

class Resolver;

// A value that the host gives later. The script that calls a function of the host which returns a promise waits for it there, as in
// time.sleep(), while others go on. One that nobody holds any more without a value is a RuntimeError for whoever waits.
//
//     vm.def("ask", [&](std::string text) { return questions.emplace_back(vm); });   // std::deque<gen::Promise>
//     questions.front().resolve("yes");          // whoever asked goes on when tasks do
class Promise {
  public:
    Promise() = default;  // none; only to be assigned to
    explicit Promise(const Interpreter&);
    explicit operator bool() const { return state_ != nullptr; }
    template <class T>
    void resolve(const T& value) const;                                // what Interpreter::value() takes
    void resolve() const;                                              // None
    void fail(std::string_view type, std::string_view message) const;  // an exception, as Error
    bool settled() const;       // it has a value, or has failed: what comes later has no effect
    Resolver resolver() const;  // for another thread; the promise itself need not be held any longer

  private:
    friend class Interpreter;
    Interpreter interpreter() const;
    void settle(const Ref& value, bool failed) const;
    std::shared_ptr<detail::PromiseState> state_;
};

// The end of a promise that another thread holds: whatever it is given is copied, and handed over to the thread of the interpreter, which
// takes it when it next looks: in run_for(), wait() and every run. These functions may be called from any thread, also when the
// interpreter is gone, which makes them do nothing. The first call counts. A Resolver of which all copies are gone
// without one is a RuntimeError for whoever waits.
//
//     vm.def("fetch", [&](std::string url) {
//         gen::Promise page(vm);
//         pool.run([url, answer = page.resolver()] { answer.resolve(download(url)); });
//         return page;                       // the script waits, others go on
//     });
//     while (vm.run_for() != gen::Progress::Done) vm.wait(60);
class Resolver {
  public:
    Resolver() = default;  // none; only to be assigned to
    explicit operator bool() const { return state_ != nullptr; }
    // A bool, a number, a text; vectors of these, and maps from std::string to them.
    template <class T>
    void resolve(const T& value) const;
    void resolve() const;  // None
    void fail(std::string_view type, std::string_view message) const;

  private:
    friend class Promise;
    friend struct detail::ResolverState;
    using Make = std::function<Ref(const Interpreter&)>;
    void post(Make make) const;
    std::shared_ptr<detail::ResolverState> state_;
};

struct Budget {
    uint64_t steps = 0;  // calls and loop rounds; 0: any number
    double seconds = 0;  // of real time, to about 0.1 ms; 0: any time
};

enum class Progress : uint8_t {
    Done,     // every task has ended
    Waiting,  // everything waits: for time to pass, input, or the host
    Spent,    // so is the budget; somebody can go on at once
};

}  // namespace gen
