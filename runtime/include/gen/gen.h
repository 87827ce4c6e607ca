// Gen inside a C++ program.
//
//     gen::Interpreter vm;
//     vm.def("area", [](double w, double h) { return w * h; });
//     double a = vm.run("area(3, 4)").as<double>();
//
// An Interpreter is one world of its own: any number of them live in a process, each used by one thread at a time. A copy of the
// object is the same world.
// Without grants a script can compute and nothing else: no files, no environment, and what it prints goes to `out`.
//
// Errors of scripts, and wrong conversions, are gen::Error, with the traceback as text. What a C++ function throws
// reaches the script as an exception: a gen::Error as what it was, anything else as RuntimeError.
#pragma once
#include "gen/task.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace gen {

// A value of a script, kept alive as long as this object (a handle) lives. Copies refer to the same value. It may outlive the
// Interpreter object: the world ends with its last handle.
class Ref {
  public:
    Ref() = default;  // no value; only to be assigned to
    Ref(const Ref&);
    Ref(Ref&&) noexcept;
    Ref& operator=(Ref) noexcept;
    ~Ref();

    explicit operator bool() const { return state_ != nullptr; }
    bool is_none() const;
    std::string type_name() const;  // "int", "Point"
    std::string str() const;        // as str() and repr() of the language; may run script code
    std::string repr() const;

    // int64_t and other integers, double, float, bool, std::string, Ref; std::vector of these, from anything that can be iterated.
    // Error when the value is something else (an int is taken for a double; bool takes any value by its truth).
    template <class T>
    T as() const;

    Ref attribute(std::string_view name) const;
    void set_attribute(std::string_view name, const Ref& value) const;
    Ref item(const Ref& key) const;  // value[key]
    void set_item(const Ref& key, const Ref& value) const;
    size_t size() const;  // len(value)

    template <class... Args>
    Ref operator()(const Args&... args) const;
    template <class... Args>
    Ref method(std::string_view name, const Args&... args) const;
    Ref call(const std::vector<Ref>& args) const;

    // ---- iterators and generators, one step at a time. No value: it has ended.
    std::optional<Ref> next() const;
    std::optional<Ref> send(const Ref& value) const;
    // Raises an exception where the generator stands: `type` is the name of a built-in class or an exception class or object.
    std::optional<Ref> raise(const Ref& exception) const;
    std::optional<Ref> raise(std::string_view type, std::string_view message) const;
    void close() const;
    Ref result() const;  // of a generator that has ended in the last step: what it returned

    // for (gen::Ref v : generator.each()) ...
    class Range;
    Range each() const;

  private:
    friend class Interpreter;
    friend class Task;
    friend struct detail::State;
    Ref(std::shared_ptr<detail::State> state, uint32_t slot) : state_(std::move(state)), slot_(slot) {}
    int64_t to_int() const;
    double to_double() const;
    bool to_bool() const;
    std::string to_string() const;
    Interpreter interpreter() const;
    std::shared_ptr<detail::State> state_;
    uint32_t slot_ = 0;
};

class Error : public std::runtime_error {
  public:
    // To be thrown by host functions: `type` names a built-in exception class ("ValueError").
    Error(std::string type, std::string message)
        : std::runtime_error(type + ": " + message), type_(std::move(type)), message_(std::move(message)) {}
    Error(std::string type, std::string message, std::string traceback, Ref exception)
        : std::runtime_error(message.empty() ? type : type + ": " + message),
          type_(std::move(type)),
          message_(std::move(message)),
          traceback_(std::move(traceback)),
          exception_(std::move(exception)) {}
    const std::string& type() const { return type_; }            // "ZeroDivisionError"
    const std::string& message() const { return message_; }      // str(exception)
    const std::string& traceback() const { return traceback_; }  // as the command line would print it
    const Ref& exception() const { return exception_; }  // the object itself, if it comes from a script

  private:
    std::string type_, message_, traceback_;
    Ref exception_;
};

// What the time of an interpreter is: of time.sleep(), timers, asyncio, time.time().
enum class Time : uint8_t {
    Real,
    Virtual,  // stands still while anything runs, and jumps to the next deadline when everything waits
    Manual,   // moves by Interpreter::advance() alone: the time of a game, which can be paused
};

struct InterpreterOptions {
    size_t memory = 0;  // bytes of the heap, 0: no limit. MemoryError in the script
    size_t stack =
        size_t{1} << 30;  // bytes of frames, beside `memory`; 0: no limit. RecursionError in the script
    uint64_t steps = 0;   // see set_step_limit()
    bool files = false;   // grants
    bool environment = false;
    bool network = false;
    bool processes = false;          // child processes, signals
    bool virtual_time = false;       // the same as time = Time::Virtual
    std::optional<uint64_t> seed{};  // of hashes, ids, random numbers, the order of threads: to repeat a run
    std::vector<std::string> search_path{};              // for import
    std::vector<std::string> arguments{};                // sys.argv
    std::function<void(std::string_view)> out{}, err{};  // what is printed; empty: thrown away
    std::function<bool(std::string& line)> in{};         // input(); empty: at its end
    bool isolates = false;      // grant: interpreters on threads of their own (multiprocessing), which print
                                // to the process's own output
    bool machine_code = false;  // grant: PCRE2 may compile patterns of re that are used often to machine code
    bool standard_streams = false;  // in, out and err are those of the process
    bool interactive = false;       // sys.flags.interactive
    std::string executable{};       // sys.executable
    Time time = Time::Real;
};

