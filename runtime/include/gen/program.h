// Whole programs and interactive sessions, with CPython's behaviour: what the command line is made of.
//
//     gen::Interpreter vm(gen::process_options());
//     gen::Program program(vm);
//     return program.finish(program.run_file("tool.gen", {"--verbose"}));
#pragma once
#include "gen/gen.h"

namespace gen {

// Everything this process has: its standard streams, environment, files, network, child processes, isolates, and machine code for
// the patterns of re.
InterpreterOptions process_options();

// Runs programs in the module __main__. Each run_...() goes on until the main program has ended, waiting as it does, and answers
// an exit status: that of SystemExit, 0, 1 for an uncaught exception and 130 for KeyboardInterrupt. Such exceptions go through
// sys.excepthook, which shows them on `err`; none of these functions throws.
//
// sys.argv becomes the program's name and the arguments.
class Program {
  public:
    explicit Program(Interpreter vm) : vm_(std::move(vm)) {}

    // __file__ is the path, sys.path[0] its folder. 2: the file cannot be read, `err` says why.
    int run_file(const std::string& path, const std::vector<std::string>& arguments = {});
    // sys.argv[0] is "-c", sys.path[0] the empty string: the current folder.
    int run_text(std::string_view source, const std::vector<std::string>& arguments = {});
    // A module or package, found as import finds it, the current folder first: `python -m`.
    int run_module(std::string_view name, const std::vector<std::string>& arguments = {});
    // The rest of the input is the program; `name` is sys.argv[0].
    int run_input(const std::vector<std::string>& arguments = {}, std::string_view name = "-");

    // The end of the world: waits for the threads that are no daemons, runs what atexit knows, drops tasks, closes what is open,
    // flushes. The final status: `status` or, if that is 0, that of an error now: 120 when output could not be written. Nothing can be
    // run any more.
    int finish(int status = 0);
    // After finish(): an isolate could not be made to end, and is still computing. Only _exit() ends such a process.
    bool is_stuck() const { return stuck_; }

  private:
    int run(std::string_view source, bool is_text, const std::string& filename);
    Interpreter vm_;
    bool stuck_ = false;
};

// A session at a prompt, which is fed line by line. What it runs lives on in __main__; values of expressions are printed by
// sys.displayhook, and errors are shown on `err`, after which the session goes on.
class Console {
  public:
    explicit Console(Interpreter vm);

    enum class Fed : uint8_t {
        Incomplete,  // the statement goes on in the next line
        Done,        // it has run, or there was none
        Failed,      // an exception was shown
        Exit,        // SystemExit: exit_status()
    };
    Fed feed(std::string_view line);  // without its line end
    Fed end();                        // no more lines: what is incomplete now never will be complete
    void reset();                     // forgets the lines of an incomplete statement
    bool is_empty() const { return text_.empty(); }  // no statement has begun
    int exit_status() const { return status_; }
    std::string prompt() const;  // str(sys.ps1); within a statement str(sys.ps2)

    // ---- for sessions on the script's own input and output, which input() and print() use in turns with them
    enum class Input : uint8_t {
        Line,
        End,
        Interrupted,  // by Interpreter::interrupt()
    };
    Input read(std::string& line);  // the next line, without its end; flushes the output first
    void write(std::string_view text);

  private:
    Fed run(bool more);
    Interpreter vm_;
    std::string text_;
    int status_ = 0;
    bool future_annotations_ = false;
};

}  // namespace gen
