// The translator itself: regex_translate.cpp has its items, regex_groups.cpp the groups and flags.
#pragma once
#include "runtime/modules/regex_translate.h"
#include "vm/data/string.h"

#include <cstdio>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace gen::regex {

constexpr uint32_t kTypes = kAscii | kLocale | kUnicode;
constexpr uint32_t kMostRepeats = 65535;  // of PCRE2; more count as without limit

inline bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
inline bool is_octal(char32_t c) { return c >= '0' && c <= '7'; }
inline bool is_letter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
inline bool is_space(char32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
inline int hex_value(char32_t c) {
    if (is_digit(c)) return int(c - '0');
    if (c >= 'a' && c <= 'f') return int(c - 'a' + 10);
    return c >= 'A' && c <= 'F' ? int(c - 'A' + 10) : -1;
}
inline std::string text_of(const char32_t* from, const char32_t* to) {
    std::string s;
    char buffer[4];
    for (; from < to; from++) s.append(buffer, encode_utf8(*from, buffer));
    return s;
}

class Translator {
  public:
    Translator(const std::vector<char32_t>& pattern, Translation& result, bool bytes)
        : p_(pattern),
          r_(result),
          bytes_(bytes),
          flags_(result.flags),
          unicode_(!bytes && !(result.flags & kAscii)) {}

    void run() {
        take_global_flags();
        while (!failed() && at_ < p_.size()) item();
        if (failed()) return;
        if (!open_.empty()) return fail("missing ), unterminated subpattern", open_.back().start);
        for (auto [group, position] : later_)
            if (group >= r_.parents.size())
                return fail("invalid group reference " + std::to_string(group), position);
    }

  private:
    enum class Last : uint8_t { Nothing, Anchor, Item, Repeat };  // what a quantifier would apply to
    struct Open {
        size_t start;
        uint32_t number;   // 0: does not capture
        uint32_t capture;  // the innermost one that does, itself or around it; 0: none
        uint32_t flags;    // to go back to
        int branches;      // conditional: how many so far; else -1
        bool look_behind;  // the outermost one
    };

    bool failed() const { return !r_.error.empty(); }
    void fail(std::string message, size_t position) {
        if (failed()) return;
        r_.error = std::move(message);
        r_.position = position;
    }
    char32_t peek(size_t ahead = 0) const { return at_ + ahead < p_.size() ? p_[at_ + ahead] : 0; }
    bool more() const { return at_ < p_.size(); }
    bool take(char32_t c) {
        if (!more() || p_[at_] != c) return false;
        at_++;
        return true;
    }
    void emit(std::string_view text) { r_.program += text; }
    void emit_char(char32_t c) {  // as itself, inside of classes and outside
        char buffer[16];
        if ((c < 128 && (is_digit(c) || is_letter(c) || c == '_')) ||
            (c >= 128 && !bytes_ && !(c >= 0xd800 && c < 0xe000))) {
            emit({buffer, encode_utf8(c, buffer)});
        } else {
            std::snprintf(buffer, sizeof buffer, "\\x{%x}", unsigned(c));
            emit(buffer);
        }
    }

    // ---- items

    void item();
    void emit_literal(char32_t c);

    // ---- quantifiers

    void counted_repeat(size_t start);
    void repeat(size_t start, const std::string& quantifier);

    // ---- escapes

    bool hex(size_t start, int digits, char32_t& out);

    // The escapes for one character that mean the same everywhere; at_ is behind the letter. Nothing: it is none of those.
    std::optional<char32_t> simple_escape(size_t start, char32_t c);
    char32_t octal(size_t start, int most);  // from at_ on
    void bad_escape(size_t start) { fail("bad escape " + text_of(&p_[start], p_.data() + at_), start); }

    bool ascii_here() const { return bytes_ || (flags_ & kAscii); }
    // \d, \s, \w and their opposites, inside a class or alone.
    void emit_category(char32_t c, bool in_class);
    void escape(size_t start);
    void reference(uint32_t group, size_t position);
    bool is_open(uint32_t group) const { return is_open_[group]; }  // one that there is

    // ---- classes

    struct Member {
        bool category;
        char32_t c;
        size_t end;
    };
    std::optional<Member> class_member(size_t start);  // at_ is behind its first character
    void emit_member(const Member& m);
    void char_class(size_t start);

    // ---- groups

    void open(size_t start, std::string_view text, bool captures = false, int branches = -1);
    void close(size_t start);
    bool until(char32_t end, const char* what, std::string& out);
    static bool is_identifier(const std::string& name);
    uint32_t number_of(const std::string& name) const;
    void group(size_t start);
    void named(size_t start);
    void conditional(size_t start);

    // ---- flags

    uint32_t flag_of(char32_t c) const;
    // Reads the letters from c on; at_ ends up behind the ')', '-' or ':' that it answers. 0: failed.
    char32_t read_flags(char32_t c, uint32_t& set, const char* wanted, std::u32string_view ends);
    void scoped_flags(size_t start, char32_t c);

    // (?i) and the like at the very start are flags of the whole pattern.
    void take_global_flags();

    const std::vector<char32_t>& p_;
    Translation& r_;
    const bool bytes_;
    uint32_t flags_;  // here
    bool unicode_;    // what \w means to PCRE2 in this pattern
    size_t at_ = 0;
    Last last_ = Last::Nothing;
    uint32_t behind_groups_ = UINT32_MAX;  // in a look-behind: the first group that it defines itself
    std::vector<Open> open_;
    std::vector<bool> is_open_ = {false};                // by number
    std::unordered_map<std::string, uint32_t> numbers_;  // by name
    std::vector<std::pair<uint32_t, size_t>> later_;     // groups that conditions name, and where
};

}  // namespace gen::regex
