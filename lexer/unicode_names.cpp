// Names are lists of words. The words stand in alphabetical order, the names by their characters, then the aliases, both in
// blocks of sixteen: within a block each says how much it shares with the one before, and only the rest is kept.
//   a word: how many letters it shares, how many follow, and those
//   a name: how many words it shares (high half of the byte), how many follow (low half), and the numbers of those: a byte
//           below kFrequent is one of the most frequent; others take two bytes
#include "lexer/unicode_names.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace gen {

namespace {

struct Run {
    uint32_t code, number;  // consecutive characters from `code` on have the names from `number` on
};
struct Numbered {
    uint32_t first, last;
    const char* prefix;  // of names that end with the number of the character
};
constexpr unsigned kPerBlock = 16, kFrequent = 200;

#include "lexer/unicode_names.def"

void append_word(std::string& text, unsigned number) {
    const uint8_t* p = kWordBytes + kWordBlocks[number / kPerBlock];
    const size_t start = text.size();
    for (unsigned i = 0;; i++) {
        text.resize(start + p[0]);
        text.append(reinterpret_cast<const char*>(p + 2), p[1]);
        if (i == number % kPerBlock) return;
        p += 2 + p[1];
    }
}

std::string name_text(unsigned number) {
    unsigned words[32], count = 0;
    const uint8_t* p = kNameBytes + kNameBlocks[number / kPerBlock];
    for (unsigned i = 0; i <= number % kPerBlock; i++) {
        count = *p >> 4;
        unsigned more = *p++ & 15;
        for (; more; more--, p++) {
            words[count++] = *p < kFrequent ? kFrequentWords[*p] : (unsigned(*p) - kFrequent) * 256 + p[1];
            if (*p >= kFrequent) p++;
        }
    }
    std::string text;
    for (unsigned i = 0; i < count; i++) {
        if (i) text += ' ';
        append_word(text, words[i]);
    }
    return text;
}

char32_t code_of_name(unsigned number) {
    if (number >= kAliases) return kAliasCodes[number - kAliases];
    const Run* run = std::upper_bound(std::begin(kRuns), std::end(kRuns), number,
                                      [](unsigned wanted, const Run& r) { return wanted < r.number; }) -
                     1;
    return run->code + (number - run->number);
}

// ---- Hangul syllables: the names of their parts

constexpr char32_t kFirstSyllable = 0xac00;
constexpr const char* kInitial[] = {"G",  "GG", "N", "D",  "DD", "R", "M", "B", "BB", "S",
                                    "SS", "",   "J", "JJ", "C",  "K", "T", "P", "H"};
constexpr const char* kMedial[] = {"A",  "AE", "YA", "YAE", "EO", "E",  "YEO", "YE", "O",  "WA", "WAE",
                                   "OE", "YO", "U",  "WEO", "WE", "WI", "YU",  "EU", "YI", "I"};
constexpr const char* kFinal[] = {"",   "G",  "GG", "GS", "N",  "NJ", "NH", "D", "L",  "LG",
                                  "LM", "LB", "LS", "LT", "LP", "LH", "M",  "B", "BS", "S",
                                  "SS", "NG", "J",  "C",  "K",  "T",  "P",  "H"};
constexpr unsigned kMedials = std::size(kMedial), kFinals = std::size(kFinal);
constexpr unsigned kSyllables = std::size(kInitial) * kMedials * kFinals;
constexpr std::string_view kSyllable = "HANGUL SYLLABLE ";

std::string syllable_text(unsigned i) {
    return std::string(kInitial[i / kFinals / kMedials]) + kMedial[i / kFinals % kMedials] +
           kFinal[i % kFinals];
}

bool find_numbered(std::string_view name, char32_t& code) {
    const size_t dash = name.rfind('-');
    if (dash == name.npos || name.size() - dash < 5 || name.size() - dash > 6) return false;
    code = 0;
    for (char c : name.substr(dash + 1)) {
        if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'F')) return false;
        code = code * 16 + char32_t(c <= '9' ? c - '0' : c - 'A' + 10);
    }
    return std::any_of(std::begin(kNumbered), std::end(kNumbered), [&](const Numbered& n) {
        return code >= n.first && code <= n.last && name.substr(0, dash + 1) == n.prefix;
    });
}

}  // namespace

bool find_named_character(std::string_view name, char32_t& code) {
    std::string upper(name);
    for (char& c : upper)
        if (c >= 'a' && c <= 'z') c -= 'a' - 'A';
    if (upper.starts_with(kSyllable)) {
        std::string_view wanted = std::string_view(upper).substr(kSyllable.size());
        for (unsigned i = 0; i < kSyllables; i++) {
            if (syllable_text(i) != wanted) continue;
            code = kFirstSyllable + i;
            return true;
        }
        return false;
    }
    auto found =
        std::lower_bound(std::begin(kByName), std::end(kByName), upper,
                         [](unsigned number, const std::string& key) { return name_text(number) < key; });
    if (found != std::end(kByName) && name_text(*found) == upper) {
        code = code_of_name(*found);
        return true;
    }
    return find_numbered(upper, code);
}

std::string name_of_character(char32_t code) {
    if (code >= kFirstSyllable && code < kFirstSyllable + kSyllables)
        return std::string(kSyllable) + syllable_text(code - kFirstSyllable);
    for (const Numbered& n : kNumbered) {
        if (code < n.first || code > n.last) continue;
        std::string digits;
        for (char32_t rest = code; rest; rest /= 16)
            digits.insert(digits.begin(), "0123456789ABCDEF"[rest % 16]);
        return n.prefix + digits;
    }
    const Run* run = std::upper_bound(std::begin(kRuns), std::end(kRuns), code,
                                      [](char32_t wanted, const Run& r) { return wanted < r.code; });
    if (run == std::begin(kRuns)) return {};
    const unsigned end = run == std::end(kRuns) ? kAliases : run->number;
    run--;
    const unsigned number = run->number + (code - run->code);
    return number < end ? name_text(number) : std::string();
}

}  // namespace gen
