// Groups of a pattern, which may have names, conditions and flags of their own, and the flags.
#include "runtime/modules/regex_translator.h"
#include "vm/data/unicode.h"

namespace gen::regex {

// ---- groups

void Translator::open(size_t start, std::string_view text, bool captures, int branches) {
    emit(text);
    const uint32_t around = open_.empty() ? 0 : open_.back().capture;
    uint32_t number = 0;
    if (captures) {
        number = uint32_t(r_.parents.size());
        r_.parents.push_back(around);
        is_open_.push_back(true);
    }
    open_.push_back({start, number, captures ? number : around, flags_, branches, false});
    last_ = Last::Nothing;
}

void Translator::close(size_t start) {
    if (open_.empty()) return fail("unbalanced parenthesis", start);
    flags_ = open_.back().flags;
    if (open_.back().look_behind) behind_groups_ = UINT32_MAX;
    if (open_.back().number) is_open_[open_.back().number] = false;
    open_.pop_back();
    emit(")");
    last_ = Last::Item;
}

bool Translator::until(char32_t end, const char* what, std::string& out) {
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

bool Translator::is_identifier(const std::string& name) {
    const char* p = name.data();
    const char* end = p + name.size();
    if (p == end || !is_identifier_start(decode_utf8(p))) return false;
    while (p < end)
        if (!is_identifier_part(decode_utf8(p))) return false;
    return true;
}

uint32_t Translator::number_of(const std::string& name) const {
    auto found = numbers_.find(name);
    return found == numbers_.end() ? 0 : found->second;
}

void Translator::group(size_t start) {
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
            if (c != '=' && c != '!') return fail("unknown extension ?<" + text_of(&c, &c + 1), start + 1);
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

void Translator::named(size_t start) {
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
        numbers_.emplace(name, number);
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

void Translator::conditional(size_t start) {
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

uint32_t Translator::flag_of(char32_t c) const {
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

char32_t Translator::read_flags(char32_t c, uint32_t& set, const char* wanted, std::u32string_view ends) {
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

void Translator::scoped_flags(size_t start, char32_t c) {
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
        if (off & kTypes) return fail("bad inline flags: cannot turn off flags 'a', 'u' and 'L'", at_ - 1);
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

void Translator::take_global_flags() {
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

}  // namespace gen::regex
