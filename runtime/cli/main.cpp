#include "runtime/cli/session.h"

#include "runtime/host/host.h"
#include "vm/code/disasm.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <iterator>

namespace gen {

// --tokens, --ast and --dis.
static int show_program(const Options& options) {
    std::string text, name = "<string>";
    if (options.source == Options::Source::Code) {
        text = options.program + "\n";
    } else if (options.source == Options::Source::File) {
        name = options.program;
        if (!read_whole_file(name, text)) {
            std::fprintf(stderr, "gen: can't open file '%s': [Errno %d] %s\n", name.c_str(), errno,
                         std::strerror(errno));
            return 2;
        }
    } else {
        name = "<stdin>";
        text.assign(std::istreambuf_iterator<char>(std::cin), {});
    }
    Source source = Source::from_bytes(name, text);
    if (options.show == Options::Show::Tokens) {
        std::cout << dump_tokens(source);
        return 0;
    }
    if (options.show == Options::Show::Ast) {
        Arena arena;
        ParseResult result = parse(source, arena);
        if (result.error) {
            std::cerr << format_diagnostic(*result.error, name);
            return 1;
        }
        std::cout << dump_ast(result.module) << "\n";
        return 0;
    }
    VM vm;
    CodeBuilder builder(vm.heap, vm.strings);
    CompileOptions compile_options;
    compile_options.filename = name;
    CompileResult result = compile(builder, source, compile_options);
    if (!result.code) {
        if (result.error) std::cerr << format_diagnostic(*result.error, name);
        return 1;
    }
    std::cout << disassemble(*result.code);
    return 0;
}

static int run(int argc, char** argv) {
    Options options = parse_options(argc, argv);
    if (!options.error.empty()) {
        std::fprintf(stderr, "gen: %s\n%s", options.error.c_str(), kUsage);
        return 2;
    }
    if (options.help) {
        std::fputs(kUsage, stdout);
        return 0;
    }
    if (options.version) {
        std::puts("Gen " GEN_VERSION " (Python 3.11)");
        return 0;
    }
    if (options.show != Options::Show::Nothing) return show_program(options);
    Session session(options);
    return session.run();
}

}  // namespace gen

int main(int argc, char** argv) { return gen::run(argc, argv); }
