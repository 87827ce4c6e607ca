// One pass over the pattern with an explicit stack of open groups, so that nesting costs no C stack. Names of groups become
// numbers, whitespace and comments of verbose patterns go away, and what the two syntaxes write alike but mean differently
// (\Z, \v, \s, {,n}, octal escapes, brackets in classes) is spelt out. Errors are those of CPython.
#include "runtime/modules/regex_translator.h"

#include "lexer/unicode_names.h"
#include "vm/data/unicode.h"

#include <algorithm>

namespace gen::regex {

// ---- items

void Translator::item() {
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

void Translator::emit_literal(char32_t c) {
    // The case of other letters does not count in an ASCII pattern.
    bool as_is = c >= 128 && !bytes_ && ascii_here() && (flags_ & kIgnoreCase);
    if (as_is) emit("(?-i:");
    emit_char(c);
    if (as_is) emit(")");
    last_ = Last::Item;
}

// ---- quantifiers

void Translator::counted_repeat(size_t start) {
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

void Translator::repeat(size_t start, const std::string& quantifier) {
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

bool Translator::hex(size_t start, int digits, char32_t& out) {
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

std::optional<char32_t> Translator::simple_escape(size_t start, char32_t c) {
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
        case 'N': {
            if (bytes_) break;
            std::string name;
            if (!take('{'))
                fail("missing {", at_);
            else if (until('}', "character name", name) && !find_named_character(name, out))
                fail("undefined character name '" + name + "'", start);
            return failed() ? 0 : out;
        }
        default:
            if (c < 128 && (is_letter(c) || is_digit(c))) break;
            return c;
    }
    return std::nullopt;
}

char32_t Translator::octal(size_t start, int most) {
    char32_t value = 0;
    while (most-- > 0 && more() && is_octal(p_[at_])) value = value * 8 + (p_[at_++] - '0');
    if (value > 0377)
        fail("octal escape value " + text_of(&p_[start], p_.data() + at_) + " outside of range 0-0o377",
             start);
    return value;
}

void Translator::emit_category(char32_t c, bool in_class) {
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

void Translator::escape(size_t start) {
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
                return emit("(?:(?<=" + word + ")(?" + (edge ? "!" : "=") + word + ")|(?<!" + word + ")(?" +
                            (edge ? "=" : "!") + word + "))");
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
    auto value = simple_escape(start, c);
    if (!value) return bad_escape(start);
    emit_char(*value);
}

void Translator::reference(uint32_t group, size_t position) {
    if (group >= r_.parents.size()) return fail("invalid group reference " + std::to_string(group), position);
    if (is_open(group)) return fail("cannot refer to an open group", position - 1);
    if (group >= behind_groups_)
        return fail("cannot refer to group defined in the same lookbehind subpattern", position - 1);
    emit("\\g{" + std::to_string(group) + "}");
    last_ = Last::Item;
}

// ---- classes

std::optional<Translator::Member> Translator::class_member(size_t start) {
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

void Translator::emit_member(const Member& m) {
    if (m.category)
        emit_category(m.c, true);
    else
        emit_char(m.c);
}

void Translator::char_class(size_t start) {
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

Translation translate(const std::vector<char32_t>& pattern, uint32_t flags, bool bytes) {
    Translation result;
    result.flags = flags;
    Translator(pattern, result, bytes).run();
    return result;
}

}  // namespace gen::regex
