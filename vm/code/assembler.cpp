#include "vm/code/assembler.h"

#include "vm/code/encoding.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <optional>
#include <vector>

namespace gen {
namespace {

constexpr unsigned kDefaultScratch = 0xf000;  // until the number of registers is known

struct Fixup {
    uint32_t pc;
    std::string label;
    int line;
};

struct Draft {
    Value name_value, qualname = Value::unbound(), filename = Value::unbound(), doc = Value::none();
    uint32_t flags = 0, registers = 1, first_line = 1;
    uint16_t positional = 0, positional_only = 0, keyword_only = 0;
    std::vector<Value> locals, cells, frees;
    std::vector<uint16_t> cell_parameters;
    std::vector<Value> constants;
    std::vector<std::string>
        constant_keys;  // literal text with the number of a nested code: equal means the same
    std::vector<std::pair<size_t, size_t>> nested;  // constant index, number of the code
    std::vector<Instruction> words;
    std::vector<PositionEntry> positions;
    std::map<std::string, uint32_t> labels;
    std::vector<Fixup> fixups;
    struct Range {
        std::string start, end, target;
        uint32_t reg;
        int line;
    };
    std::vector<Range> ranges;
    int number = -1;
};

class Assembler {
  public:
    Assembler(CodeBuilder& builder, std::string_view text) : builder_(builder), text_(text) {}

    AssembleResult run() {
        size_t at = 0;
        while (at < text_.size() && error_.empty()) {
            size_t end = std::min(text_.find('\n', at), text_.size());
            line_++;
            p_ = text_.data() + at;
            end_ = text_.data() + end;
            parse_line();
            at = end + 1;
        }
        if (error_.empty() && drafts_.empty()) fail("no .code");
        Code* code = error_.empty() ? build() : nullptr;
        if (!code && error_.empty()) error_ = "out of memory";
        return {code, error_};
    }

  private:
    void fail(const std::string& message) {
        if (error_.empty()) error_ = "line " + std::to_string(line_) + ": " + message;
    }

    // ---- text
    void skip() {
        while (p_ < end_ && (*p_ == ' ' || *p_ == '\t' || *p_ == '\r')) p_++;
        if (p_ < end_ && *p_ == ';') p_ = end_;
    }
    bool at_end() {
        skip();
        return p_ >= end_;
    }
    bool take(char c) {
        skip();
        if (p_ < end_ && *p_ == c) {
            p_++;
            return true;
        }
        return false;
    }
    static bool is_word(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '.';
    }
    std::string word() {
        skip();
        const char* start = p_;
        while (p_ < end_ && is_word(*p_)) p_++;
        return {start, p_};
    }
    // Whether the next word is followed by `c`; takes both.
    bool take_key(char key) {
        skip();
        if (end_ - p_ > 1 && p_[0] == key && p_[1] == '=') {
            p_ += 2;
            return true;
        }
        return false;
    }
    int64_t number() {
        skip();
        std::string digits;
        if (p_ < end_ && *p_ == '-') {
            digits += '-';
            p_++;
        }
        digits += word();
        char* stop;
        errno = 0;
        long long n = std::strtoll(digits.c_str(), &stop, 0);
        if (stop == digits.c_str() || *stop || errno) fail("a number is expected, not '" + digits + "'");
        return n;
    }
    int64_t number(int64_t low, int64_t high) {
        int64_t n = number();
        if (error_.empty() && (n < low || n > high)) fail(std::to_string(n) + " does not fit");
        return n;
    }
    unsigned reg() {
        skip();
        if (take('-')) return kNoRegister;
        if (!take('r')) {
            fail("a register is expected");
            return 0;
        }
        auto r = unsigned(number(0, kNoRegister - 1));
        if (!drafts_.empty() && r + 1 > drafts_.back().registers) drafts_.back().registers = r + 1;
        return r;
    }

