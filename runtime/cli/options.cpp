#include "runtime/cli/options.h"

#include <cctype>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace gen {

const char* const kUsage =
    "usage: gen [options] [-c CODE | -m MODULE | FILE | -] [arguments]\n"
    "\n"
    "Runs a program; without one, reads lines and runs them (from a terminal: with a prompt).\n"
    "\n"
    "  -c CODE            the program is CODE\n"
    "  -m MODULE          the program is a module, found as import finds it\n"
    "  -                  the program comes from standard input\n"
    "  -i                 when the program has ended, go on at the prompt\n"
    "  --max-memory SIZE  limit of the heap: a number of bytes, or with K, M or G (default: none)\n"
    "  --max-stack SIZE   limit of the frames of calls, 0 for none (default: 1G)\n"
    "  --max-steps N      end after about N calls and loop rounds (default: none)\n"
    "  --virtual-time     the clock jumps to the next deadline when everything waits\n"
    "  --seed N           repeat a run: hashes, ids, random numbers and the order of threads come from N\n"
    "  --timeline OUT.svg run the program, and draw which threads and tasks ran when, and what they waited "
    "for\n"
    "  --timeline=generators OUT.svg\n"
    "                     draw what passed between its generators\n"
    "  --trace OUT.json   write who ran when as trace events, for ui.perfetto.dev\n"
    "  --tokens           show the program's tokens instead of running it\n"
    "  --ast              show its syntax tree\n"
    "  --dis              show its bytecode\n"
    "  --version          show the version\n"
    "  --help             show this text\n";

// 64, 64K, 64M, 1G.
static bool parse_size(std::string_view text, size_t& out) {
    std::string copy(text);
    char* end = nullptr;
    unsigned long long n = std::strtoull(copy.c_str(), &end, 10);
    if (end == copy.c_str() || !std::isdigit(static_cast<unsigned char>(copy[0]))) return false;
    int shift = 0;
    switch (std::toupper(static_cast<unsigned char>(*end))) {
        case 'K':
            shift = 10;
            end++;
            break;
        case 'M':
            shift = 20;
            end++;
            break;
        case 'G':
            shift = 30;
            end++;
            break;
        default:
            break;
    }
    if (*end || n > (~size_t{0} >> shift)) return false;
    out = size_t(n) << shift;
    return true;
}

static bool parse_number(std::string_view text, uint64_t& out) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

Options parse_options(int argc, char** argv) {
    Options o;
    int i = 1;
    auto fail = [&](std::string text) {
        o.error = std::move(text);
        return o;
    };
    auto rest = [&] { o.arguments.assign(argv + i, argv + argc); };
    for (; i < argc; i++) {
        std::string_view arg = argv[i];
        // `--name VALUE` and `--name=VALUE`.
        std::string value;
        bool has_value = false;
        if (arg.starts_with("--") && arg.find('=') != std::string_view::npos) {
            value = arg.substr(arg.find('=') + 1);
            arg = arg.substr(0, arg.find('='));
            has_value = true;
        }
        auto take = [&] {
            if (has_value) return true;
            if (i + 1 >= argc) return false;
            value = argv[++i];
            return true;
        };
        if (arg == "-") {
            o.source = Options::Source::Stdin;
            i++;
            rest();
            return o;
        }
        if (arg.empty() || arg[0] != '-') {
            o.source = Options::Source::File;
            o.program = argv[i++];
            rest();
            return o;
        }
        if (arg.starts_with("-c") || arg.starts_with("-m")) {
            bool code = arg[1] == 'c';
            if (arg.size() > 2)
                value = arg.substr(2);
            else if (!take())
                return fail(std::string("argument expected for the ") + std::string(arg) + " option");
            o.source = code ? Options::Source::Code : Options::Source::Module;
            o.program = value;
            i++;
            rest();
            return o;
        }
        if (arg == "-i")
            o.interactive = true;
        else if (arg == "-h" || arg == "--help")
            o.help = true;
        else if (arg == "-V" || arg == "--version")
            o.version = true;
        else if (arg == "--tokens")
            o.show = Options::Show::Tokens;
        else if (arg == "--ast")
            o.show = Options::Show::Ast;
        else if (arg == "--dis")
            o.show = Options::Show::Bytecode;
        else if (arg == "-u" || arg == "-B" || arg == "-E" || arg == "-s" || arg == "-S")
            continue;  // Python's, without a meaning here
        else if (arg == "--max-memory" || arg == "--max-stack" || arg == "--max-steps") {
            size_t n = 0;
            if (!take() || !parse_size(value, n))
                return fail(std::string(arg) + " needs a number (64, 64K, 64M, 1G)");
            if (arg == "--max-memory")
                o.max_memory = n;
            else if (arg == "--max-stack")
                o.max_stack = n;
            else
                o.max_steps = n;
        } else if (arg == "--timeline") {
            if ((has_value && value != "generators") || i + 1 >= argc)
                return fail(
                    "--timeline is used as --timeline OUT.svg FILE or --timeline=generators OUT.svg FILE");
            (has_value ? o.generator_timeline : o.run_timeline) = argv[++i];
        } else if (arg == "--trace") {
            if (!take() || value.empty()) return fail("--trace needs the name of a file to write");
            o.trace = value;
        } else if (arg == "--virtual-time") {
            o.virtual_time = true;
        } else if (arg == "--seed") {
            uint64_t seed = 0;
            if (!take() || !parse_number(value, seed)) return fail("--seed needs a number");
            o.seed = seed;
        } else {
            return fail("unknown option " + std::string(arg));
        }
    }
    return o;
}

}  // namespace gen
