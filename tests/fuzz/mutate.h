#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

// Random mutation of the .gen files below some folders, in a loop with a time limit. The text under test is
// kept in a file while it runs, so that a crash leaves it behind.
namespace gen::fuzz {

inline std::vector<std::string> read_corpus(const std::vector<std::string>& folders) {
    std::vector<std::string> paths;
    for (const std::string& folder : folders) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
            if (entry.path().extension() == ".gen") paths.push_back(entry.path().string());
        }
    }
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> corpus;
    for (const std::string& path : paths) {
        std::ifstream file(path, std::ios::binary);
        corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return corpus;
}

class Mutator {
  public:
    Mutator(std::vector<std::string> corpus, uint64_t seed) : corpus_(std::move(corpus)), random_(seed) {
        if (corpus_.empty()) corpus_.emplace_back("x = 1\n");
    }

    std::string next() {
        std::string text = piece(corpus_[below(corpus_.size())], 4000);
        for (size_t changes = 1 + below(8); changes > 0; --changes) mutate(text);
        return text;
    }

  private:
    size_t below(size_t limit) { return limit == 0 ? 0 : random_() % limit; }

    std::string piece(const std::string& text, size_t longest) {
        size_t start = below(text.size());
        return text.substr(start, below(longest) + 1);
    }

    void mutate(std::string& text) {
        static const std::string kTokens[] = {
            "(",     ")",      "[",      "]",          "{",          "}",     "f'",       "f\"",
            "'''",   "\"\"\"", "\\",     "\n",         "\t",         "    ",  ":",        "!r",
            "=",     "0x",     "1e",     "1_",         "\\N{",       "\\x",   "lambda ",  "if ",
            "else ", "for ",   "yield ", "await ",     "match x:\n", "case ", "\xC3\xA9", "\xE2\x80\x9C",
            "\xFF",  "\f",     "#",      ",",          "*",          "**",    ":=",       "->",
            "...",   "@",      "\r\n",   "def f():\n", "class C:\n", "not ",  "-",        "~",
            "{{",    "}}",     "{x:",    "rf'{",       "b'",         "in ",   "is "};
        size_t place = below(text.size() + 1);
        switch (below(7)) {
            case 0:
                text.insert(place, kTokens[below(std::size(kTokens))]);
                break;
            case 1:
                text.erase(place, 1 + below(20));
                break;
            case 2:
                if (place < text.size()) text[place] = static_cast<char>(below(256));
                break;
            case 3:
                text.insert(place, piece(corpus_[below(corpus_.size())], 200));
                break;
            case 4:
                text.insert(place, piece(text, 100));
                break;
            case 5: {
                const std::string& token = kTokens[below(std::size(kTokens))];
                std::string many;
                for (size_t count = below(400); count > 0; --count) many += token;
                text.insert(place, many);
                break;
            }
            default:
                text.resize(place);
                break;
        }
    }

    std::vector<std::string> corpus_;
    std::mt19937_64 random_;
};

// main's work: `program SECONDS FOLDER...`, optionally with GEN_FUZZ_SEED in the environment.
template <class Test>
int run(int argc, char** argv, Test&& test) {
    int seconds = argc > 1 ? std::atoi(argv[1]) : 10;
    std::vector<std::string> folders(argv + std::min(argc, 2), argv + argc);
    const char* chosen = std::getenv("GEN_FUZZ_SEED");
    uint64_t seed = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : std::random_device()();
    std::cout << "GEN_FUZZ_SEED=" << seed << std::endl;

    std::string kept = std::string(argv[0]) + ".input";
    Mutator mutator(read_corpus(folders), seed);
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    uint64_t count = 0;
    for (; std::chrono::steady_clock::now() < end; ++count) {
        std::string text = mutator.next();
        std::ofstream(kept, std::ios::binary) << text;
        test(text);
    }
    std::filesystem::remove(kept);
    std::cout << count << " texts" << std::endl;
    return 0;
}

}  // namespace gen::fuzz
