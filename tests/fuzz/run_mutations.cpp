// Feeds random mutations of good programs to the interpreter and watches how it takes them.
//
//   run_mutations --gen PROGRAM [--count N] [--seconds S] [--seed S] [--only I] [--stack KB] [--keep FOLDER] PATH...
//
// A PATH is a script or a folder, searched for *.gen. Mutation number I of seed S is always the same program, so a
// finding is repeated by --seed S --only I; the program itself is kept in FOLDER.
//
// Right is: a normal exit, or an error that is told on stderr. A finding is: death by a signal, a sanitizer's report,
// a failure without a word, much more memory than allowed, or not ending. A mutated program may well loop for ever, so
// after a second it gets Ctrl-C, which has to end it; if it does not (a program may catch that), its compilation alone
// is tried, which must end within ten seconds.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

constexpr double kPatience = 1.0;    // seconds until Ctrl-C
constexpr double kTimeLimit = 10.0;  // seconds until a hang is one
constexpr long kMaxResidentKb = 1536 * 1024;
constexpr const char* kLimits[] = {"--max-memory", "256M", "--max-stack", "64M"};

// A mutated program may do anything that the program could, so those that touch files or processes stay out, and those that
// put something else where errors are told.
constexpr const char* kDangerous[] = {"import os",         "import shutil", "import tempfile",
                                      "import subprocess", "open(",         "sys.stderr ="};

struct Options {
    std::string program;
    unsigned long count = 200;
    double seconds = 1e9;
    unsigned long seed = 1;
    long only = -1;
    rlim_t stack_kb = 256;  // rule: everything passes under `ulimit -s 256`
    fs::path keep = "fuzz-findings";
    std::vector<fs::path> paths;
};

std::string read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

// --- Mutations -------------------------------------------------------------------------------------------------

class Mutator {
  public:
    Mutator(unsigned long seed, const std::vector<std::string>& corpus) : random_(seed), corpus_(corpus) {}

    std::string program() {
        text_ = corpus_[below(corpus_.size())];
        const size_t rounds = 1 + below(4);
        for (size_t i = 0; i < rounds; i++) mutate();
        return text_;
    }

  private:
    size_t below(size_t n) { return n == 0 ? 0 : random_() % n; }

    template <class T, size_t N>
    const T& one_of(const T (&items)[N]) {
        return items[below(N)];
    }

    void mutate() {
        switch (below(16)) {
            case 0:
                flip_bytes();
                break;
            case 1:
                change_lines([this](auto& lines) { lines.erase(lines.begin() + below(lines.size())); });
                break;
            case 2:
                change_lines([this](auto& lines) {
                    const std::string line = lines[below(lines.size())];
                    lines.insert(lines.begin() + below(lines.size()), line);
                });
                break;
            case 3:
                change_lines([this](auto& lines) {
                    std::swap(lines[below(lines.size())], lines[below(lines.size())]);
                });
                break;
            case 4:
                change_lines([this](auto& lines) {
                    auto& line = lines[below(lines.size())];
                    if (below(2))
                        line.insert(0, std::string(1 + below(5), ' '));
                    else
                        line.erase(0, std::min(line.size(), 1 + below(4)));
                });
                break;
            case 5:
                change_tokens([this](auto& tokens) { tokens.erase(tokens.begin() + below(tokens.size())); });
                break;
            case 6:
                change_tokens([this](auto& tokens) {
                    const size_t at = below(tokens.size());
                    const std::string token = tokens[at];
                    tokens.insert(tokens.begin() + at, 1 + below(3), token);
                });
                break;
            case 7:
                change_tokens([this](auto& tokens) {
                    std::swap(tokens[below(tokens.size())], tokens[below(tokens.size())]);
                });
                break;
            case 8:
                change_tokens(
                    [this](auto& tokens) { tokens[below(tokens.size())] = tokens[below(tokens.size())]; });
                break;
            case 9:
                change_tokens([this](auto& tokens) {
                    tokens.insert(tokens.begin() + below(tokens.size() + 1),
                                  " " + std::string(one_of(kWords)) + " ");
                });
                break;
            case 10:
                insert(repeated(one_of(kRepeated), 1000 + below(20000)));
                break;
            case 11:
                nest();
                break;
            case 12:
                text_.resize(below(text_.size() + 1));
                break;
            case 13:
                splice();
                break;
            case 14:
                insert(random_bytes(1 + below(8)));
                break;
            case 15:
                change_tokens([this](auto& tokens) {
                    for (size_t tries = 0; tries < 50; tries++) {
                        auto& token = tokens[below(tokens.size())];
                        if (!token.empty() && isdigit(static_cast<unsigned char>(token[0]))) {
                            token = one_of(kNumbers);
                            break;
                        }
                    }
                });
                break;
        }
    }

