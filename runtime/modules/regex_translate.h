// Regular expressions of the language, in the syntax of PCRE2.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gen {

namespace regex {

enum Flag : uint32_t {  // as re.I, re.L ... number them
    kTemplate = 1,
    kIgnoreCase = 2,
    kLocale = 4,
    kMultiLine = 8,
    kDotAll = 16,
    kUnicode = 32,
    kVerbose = 64,
    kDebug = 128,
    kAscii = 256
};

struct Translation {
    std::string program;                                  // what PCRE2 compiles
    uint32_t flags = 0;                                   // with those that the pattern sets itself
    std::vector<uint32_t> parents = {0};                  // by group: the one around it, 0: none
    std::vector<std::pair<std::string, uint32_t>> names;  // of groups
    std::string error;                                    // empty: it is well-formed
    size_t position = 0;                                  // of the error, in characters
};

Translation translate(const std::vector<char32_t>& pattern, uint32_t flags, bool bytes);

}  // namespace regex

}  // namespace gen
