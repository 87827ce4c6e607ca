#include "vm/code/verify.h"

#include "vm/code/disasm.h"
#include "vm/code/encoding.h"

#include <algorithm>
#include <vector>

namespace gen {
namespace {

bool is_name(Value v) { return v.is_object() && v.as_object()->kind == Kind::Str; }
bool all_names(const Tuple* t) { return std::all_of(t->items, t->items + t->size, is_name); }

bool is_call(Op op) {
    Op original = original_of(op);
    return original == Op::CALL || original == Op::CALL_KW || original == Op::CALL_METHOD ||
           original == Op::INVOKE;
}

class Verifier {
  public:
    explicit Verifier(const Code& code) : code_(code), words_(code.entry()), length_(code.length()) {}

    std::string run() {
        if (!length_) return wrong(0, "is empty");
        starts_.assign(length_ + 1, false);
        uint32_t last = 0;
        for (uint32_t pc = 0; pc < length_; pc += op_words(words_[pc].op())) {
            if (words_[pc].op() >= Op::kCount) return wrong(pc, "is no instruction");
            starts_[pc] = true;
            last = pc;
        }
        if (last + op_words(words_[last].op()) != length_) return wrong(last, "is cut off");
        if (!(op_info(words_[last].op()).flags & ENDS)) return wrong(last, "falls off the end");
        for (uint32_t pc = 0; pc < length_; pc += op_words(words_[pc].op())) {
            std::string error = instruction(pc);
            if (!error.empty()) return error;
        }
        return tables();
    }

  private:
    std::string wrong(uint32_t pc, const std::string& what) const {
        std::string where = code_.name.is_object() ? constant_text(code_.name) : "?";
        return where + " at " + std::to_string(pc) + " " +
               (pc < length_ ? op_info(words_[pc].op()).name : "end") + ": " + what;
    }

    std::string instruction(uint32_t pc) const {
        Instruction i = words_[pc];
        Op op = i.op();
        const OpInfo& info = op_info(op);
        for (int n = 0; n < 3; n++) {
            if (n == 2 && is_wide(info, 1)) break;
            bool wide = is_wide(info, n);
            uint32_t number = n == 0 ? i.a() : wide ? uint32_t(i.d()) : n == 1 ? i.b() : i.c();
            switch (info.format[n]) {
                case 'W':
                case 'R':
                    if (op == Op::FORMAT && n == 2 && number == kNoRegister) break;
                    if (n == 0 && op == Op::UNPACK && i.c() == 0) break;  // `() = x`
                    if (number >= code_.registers)
                        return wrong(pc, "register " + std::to_string(number) + " is outside the frame");
                    break;
                case 'K':
                case 'k':
                    if (number >= code_.constants->size)
                        return wrong(pc, "there is no constant " + std::to_string(number));
                    break;
                case 'N':
                case 'n':
                    if (number >= code_.constants->size || !is_name(code_.constants->items[number]))
                        return wrong(pc, "constant " + std::to_string(number) + " is no name");
                    break;
                case 'J':
                case 'j': {
                    uint32_t target = jump_target(words_, pc);
                    if (target >= length_ || !starts_[target])
                        return wrong(pc, "jumps into the middle of an instruction");
                    break;
                }
                default:
                    break;
            }
        }
        if (is_call(op) && i.c() > kMaxCallArguments) return wrong(pc, "too many arguments for one call");
        Window w = window_of(i);
        if (w.count && w.first + w.count > code_.registers)
            return wrong(pc, "its window is outside the frame");
        if (takes_scratch(op) && scratch_of(words_ + pc) >= code_.registers)
            return wrong(pc, "scratch register outside the frame");
        return special_cases(pc);
    }