    void flip_bytes() {
        for (size_t n = 1 + below(8); n > 0 && !text_.empty(); n--)
            text_[below(text_.size())] ^= static_cast<char>(1 << below(8));
    }

    template <class Change>
    void change_lines(Change change) {
        std::vector<std::string> lines;
        std::istringstream in(text_);
        for (std::string line; std::getline(in, line);) lines.push_back(line + "\n");
        if (!lines.empty()) change(lines);
        join(lines);
    }

    template <class Change>
    void change_tokens(Change change) {
        std::vector<std::string> tokens;
        auto is_word = [](char c) {
            return isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80);
        };
        for (size_t at = 0; at < text_.size();) {
            size_t end = at + 1;
            if (is_word(text_[at]))
                while (end < text_.size() && is_word(text_[end])) end++;
            tokens.push_back(text_.substr(at, end - at));
            at = end;
        }
        if (!tokens.empty()) change(tokens);
        join(tokens);
    }

    void join(const std::vector<std::string>& parts) {
        text_.clear();
        for (const auto& part : parts) text_ += part;
    }

    void insert(const std::string& what) { text_.insert(below(text_.size() + 1), what); }

    static std::string repeated(const std::string& what, size_t times) {
        std::string result;
        result.reserve(what.size() * times);
        for (size_t i = 0; i < times; i++) result += what;
        return result;
    }

    std::string random_bytes(size_t n) {
        std::string bytes;
        for (size_t i = 0; i < n; i++) bytes += static_cast<char>(below(256));
        return bytes;
    }

    void nest() {
        const size_t depth = 10 + below(3000);
        std::string open, close;
        switch (below(5)) {
            case 0:
                open = repeated("(", depth), close = repeated(")", depth);
                break;
            case 1:
                open = repeated("[", depth), close = repeated("]", depth);
                break;
            case 2:
                open = repeated("f(", depth), close = repeated(")", depth);
                break;
            case 3:
                open = repeated("{1:", depth), close = repeated("}", depth);
                break;
            case 4:
                for (size_t i = 0; i < std::min<size_t>(depth, 600); i++)
                    open += std::string(i, ' ') + one_of(kBlocks) + "\n";
                open += std::string(std::min<size_t>(depth, 600), ' ') + "pass\n";
                break;
        }
        insert(open + "1" + close);
    }

    void splice() {
        const std::string& other = corpus_[below(corpus_.size())];
        const size_t from = below(other.size()),
                     length = below(std::min<size_t>(other.size() - from, 400) + 1);
        insert(other.substr(from, length));
    }

    static constexpr const char* kWords[] = {"yield",
                                             "yield from",
                                             "await",
                                             "async",
                                             "return",
                                             "raise",
                                             "lambda:",
                                             "lambda *a:",
                                             "def f():",
                                             "class C:",
                                             "if",
                                             "else",
                                             "elif",
                                             "for",
                                             "while",
                                             "in",
                                             "is not",
                                             "not",
                                             "and",
                                             "or",
                                             "try:",
                                             "except:",
                                             "except*",
                                             "finally:",
                                             "with",
                                             "as",
                                             "global x",
                                             "nonlocal x",
                                             "del",
                                             "import",
                                             "from",
                                             "pass",
                                             "break",
                                             "continue",
                                             "match",
                                             "case",
                                             "case _:",
                                             "None",
                                             "True",
                                             "...",
                                             ":=",
                                             "->",
                                             "**",
                                             "*",
                                             "//=",
                                             "@",
                                             "==",
                                             "<=",
                                             ">>=",
                                             "~",
                                             "!",
                                             "$",
                                             "?",
                                             ";",
                                             ":",
                                             ",",
                                             ".",
                                             "f'",
                                             "f'{",
                                             "'''",
                                             "\"\"\"",
                                             "b'",
                                             "r'",
                                             "\\",
                                             "\n",
                                             "\t",
                                             "#",
                                             "0x",
                                             "1e",
                                             "1_",
                                             "0b2",
                                             "1.",
                                             "(",
                                             ")",
                                             "[",
                                             "]",
                                             "{",
                                             "}",
                                             "self",
                                             "super()",
                                             "__class__",
                                             "print",
                                             "[x for x in",
                                             "(x async for x in",
                                             "{**",
                                             "*[",
                                             "exec('')",
                                             "eval('1')",
                                             "locals()",
                                             "globals()",
                                             "assert",
                                             "type",
                                             "__init__",
                                             "StopIteration",
                                             "GeneratorExit"};
    static constexpr const char* kRepeated[] = {"(",       "[",
                                                "{",       ")",
                                                "]",       "}",
                                                "-",       "not ",
                                                "~",       "+1",
                                                "*",       "**1",
                                                ".x",      "[0]",
                                                "()",      " if 1 else 1",
                                                "lambda:", "@x\n",
                                                "=",       ",",
                                                ":",       ";",
                                                "\n",      "\t",
                                                " ",       "\\\n",
                                                "f'{",     "'",
                                                "\"",      "a:=",
                                                "await ",  "yield ",
                                                "x=",      "elif 1:\n pass\n",
                                                "\xff",    "\xc3\xa4",
                                                "0",       "9",
                                                "_",       "#",
                                                "if 1:",   "for x in y ",
                                                "*a,",     "1,",
                                                "x and ",  "x<",
                                                "\"a\"",   "else:"};
    static constexpr const char* kBlocks[] = {
        "if 1:", "while 0:", "for x in []:", "def f():", "class C:", "with x:", "async def f():", "match 1:"};
    static constexpr const char* kNumbers[] = {
        "0",       "-1",      "1e308", "99999999999999999999", "4611686018427387904", "0.0", "1 << 100000",
        "10 ** 9", "2 ** 63", "1e400", "0xffffffffffffffff"};

    std::mt19937_64 random_;
    const std::vector<std::string>& corpus_;
    std::string text_;
};

