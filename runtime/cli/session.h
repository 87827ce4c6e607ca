// A VM of the command line: its streams, limits and signals, and how a program is run in it to an exit status.
#pragma once
#include "runtime/cli/options.h"
#include "runtime/cli/output_file.h"
#include "runtime/host/evaluate.h"
#include "runtime/host/run_recorder.h"
#include "runtime/host/timeline_recorder.h"
#include "vm/exec/vm.h"

namespace gen {

class Session {
  public:
    explicit Session(const Options& options);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    int run();  // the program; the exit status
    VM& vm() { return *vm_; }

  private:
    bool begin_recording();  // for --timeline and --trace; false: a file cannot be written
    void end_recording();
    int run_program();
    int run_source(const Source& source, const char* file);
    int run_interactive();
    int finish(Outcome o);            // the status of what has ended
    int show_error();                 // vm.exception, uncaught
    bool ended_by_exit(int& status);  // SystemExit inside the REPL
    const Options& options_;
    RuntimeHost host_;
    OutputFile generator_timeline_, run_timeline_, trace_;
    TimelineRecorder generators_;
    std::unique_ptr<RunRecorder> runs_;
    std::unique_ptr<VM> vm_;
    Module* main_ = nullptr;
};

}  // namespace gen
