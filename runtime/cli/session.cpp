#include "runtime/cli/session.h"

#include "lexer/lexer.h"
#include "runtime/host/import.h"
#include "runtime/host/isolate.h"
#include "runtime/host/prelude.h"
#include "runtime/host/system_clock.h"
#include "runtime/host/virtual_clock.h"
#include "runtime/runtime.h"
#include "vm/exec/ops.h"

#include <poll.h>
#include <unistd.h>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>

namespace gen {

// The VM that Ctrl-C interrupts, and that Ctrl-\ asks what it is doing.
static VM* signalled = nullptr;

static void on_interrupt(int signal) {
    if (!signalled) return;
    signalled->interrupt.fetch_or(signal == SIGQUIT ? kInterruptShow : kInterruptKeyboard);
    signalled->clock->interrupt();
    if (signalled->reactor) signalled->reactor->wake();
}

static void catch_signals(VM* vm) {
    signalled = vm;
    struct sigaction action {};
    action.sa_handler = vm ? on_interrupt : SIG_DFL;
    sigaction(SIGINT, &action, nullptr);  // without SA_RESTART: a read that waits comes back
    sigaction(SIGQUIT, &action, nullptr);
    signal(SIGPIPE, SIG_IGN);
}

// Reads up to a line end through a buffer of its own; EINTR ends it when Ctrl-C was the reason.
static bool read_line(VM& vm, std::string& buffer, std::string& line) {
    line.clear();
    for (;;) {
        size_t end = buffer.find('\n');
        if (end != std::string::npos) {
            line = buffer.substr(0, end + 1);
            buffer.erase(0, end + 1);
            return true;
        }
        char chunk[4096];
        ssize_t n = read(0, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR && !vm.interrupt.load()) continue;
        if (n <= 0) {
            line = std::move(buffer);
            buffer.clear();
            return !line.empty();
        }
        buffer.append(chunk, size_t(n));
    }
}

// See StandardStreams::waits_for_line. Regular files are always ready.
static int waits_for_line(std::string& buffer) {
    for (;;) {
        pollfd input{0, POLLIN, 0};
        if (buffer.find('\n') != std::string::npos || poll(&input, 1, 0) < 0) return -1;
        if (!input.revents) return 0;
        char chunk[4096];
        ssize_t n = read(0, chunk, sizeof chunk);
        if (n <= 0) return -1;
        buffer.append(chunk, size_t(n));
    }
}

static std::string directory_of(const std::string& path) {
    char resolved[PATH_MAX];
    std::string real = realpath(path.c_str(), resolved) ? resolved : path;
    size_t slash = real.rfind('/');
    return slash == std::string::npos ? std::string() : real.substr(0, slash ? slash : 1);
}

static std::string absolute(const std::string& path) {
    char here[PATH_MAX];
    if (path.starts_with('/') || !getcwd(here, sizeof here)) return path;
    return std::string(here) + "/" + path.substr(path.starts_with("./") ? 2 : 0);
}

static std::string own_path() {
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);
    return n > 0 ? std::string(path, size_t(n)) : std::string();
}

Session::Session(const Options& options) : options_(options), vm_(std::make_unique<VM>(options.seed)) {
    using Source = Options::Source;
    VM& vm = *vm_;
    vm.clock = options.virtual_time ? make_virtual_clock(options.seed) : make_system_clock();
    vm.limits.stack = options.max_stack;
    vm.limits.steps = options.max_steps;
    vm.frames.set_limit(options.max_stack);
    host_.grants = {.files = true, .environment = true, .network = true, .processes = true, .isolates = true};
    host_.executable = own_path();
    host_.interactive = options.interactive;
    host_.set_seed(options.seed);
    host_.streams.out.open(descriptor_sink(1), isatty(1));
    host_.streams.err.open(descriptor_sink(2), true);
    auto buffer = std::make_shared<std::string>();
    host_.streams.read_line = [&vm, buffer](std::string& line) { return read_line(vm, *buffer, line); };
    host_.streams.waits_for_line = [buffer] { return waits_for_line(*buffer); };

    const bool code = options.source == Source::Code, file = options.source == Source::File;
    host_.arguments.push_back(file                               ? options.program
                              : code                             ? "-c"
                              : options.source == Source::Module ? "-m"
                              : options.source == Source::Stdin  ? "-"
                                                                 : "");
    host_.arguments.insert(host_.arguments.end(), options.arguments.begin(), options.arguments.end());
    char directory[PATH_MAX];
    if (file)
        host_.search_path.push_back(directory_of(options.program));
    else if (options.source == Source::Module && getcwd(directory, sizeof directory))
        host_.search_path.push_back(directory);
    else
        host_.search_path.push_back("");
    if (const char* further = getenv("GENPATH")) {
        std::string path(further);
        for (size_t at = 0; at <= path.size();) {
            size_t end = std::min(path.find(':', at), path.size());
            if (end > at) host_.search_path.push_back(path.substr(at, end - at));
            at = end + 1;
        }
    }
    install_runtime(vm, host_);
    if (options.max_memory) vm.heap.set_limit(options.max_memory);
    catch_signals(&vm);
}