    // ---- literals
    std::string quoted() {
        std::string out;
        char quote = *p_++;
        while (p_ < end_ && *p_ != quote) {
            if (*p_ != '\\' || p_ + 1 >= end_) {
                out += *p_++;
                continue;
            }
            char c = p_[1];
            p_ += 2;
            if (c == 'n')
                out += '\n';
            else if (c == 't')
                out += '\t';
            else if (c == 'x' && end_ - p_ >= 2) {
                out += char(std::strtol(std::string(p_, 2).c_str(), nullptr, 16));
                p_ += 2;
            } else
                out += c;
        }
        if (p_ >= end_)
            fail("unterminated string");
        else
            p_++;
        return out;
    }
    bool at_literal() {
        skip();
        if (p_ >= end_) return false;
        return *p_ == '\'' || *p_ == '"' || *p_ == '(' || *p_ == '{' || *p_ == '@' || *p_ == '-' ||
               is_word(*p_);
    }
    // `key` receives a text that equal constants share.
    Value literal(std::string& key) {
        skip();
        if (p_ >= end_) {
            fail("a literal is expected");
            return {};
        }
        if (*p_ == '\'' || *p_ == '"') {
            std::string s = quoted();
            key += "s" + std::to_string(s.size()) + ":" + s;
            return builder_.str(s, true);
        }
        if (*p_ == 'b' && end_ - p_ > 1 && (p_[1] == '\'' || p_[1] == '"')) {
            p_++;
            std::string s = quoted();
            key += "b" + std::to_string(s.size()) + ":" + s;
            return builder_.bytes(s);
        }
        if (*p_ == '(' || *p_ == '{') {
            bool is_tuple = *p_++ == '(';
            std::vector<Value> items;
            key += is_tuple ? '(' : '{';
            while (error_.empty() && !take(is_tuple ? ')' : '}')) {
                items.push_back(literal(key));
                key += ',';
                take(',');
            }
            key += ')';
            return is_tuple ? builder_.tuple(items) : builder_.frozenset(items);
        }
        if (take('@')) {
            int64_t n = number();
            key += "@" + std::to_string(n);
            nested_ = n;
            return Value::unbound();
        }
        bool negative = take('-');
        std::string w = word();
        // An exponent's sign ends a word.
        if (!w.empty() && (w.back() == 'e' || w.back() == 'E') && w.substr(0, 2) != "0x" && p_ < end_ &&
            (*p_ == '-' || *p_ == '+')) {
            w += *p_++;
            w += word();
        }
        key += (negative ? "-" : "") + w;
        return plain(w, negative, key);
    }
    Value plain(const std::string& w, bool negative, std::string& key) {
        if (w == "None") return Value::none();
        if (w == "True") return Value::true_();
        if (w == "False") return Value::false_();
        if (w == "Ellipsis") return Value::ellipsis();
        if (w == "unbound") return Value::unbound();
        if (w == "complex" && take('(')) {
            const char* start = p_;
            double re = real();
            take(',');
            double im = real();
            take(')');
            key.append(start, p_);
            return builder_.complex(re, im);
        }
        if (w.substr(0, 2) == "0x") return builder_.integer(std::string_view(w).substr(2), 16, negative);
        if (!w.empty() && w.find_first_not_of("0123456789") == std::string::npos)
            return builder_.integer(w, 10, negative);
        char* stop;
        double d = std::strtod(w.c_str(), &stop);
        if (w.empty() || *stop) {
            fail("a literal is expected, not '" + w + "'");
            return {};
        }
        return builder_.real(negative ? -d : d);
    }
    double real() {
        bool negative = take('-');
        std::string w = word();
        if (!w.empty() && w.back() == 'e' && p_ < end_ && (*p_ == '-' || *p_ == '+')) {
            w += *p_++;
            w += word();
        }
        double d = std::strtod(w.c_str(), nullptr);
        return negative ? -d : d;
    }
    uint32_t constant(bool always_new = false) {
        Draft& d = drafts_.back();
        std::string key;
        nested_ = -1;
        Value v = literal(key);
        for (size_t i = 0; !always_new && i < d.constant_keys.size(); i++)
            if (d.constant_keys[i] == key) return uint32_t(i);
        if (nested_ >= 0) d.nested.push_back({d.constants.size(), size_t(nested_)});
        d.constants.push_back(v);
        d.constant_keys.push_back(key);
        return uint32_t(d.constants.size() - 1);
    }
    Value name_value() {
        skip();
        if (p_ < end_ && (*p_ == '\'' || *p_ == '"')) return builder_.str(quoted(), true);
        std::string w = word();
        if (w.empty()) fail("a name is expected");
        return builder_.str(w, true);
    }

    // ---- lines
    void parse_line() {
        if (at_end()) return;
        if (*p_ == '.') {
            directive();
            return;
        }
        if (drafts_.empty()) {
            fail("instructions belong behind .code");
            return;
        }
        std::string w = word();
        if (w.find_first_not_of("0123456789") == std::string::npos && !w.empty())
            w = word();  // the pc is a comment
        if (take(':')) {
            drafts_.back().labels[w] = uint32_t(drafts_.back().words.size());
            if (!at_end()) parse_line();
            return;
        }
        instruction(w);
        if (error_.empty() && !at_end()) fail("unexpected text at the end");
    }

