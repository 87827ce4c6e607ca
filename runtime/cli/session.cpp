#include "runtime/cli/session.h"

#include "gen/program.h"
#include "gen/tools.h"
#include "runtime/cli/output_file.h"

#include <unistd.h>
#include <atomic>
#include <csignal>
#include <cstdlib>

namespace gen {

namespace {

using Source = Options::Source;

// ---- Ctrl-C interrupts it, Ctrl-\ asks what it is doing

std::atomic<Interpreter*> signalled = nullptr;  // the handler may run on any thread

void on_signal(int signal) {
    Interpreter* vm = signalled;
    if (!vm) return;
    if (signal == SIGQUIT)
        vm->show_tasks();
    else
        vm->interrupt();
}

class Signals {
  public:
    explicit Signals(Interpreter& vm) {
        signalled = &vm;
        set(on_signal);
        std::signal(SIGPIPE, SIG_IGN);
    }
    ~Signals() {
        set(SIG_DFL);
        signalled = nullptr;
    }

  private:
    static void set(void (*handler)(int)) {
        struct sigaction action {};
        action.sa_handler = handler;
        sigaction(SIGINT, &action, nullptr);  // without SA_RESTART: a read that waits comes back
        sigaction(SIGQUIT, &action, nullptr);
    }
};

// ---- --timeline and --trace

class Recordings {
  public:
    // False: a file cannot be written, and standard error says so.
    bool begin(const Options& options, const Interpreter& vm) {
        if (!options.generator_timeline.empty()) {
            if (!generator_timeline_.open(options.generator_timeline)) return false;
            generators_.emplace(vm);
        }
        if (!options.run_timeline.empty() && !run_timeline_.open(options.run_timeline)) return false;
        if (!options.trace.empty() && !trace_.open(options.trace)) return false;
        if (run_timeline_.is_open() || trace_.is_open())
            runs_.emplace(vm, trace_.is_open() ? RunRecording::kMostTraced : RunRecording::kMostDrawn);
        return true;
    }
    void write() {
        if (generators_) generator_timeline_.write(generators_->svg());
        if (run_timeline_.is_open()) run_timeline_.write(runs_->svg());
        if (trace_.is_open()) trace_.write(runs_->trace());
    }

  private:
    OutputFile generator_timeline_, run_timeline_, trace_;
    std::optional<GeneratorRecording> generators_;
    std::optional<RunRecording> runs_;
};

// ---- the interpreter and its program

InterpreterOptions interpreter_options(const Options& options) {
    InterpreterOptions o = process_options();
    o.memory = options.max_memory;
    o.stack = options.max_stack;
    o.steps = options.max_steps;
    o.virtual_time = options.virtual_time;
    o.seed = options.seed;
    o.interactive = options.interactive;
    if (const char* further = std::getenv("GENPATH")) {
        std::string path(further);
        for (size_t at = 0; at <= path.size();) {
            size_t end = std::min(path.find(':', at), path.size());
            if (end > at) o.search_path.push_back(path.substr(at, end - at));
            at = end + 1;
        }
    }
    return o;
}

int run_prompt(const Interpreter& vm, bool banner) {
    Console console(vm);
    const bool terminal = isatty(0);
    if (terminal && banner) console.write("Gen " GEN_VERSION " (Python 3.11), exit() or Ctrl-D leaves\n");
    for (std::string line;;) {
        if (terminal) console.write(console.prompt());
        Console::Input input = console.read(line);
        if (input == Console::Input::Interrupted) {
            console.write("\nKeyboardInterrupt\n");
            console.reset();
            continue;
        }
        if (input == Console::Input::End && console.is_empty()) {
            if (terminal) console.write("\n");
            return 0;
        }
        Console::Fed fed = input == Console::Input::End ? console.end() : console.feed(line);
        if (fed == Console::Fed::Exit) return console.exit_status();
    }
}

int run_program(Program& program, const Options& options) {
    switch (options.source) {
        case Source::File:
            return program.run_file(options.program, options.arguments);
        case Source::Code:
            return program.run_text(options.program + "\n", options.arguments);
        case Source::Module:
            return program.run_module(options.program, options.arguments);
        case Source::Stdin:
            return program.run_input(options.arguments);
        case Source::None:
            break;
    }
    return program.run_input({}, "");
}

}  // namespace

int run_session(const Options& options) {
    InterpreterOptions own = interpreter_options(options);
    const bool only_prompt = options.source == Source::None && isatty(0);
    if (only_prompt) own.search_path.insert(own.search_path.begin(), "");
    Interpreter vm(std::move(own));
    Signals signals(vm);
    Recordings recordings;
    if (!recordings.begin(options, vm)) return 2;

    if (!options.warnings.empty()) {
        Ref list = vm.run("__import__('sys').warnoptions");
        for (const std::string& filter : options.warnings) list.method("append", filter);
    }

    Program program(vm);
    int status = only_prompt ? run_prompt(vm, true) : run_program(program, options);
    if (options.interactive && options.source != Source::None) status = run_prompt(vm, false);
    status = program.finish(status);
    if (program.is_stuck()) _exit(status);
    recordings.write();
    return status;
}

}  // namespace gen