Session::~Session() {
    catch_signals(nullptr);
    vm_.reset();
}

int Session::run() {
    if (!begin_recording()) return 2;
    int status = run_program();
    if (options_.interactive && options_.source != Options::Source::None) status = run_interactive();
    if (!shut_down(*vm_) && status == 0) status = 1;
    if (!host_.streams.out.flush() && status == 0) {
        std::fprintf(stderr, "gen: cannot write to standard output: %s\n", std::strerror(errno));
        status = 120;
    }
    host_.streams.err.flush();
    if (host_.isolates && !host_.isolates->stop()) _exit(status);  // they could not be persuaded to end
    end_recording();
    return status;
}

bool Session::begin_recording() {
    constexpr size_t kMostDrawn = 1000, kMostTraced = 500'000;  // events
    if (!options_.generator_timeline.empty()) {
        if (!generator_timeline_.open(options_.generator_timeline)) return false;
        vm_->observer = &generators_;
    }
    if (!options_.run_timeline.empty() && !run_timeline_.open(options_.run_timeline)) return false;
    if (!options_.trace.empty() && !trace_.open(options_.trace)) return false;
    if (run_timeline_.is_open() || trace_.is_open()) {
        runs_ = std::make_unique<RunRecorder>(*vm_, trace_.is_open() ? kMostTraced : kMostDrawn);
        vm_->scheduler.observer = runs_.get();
    }
    return true;
}

void Session::end_recording() {
    if (generator_timeline_.is_open()) generator_timeline_.write(timeline_svg(generators_.timeline()));
    if (run_timeline_.is_open()) run_timeline_.write(run_timeline_svg(runs_->history()));
    if (trace_.is_open()) trace_.write(run_trace_json(runs_->history()));
}

int Session::run_source(const Source& source, const char* file) {
    VM& vm = *vm_;
    if (!main_) main_ = make_main_module(vm, file ? file : "");
    CompileOptions options;
    options.filename = source.name();
    options.observe_generators = vm.observer;
    Code* code = compile_source(vm, source, options);
    if (!code) return show_error();
    return finish(vm.run_code(code, main_->dict, Value::object(main_->dict)));
}

int Session::run_program() {
    VM& vm = *vm_;
    switch (options_.source) {
        case Options::Source::File: {
            std::string text;
            if (!read_whole_file(options_.program, text)) {
                std::fprintf(stderr, "gen: can't open file '%s': [Errno %d] %s\n", options_.program.c_str(),
                             errno, std::strerror(errno));
                return 2;
            }
            std::string path = absolute(options_.program);
            return run_source(Source::from_bytes(path, text), path.c_str());
        }
        case Options::Source::Code:
            host_.program = std::make_shared<std::string>(options_.program + "\n");
            return run_source(Source::from_text("<string>", options_.program + "\n"), nullptr);
        case Options::Source::Module: {
            main_ = make_main_module(vm, "");
            return finish(
                vm.run(prelude_value(vm, "_run_module"), {vm.str(options_.program), Value::object(main_)}));
        }
        case Options::Source::Stdin:
            break;
        case Options::Source::None:
            if (isatty(0)) return run_interactive();
            break;
    }
    std::string text, line;
    while (host_.streams.read_line(line)) text += line;
    return run_source(Source::from_bytes("<stdin>", text), nullptr);
}

int Session::finish(Outcome o) { return o.is_raised() ? show_error() : 0; }

