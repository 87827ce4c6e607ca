// Replays a README: what it shows is what happens.
//
//   run_readme [--bless] --gen PROGRAM README.md      runs it
//   run_readme --extract NAME.cpp README.md           prints the code block that begins with the line `// NAME.cpp`
//
//   ```python blocks      are programs. One that begins with the line `# NAME.gen` is saved under that name,
//   for commands to run;
//                         any other is run, and has to end with status 0.
//   `$ command` lines     in blocks without a language are run, in a folder of their own where the program is
//   `gen` and samples/ is
//                         beside; the lines up to the next command are what it prints, errors included. A
//                         line `...` stands for any number of lines. Addresses are not compared.
//   pictures (.svg)       have to be what a command before has written, as a file of the same name. --bless
//   takes them over.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

struct Block {
    size_t line;           // of its first line, from 1
    std::string language;  // empty: none
    std::vector<std::string> lines;
};

struct Picture {
    size_t line;
    fs::path path;  // from the README's folder
};

struct Document {
    std::vector<Block> blocks;
    std::vector<Picture> pictures;
};

std::string read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return text;
}

// Fenced blocks, blocks that are indented by four spaces, and pictures.
Document parse(const fs::path& path) {
    static const std::regex picture(R"re((?:!\[[^\]]*\]\(|<img[^>]* src=")([^)"]+\.svg))re");
    Document document;
    const auto lines = lines_of(read_file(path));
    bool after_blank = true;
    for (size_t i = 0; i < lines.size(); i++) {
        if (lines[i].rfind("```", 0) == 0) {
            Block block{i + 2, lines[i].substr(3), {}};
            for (i++; i < lines.size() && lines[i].rfind("```", 0) != 0; i++) block.lines.push_back(lines[i]);
            document.blocks.push_back(block);
        } else if (after_blank && lines[i].rfind("    ", 0) == 0) {
            Block block{i + 1, "", {}};
            for (; i < lines.size() && (lines[i].rfind("    ", 0) == 0 || lines[i].empty()); i++)
                block.lines.push_back(lines[i].empty() ? "" : lines[i].substr(4));
            i--;
            while (block.lines.back().empty()) block.lines.pop_back();
            document.blocks.push_back(block);
            after_blank = true;
            continue;
        } else {
            for (std::sregex_iterator at(lines[i].begin(), lines[i].end(), picture), end; at != end; ++at)
                if ((*at)[1].str().find("://") == std::string::npos)
                    document.pictures.push_back({i + 1, fs::path((*at)[1].str())});
        }
        after_blank = i < lines.size() && lines[i].empty();
    }
    return document;
}

class Replay {
  public:
    Replay(fs::path readme, const fs::path& gen, bool bless)
        : readme_(fs::absolute(std::move(readme))), folder_(readme_.parent_path()), bless_(bless) {
        std::string pattern = (fs::temp_directory_path() / "gen-readme-XXXXXX").string();
        scratch_ = mkdtemp(pattern.data());
        scratch_ = fs::canonical(scratch_);
        fs::create_directory(scratch_ / "bin");
        fs::create_symlink(fs::absolute(gen), scratch_ / "bin" / "gen");
        fs::create_directory(scratch_ / "here");
        fs::create_directory_symlink(folder_ / "samples", scratch_ / "here" / "samples");
    }
    Replay(const Replay&) = delete;
    Replay& operator=(const Replay&) = delete;
    ~Replay() { fs::remove_all(scratch_); }

    int run() {
        const Document document = parse(readme_);
        for (const auto& block : document.blocks) {
            if (block.language == "python")
                program(block);
            else if (block.language.empty() && !block.lines.empty() && block.lines[0].rfind("$ ", 0) == 0)
                session(block);
        }
        for (const auto& picture : document.pictures) compare(picture);
        printf("programs: %d, commands: %d, pictures: %zu, failed: %d\n", programs_, commands_,
               document.pictures.size(), failed_);
        return failed_ == 0 && programs_ > 0 && commands_ > 0 ? 0 : 1;
    }

