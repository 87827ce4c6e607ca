// Runs .gen scripts and compares what they print with the files that hold their expectations.
//
//   run_scripts [options] --gen PROGRAM PATH...
//
// A PATH is a script or a folder, of which every *.gen directly in it is run (helper modules live in subfolders).
// For NAME.gen the expectations are NAME.out (stdout), NAME.err (stderr) and NAME.status (exit status), beside the
// script or in the folder `expected` there. A missing file stands for no output, and status 0.
//
// The leading comment lines of a script may hold directives:
//   # run: --max-memory 32M     options of the program for this script
//   # gen-only: REASON          not a program of the shared language, or different on purpose: no oracle run
//   # needs: FEATURE            runs only with --with FEATURE
//
// Paths below the script's folder are compared without the folder, object addresses are not compared.
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
#include <iostream>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

constexpr int kSkipped = 77;  // what ctest is told to take as "skipped"

struct Options {
    std::string program;
    bool oracle = false;
    bool bless = false;
    bool verbose = false;
    bool list = false;
    double time_limit = 20;
    rlim_t stack_kb = 256;  // rule: everything passes under `ulimit -s 256`
    std::set<std::string> features;
    std::vector<fs::path> paths;
};

struct Script {
    fs::path path;
    std::vector<std::string> run_options;
    std::optional<std::string> gen_only;
    std::vector<std::string> needs;
};

struct Result {
    std::string out;
    std::string err;
    std::string status;  // a number, or "signal 11", or "no end within 20 s"
    double seconds = 0;
};

std::vector<std::string> words_of(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return words;
}

std::string read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

Script read_script(const fs::path& path) {
    Script script{path, {}, std::nullopt, {}};
    std::ifstream in(path);
    for (std::string line; std::getline(in, line) && line.rfind("#", 0) == 0;) {
        auto value_of = [&line](const char* key) -> std::optional<std::string> {
            const std::string prefix = std::string("# ") + key + ":";
            if (line.rfind(prefix, 0) != 0) return std::nullopt;
            return line.substr(prefix.size());
        };
        if (auto value = value_of("run")) script.run_options = words_of(*value);
        if (auto value = value_of("gen-only")) script.gen_only = *value;
        if (auto value = value_of("needs")) script.needs = words_of(*value);
    }
    return script;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
}

// What may differ between two machines or two runs, taken out.
std::string normalised(std::string text, const fs::path& folder) {
    replace_all(text, folder.string() + "/", "");
    std::string result;
    for (size_t at = 0; at < text.size();) {
        if (text.compare(at, 6, " at 0x") == 0) {
            result += " at 0x...";
            at += 6;
            const size_t digits = text.find_first_not_of("0123456789abcdefABCDEF", at);
            at = digits == std::string::npos ? text.size() : digits;
            if (text.compare(at, 3, "...") == 0) at += 3;
        } else {
            result += text[at++];
        }
    }
    return result;
}

