#include "gen/tools.h"
#include "runtime/cli/session.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace gen {

// False: errno says why.
static bool read_all(std::FILE* file, std::string& text) {
    char chunk[65536];
    while (size_t n = std::fread(chunk, 1, sizeof chunk, file)) text.append(chunk, n);
    return !std::ferror(file);
}

static bool read_program(const Options& options, std::string& text, std::string& name) {
    name = "<string>";
    if (options.source == Options::Source::Code) {
        text = options.program + "\n";
        return true;
    }
    if (options.source != Options::Source::File) {
        name = "<stdin>";
        return read_all(stdin, text);
    }
    name = options.program;
    std::FILE* file = std::fopen(name.c_str(), "rb");
    bool good = file && read_all(file, text);
    int error = errno;
    if (file) std::fclose(file);
    if (!good)
        std::fprintf(stderr, "gen: can't open file '%s': [Errno %d] %s\n", name.c_str(), error,
                     std::strerror(error));
    return good;
}

// --tokens, --ast and --dis.
static int show_program(const Options& options) {
    std::string text, name;
    if (!read_program(options, text, name)) return 2;
    try {
        std::string shown = options.show == Options::Show::Tokens ? tokens(text, name)
                            : options.show == Options::Show::Ast  ? syntax_tree(text, name) + "\n"
                                                                  : bytecode(text, name);
        std::fwrite(shown.data(), 1, shown.size(), stdout);
        return 0;
    } catch (const Error& e) {
        std::fputs(e.traceback().c_str(), stderr);
        return 1;
    }
}

static int run(int argc, char** argv) {
    Options options = parse_options(argc, argv);
    if (!options.error.empty()) {
        std::fprintf(stderr, "gen: %s\n%sgen --help tells more\n", options.error.c_str(), kUsage);
        return 2;
    }
    if (options.help) {
        std::fputs(kUsage, stdout);
        std::fputs(kHelp, stdout);
        return 0;
    }
    if (options.version) {
        std::puts("Gen " GEN_VERSION " (Python 3.11)");
        return 0;
    }
    if (options.show != Options::Show::Nothing) return show_program(options);
    return run_session(options);
}

}  // namespace gen

int main(int argc, char** argv) { return gen::run(argc, argv); }
