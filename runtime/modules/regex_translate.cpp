// One pass over the pattern with an explicit stack of open groups, so that nesting costs no C stack. Names of groups become
// numbers, whitespace and comments of verbose patterns go away, and what the two syntaxes write alike but mean differently
// (\Z, \v, \s, {,n}, octal escapes, brackets in classes) is spelt out. Errors are those of CPython.
#include "runtime/modules/regex_translate.h"

#include "vm/data/string.h"
#include "vm/data/unicode.h"

#include <algorithm>
#include <optional>

namespace gen::regex {

namespace {

constexpr uint32_t kTypes = kAscii | kLocale | kUnicode;
constexpr uint32_t kMostRepeats = 65535;  // of PCRE2; more count as without limit

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_octal(char32_t c) { return c >= '0' && c <= '7'; }
bool is_letter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_space(char32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
int hex_value(char32_t c) {
    if (is_digit(c)) return int(c - '0');
    if (c >= 'a' && c <= 'f') return int(c - 'a' + 10);
    return c >= 'A' && c <= 'F' ? int(c - 'A' + 10) : -1;
}
std::string text_of(const char32_t* from, const char32_t* to) {
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

    void item() {
        size_t start = at_;
        char32_t c = p_[at_++];
        if (flags_ & kVerbose) {
            if (is_space(c)) return;
            if (c == '#') {
                while (more() && p_[at_++] != '\n') {
                }
                return;
            }
        }
        switch (c) {
            case '\\':
                return escape(start);
            case '[':
                return char_class(start);
            case '(':
                return group(start);
            case ')':
                return close(start);
            case '.':
                emit(".");
                last_ = Last::Item;
                return;
            case '^':
                emit("^");
                last_ = Last::Anchor;
                return;
            case '$':
                emit("$");
                last_ = Last::Anchor;
                return;
            case '|':
                if (!open_.empty() && open_.back().branches >= 0 && ++open_.back().branches > 1)
                    return fail("conditional backref with more than two branches", start);
                emit("|");
                last_ = Last::Nothing;
                return;
            case '*':
            case '+':
            case '?':
                return repeat(start, std::string(1, char(c)));
            case '{':
                return counted_repeat(start);
            default:
                emit_literal(c);
        }
    }
    void emit_literal(char32_t c) {
        // The case of other letters does not count in an ASCII pattern.
        bool as_is = c >= 128 && !bytes_ && ascii_here() && (flags_ & kIgnoreCase);
        if (as_is) emit("(?-i:");
        emit_char(c);
        if (as_is) emit(")");
        last_ = Last::Item;
    }

    // ---- quantifiers

    void counted_repeat(size_t start) {
        size_t p = at_;
        auto number = [&](std::optional<uint64_t>& out) {
            while (p < p_.size() && is_digit(p_[p]))
                out = std::min<uint64_t>(out.value_or(0) * 10 + (p_[p++] - '0'), UINT32_MAX);
        };
        std::optional<uint64_t> low, high;
        bool empty = p < p_.size() && p_[p] == '}';
        number(low);
        if (p < p_.size() && p_[p] == ',') {
            p++;
            number(high);
        } else {
            high = low;
        }
        if (empty || p >= p_.size() || p_[p] != '}') {  // no quantifier
            emit_char('{');
            last_ = Last::Item;
            return;
        }
        at_ = p + 1;
        if (low && high && *high < *low) return fail("min repeat greater than max repeat", start + 1);
        if (low.value_or(0) > kMostRepeats) return fail("the repetition number is too large", start + 1);
        std::string text = "{" + std::to_string(low.value_or(0));
        if (!high || *high > kMostRepeats)
            text += ",";
        else if (high != low)
            text += "," + std::to_string(*high);
        repeat(start, text + "}");
    }

    void repeat(size_t start, const std::string& quantifier) {
        if (last_ == Last::Nothing || last_ == Last::Anchor) return fail("nothing to repeat", start);
        if (last_ == Last::Repeat) return fail("multiple repeat", start);
        emit(quantifier);
        if (take('?'))
            emit("?");
        else if (take('+'))
            emit("+");
        last_ = Last::Repeat;
    }

    // ---- escapes

    bool hex(size_t start, int digits, char32_t& out) {
        out = 0;
        for (int i = 0; i < digits; i++) {
            int v = more() ? hex_value(p_[at_]) : -1;
            if (v < 0) {
                fail("incomplete escape " + text_of(&p_[start], p_.data() + at_), start);
                return false;
            }
            out = out * 16 + char32_t(v);
            at_++;
        }
        if (out > 0x10ffff) {
            fail("bad escape " + text_of(&p_[start], p_.data() + at_), start);
            return false;
        }
        return true;
    }

    // The escapes for one character that mean the same everywhere; at_ is behind the letter. Nothing: it is none of those.
    std::optional<char32_t> simple_escape(size_t start, char32_t c) {
        char32_t out;
        switch (c) {
            case 'a':
                return 7;
            case 'f':
                return 12;
            case 'n':
                return 10;
            case 'r':
                return 13;
            case 't':
                return 9;
            case 'v':
                return 11;
            case 'x':
                return hex(start, 2, out) ? out : 0;
            case 'u':
                if (bytes_) break;
                return hex(start, 4, out) ? out : 0;
            case 'U':
                if (bytes_) break;
                return hex(start, 8, out) ? out : 0;
            default:
                if (c < 128 && (is_letter(c) || is_digit(c))) break;
                return c;
        }
        return std::nullopt;
    }
    char32_t octal(size_t start, int most) {  // from at_ on
        char32_t value = 0;
        while (most-- > 0 && more() && is_octal(p_[at_])) value = value * 8 + (p_[at_++] - '0');
        if (value > 0377)
            fail("octal escape value " + text_of(&p_[start], p_.data() + at_) + " outside of range 0-0o377",
                 start);
        return value;
    }
    void bad_escape(size_t start) { fail("bad escape " + text_of(&p_[start], p_.data() + at_), start); }

    void named_character(size_t start) {  // there is no table of names
        std::string name;
        if (!take('{')) return fail("missing {", at_);
        if (until('}', "character name", name)) fail("undefined character name '" + name + "'", start);
    }

    bool ascii_here() const { return bytes_ || (flags_ & kAscii); }
    // \d, \s, \w and their opposites, inside a class or alone.
    void emit_category(char32_t c, bool in_class) {
        std::string text;
        if (ascii_here() && unicode_) {  // an ASCII part of a Unicode pattern
            switch (c) {
                case 'd':
                    text = "0-9";
                    break;
                case 's':
                    text = "\\x{9}-\\x{d}\\x{20}";
                    break;
                case 'w':
                    text = "0-9A-Z_a-z";
                    break;
                case 'D':
                    text = "\\x{0}-\\x{2f}\\x{3a}-\\x{10ffff}";
                    break;
                case 'S':
                    text = "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{10ffff}";
                    break;
                default:
                    text = "\\x{0}-\\x{2f}\\x{3a}-\\x{40}\\x{5b}-\\x{5e}\\x{60}\\x{7b}-\\x{10ffff}";
            }
        } else if (!ascii_here() && !unicode_) {  // a Unicode part of an ASCII pattern
            text = c == 'd'   ? "\\p{Nd}"
                   : c == 'D' ? "\\P{Nd}"
                   : c == 's' ? "\\p{Xsp}\\x{1c}-\\x{1f}\\x{85}"
                   : c == 'S' ? "\\P{Xsp}"
                   : c == 'w' ? "\\p{Xwd}"
                              : "\\P{Xwd}";
        } else if (c == 's' && unicode_) {
            text = "\\s\\x{1c}-\\x{1f}\\x{85}";
        } else if (c == 'S' && unicode_ && !in_class) {
            emit("[^\\s\\x{1c}-\\x{1f}\\x{85}]");
            return;
        } else {
            emit(std::string("\\") + char(c));
            return;
        }
        emit(in_class ? text : "[" + text + "]");
    }

    void escape(size_t start) {
        if (!more()) return fail("bad escape (end of pattern)", start);
        char32_t c = p_[at_++];
        last_ = Last::Item;
        switch (c) {
            case 'A':
                emit("\\A");
                last_ = Last::Anchor;
                return;
            case 'Z':
                emit("\\z");
                last_ = Last::Anchor;
                return;
            case 'b':
            case 'B':
                last_ = Last::Anchor;
                if (ascii_here() != unicode_) return emit(c == 'b' ? "\\b" : "(?!\\A\\z)\\B");
                {
                    std::string word = ascii_here() ? "[0-9A-Z_a-z]" : "\\p{Xwd}";
                    bool edge = c == 'b';
                    return emit("(?:(?<=" + word + ")(?" + (edge ? "!" : "=") + word + ")|(?<!" + word +
                                ")(?" + (edge ? "=" : "!") + word + "))");
                }
            case 'd':
            case 'D':
            case 's':
            case 'S':
            case 'w':
            case 'W':
                return emit_category(c, false);
            default:
                break;
        }
        if (c == '0') {
            at_--;
            char32_t value = octal(start, 3);
            return emit_char(value);
        }
        if (is_digit(c)) {
            size_t end = at_;
            if (end < p_.size() && is_digit(p_[end])) {
                if (is_octal(c) && is_octal(p_[end]) && is_octal(peek(1)) && at_ + 1 < p_.size()) {
                    at_--;
                    return emit_char(octal(start, 3));
                }
                end++;
            }
            uint32_t group = c - '0';
            if (end > at_) group = group * 10 + (p_[at_] - '0');
            at_ = end;
            return reference(group, start + 1);
        }
        if (c == 'N' && !bytes_) return named_character(start);
        auto value = simple_escape(start, c);
        if (!value) return bad_escape(start);
        emit_char(*value);
    }

    void reference(uint32_t group, size_t position) {
        if (group >= r_.parents.size())
            return fail("invalid group reference " + std::to_string(group), position);
        if (is_open(group)) return fail("cannot refer to an open group", position - 1);
        if (group >= behind_groups_)
            return fail("cannot refer to group defined in the same lookbehind subpattern", position - 1);
        emit("\\g{" + std::to_string(group) + "}");
        last_ = Last::Item;
    }
    bool is_open(uint32_t group) const {
        return std::any_of(open_.begin(), open_.end(), [&](const Open& o) { return o.number == group; });
    }

    // ---- classes

    struct Member {
        bool category;
        char32_t c;
        size_t end;
    };
    std::optional<Member> class_member(size_t start) {  // at_ is behind its first character
        char32_t c = p_[start];
        if (c != '\\') return Member{false, c, at_};
        if (!more()) {
            fail("bad escape (end of pattern)", start);
            return std::nullopt;
        }
        c = p_[at_++];
        switch (c) {
            case 'd':
            case 'D':
            case 's':
            case 'S':
            case 'w':
            case 'W':
                return Member{true, c, at_};
            case 'b':
                return Member{false, 8, at_};
            default:
                break;
        }
        if (is_octal(c)) {
            at_--;
            char32_t value = octal(start, 3);
            return Member{false, value, at_};
        }
        auto value = simple_escape(start, c);
        if (!value) {
            bad_escape(start);
            return std::nullopt;
        }
        return Member{false, *value, at_};
    }
    void emit_member(const Member& m) {
        if (m.category)
            emit_category(m.c, true);
        else
            emit_char(m.c);
    }

    void char_class(size_t start) {
        emit(take('^') ? "[^" : "[");
        size_t first = at_;
        for (;;) {
            if (failed()) return;
            if (!more()) return fail("unterminated character set", start);
            size_t from = at_++;
            if (p_[from] == ']' && from != first) break;
            auto low = class_member(from);
            if (!low) return;
            if (peek() != '-' || !more()) {
                emit_member(*low);
                continue;
            }
            at_++;
            if (!more()) return fail("unterminated character set", start);
            size_t to = at_++;
            if (p_[to] == ']') {
                emit_member(*low);
                emit_char('-');
                break;
            }
            auto high = class_member(to);
            if (!high) return;
            if (low->category || high->category || low->c > high->c)
                return fail("bad character range " + text_of(&p_[from], p_.data() + at_), from);
            emit_char(low->c);
            emit("-");
            emit_char(high->c);
        }
        emit("]");
        last_ = Last::Item;
    }

    // ---- groups

    void open(size_t start, std::string_view text, bool captures = false, int branches = -1) {
        emit(text);
        uint32_t number = 0;
        if (captures) {
            uint32_t parent = 0;
            for (const Open& o : open_)
                if (o.number) parent = o.number;
            number = uint32_t(r_.parents.size());
            r_.parents.push_back(parent);
        }
        open_.push_back({start, number, flags_, branches, false});
        last_ = Last::Nothing;
    }
    void close(size_t start) {
        if (open_.empty()) return fail("unbalanced parenthesis", start);
        flags_ = open_.back().flags;
        if (open_.back().look_behind) behind_groups_ = UINT32_MAX;
        open_.pop_back();
        emit(")");
        last_ = Last::Item;
    }

    bool until(char32_t end, const char* what, std::string& out) {
        size_t from = at_;
        while (more() && p_[at_] != end) at_++;
        if (!more()) {
            if (from == at_)
                fail(std::string("missing ") + what, at_);
            else
                fail(std::string("missing ") + char(end) + ", unterminated name", from);
            return false;
        }
        out = text_of(p_.data() + from, p_.data() + at_);
        at_++;
        if (out.empty()) fail(std::string("missing ") + what, at_ - 1);
        return !failed();
    }
    static bool is_identifier(const std::string& name) {
        const char* p = name.data();
        const char* end = p + name.size();
        if (p == end || !is_identifier_start(decode_utf8(p))) return false;
        while (p < end)
            if (!is_identifier_part(decode_utf8(p))) return false;
        return true;
    }
    uint32_t number_of(const std::string& name) const {
        for (auto& [n, number] : r_.names)
            if (n == name) return number;
        return 0;
    }

    void group(size_t start) {
        if (!take('?')) return open(start, "(", true);
        if (!more()) return fail("unexpected end of pattern", at_);
        char32_t c = p_[at_++];
        switch (c) {
            case ':':
                return open(start, "(?:");
            case '>':
                return open(start, "(?>");
            case '=':
                return open(start, "(?=");
            case '!':
                return open(start, "(?!");
            case 'P':
                return named(start);
            case '(':
                return conditional(start);
            case '#':
                while (more() && p_[at_] != ')') at_++;
                if (!more()) return fail("missing ), unterminated comment", start);
                at_++;
                return;
            case '<':
                if (!more()) return fail("unexpected end of pattern", at_);
                c = p_[at_++];
                if (c != '=' && c != '!')
                    return fail("unknown extension ?<" + text_of(&c, &c + 1), start + 1);
                open(start, c == '=' ? "(?<=" : "(?<!");
                if (behind_groups_ == UINT32_MAX) {
                    behind_groups_ = uint32_t(r_.parents.size());
                    open_.back().look_behind = true;
                }
                return;
            default:
                if (flag_of(c) || c == '-') return scoped_flags(start, c);
                fail("unknown extension ?" + text_of(&c, &c + 1), start + 1);
        }
    }

    void named(size_t start) {
        std::string name;
        size_t from = at_ + 1;
        if (take('<')) {
            if (!until('>', "group name", name)) return;
            if (!is_identifier(name)) return fail("bad character in group name '" + name + "'", from);
            auto number = uint32_t(r_.parents.size());
            if (uint32_t before = number_of(name))
                return fail("redefinition of group name '" + name + "' as group " + std::to_string(number) +
                                "; was group " + std::to_string(before),
                            from);
            r_.names.push_back({name, number});
            return open(start, "(", true);
        }
        if (take('=')) {
            if (!until(')', "group name", name)) return;
            if (!is_identifier(name)) return fail("bad character in group name '" + name + "'", from);
            uint32_t number = number_of(name);
            if (!number) return fail("unknown group name '" + name + "'", from);
            if (is_open(number)) return fail("cannot refer to an open group", from);
            return reference(number, from);
        }
        if (!more()) return fail("unexpected end of pattern", at_);
        fail("unknown extension ?P" + text_of(&p_[at_], &p_[at_] + 1), start + 1);
    }

    void conditional(size_t start) {
        std::string name;
        size_t from = at_;
        if (!until(')', "group name", name)) return;
        uint32_t number = 0;
        if (is_identifier(name)) {
            number = number_of(name);
            if (!number) return fail("unknown group name '" + name + "'", from);
        } else {
            for (char d : name) {
                if (!is_digit(char32_t(d))) return fail("bad character in group name '" + name + "'", from);
                number = std::min<uint32_t>(number * 10 + uint32_t(d - '0'), 100000000);
            }
            if (number == 0) return fail("bad group number", from);
            later_.push_back({number, from});
        }
        if (behind_groups_ != UINT32_MAX) {
            if (number >= r_.parents.size() || is_open(number))
                return fail("cannot refer to an open group", from);
            if (number >= behind_groups_)
                return fail("cannot refer to group defined in the same lookbehind subpattern", from);
        }
        open(start, "(?(" + std::to_string(number) + ")", false, 0);
    }

    // ---- flags

    uint32_t flag_of(char32_t c) const {
        switch (c) {
            case 'i':
                return kIgnoreCase;
            case 'L':
                return kLocale;
            case 'm':
                return kMultiLine;
            case 's':
                return kDotAll;
            case 'x':
                return kVerbose;
            case 'a':
                return kAscii;
            case 'u':
                return kUnicode;
            default:
                return 0;
        }
    }
    // Reads the letters from c on; at_ ends up behind the ')', '-' or ':' that it answers. 0: failed.
    char32_t read_flags(char32_t c, uint32_t& set, const char* wanted, std::u32string_view ends) {
        for (;;) {
            uint32_t flag = flag_of(c);
            if (c == 'L' && !bytes_) {
                fail("bad inline flags: cannot use 'L' flag with a str pattern", at_);
                return 0;
            }
            if (c == 'u' && bytes_) {
                fail("bad inline flags: cannot use 'u' flag with a bytes pattern", at_);
                return 0;
            }
            set |= flag;
            if ((flag & kTypes) && (set & kTypes) != flag) {
                fail("bad inline flags: flags 'a', 'u' and 'L' are incompatible", at_);
                return 0;
            }
            if (!more()) {
                fail(wanted, at_);
                return 0;
            }
            c = p_[at_++];
            if (ends.find(c) != std::u32string_view::npos) return c;
            if (!flag_of(c)) {
                fail(is_letter(c) ? "unknown flag" : wanted, at_ - 1);
                return 0;
            }
        }
    }
    void scoped_flags(size_t start, char32_t c) {
        uint32_t on = 0, off = 0;
        if (c != '-') c = read_flags(c, on, "missing -, : or )", U")-:");
        if (failed()) return;
        if (c == ')') return fail("global flags not at the start of the expression", start);
        if (c == '-') {
            if (!more()) return fail("missing flag", at_);
            c = p_[at_++];
            if (!flag_of(c)) return fail(is_letter(c) ? "unknown flag" : "missing flag", at_ - 1);
            read_flags(c, off, "missing :", U":");
            if (failed()) return;
            if (off & kTypes)
                return fail("bad inline flags: cannot turn off flags 'a', 'u' and 'L'", at_ - 1);
            if (on & off) return fail("bad inline flags: flag turned on and off", at_ - 1);
        }
        std::string text = "(?";
        auto letters = [&](uint32_t set) {
            for (auto [flag, letter] : {std::pair{kIgnoreCase, 'i'}, {kMultiLine, 'm'}, {kDotAll, 's'}})
                if (set & flag) text += letter;
        };
        letters(on);
        if (off & (kIgnoreCase | kMultiLine | kDotAll)) text += '-';
        letters(off);
        open(start, text + ":");
        if (on & kTypes) flags_ &= ~kTypes;
        flags_ = (flags_ | on) & ~off;
    }

    // (?i) and the like at the very start are flags of the whole pattern.
    void take_global_flags() {
        for (;;) {
            size_t start = at_;
            if (flags_ & kVerbose) {
                while (more() && is_space(p_[at_])) at_++;
                if (peek() == '#' && more()) {
                    while (more() && p_[at_++] != '\n') {
                    }
                    continue;
                }
            }
            size_t letters = at_ + 2;
            if (peek() != '(' || peek(1) != '?' || letters >= p_.size() || !flag_of(p_[letters])) {
                at_ = start;
                break;
            }
            size_t end = letters;
            while (end < p_.size() && flag_of(p_[end])) end++;
            if (end >= p_.size() || p_[end] != ')') {
                at_ = start;
                break;
            }
            uint32_t on = 0;
            at_ = letters + 1;
            read_flags(p_[letters], on, "missing -, : or )", U")");
            if (failed()) return;
            r_.flags |= on;
            flags_ |= on;
        }
        if (!bytes_ && (r_.flags & kAscii) && (r_.flags & kUnicode)) {
            return fail("ASCII and UNICODE flags are incompatible", 0);
        }
        if (!bytes_ && !(r_.flags & kAscii)) r_.flags |= kUnicode;
        unicode_ = !bytes_ && !(r_.flags & kAscii);
        flags_ = r_.flags;
    }

    const std::vector<char32_t>& p_;
    Translation& r_;
    const bool bytes_;
    uint32_t flags_;  // here
    bool unicode_;    // what \w means to PCRE2 in this pattern
    size_t at_ = 0;
    Last last_ = Last::Nothing;
    uint32_t behind_groups_ = UINT32_MAX;  // in a look-behind: the first group that it defines itself
    std::vector<Open> open_;
    std::vector<std::pair<uint32_t, size_t>> later_;  // groups that conditions name, and where
};

}  // namespace

Translation translate(const std::vector<char32_t>& pattern, uint32_t flags, bool bytes) {
    Translation result;
    result.flags = flags;
    Translator(pattern, result, bytes).run();
    return result;
}

}  // namespace gen::regex