    std::string special_cases(uint32_t pc) const {
        Instruction i = words_[pc];
        Value extra = Value::none();
        if (takes_extra_constant(i.op())) {
            uint32_t k = extra_constant_of(words_ + pc);
            if (k >= code_.constants->size) return wrong(pc, "there is no constant " + std::to_string(k));
            extra = code_.constants->items[k];
        }
        switch (i.op()) {
            case Op::LOAD_SPECIAL:
                if (i.d() < 0 || i.d() > int32_t(Value::ellipsis().bits()) || i.d() % 8)
                    return wrong(pc, "no such constant");
                break;
            case Op::INTRINSIC:
                if (i.x() >= unsigned(Intrinsic::kCount)) return wrong(pc, "no such intrinsic");
                if (i.c() != intrinsic_arguments(Intrinsic(i.x())))
                    return wrong(pc, "wrong number of arguments");
                break;
            case Op::CALL_KW:
                if (!extra.is_object() || extra.as_object()->kind != Kind::Tuple ||
                    extra.as<Tuple>()->size > i.c() || !all_names(extra.as<Tuple>()))
                    return wrong(pc, "keyword names are no tuple of names, or too many");
                break;
            case Op::INVOKE:
            case Op::INVOKE_HIT:
            case Op::INVOKE_SEND:
            case Op::INVOKE_MODULE:
            case Op::LOAD_CLASS_FREE:
                if (!is_name(extra)) return wrong(pc, "the second constant is no name");
                if (i.op() == Op::LOAD_CLASS_FREE && i.c() >= code_.free_names->size)
                    return wrong(pc, "no such closure cell");
                break;
            case Op::MAKE_FUNCTION: {
                Value k = code_.constants->items[i.c()];
                if (!k.is_object() || k.as_object()->kind != Kind::Code)
                    return wrong(pc, "the constant is no code");
                if (!!k.as<Code>()->free_names->size != !!(i.x() & 8))
                    return wrong(pc, "closure does not fit the code");
                break;
            }
            case Op::LOAD_FREE:
            case Op::LOAD_CLOSURE:
                if (i.b() >= code_.free_names->size) return wrong(pc, "no such closure cell");
                break;
            case Op::STORE_FREE:
            case Op::DELETE_FREE:
                if (i.a() >= code_.free_names->size) return wrong(pc, "no such closure cell");
                break;
            case Op::YIELD:
                if (!code_.resumable()) return wrong(pc, "not in a generator");
                if (i.a() > code_.registers) return wrong(pc, "dead registers outside the frame");
                break;
            case Op::LOAD_SENT:
                if (!pc || words_[pc - 1].op() != Op::YIELD) return wrong(pc, "not behind YIELD");
                break;
            case Op::GENERATOR_RETURN:
            case Op::GENERATOR_RETURN_NONE:
                if (!code_.resumable()) return wrong(pc, "not in a generator");
                break;
            case Op::RETURN:
            case Op::RETURN_NONE:
                if (code_.resumable()) return wrong(pc, "in a generator");
                break;
            case Op::DELEGATE:
                while (pc + 1 < length_ && words_[pc + 1].op() == Op::POP_HANDLED) pc++;
                if (pc + 1 >= length_ || words_[pc + 1].op() != Op::YIELD)
                    return wrong(pc, "not followed by YIELD");
                break;
            case Op::YIELD_FROM_NEW:
            case Op::AWAIT_NEW:
                if (pc + 1 >= length_ || words_[pc + 1].op() != Op::DELEGATE || words_[pc + 1].b() != i.a() ||
                    words_[pc + 1].a() != i.c())
                    return wrong(pc, "not followed by its DELEGATE");
                break;
            case Op::MOVE_PAIR:
                if (i.a() + 1 >= code_.registers) return wrong(pc, "register outside the frame");
                break;
            case Op::LEND:
                if (i.b() + i.c() + (i.x() & 1) >= code_.registers)
                    return wrong(pc, "its window is outside the frame");
                break;
            case Op::LANDING:
            case Op::NATIVE_STEP:
            case Op::FIBER_END:
            case Op::BREAKPOINT:
                return wrong(pc, "belongs to no instruction");
            default:
                break;
        }
        return {};
    }

    std::string tables() const {
        uint32_t before = 0;
        for (ExceptionEntry e : items_of<ExceptionEntry>(code_.exceptions)) {
            if (e.start < before || e.start >= e.end || e.end > length_)
                return wrong(e.start, "exception ranges overlap or are empty");
            if (!starts_[e.start] || (e.end < length_ && !starts_[e.end]))
                return wrong(e.start, "exception range splits an instruction");
            if (e.target >= length_ || !starts_[e.target]) return wrong(e.start, "handler is no instruction");
            if (e.reg >= code_.registers) return wrong(e.start, "exception register outside the frame");
            before = e.end;
        }
        const std::vector<PositionEntry> positions = positions_of(code_);
        for (size_t n = 1; n < positions.size(); n++)
            if (positions[n].pc <= positions[n - 1].pc)
                return wrong(positions[n].pc, "positions are not sorted");
        if (code_.locals->size > code_.registers) return wrong(0, "more locals than registers");
        if (code_.positional_only > code_.positional) return wrong(0, "too many positional-only parameters");
        if (code_.locals_register != kNoRegister && code_.locals_register >= code_.registers)
            return wrong(0, "the register of locals() is outside the frame");
        for (uint16_t r : items_of<uint16_t>(code_.cell_parameters))
            if (r >= code_.registers) return wrong(0, "cell parameter outside the frame");
        if (!(code_.code_flags & Code::kNamespace) && code_.parameters() > code_.locals->size)
            return wrong(0, "more parameters than locals");
        return {};
    }

    const Code& code_;
    const Instruction* words_;
    uint32_t length_;
    std::vector<bool> starts_;
};

}  // namespace

std::string verify_one(const Code& code) { return Verifier(code).run(); }

std::string verify(const Code& code) {
    std::vector<const Code*> stack{&code};
    while (!stack.empty()) {
        const Code* next = stack.back();
        stack.pop_back();
        std::string error = verify_one(*next);
        if (!error.empty()) return error;
        for (size_t i = 0; i < next->constants->size; i++) {
            Value v = next->constants->items[i];
            if (v.is_object() && v.as_object()->kind == Kind::Code) stack.push_back(v.as<Code>());
        }
    }
    return {};
}

}  // namespace gen
