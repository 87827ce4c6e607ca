#include "vm/code/disasm.h"

#include "vm/code/encoding.h"
#include "vm/data/float.h"
#include "vm/data/int.h"

#include <algorithm>
#include <cstdio>
#include <unordered_map>
#include <vector>

namespace gen {
namespace {

void append_quoted(std::string& out, std::string_view text, bool bytes) {
    out += bytes ? "b'" : "'";
    for (char ch : text) {
        auto c = uint8_t(ch);
        if (c == '\\' || c == '\'') {
            out += '\\';
            out += ch;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c < 0x20 || c == 0x7f || (bytes && c > 0x7f)) {
            char hex[5];
            std::snprintf(hex, sizeof hex, "\\x%02x", c);
            out += hex;
        } else {
            out += ch;
        }
    }
    out += '\'';
}

void append_float(std::string& out, double d) {
    char buffer[kFloatRepr];
    char* text = buffer;
    out.append(text, float_repr(d, text));
}

bool is_code(Value v) { return v.is_object() && v.as_object()->kind == Kind::Code; }

// Codes in preorder with their numbers: `@n` in the text.
struct Numbering {
    std::vector<const Code*> codes;
    std::unordered_map<const Object*, size_t> number;

    void add(const Code* root) {
        std::vector<const Code*> stack{root};
        while (!stack.empty()) {
            const Code* code = stack.back();
            stack.pop_back();
            if (!number.emplace(code, codes.size()).second) continue;
            codes.push_back(code);
            const Tuple* constants = code->constants;
            for (size_t i = constants->size; i-- > 0;)
                if (is_code(constants->items[i])) stack.push_back(constants->items[i].as<Code>());
        }
    }
};

// Constants nest as deep as tuples do in a source text, which the parser bounds.
void append_constant(std::string& out, Value v, const Numbering* codes) {
    if (v.is_unbound())
        out += "unbound";
    else if (v.is_none())
        out += "None";
    else if (v.is_bool())
        out += v.is_true() ? "True" : "False";
    else if (v.is_ellipsis())
        out += "Ellipsis";
    else if (v.is_int())
        out += std::to_string(v.as_int());
    else if (is_float(v))
        append_float(out, as_float(v));
    else if (!v.is_object())
        out += "?";
    else
        switch (v.as_object()->kind) {
            case Kind::Int: {
                std::string digits;
                int_to_text(v, 16, digits);
                bool negative = digits[0] == '-';
                out += negative ? "-0x" : "0x";
                out += digits.substr(negative);
                break;
            }
            case Kind::Complex:
                out += "complex(";
                append_float(out, v.as<Complex>()->real);
                out += ", ";
                append_float(out, v.as<Complex>()->imag);
                out += ')';
                break;
            case Kind::Str:
                append_quoted(out, v.as<Str>()->view(), false);
                break;
            case Kind::Bytes:
                append_quoted(out, {reinterpret_cast<const char*>(v.as<Bytes>()->data), v.as<Bytes>()->size},
                              true);
                break;
            case Kind::Tuple: {
                auto* t = v.as<Tuple>();
                out += '(';
                for (size_t i = 0; i < t->size; i++) {
                    if (i) out += ", ";
                    append_constant(out, t->items[i], codes);
                }
                out += ')';
                break;
            }
            case Kind::Set: {
                out += '{';
                auto* table = v.as<Set>()->table;
                bool first = true;
                for (uint32_t i = 0; i < table->used; i++) {
                    if (table->entries[i].key.is_unbound()) continue;
                    if (!first) out += ", ";
                    first = false;
                    append_constant(out, table->entries[i].key, codes);
                }
                out += '}';
                break;
            }
            case Kind::Code: {
                out += '@';
                auto found = codes ? codes->number.find(v.as_object()) : decltype(codes->number.end()){};
                out += codes && found != codes->number.end() ? std::to_string(found->second) : "?";
                break;
            }
            default:
                out += "?";
        }
}

class Listing {
  public:
    Listing(const Code& code, const Numbering* codes) : code_(code), codes_(codes), words_(code.entry()) {}