// The end of the world, with the last of its objects: threads are dropped, what atexit and `finally` and __del__ have to do gets a small
// number of steps and waits for nothing. It takes no longer whatever the script does. Program::finish() does wait.
class Interpreter {
  public:
    explicit Interpreter(InterpreterOptions options = {});

    // Runs a program in the module __main__, which lives on: the value of the last statement if that is an expression, else None.
    // sys.exit() is an Error of type "SystemExit". Tracebacks show the lines of the last source of that name: give each its own.
    Ref run(std::string_view source, std::string_view filename = "<string>");
    // Makes a function that scripts can call. Parameters: what Ref::as knows. Result: what value() takes, void, or a Promise.
    // What a function holds of its own interpreter (Interpreter, Ref, Task, Promise), it should hold by reference: the interpreter keeps
    // its functions, and they would keep it.
    template <class F>
    void def(std::string_view name, F function) {
        set(name, this->function(name, std::move(function)));
    }
    // The same without a name in __main__, for callbacks, attributes ... Like every function of the host it is kept as long as
    // the interpreter.
    template <class F>
    Ref function(std::string_view name, F function);

    Ref get(std::string_view name) const;  // a global of __main__, or a builtin; Error if there is none
    void set(std::string_view name, const Ref& value);
    template <class... Args>
    Ref call(std::string_view name, const Args&... args) {
        return get(name)(args...);
    }

    Ref none() const;
    Ref value(bool) const;
    Ref value(int64_t) const;
    Ref value(double) const;
    Ref value(std::string_view) const;
    Ref value(const std::vector<Ref>& items) const;  // a list
    template <class T>
    Ref value(const std::vector<T>& items) const;
    template <class T>
    Ref value(const std::map<std::string, T>& items) const;  // a dict
    Ref value(const Ref& r) const { return r; }
    Ref value(const char* text) const { return value(std::string_view(text)); }
    Ref value(const std::string& text) const { return value(std::string_view(text)); }
    template <class T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, int64_t>) Ref value(T i)
    const { return value(int64_t(i)); }

    // ---- scripts beside the host, see gen/task.h. They go on in run_for(), and during every run() and call.
    Task start(std::string_view source, std::string_view filename = "<string>");
    template <class... Args>
    Task start(const Ref& function, const Args&... args) {
        return start_call(function, {value(args)...});
    }
    // Lets tasks and threads run until they all wait, at most for the budget. Throws what an interrupt or a limit of the interpreter
    // means. Not to be called by functions of the host.
    Progress run_for(Budget budget = {});
    // Does nothing until somebody can run: a timer goes off, input comes, another thread settles a promise or calls wake(), interrupt() or
    // terminate(). At most for so many seconds of real time; < 0: any time. False: it is over, and nothing has happened.
    bool wait(double seconds = -1);
    void wake();          // from any thread: ends a wait(), the next one if there is none now
    double time() const;  // seconds, as time.monotonic()
    std::optional<double> next_wake()
        const;                     // seconds of that time until a timer goes off; nothing: there is none
    void advance(double seconds);  // of Time::Manual; from any thread
    std::string describe_tasks() const;  // who waits for what, and where: several lines

    size_t memory_used() const;  // bytes of the heap
    // ---- ending a script that goes on for too long. It is terminated: `except` does not hold it up, `finally` and `with` have a
    // small grace, and whoever runs it gets an Error of type "Terminated". Until the limit is set anew every run ends so;
    // the interpreter is as good as before.
    void set_step_limit(uint64_t steps);  // calls and loop rounds from now on; 0: none
    void set_time_limit(
        double seconds);  // from now on, of the interpreter's clock (Time::Manual: set a step limit); 0: none
    // These may be called from any thread, and from signal handlers.
    void terminate();   // what runs now
    void interrupt();   // KeyboardInterrupt in the main program, which may catch it
    void show_tasks();  // soon, and on `err`: what every thread and task is doing, and what it waits for

  private:
    friend class Ref;
    friend class Promise;
    friend struct detail::State;
    using Function = std::function<Ref(Interpreter&, const std::vector<Ref>&)>;
    explicit Interpreter(std::shared_ptr<detail::State> state) : state_(std::move(state)) {}
    template <class R>
    Ref answer(const R& result);           // of a function of the host
    Ref wait_for(const Promise& promise);  // the same
    template <class R, class F, class... Args, size_t... I>
    Ref invoke(F& function, const std::vector<Ref>& args, std::index_sequence<I...>);
    Ref new_dict() const;
    void set_entry(const Ref& dict, std::string_view key, const Ref& item) const;
    Task start_call(const Ref& function, const std::vector<Ref>& args);
    Ref make_function(std::string_view name, size_t parameters, bool any, Function function);
    template <class F, class R, class... Args>
    Ref function_as(std::string_view name, F function, R (F::*)(Args...) const);
    template <class F, class R, class... Args>
    Ref function_as(std::string_view name, F function, R (F::*)(Args...));
    std::shared_ptr<detail::State> state_;
};

}  // namespace gen

#include "gen/templates.h"
