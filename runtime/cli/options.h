// The command line: gen [options] [-c CODE | -m MODULE | FILE | -] [arguments]
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gen {

struct Options {
    enum class Source : uint8_t { None, File, Code, Module, Stdin };
    enum class Show : uint8_t { Nothing, Tokens, Ast, Bytecode };

    Source source = Source::None;
    Show show = Show::Nothing;
    std::string program;                 // the path, the code, or the module's name
    std::vector<std::string> arguments;  // behind it
    std::vector<std::string> warnings;   // -W: sys.warnoptions
    bool interactive = false;            // -i: go on at the prompt
    bool help = false, version = false;
    size_t max_memory = 0;  // bytes; 0: no limit
    size_t max_stack = size_t{1} << 30;
    uint64_t max_steps = 0;
    bool virtual_time = false;
    std::optional<uint64_t> seed;
    std::string generator_timeline;  // --timeline=generators: where the drawing goes; empty: none
    std::string run_timeline;        // --timeline
    std::string trace;               // --trace
    std::string error;               // what is wrong with the command line
};

Options parse_options(int argc, char** argv);
extern const char* const kUsage;  // one line
extern const char* const kHelp;   // what --help shows below it

}  // namespace gen