    void directive() {
        std::string d = word();
        if (d == ".code") {
            drafts_.emplace_back();
            if (take('@')) drafts_.back().number = int(number());
            drafts_.back().name_value = name_value();
            while (!at_end() && error_.empty()) flag(word());
            return;
        }
        if (drafts_.empty()) {
            fail("the first directive must be .code");
            return;
        }
        Draft& code = drafts_.back();
        std::string key;
        if (d == ".qualname")
            code.qualname = literal(key);
        else if (d == ".filename")
            code.filename = literal(key);
        else if (d == ".doc")
            code.doc = literal(key);
        else if (d == ".first_line")
            code.first_line = uint32_t(number());
        else if (d == ".positional") {
            code.positional = uint16_t(number());
            if (!at_end()) code.positional_only = uint16_t(number());
        } else if (d == ".keyword_only")
            code.keyword_only = uint16_t(number());
        else if (d == ".locals") {
            while (!at_end() && error_.empty()) code.locals.push_back(name_value());
        } else if (d == ".cells") {
            while (!at_end() && error_.empty()) code.cells.push_back(name_value());
        } else if (d == ".frees") {
            while (!at_end() && error_.empty()) code.frees.push_back(name_value());
        } else if (d == ".cell_parameters") {
            while (!at_end() && error_.empty()) code.cell_parameters.push_back(uint16_t(reg()));
        } else if (d == ".registers")
            code.registers = std::max(code.registers, uint32_t(number()));
        else if (d == ".const") {
            auto index = uint32_t(number());
            size_t count = code.constants.size();
            if (index != count) fail("constants must be numbered in order");
            constant(true);
        } else if (d == ".line") {
            auto line = uint32_t(number());
            position({0, line, line, PositionEntry::kNoColumn, PositionEntry::kNoColumn});
        } else if (d == ".at" || d == ".landing") {
            PositionEntry e{};
            e.line = uint32_t(number());
            e.column = column();
            take('-');
            e.end_line = uint32_t(number());
            e.end_column = column();
            if (d == ".at")
                position(e);
            else
                landing_ = e;
        } else if (d == ".exception") {
            Draft::Range r;
            r.start = word();
            r.end = word();
            take('-');
            take('>');
            r.target = word();
            r.reg = reg();
            r.line = line_;
            code.ranges.push_back(r);
        } else
            fail("unknown directive " + d);
        if (error_.empty() && !at_end()) fail("unexpected text at the end");
    }
    uint16_t column() {
        take(':');
        return take('?') ? PositionEntry::kNoColumn : uint16_t(number());
    }
    void position(PositionEntry e) {
        e.pc = uint32_t(drafts_.back().words.size());
        drafts_.back().positions.push_back(e);
    }
    void flag(const std::string& w) {
        for (unsigned i = 0; code_flag_name(i); i++)
            if (w == code_flag_name(i)) {
                drafts_.back().flags |= 1u << i;
                return;
            }
        fail("unknown flag " + w);
    }