// --- Running ---------------------------------------------------------------------------------------------------

struct Outcome {
    bool ended = false;
    bool interrupted = false;
    int status = 0;
    long resident_kb = 0;
    std::string err;
};

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

pid_t start(const std::vector<std::string>& words, const fs::path& folder, rlim_t stack_kb, int err) {
    const pid_t child = fork();
    if (child != 0) return child;
    setpgid(0, 0);
    const rlimit stack{stack_kb * 1024, stack_kb * 1024}, core{0, 0};
    setrlimit(RLIMIT_STACK, &stack);
    setrlimit(RLIMIT_CORE, &core);
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(err, 2);
    if (chdir(folder.c_str()) != 0) _exit(126);
    std::vector<char*> argv;
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    _exit(127);
}

// Runs to the end, or to the time limit; from `patience` on, Ctrl-C every half second.
Outcome run(const std::vector<std::string>& words, const fs::path& folder, rlim_t stack_kb, double patience) {
    constexpr size_t kKept = 65536;
    Outcome outcome;
    int err[2];
    if (pipe2(err, O_CLOEXEC) != 0) exit(2);
    const double begin = now();
    const pid_t child = start(words, folder, stack_kb, err[1]);
    close(err[1]);
    double interrupt_at = begin + patience;
    pollfd end{err[0], POLLIN, 0};
    rusage usage{};
    while (!outcome.ended && now() - begin < kTimeLimit) {
        if (poll(&end, 1, end.fd < 0 ? 5 : 20) > 0) {
            char buffer[16384];
            const ssize_t n = read(err[0], buffer, sizeof buffer);
            if (n > 0 && outcome.err.size() < kKept) outcome.err.append(buffer, static_cast<size_t>(n));
            if (n <= 0) end.fd = -1;
            if (n > 0) continue;
        }
        if (wait4(child, &outcome.status, WNOHANG, &usage) == child) {
            outcome.ended = true;
        } else if (now() >= interrupt_at) {
            outcome.interrupted = true;
            kill(child, SIGINT);
            interrupt_at += 0.5;
        }
    }
    if (!outcome.ended) {
        kill(-child, SIGKILL);
        wait4(child, &outcome.status, 0, &usage);
    }
    for (ssize_t n; outcome.ended && outcome.err.size() < kKept;) {
        char buffer[16384];
        if ((n = read(err[0], buffer, sizeof buffer)) <= 0) break;
        outcome.err.append(buffer, static_cast<size_t>(n));
    }
    close(err[0]);
    outcome.resident_kb = usage.ru_maxrss;
    return outcome;
}

// What is wrong with an outcome; empty if nothing is.
std::string finding(const Outcome& outcome) {
    for (const char* mark :
         {"AddressSanitizer", "UndefinedBehaviorSanitizer", "LeakSanitizer", "runtime error:", "Assertion `"})
        if (outcome.err.find(mark) != std::string::npos) return std::string("stderr has: ") + mark;
    if (!outcome.ended) return "no end";
    if (outcome.resident_kb > kMaxResidentKb)
        return "used " + std::to_string(outcome.resident_kb / 1024) + " MB where 256 MB were allowed";
    if (WIFSIGNALED(outcome.status) && outcome.interrupted && WTERMSIG(outcome.status) == SIGINT)
        return "";  // before it listened
    if (WIFSIGNALED(outcome.status)) return "signal " + std::to_string(WTERMSIG(outcome.status));
    const int status = WEXITSTATUS(outcome.status);
    if (status != 0 && !outcome.interrupted && outcome.err.empty() && status == 1)
        return "failed without a word";
    if (status >= 126 && status != 130 && outcome.err.empty()) return "exit status " + std::to_string(status);
    return "";
}

