#include "runtime/cli/options.h"

#include <cctype>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace gen {

const char* const kUsage = "usage: gen [options] [-c CODE | -m MODULE | FILE | -] [arguments]\n";

const char* const kHelp =
    "\n"
    "Runs a program; without one, reads lines and runs them (from a terminal: with a prompt).\n"
    "\n"
    "  -c CODE            the program is CODE\n"
    "  -m MODULE          the program is a module, found as import finds it\n"
    "  -                  the program comes from standard input\n"
    "  -i                 when the program has ended, go on at the prompt\n"
    "  -W FILTER          what becomes of warnings: action[:message[:category[:module[:line]]]], as "
    "Python's\n"
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
    "  --help             show this text\n"
    "  --                 no more options: what follows is FILE and its arguments\n"
    "\n"
    "Python's -b, -B, -d, -E, -q, -R, -s, -S and -u are accepted, and change nothing.\n"
    "GENPATH in the environment: more folders in which import looks, with : between them.\n";

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

// Options that stand alone.
struct Flag {
    std::string_view name;
    void (*set)(Options&);
};
static constexpr Flag kFlags[] = {
    {"-i", [](Options& o) { o.interactive = true; }},
    {"-h", [](Options& o) { o.help = true; }},
    {"--help", [](Options& o) { o.help = true; }},
    {"-V", [](Options& o) { o.version = true; }},
    {"--version", [](Options& o) { o.version = true; }},
    {"--tokens", [](Options& o) { o.show = Options::Show::Tokens; }},
    {"--ast", [](Options& o) { o.show = Options::Show::Ast; }},
    {"--dis", [](Options& o) { o.show = Options::Show::Bytecode; }},
    {"--virtual-time", [](Options& o) { o.virtual_time = true; }},
};
static constexpr std::string_view kWithoutEffect = "bBdEqRsSu";  // Python's

static bool set_flag(std::string_view name, Options& o) {
    for (const Flag& flag : kFlags) {
        if (flag.name != name) continue;
        flag.set(o);
        return true;
    }
    return false;
}

// Where a file is expected that will be written over.
static bool is_program(std::string_view path) { return path.ends_with(".gen") || path.ends_with(".py"); }

namespace {

class Parser {
  public:
    Parser(int argc, char** argv) : arguments_(argv + (argc > 0), argv + argc) {}
    Options run();

  private:
    using Source = Options::Source;
    bool short_options(std::string_view letters);  // whether the program was among them
    void long_option(std::string_view argument);
    bool found(Source source, std::string_view program) {
        o_.source = source;
        o_.program = program;
        return true;
    }
    void fail(std::string text) {
        if (o_.error.empty()) o_.error = std::move(text);
    }
    void limit(std::string_view name, std::string_view value, bool given);
    void recording(std::string_view name, std::string_view path, std::string& out);
    // The next argument; false: there is none.
    bool take(std::string_view& value) {
        if (next_ == arguments_.size()) return false;
        value = arguments_[next_++];
        return true;
    }

    std::vector<std::string_view> arguments_;
    size_t next_ = 0;
    Options o_;
};

bool Parser::short_options(std::string_view letters) {
    for (size_t n = 0; n < letters.size() && o_.error.empty(); n++) {
        const std::string name = {'-', letters[n]};
        if (letters[n] == 'c' || letters[n] == 'm') {
            std::string_view value = letters.substr(n + 1);
            if (value.empty() && !take(value)) fail("argument expected for the " + name + " option");
            return found(letters[n] == 'c' ? Source::Code : Source::Module, value);
        }
        if (letters[n] == 'W') {
            std::string_view value = letters.substr(n + 1);
            if (value.empty() && !take(value)) fail("argument expected for the -W option");
            o_.warnings.emplace_back(value);
            return false;
        }
        if (!set_flag(name, o_) && kWithoutEffect.find(letters[n]) == std::string_view::npos)
            fail("unknown option " + name);
    }
    return false;
}

void Parser::limit(std::string_view name, std::string_view value, bool given) {
    size_t n = 0;
    if (!given || !parse_size(value, n))
        return fail(std::string(name) + " needs a number (64, 64K, 64M, 1G)");
    if (name == "--max-memory")
        o_.max_memory = n;
    else if (name == "--max-stack")
        o_.max_stack = n;
    else
        o_.max_steps = n;
}

void Parser::recording(std::string_view name, std::string_view path, std::string& out) {
    if (is_program(path)) fail(std::string(name) + " would write over the program " + std::string(path));
    out = path;
}

// `--name VALUE` and `--name=VALUE`; `--timeline=generators OUT.svg` is a name of its own.
void Parser::long_option(std::string_view argument) {
    constexpr const char* kTimeline =
        "--timeline is used as --timeline OUT.svg FILE or --timeline=generators OUT.svg FILE";
    const size_t equals = argument.find('=');
    const bool has_value = equals != std::string_view::npos;
    const std::string_view name = argument.substr(0, equals);
    std::string_view value = has_value ? argument.substr(equals + 1) : "";
    if (name == "--timeline") {
        const bool generators = has_value && value == "generators";
        if (has_value != generators || !take(value)) return fail(kTimeline);
        recording(name, value, generators ? o_.generator_timeline : o_.run_timeline);
    } else if (name == "--max-memory" || name == "--max-stack" || name == "--max-steps") {
        const bool given = has_value || take(value);
        limit(name, value, given);
    } else if (name == "--trace") {
        if ((!has_value && !take(value)) || value.empty()) fail("--trace needs the name of a file to write");
        recording(name, value, o_.trace);
    } else if (name == "--seed") {
        uint64_t seed = 0;
        if ((!has_value && !take(value)) || !parse_number(value, seed))
            fail("--seed needs a number from 0 to 18446744073709551615");
        o_.seed = seed;
    } else if (!set_flag(name, o_)) {
        fail("unknown option " + std::string(argument));
    } else if (has_value) {
        fail(std::string(name) + " takes no value");
    }
}

Options Parser::run() {
    bool at_program = false;
    for (std::string_view argument; !at_program && o_.error.empty() && take(argument);) {
        if (argument == "--")
            at_program = take(argument) && found(Source::File, argument);
        else if (argument == "-")
            at_program = found(Source::Stdin, "");
        else if (argument.starts_with("--"))
            long_option(argument);
        else if (argument.starts_with('-'))
            at_program = short_options(argument.substr(1));
        else
            at_program = found(Source::File, argument);
    }
    if (o_.show != Options::Show::Nothing && o_.source == Source::Module)
        fail("--tokens, --ast and --dis show a file, -c CODE or standard input");
    o_.arguments.assign(arguments_.begin() + ptrdiff_t(next_), arguments_.end());
    return std::move(o_);
}

}  // namespace

Options parse_options(int argc, char** argv) { return Parser(argc, argv).run(); }

}  // namespace gen