[[noreturn]] void run_child(const Options& options, const Script& script, int out, int err) {
    setpgid(0, 0);
    if (!options.oracle) {
        const rlimit stack{options.stack_kb * 1024, options.stack_kb * 1024};
        setrlimit(RLIMIT_STACK, &stack);
    }
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
    setenv("PYTHONUTF8", "1", 1);
    unsetenv("GENPATH");
    const int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    dup2(out, 1);
    dup2(err, 2);
    if (chdir(script.path.parent_path().c_str()) != 0) _exit(126);

    std::vector<std::string> words{options.program};
    if (!options.oracle) words.insert(words.end(), script.run_options.begin(), script.run_options.end());
    words.push_back(script.path.filename());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    fprintf(stderr, "cannot start %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

Result run(const Options& options, const Script& script) {
    int out[2], err[2];
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
        perror("pipe");
        exit(2);
    }
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    auto elapsed = [start] { return std::chrono::duration<double>(Clock::now() - start).count(); };
    const pid_t child = fork();
    if (child == 0) run_child(options, script, out[1], err[1]);
    setpgid(child, child);
    close(out[1]);
    close(err[1]);

    Result result;
    bool timed_out = false;
    pollfd ends[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
    std::string* const texts[2] = {&result.out, &result.err};
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        const double left = options.time_limit - elapsed();
        if (left <= 0) {
            timed_out = true;
            kill(-child, SIGKILL);
            break;
        }
        poll(ends, 2, static_cast<int>(left * 1000) + 1);
        for (int i = 0; i < 2; i++) {
            if (ends[i].fd < 0 || ends[i].revents == 0) continue;
            char buffer[65536];
            const ssize_t count = read(ends[i].fd, buffer, sizeof buffer);
            if (count > 0)
                texts[i]->append(buffer, static_cast<size_t>(count));
            else
                ends[i].fd = -1;
        }
    }
    close(out[0]);
    close(err[0]);

    int status = 0;
    waitpid(child, &status, 0);
    result.seconds = elapsed();
    std::ostringstream told;
    if (timed_out)
        told << "no end within " << options.time_limit << " s";
    else if (WIFSIGNALED(status))
        told << "signal " << WTERMSIG(status);
    else
        told << WEXITSTATUS(status);
    result.status = told.str();
    result.out = normalised(result.out, script.path.parent_path());
    result.err = normalised(result.err, script.path.parent_path());
    return result;
}

fs::path expectation_path(const Script& script, const char* extension) {
    const fs::path folder = script.path.parent_path();
    const fs::path apart = folder / "expected";
    return (fs::is_directory(apart) ? apart : folder) / (script.path.stem().string() + extension);
}

Result expected_of(const Script& script) {
    const fs::path folder = script.path.parent_path();
    Result expected;
    expected.out = normalised(read_file(expectation_path(script, ".out")), folder);
    expected.err = normalised(read_file(expectation_path(script, ".err")), folder);
    const auto words = words_of(read_file(expectation_path(script, ".status")));
    expected.status = words.empty() ? "0" : words[0];
    return expected;
}

void bless(const Script& script, const Result& result) {
    auto write = [&script](const char* extension, const std::string& text, bool wanted) {
        const fs::path path = expectation_path(script, extension);
        if (wanted)
            std::ofstream(path, std::ios::binary) << text;
        else
            fs::remove(path);
    };
    write(".out", result.out, true);
    write(".err", result.err, !result.err.empty());
    write(".status", result.status + "\n", result.status != "0");
}

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

// The first place where two texts part, with a little of what surrounds it.
void tell_difference(const char* what, const std::string& expected, const std::string& actual) {
    if (expected == actual) return;
    constexpr size_t kBefore = 2, kAfter = 6, kWidth = 300;
    const auto wanted = lines_of(expected), got = lines_of(actual);
    size_t at = 0;
    while (at < wanted.size() && at < got.size() && wanted[at] == got[at]) at++;
    printf("    %s differs at line %zu\n", what, at + 1);
    for (size_t i = at < kBefore ? 0 : at - kBefore; i < at; i++)
        printf("      | %.*s\n", int(kWidth), wanted[i].c_str());
    for (size_t i = at; i < wanted.size() && i < at + kAfter; i++)
        printf("      - %.*s\n", int(kWidth), wanted[i].c_str());
    for (size_t i = at; i < got.size() && i < at + kAfter; i++)
        printf("      + %.*s\n", int(kWidth), got[i].c_str());
    if (at == wanted.size() && at == got.size()) printf("      (the last line's end)\n");
}

bool passes(const Options& options, const Script& script) {
    const Result actual = run(options, script);
    if (options.bless) {
        bless(script, actual);
        return true;
    }
    const Result expected = expected_of(script);
    const bool same =
        actual.out == expected.out && actual.err == expected.err && actual.status == expected.status;
    if (!same) {
        printf("  FAILED %s\n", script.path.c_str());
        tell_difference("stdout", expected.out, actual.out);
        tell_difference("stderr", expected.err, actual.err);
        if (actual.status != expected.status)
            printf("    status is %s, expected %s\n", actual.status.c_str(), expected.status.c_str());
    } else if (options.verbose) {
        printf("  ok     %s (%.2f s)\n", script.path.c_str(), actual.seconds);
    }
    fflush(stdout);
    return same;
}

std::vector<Script> collect(const std::vector<fs::path>& paths) {
    std::vector<Script> scripts;
    for (const auto& path : paths) {
        std::vector<fs::path> found;
        if (fs::is_directory(path)) {
            for (const auto& entry : fs::directory_iterator(path))
                if (entry.path().extension() == ".gen") found.push_back(fs::canonical(entry.path()));
        } else if (fs::exists(path)) {
            found.push_back(fs::canonical(path));
        }
        std::sort(found.begin(), found.end());
        for (const auto& file : found) scripts.push_back(read_script(file));
    }
    return scripts;
}

// An empty reason means: run it.
std::string reason_to_skip(const Options& options, const Script& script) {
    if (options.oracle && script.gen_only) return "gen only:" + *script.gen_only;
    for (const auto& need : script.needs)
        if (!options.features.count(need)) return "needs " + need;
    return "";
}

// The oracle speaks for Python 3.11 only; tracebacks and messages differ from version to version.
bool is_python_3_11(const std::string& program) {
    const std::string command =
        "'" + program + "' -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1";
    return std::system(command.c_str()) == 0;
}

std::optional<Options> parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; i++) {
        const std::string arg = argv[i];
        const bool has_value = i + 1 < argc;
        if (arg == "--gen" && has_value) {
            options.program = argv[++i];
        } else if (arg == "--oracle" && has_value) {
            options.program = argv[++i];
            options.oracle = true;
        } else if (arg == "--bless") {
            options.bless = true;
        } else if (arg == "--verbose") {
            options.verbose = true;
        } else if (arg == "--list") {
            options.list = true;
        } else if (arg == "--time-limit" && has_value) {
            options.time_limit = atof(argv[++i]);
        } else if (arg == "--stack" && has_value) {
            options.stack_kb = strtoul(argv[++i], nullptr, 10);
        } else if (arg == "--with" && has_value) {
            options.features.insert(argv[++i]);
        } else if (arg.rfind("--", 0) == 0) {
            return std::nullopt;
        } else {
            options.paths.push_back(arg);
        }
    }
    if (options.paths.empty() || options.program.empty()) return std::nullopt;
    if (options.program.find('/') != std::string::npos) options.program = fs::absolute(options.program);
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = parse(argc, argv);
    if (!options) {
        fprintf(
            stderr,
            "usage: run_scripts (--gen PROGRAM | --oracle PYTHON) [--with FEATURE] [--time-limit SECONDS]\n"
            "                   [--stack KB] [--verbose] [--list] [--bless] PATH...\n");
        return 2;
    }
    if (options->oracle && !is_python_3_11(options->program)) {
        printf("skipped: %s is no Python 3.11\n", options->program.c_str());
        return kSkipped;
    }
    int passed = 0, failed = 0, skipped = 0;
    for (const auto& script : collect(options->paths)) {
        const std::string reason = reason_to_skip(*options, script);
        if (!reason.empty()) {
            skipped++;
            if (options->verbose) printf("  skip   %s (%s)\n", script.path.c_str(), reason.c_str());
        } else if (options->list) {
            printf("%s\n", script.path.c_str());
        } else if (passes(*options, script)) {
            passed++;
        } else {
            failed++;
        }
    }
    if (options->list) return 0;
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    if (passed + failed == 0) return skipped > 0 ? kSkipped : 2;
    return failed == 0 ? 0 : 1;
}