std::vector<std::string> command(const Options& options, const fs::path& script, const char* mode = nullptr) {
    std::vector<std::string> words{options.program};
    for (const char* limit : kLimits) words.push_back(limit);
    if (mode) words.push_back(mode);
    words.push_back(script);
    return words;
}

std::string try_program(const Options& options, const fs::path& script, bool& interrupted) {
    const Outcome outcome = run(command(options, script), script.parent_path(), options.stack_kb, kPatience);
    interrupted = outcome.interrupted;
    if (outcome.ended || !finding(outcome).starts_with("no end")) return finding(outcome);
    const Outcome compiled =
        run(command(options, script, "--dis"), script.parent_path(), options.stack_kb, kTimeLimit);
    return compiled.ended ? finding(compiled) : "the compiler does not end";
}

std::vector<std::string> read_corpus(const std::vector<fs::path>& paths) {
    std::vector<fs::path> files;
    for (const auto& path : paths) {
        if (!fs::is_directory(path)) {
            files.push_back(path);
            continue;
        }
        for (const auto& entry : fs::recursive_directory_iterator(path))
            if (entry.path().extension() == ".gen") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    std::vector<std::string> corpus;
    for (const auto& file : files) {
        std::string text = read_file(file);
        const bool dangerous =
            std::any_of(std::begin(kDangerous), std::end(kDangerous),
                        [&](const char* word) { return text.find(word) != std::string::npos; });
        if (!dangerous && !text.empty()) corpus.push_back(std::move(text));
    }
    return corpus;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; i++) {
        const std::string arg = argv[i];
        const char* value = i + 1 < argc ? argv[i + 1] : "";
        if (arg == "--gen")
            options.program = value, i++;
        else if (arg == "--count")
            options.count = strtoul(value, nullptr, 10), i++;
        else if (arg == "--seconds")
            options.seconds = atof(value), options.count = ~0UL, i++;
        else if (arg == "--seed")
            options.seed = strtoul(value, nullptr, 10), i++;
        else if (arg == "--only")
            options.only = strtol(value, nullptr, 10), i++;
        else if (arg == "--stack")
            options.stack_kb = strtoul(value, nullptr, 10), i++;
        else if (arg == "--keep")
            options.keep = value, i++;
        else
            options.paths.push_back(arg);
    }
    const auto corpus = read_corpus(options.paths);
    if (options.program.empty() || corpus.empty()) {
        fprintf(stderr,
                "usage: run_mutations --gen PROGRAM [--count N] [--seconds S] [--seed S] [--only I] [--stack "
                "KB] [--keep FOLDER] PATH...\n");
        return 2;
    }
    options.program = fs::absolute(options.program);
    char scratch[] = "/tmp/gen-mutate-XXXXXX";
    if (!mkdtemp(scratch)) return 2;
    const fs::path script = fs::path(scratch) / "mutated.gen";

    unsigned long findings = 0, long_runs = 0;
    const unsigned long first = options.only >= 0 ? options.only : 0;
    const unsigned long end = options.only >= 0 ? first + 1 : options.count;
    const double begin = now();
    unsigned long tried = 0;
    for (unsigned long i = first; i < end && now() - begin < options.seconds; i++, tried++) {
        const std::string program = Mutator(options.seed * 1000003 + i, corpus).program();
        std::ofstream(script, std::ios::binary) << program;
        bool interrupted = false;
        const std::string what = try_program(options, script, interrupted);
        long_runs += interrupted;
        if (what.empty()) continue;
        findings++;
        fs::create_directories(options.keep);
        const fs::path kept =
            options.keep / ("seed" + std::to_string(options.seed) + "-" + std::to_string(i) + ".gen");
        fs::copy_file(script, kept, fs::copy_options::overwrite_existing);
        printf("FINDING --seed %lu --only %lu: %s (kept as %s)\n", options.seed, i, what.c_str(),
               kept.c_str());
        fflush(stdout);
    }
    fs::remove_all(scratch);
    printf("%lu mutations of %zu programs, %lu ended by Ctrl-C, %lu findings\n", tried, corpus.size(),
           long_runs, findings);
    return findings == 0 ? 0 : 1;
}
