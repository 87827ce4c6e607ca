// What --seed promises.
//
//   run_seeds [--count N] --gen PROGRAM repeat SCRIPT...    the same seed: the same output and trace, byte for byte, every time
//   run_seeds [--count N] --gen PROGRAM vary SCRIPT...      any seed: what stands in NAME.out and NAME.status beside the script
//
// Scripts run under --virtual-time, each N times; a script that tells of its seed in `# run:` has no place here.
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

std::string read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

// What it prints, errors included, and its status; what it writes to `trace`.
struct Run {
    std::string output, trace;
    bool operator==(const Run&) const = default;
};

std::string without_addresses(const std::string& text) {
    std::string s;
    for (size_t i = 0; i < text.size(); i++) {
        s += text[i];
        if (!s.ends_with("0x")) continue;
        s += "...";
        while (i + 1 < text.size() && isxdigit(text[i + 1])) i++;
    }
    return s;
}

Run run(const fs::path& gen, const fs::path& script, int seed, const fs::path& trace, const char* errors) {
    std::string command = "cd '" + script.parent_path().string() + "' && '" + gen.string() +
                          "' --virtual-time --seed " + std::to_string(seed) + " --trace '" + trace.string() +
                          "' " + script.filename().string() + " </dev/null 2>" + errors;
    Run result;
    FILE* pipe = popen(command.c_str(), "r");
    char buffer[65536];
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) result.output.append(buffer, n);
    int status = pclose(pipe);
    if (status != 0)
        result.output += "(status " +
                         std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)) +
                         ")\n";
    result.trace = read_file(trace);
    return result;
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    int count = 20;
    if (words.size() > 2 && words[0] == "--count") {
        count = std::atoi(words[1].c_str());
        words.erase(words.begin(), words.begin() + 2);
    }
    if (words.size() < 4 || words[0] != "--gen" || (words[2] != "repeat" && words[2] != "vary")) {
        fprintf(stderr, "usage: run_seeds [--count N] --gen PROGRAM repeat|vary SCRIPT...\n");
        return 2;
    }
    const fs::path gen = fs::absolute(words[1]);
    const bool varies = words[2] == "vary";
    std::string pattern = (fs::temp_directory_path() / "gen-seeds-XXXXXX").string();
    const fs::path trace = fs::path(mkdtemp(pattern.data())) / "trace.json";
    int runs = 0, failed = 0;
    for (size_t i = 3; i < words.size(); i++) {
        const fs::path script = fs::canonical(words[i]);
        const char* errors = varies ? "/dev/null" : "&1";
        const Run first = run(gen, script, 1, trace, errors);
        std::string expected = first.output;
        if (varies) {
            expected = read_file(fs::path(script).replace_extension(".out"));
            const std::string status = read_file(fs::path(script).replace_extension(".status"));
            if (!status.empty()) expected += "(status " + std::to_string(std::atoi(status.c_str())) + ")\n";
        }
        for (int n = 1; n <= count; n++, runs++) {
            const int seed = varies ? n : 1;
            Run again = run(gen, script, seed, trace, errors);
            if (varies) again.output = without_addresses(again.output);
            if (again.output == expected && !again.trace.empty() && (varies || again == first)) continue;
            failed++;
            printf("%s, seed %d, run %d: ", script.filename().c_str(), seed, n);
            if (again.output == expected)
                printf("another trace\n");
            else
                printf("prints\n%s", again.output.c_str());
        }
    }
    fs::remove_all(trace.parent_path());
    printf("runs: %d, failed: %d\n", runs, failed);
    return failed || !runs ? 1 : 0;
}
