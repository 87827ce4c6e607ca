// gen/program.h: whole programs.
#include "gen/program.h"

#include "runtime/host/api_state.h"
#include "runtime/host/evaluate.h"
#include "runtime/host/isolate.h"
#include "runtime/host/prelude.h"

#include <unistd.h>
#include <cerrno>
#include <climits>
#include <cstring>

namespace gen {

using detail::State;

static std::string own_path() {
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);
    return n > 0 ? std::string(path, size_t(n)) : std::string();
}

InterpreterOptions process_options() {
    InterpreterOptions options;
    options.files = options.environment = options.network = options.processes = options.isolates =
        options.machine_code = true;
    options.standard_streams = true;
    options.executable = own_path();
    return options;
}

static std::string folder_of(const std::string& path) {
    char resolved[PATH_MAX];
    std::string real = realpath(path.c_str(), resolved) ? resolved : path;
    size_t slash = real.rfind('/');
    return slash == std::string::npos ? std::string() : real.substr(0, slash ? slash : 1);
}

static std::string current_folder() {
    char here[PATH_MAX];
    return getcwd(here, sizeof here) ? here : "";
}

static std::string absolute(const std::string& path) {
    std::string here = path.starts_with('/') ? "" : current_folder();
    return here.empty() ? path : here + "/" + path.substr(path.starts_with("./") ? 2 : 0);
}

// sys.argv, and a new sys.path[0]. Isolates get the same.
static void begin_program(State& s, std::string_view name, const std::vector<std::string>& arguments,
                          const std::string& folder) {
    VM& vm = s.vm;
    s.host.arguments.assign(1, std::string(name));
    s.host.arguments.insert(s.host.arguments.end(), arguments.begin(), arguments.end());
    s.host.search_path.insert(s.host.search_path.begin(), folder);
    Dict* sys = vm.get(vm.modules, vm.intern("sys")).as<Module>()->dict;
    Value list = vm.list();
    for (const std::string& a : s.host.arguments) list_append(vm.heap, list.as<List>(), vm.str(a));
    vm.set(sys, "argv", list);
    Value path = vm.get(sys, vm.intern("path"));
    if (is_list(path)) list_insert(vm.heap, path.as<List>(), 0, vm.str(folder));
}

static int status_of(State& s, Outcome o) { return o.is_raised() ? s.show_uncaught() : 0; }

int Program::run(std::string_view text, bool is_text, const std::string& filename) {
    State& s = State::of(vm_);
    CompileOptions options;
    options.filename = filename;
    options.observe_generators = s.vm.observer;
    Source source = is_text ? Source::from_text(filename, text) : Source::from_bytes(filename, text);
    Code* code = compile_source(s.vm, source, options);
    if (!code) return s.show_uncaught();
    return status_of(s, s.vm.run_code(code, s.main->dict, Value::object(s.main->dict)));
}

int Program::run_file(const std::string& path, const std::vector<std::string>& arguments) {
    State& s = State::of(vm_);
    begin_program(s, path, arguments, folder_of(path));
    std::string text;
    if (!read_whole_file(path, text)) {
        s.host.streams.err.write("gen: can't open file '" + path + "': [Errno " + std::to_string(errno) +
                                 "] " + std::strerror(errno) + "\n");
        return 2;
    }
    std::string file = absolute(path);
    s.vm.set(s.main->dict, s.vm.names.file, s.vm.str(file));
    s.vm.set(s.main->dict, "__cached__", Value::none());
    if (!s.host.grants.files) s.host.texts[file] = text;  // for tracebacks
    return run(text, false, file);
}

int Program::run_text(std::string_view source, const std::vector<std::string>& arguments) {
    State& s = State::of(vm_);
    begin_program(s, "-c", arguments, "");
    s.host.program = std::make_shared<std::string>(source);
    return run(source, true, "<string>");
}

int Program::run_module(std::string_view name, const std::vector<std::string>& arguments) {
    State& s = State::of(vm_);
    begin_program(s, "-m", arguments, current_folder());
    Value run = prelude_value(s.vm, "_run_module");
    if (run.is_unbound()) return s.show_uncaught();
    return status_of(s, s.vm.run(run, {s.vm.str(name), Value::object(s.main)}));
}

int Program::run_input(const std::vector<std::string>& arguments, std::string_view name) {
    State& s = State::of(vm_);
    begin_program(s, name, arguments, "");
    std::string text, line;
    while (s.host.streams.read_line && s.host.streams.read_line(line)) text += line;
    return run(text, false, "<stdin>");
}

int Program::finish(int status) {
    State& s = State::of(vm_);
    if (!s.end(AtEnd::JoinThreads) && status == 0) status = 1;
    StandardStreams& streams = s.host.streams;
    if (!streams.out.flush() && status == 0) {
        streams.err.write(std::string("gen: cannot write to standard output: ") + std::strerror(errno) +
                          "\n");
        status = 120;
    }
    streams.err.flush();
    stuck_ = s.host.isolates && !s.host.isolates->stop();
    return status;
}

}  // namespace gen