  private:
    void fail(size_t line, const std::string& text) {
        failed_++;
        printf("%s:%zu: %s\n", readme_.filename().c_str(), line, text.c_str());
    }

    // What the command prints, and its status.
    std::string output_of(const std::string& command, int& status) {
        const std::string whole = "cd '" + (scratch_ / "here").string() + "' && export PATH=\"" +
                                  (scratch_ / "bin").string() + ":$PATH\" && { " + command +
                                  "\n} </dev/null 2>&1";
        std::string text;
        FILE* pipe = popen(whole.c_str(), "r");
        char buffer[65536];
        for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
        status = pclose(pipe);
        status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return normalised(text);
    }

    // Without what differs from machine to machine.
    std::string normalised(std::string text) const {
        static const std::regex address(" at 0x[0-9a-f]+");
        const std::string here = (scratch_ / "here").string() + "/";
        for (size_t at; (at = text.find(here)) != std::string::npos;) text.erase(at, here.size());
        return std::regex_replace(text, address, " at 0x...");
    }

    void program(const Block& block) {
        static const std::regex name(R"(# (\w+\.gen))");
        programs_++;
        std::smatch found;
        const bool named = !block.lines.empty() && std::regex_match(block.lines[0], found, name);
        const std::string file = named ? found[1].str() : "block.gen";
        std::ofstream(scratch_ / "here" / file, std::ios::binary) << joined(block.lines);
        if (named) return;
        int status = 0;
        const std::string output = output_of("gen " + file, status);
        if (status != 0)
            fail(block.line, "the program ends with status " + std::to_string(status) + "\n" + output);
    }

    void session(const Block& block) {
        for (size_t i = 0; i < block.lines.size();) {
            const size_t at = i;
            std::vector<std::string> expected;
            for (i++; i < block.lines.size() && block.lines[i].rfind("$ ", 0) != 0; i++)
                expected.push_back(block.lines[i]);
            commands_++;
            int status = 0;
            const std::string output = output_of(block.lines[at].substr(2), status);
            if (!matches(lines_of(normalised(joined(expected))), lines_of(output)))
                fail(block.line + at, "`" + block.lines[at].substr(2) + "` prints\n" + output);
        }
    }

    static bool matches(const std::vector<std::string>& expected, const std::vector<std::string>& actual) {
        // As with wildcards: back to the last `...` when a line does not fit.
        size_t e = 0, a = 0, retry_e = 0, retry_a = 0;
        bool wild = false;
        while (a < actual.size()) {
            if (e < expected.size() && expected[e] == "...") {
                wild = true;
                retry_e = ++e;
                retry_a = a;
            } else if (e < expected.size() && expected[e] == actual[a]) {
                e++, a++;
            } else if (wild) {
                e = retry_e;
                a = ++retry_a;
            } else {
                return false;
            }
        }
        while (e < expected.size() && expected[e] == "...") e++;
        return e == expected.size();
    }

    void compare(const Picture& picture) {
        const fs::path made = scratch_ / "here" / picture.path.filename(), shown = folder_ / picture.path;
        if (!fs::exists(made))
            return fail(picture.line, "no command writes " + picture.path.filename().string());
        if (bless_) fs::copy_file(made, shown, fs::copy_options::overwrite_existing);
        if (read_file(made) != read_file(shown))
            fail(picture.line, picture.path.string() + " is not what the command writes");
    }

    fs::path readme_, folder_, scratch_;
    bool bless_;
    int programs_ = 0, commands_ = 0, failed_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() == 3 && words[0] == "--extract") {
        for (const auto& block : parse(words[2]).blocks)
            if (block.lines[0] == "// " + words[1]) printf("%s", joined(block.lines).c_str());
        return 0;
    }
    const bool bless = !words.empty() && words[0] == "--bless";
    if (words.size() != size_t(3 + bless) || words[bless] != "--gen") {
        fprintf(stderr,
                "usage: run_readme [--bless] --gen PROGRAM README.md\n       run_readme --extract NAME.cpp "
                "README.md\n");
        return 2;
    }
    return Replay(words[2 + bless], words[1 + bless], bless).run();
}