    void number_labels() {
        std::vector<uint32_t> places;
        for (uint32_t pc = 0; pc < code_.length(); pc += op_words(words_[pc].op()))
            if (jump_field(words_[pc].op()) != JumpField::None) places.push_back(jump_target(words_, pc));
        for (size_t i = 0; i < exception_count(); i++)
            for (uint32_t pc : {exception(i).start, exception(i).end, exception(i).target})
                places.push_back(pc);
        std::sort(places.begin(), places.end());
        places.erase(std::unique(places.begin(), places.end()), places.end());
        labels_ = places;
        labelled_ = true;
    }

    void print(std::string& out, size_t number, const DisasmOptions& options) {
        number_labels();
        line(out, ".code @" + std::to_string(number) + " " + text(code_.name) + flags());
        if (!code_.qualname.is(code_.name)) line(out, ".qualname " + text(code_.qualname));
        if (options.positions) {
            line(out, ".filename " + text(code_.filename));
            line(out, ".first_line " + std::to_string(code_.first_line));
        }
        if (!code_.doc.is_none()) line(out, ".doc " + text(code_.doc));
        if (code_.positional)
            line(out, ".positional " + std::to_string(code_.positional) + " " +
                          std::to_string(code_.positional_only));
        if (code_.keyword_only) line(out, ".keyword_only " + std::to_string(code_.keyword_only));
        names(out, ".locals", code_.locals);
        names(out, ".cells", code_.cell_names);
        names(out, ".frees", code_.free_names);
        cell_parameters(out);
        line(out, ".registers " + std::to_string(code_.registers));
        for (size_t i = 0; i < code_.constants->size; i++)
            line(out, ".const " + std::to_string(i) + " " + text(code_.constants->items[i]));

        size_t position = 0, next_label = 0;
        const std::vector<PositionEntry> positions = positions_of(code_);
        const size_t position_count = positions.size();
        for (uint32_t pc = 0; pc < code_.length(); pc += op_words(words_[pc].op())) {
            print_labels(out, next_label, pc);
            for (; position < position_count && positions[position].pc <= pc; position++)
                if (options.positions) print_position(out, ".at", positions[position]);
            uint32_t landing = pc + op_words(words_[pc].op()) - 1;
            for (; position < position_count && positions[position].pc <= landing; position++)
                if (options.positions) print_position(out, ".landing", positions[position]);
            char start[16];
            std::snprintf(start, sizeof start, "%5u  ", pc);
            line(out, start + instruction(pc));
        }
        print_labels(out, next_label, code_.length());
        for (size_t i = 0; i < exception_count(); i++) {
            ExceptionEntry e = exception(i);
            line(out, ".exception " + label(e.start) + " " + label(e.end) + " -> " + label(e.target) + " r" +
                          std::to_string(e.reg));
        }
    }

    std::string instruction(uint32_t pc) {
        Instruction i = words_[pc];
        const OpInfo& info = op_info(i.op());
        std::string name = info.name;
        if (i.op() == Op::INTRINSIC) name += std::string(".") + intrinsic_name(Intrinsic(i.x()));
        std::string operands;
        auto add = [&operands](const std::string& operand) {
            if (!operands.empty()) operands += ", ";
            operands += operand;
        };
        std::string extras;
        for (int n = 0; n < 3; n++) {
            bool wide = is_wide(info, n);
            if (n == 2 && is_wide(info, 1)) break;
            int64_t number = n == 0   ? int64_t(i.a())
                             : wide   ? int64_t(i.d())
                             : n == 1 ? int64_t(i.b())
                                      : int64_t(i.c());
            int64_t sign = n == 1 && !wide ? i.sb() : n == 2 ? i.sc() : number;
            switch (info.format[n]) {
                case 'W':
                case 'R':
                    add(number == kNoRegister ? "-" : "r" + std::to_string(number));
                    break;
                case 'K':
                case 'k':
                case 'N':
                case 'n':
                    add(constant(uint32_t(number)));
                    break;
                case 'I':
                case 'i':
                    add(i.op() == Op::LOAD_SPECIAL ? special(uint32_t(number)) : std::to_string(sign));
                    break;
                case 'U':
                case 'u':
                    add(std::to_string(number));
                    break;
                case 'J':
                case 'j':
                    add(label(jump_target(words_, pc)));
                    break;
                default:
                    if (number) extras += std::string(" ") + "abc"[n] + "=" + std::to_string(number);
            }
        }
        if (takes_extra_constant(i.op())) add(constant(extra_constant_of(words_ + pc)));
        if (i.x() && i.op() != Op::INTRINSIC) extras += " x=" + std::to_string(i.x());
        if (takes_scratch(i.op())) extras += " ~r" + std::to_string(scratch_of(words_ + pc));
        if (name.size() < 16 && !(operands.empty() && extras.empty())) name.resize(16, ' ');
        return operands.empty() ? name + extras : name + " " + operands + extras;
    }