    void instruction(std::string name) {
        unsigned x = 0;
        if (size_t dot = name.find('.'); dot != std::string::npos) {
            std::string which = name.substr(dot + 1);
            name.resize(dot);
            while (x < unsigned(Intrinsic::kCount) && which != intrinsic_name(Intrinsic(x))) x++;
            if (x == unsigned(Intrinsic::kCount)) {
                fail("unknown intrinsic " + which);
                return;
            }
        }
        int op = 0;
        while (op < int(Op::kCount) && name != op_info(Op(op)).name) op++;
        if (op == int(Op::kCount)) {
            fail("unknown instruction " + name);
            return;
        }
        Draft& d = drafts_.back();
        const OpInfo& info = op_info(Op(op));
        int64_t field[3] = {};
        bool wide = false;
        for (int n = 0; n < 3 && error_.empty(); n++) {
            if (n == 2 && wide) break;
            if (is_wide(info, n)) wide = true;
            switch (info.format[n]) {
                case 'W':
                case 'R':
                    field[n] = reg();
                    break;
                case 'K':
                case 'k':
                case 'N':
                case 'n':
                    field[n] = constant();
                    break;
                case 'I':
                case 'i':
                    if (Op(op) == Op::LOAD_SPECIAL) {
                        std::string key;
                        field[n] = int64_t(literal(key).bits());
                    } else if (wide)
                        field[n] = number(INT32_MIN, INT32_MAX);
                    else
                        field[n] = number(INT16_MIN, INT16_MAX);
                    break;
                case 'U':
                case 'u':
                    field[n] = number(0, wide ? INT32_MAX : UINT16_MAX);
                    break;
                case 'J':
                case 'j':
                    d.fixups.push_back({uint32_t(d.words.size()), word(), line_});
                    break;
                default:
                    continue;
            }
            take(',');
        }
        uint32_t extra = takes_extra_constant(Op(op)) ? constant() : 0;
        unsigned scratch = kNoRegister;
        while (error_.empty() && !at_end()) {
            if (take_key('x'))
                x = unsigned(number(0, UINT8_MAX));
            else if (take_key('a'))
                field[0] = number(INT16_MIN, UINT16_MAX);
            else if (take_key('b'))
                field[1] = number(INT16_MIN, UINT16_MAX);
            else if (take_key('c'))
                field[2] = number(INT16_MIN, UINT16_MAX);
            else if (take('~'))
                scratch = reg();
            else
                break;
        }
        if (scratch == kNoRegister) scratch = kDefaultScratch;
        Instruction first =
            wide ? Instruction::ad(Op(op), unsigned(field[0]), int32_t(field[1]), x)
                 : Instruction::abc(Op(op), unsigned(field[0]), unsigned(field[1]), unsigned(field[2]), x);
        Instruction words[kMaxWords];
        unsigned count = encode(first, scratch, extra, words);
        if (landing_) {
            landing_->pc = uint32_t(d.words.size()) + count - 1;
            d.positions.push_back(*landing_);
            landing_.reset();
        }
        d.words.insert(d.words.end(), words, words + count);
        Window w = window_of(first);
        d.registers = std::max(d.registers, w.first + w.count);
    }
    // ---- building, innermost codes last in the text, so from the end
    Code* build() {
        std::vector<Code*> codes(drafts_.size());
        for (size_t n = drafts_.size(); n-- > 0;) {
            Draft& d = drafts_[n];
            if (d.number >= 0 && size_t(d.number) != n) {
                line_ = 0;
                fail("codes must be numbered in order");
                return nullptr;
            }
            replace_default_scratch(d);
            for (auto& [index, number] : d.nested) {
                if (number <= n || number >= drafts_.size()) {
                    fail("no code @" + std::to_string(number) + " behind it");
                    return nullptr;
                }
                d.constants[index] = Value::object(codes[number]);
            }
            for (auto& f : d.fixups) {
                line_ = f.line;
                auto label = d.labels.find(f.label);
                if (label == d.labels.end()) {
                    fail("no label " + f.label);
                    return nullptr;
                }
                if (!set_jump(d.words.data(), f.pc, label->second)) {
                    fail("the jump is too far");
                    return nullptr;
                }
            }
            std::vector<ExceptionEntry> exceptions;
            for (auto& r : d.ranges) {
                line_ = r.line;
                for (auto& name : {r.start, r.end, r.target})
                    if (!d.labels.count(name)) {
                        fail("no label " + name);
                        return nullptr;
                    }
                exceptions.push_back({d.labels[r.start], d.labels[r.end], d.labels[r.target], r.reg});
            }
            CodeParts parts;
            parts.instructions = d.words;
            parts.constants = d.constants;
            parts.exceptions = exceptions;
            parts.positions = d.positions;
            parts.locals = d.locals;
            parts.cell_names = d.cells;
            parts.free_names = d.frees;
            parts.cell_parameters = d.cell_parameters;
            parts.name = d.name_value;
            parts.qualname = d.qualname.is_unbound() ? d.name_value : d.qualname;
            parts.filename = d.filename.is_unbound() ? builder_.str("?", true) : d.filename;
            parts.doc = d.doc;
            parts.code_flags = d.flags;
            parts.registers = std::max<uint32_t>(d.registers, uint32_t(d.locals.size()));
            parts.positional = d.positional;
            parts.positional_only = d.positional_only;
            parts.keyword_only = d.keyword_only;
            parts.first_line = d.first_line;
            codes[n] = builder_.code(parts);
            if (!codes[n]) return nullptr;
        }
        return codes[0];
    }
    // Instructions written without `~` share one register behind all others.
    static void replace_default_scratch(Draft& d) {
        bool used = false;
        for (uint32_t pc = 0; pc < d.words.size();) {
            unsigned count = op_words(d.words[pc].op());
            if (takes_scratch(d.words[pc].op()) && scratch_of(&d.words[pc]) == kDefaultScratch) {
                used = true;
                Instruction words[kMaxWords];
                encode(d.words[pc], d.registers, extra_constant_of(&d.words[pc]), words);
                std::copy(words, words + count, d.words.begin() + pc);
            }
            pc += count;
        }
        d.registers += used;
    }

    CodeBuilder& builder_;
    std::string_view text_;
    const char* p_ = nullptr;
    const char* end_ = nullptr;
    int line_ = 0;
    int64_t nested_ = -1;
    std::optional<PositionEntry> landing_;
    std::string error_;
    std::vector<Draft> drafts_;
};

}  // namespace

AssembleResult assemble(CodeBuilder& builder, std::string_view text) {
    return Assembler(builder, text).run();
}

}  // namespace gen
