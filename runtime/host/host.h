// What the runtime keeps beside a VM: the host's grants, and texts of programs for tracebacks.
#pragma once
#include "runtime/host/environment.h"
#include "runtime/host/io.h"
#include "vm/sched/reactor.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

namespace gen {

struct Grants {
    bool files = false;         // reading and writing files, looking at directories
    bool environment = false;   // os.environ, the process's ids
    bool network = false;       // sockets, names of hosts
    bool processes = false;     // starting child processes, signals
    bool isolates = false;      // VMs on threads of their own
    bool machine_code = false;  // memory that is written to and executed, for the patterns of re
};

class Completions;
class IsolateGroup;

struct RuntimeHost : Host {
    Grants grants;
    std::vector<std::string> arguments;    // sys.argv
    std::vector<std::string> search_path;  // sys.path
    std::string executable;
    std::shared_ptr<const std::string>
        program;  // the text of the main program, for isolates, where it has no file
    std::shared_ptr<Completions> completions;  // see completions_of()
    std::shared_ptr<IsolateGroup> isolates;    // see isolates_of()
    std::optional<uint64_t> seed;              // of a run that can be repeated: os.urandom() draws from it
    uint64_t entropy = 0;                      // its state
    void set_seed(std::optional<uint64_t> s) {
        seed = s;
        entropy = s.value_or(0);
    }
    bool interactive = false;
    bool is_isolate = false;                 // os._exit() ends the VM, not the process
    std::optional<Environment> environment;  // of an isolate; else it is the process's
    std::optional<int> left_with{};          // and was called, with that status
    class UvReactor* reactor = nullptr;      // the VM's, once it is made; see reactor.h
    std::unique_ptr<Reactor>
        old_reactor;  // that it took the place of: another thread may be about to wake it
    std::atomic<Reactor*> waker{nullptr};  // vm.reactor, for other threads and signal handlers
    void* embedder = nullptr;              // the state behind gen/gen.h
    std::unordered_map<std::string, std::vector<std::string>>
        sources;                                         // lines of files that tracebacks have shown
    std::unordered_map<std::string, std::string> texts;  // of modules without a file, by file name
    std::shared_ptr<void> patterns;                      // compiled regular expressions (modules/regex.cpp)
    int64_t max_str_digits = 4300;
    int64_t switch_interval_us = 5000;
};
inline RuntimeHost& runtime_of(VM& vm) { return static_cast<RuntimeHost&>(host_of(vm)); }
// Every VM's reactor is set here, so that waker is the same.
void set_reactor(VM&, std::unique_ptr<Reactor>);

// A line of a source file without its indentation's end being touched; false: there is no such file or line.
bool source_line(VM&, const std::string& filename, uint32_t line, std::string& out);
// The whole file; false: errno says why.
bool read_whole_file(const std::string& path, std::string& out);

}  // namespace gen