  private:
    static void line(std::string& out, const std::string& text) {
        out += text;
        out += '\n';
    }
    std::string text(Value v) const {
        std::string out;
        append_constant(out, v, codes_);
        return out;
    }
    std::string constant(uint32_t index) const {
        return index < code_.constants->size ? text(code_.constants->items[index]) : "?";
    }
    static std::string special(uint32_t bits) { return constant_text(Value::from_bits(bits)); }
    std::string flags() const {
        std::string out;
        for (unsigned i = 0; code_flag_name(i); i++)
            if (code_.code_flags >> i & 1) out += std::string(" ") + code_flag_name(i);
        return out;
    }
    void names(std::string& out, const char* title, const Tuple* t) const {
        if (!t->size) return;
        std::string row = title;
        for (size_t i = 0; i < t->size; i++) row += " " + text(t->items[i]);
        line(out, row);
    }
    void cell_parameters(std::string& out) const {
        if (!code_.cell_parameters) return;
        std::string row = ".cell_parameters";
        for (uint16_t r : items_of<uint16_t>(code_.cell_parameters)) row += " r" + std::to_string(r);
        line(out, row);
    }
    size_t exception_count() const { return items_of<ExceptionEntry>(code_.exceptions).size(); }
    ExceptionEntry exception(size_t i) const { return items_of<ExceptionEntry>(code_.exceptions)[i]; }
    std::string label(uint32_t pc) const {
        if (!labelled_) return std::to_string(pc);
        return "L" + std::to_string(std::lower_bound(labels_.begin(), labels_.end(), pc) - labels_.begin());
    }
    void print_labels(std::string& out, size_t& next, uint32_t pc) const {
        for (; next < labels_.size() && labels_[next] <= pc; next++)
            line(out, "L" + std::to_string(next) + ":");
    }
    static void print_position(std::string& out, const char* directive, const PositionEntry& p) {
        auto column = [](uint16_t c) {
            return c == PositionEntry::kNoColumn ? std::string("?") : std::to_string(c);
        };
        line(out, std::string(directive) + " " + std::to_string(p.line) + ":" + column(p.column) + "-" +
                      std::to_string(p.end_line) + ":" + column(p.end_column));
    }

    const Code& code_;
    const Numbering* codes_;
    const Instruction* words_;
    std::vector<uint32_t> labels_;
    bool labelled_ = false;
};

}  // namespace

std::string constant_text(Value v) {
    std::string out;
    append_constant(out, v, nullptr);
    return out;
}

std::string disassemble_instruction(const Code& code, uint32_t pc) {
    return Listing(code, nullptr).instruction(pc);
}

std::string disassemble(const Code& code, const DisasmOptions& options) {
    Numbering codes;
    codes.add(&code);
    std::string out;
    for (size_t i = 0; i < (options.nested ? codes.codes.size() : 1); i++) {
        if (i) out += '\n';
        Listing(*codes.codes[i], &codes).print(out, i, options);
    }
    return out;
}

}  // namespace gen