int Session::show_error() {
    VM& vm = *vm_;
    Value error = vm.exception;
    vm.exception = Value::unbound();
    // Whoever shows it needs room for it.
    vm.heap.set_limit(0);
    vm.roots.push_back(error);
    Value handle = prelude_value(vm, "_handle_uncaught");
    vm.roots.pop_back();
    Outcome o = handle.is_unbound() ? Outcome::raised() : vm.run(handle, {error});
    if (options_.max_memory) vm.heap.set_limit(options_.max_memory);
    if (o.is_value() && o.value().is_int()) return int(o.value().as_int());
    host_.streams.err.write(std::string(vm.type_name(error)) + " (it cannot be shown)\n");
    return 1;
}

// ---- the prompt

// Compound statements end with an empty line.
static bool wants_another_line(const std::string& text) {
    size_t last = text.rfind('\n');
    std::string_view line = std::string_view(text).substr(last == std::string::npos ? 0 : last + 1);
    if (line.find_first_not_of(" \t\f") == std::string_view::npos) return false;
    if (text[0] == '@') return true;
    size_t n = 0;
    while (n < text.size() && text[n] >= 'a' && text[n] <= 'z') n++;
    std::string_view word = std::string_view(text).substr(0, n);
    for (std::string_view compound : {"if", "for", "while", "try", "with", "def", "class", "async"})
        if (word == compound) return true;
    Source source = Source::from_text("<stdin>", text);
    Lexer lexer(source);
    Token token;
    do token = lexer.next();
    while (token.kind != Tok::EndMarker && token.kind != Tok::Error);
    return lexer.incomplete() == Incomplete::Block;
}

static std::string prompt(VM& vm, const char* name, const char* otherwise) {
    auto* sys = vm.get(vm.modules, vm.intern("sys")).as<Module>();
    Value v = vm.get(sys->dict, vm.intern(name));
    if (v.is_unbound()) return otherwise;
    Outcome text = vm.run(Value::object(vm.type(kShapeStr)), {v});
    vm.exception = Value::unbound();
    return text.is_value() ? std::string(text.value().as<Str>()->view()) : std::string();
}

int Session::run_interactive() {
    VM& vm = *vm_;
    if (!main_) main_ = make_main_module(vm, "");
    bool terminal = isatty(0);
    if (terminal && options_.source == Options::Source::None)
        host_.streams.out.write("Gen " GEN_VERSION " (Python 3.11), exit() or Ctrl-D leaves\n");
    auto* sys = vm.get(vm.modules, vm.intern("sys")).as<Module>();
    vm.set(sys->dict, "ps1", vm.str(">>> "));
    vm.set(sys->dict, "ps2", vm.str("... "));
    for (const char* name : {"exit", "quit"})
        vm.set(vm.builtins, name, prelude_value(vm, std::string("_") + name));
    bool future_annotations = false;
    std::string text;
    for (;;) {
        if (terminal) host_.streams.out.write(text.empty() ? prompt(vm, "ps1", "") : prompt(vm, "ps2", ""));
        host_.streams.out.flush();
        std::string line;
        bool more = host_.streams.read_line(line);
        if (vm.interrupt.exchange(0) & kInterruptKeyboard) {
            host_.streams.out.write("\nKeyboardInterrupt\n");
            text.clear();
            continue;
        }
        if (!more && text.empty()) {
            if (terminal) host_.streams.out.write("\n");
            return 0;
        }
        if (!line.empty() && line.back() == '\n') line.pop_back();
        if (text.empty() && line.find_first_not_of(" \t\f") == std::string::npos && more) continue;
        text += text.empty() ? line : "\n" + line;
        CompileOptions options;
        options.mode = CompileOptions::Mode::Single;
        options.filename = "<stdin>";
        options.future_annotations = future_annotations;
        options.observe_generators = vm.observer;
        CodeBuilder builder(vm.heap, vm.strings);
        CompileResult result = compile(builder, Source::from_text("<stdin>", text), options);
        if (more && (result.incomplete != Incomplete::No || (result.code && wants_another_line(text))))
            continue;
        text.clear();
        future_annotations |= result.future_annotations;
        Outcome o = Outcome::raised();
        if (result.code) {
            print_warnings(vm, result.warnings, options.filename);
            o = vm.run_code(result.code, main_->dict, Value::object(main_->dict));
        } else if (result.error) {
            vm.raise(syntax_error(vm, *result.error, options.filename));
        } else {
            vm.out_of_memory();
        }
        if (!o.is_raised()) continue;
        bool leaves = vm.is_instance(vm.exception, kShapeSystemExit);
        int status = show_error();
        if (leaves) return status;
    }
}

}  // namespace gen
