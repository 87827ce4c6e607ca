// The emitter: instructions, labels, registers, constants, exception table and positions of one code object
// in the making.
//
// Reachability. After an instruction that ends control flow nothing is emitted until a label is bound that
// something jumps to; so dead code costs nothing, and whoever emits need not care.
//
// Registers. 0 .. first_temporary-1 belong to the locals; temporaries above are a stack: temp() takes the
// next one, release(mark) gives back all from `mark` on. An instruction that lands without a result uses the
// register at the top.
//
// Exception table. At every moment one handler is current (or none); entries are the runs of instructions
// that were emitted under the same handler. So they never overlap, and the innermost handler wins.
#pragma once
#include "vm/code/builder.h"
#include "vm/code/encoding.h"
#include "vm/compile/fold.h"

namespace gen {

using Reg = unsigned;

struct Label {
    uint32_t id = UINT32_MAX;
};

// A place where exceptions go: the landing pad and the register that receives the exception. 0: leave the
// frame.
using HandlerId = uint32_t;

// Values that are made once per compilation and shared by all its codes.
class ConstantPool {
  public:
    ConstantPool(Arena& arena, CodeBuilder& builder) : arena_(arena), builder_(builder), key_(arena) {}
    Arena& arena() { return arena_; }
    CodeBuilder& builder() { return builder_; }
    Value value(const Folded& constant);
    // A text that identifies the constant; valid until the next call.
    std::string_view key(const Folded& constant);

  private:
    Arena& arena_;
    CodeBuilder& builder_;
    ArenaVector<char> key_;
};

class Emitter {
  public:
    Emitter(ConstantPool& pool, unsigned first_temporary);

    // ---- instructions. `extra`: the second constant of CALL_KW, INVOKE and LOAD_CLASS_FREE.
    void emit(Op op, unsigned a = 0, unsigned b = 0, unsigned c = 0, unsigned x = 0) {
        put(Instruction::abc(op, a, b, c, x));
    }
    void emit_wide(Op op, unsigned a, int32_t d, unsigned x = 0) { put(Instruction::ad(op, a, d, x)); }
    void emit_extra(Op op, unsigned a, unsigned b, unsigned c, uint32_t extra, unsigned x = 0) {
        put(Instruction::abc(op, a, b, c, x), extra);
    }
    void emit_jump(Op op, Label target, unsigned a = 0, unsigned b = 0, unsigned x = 0);
    void jump(Label target) { emit_jump(Op::JUMP, target); }
    void emit_generator_return(Reg value) {
        emit_observe(value, Observed::Returns);
        emit(Op::GENERATOR_RETURN, value);
    }
    void emit_generator_return_none() {
        if (!observed_) return emit(Op::GENERATOR_RETURN_NONE);
        emit_wide(Op::LOAD_SPECIAL, temp(), int32_t(Value::none().bits()));
        emit_generator_return(top_ - 1);
    }
    // OBSERVE, in generators that are to be observed.
    void observe_generator() { observed_ = true; }
    void emit_observe(Reg value, Observed what) {
        if (observed_) emit(Op::OBSERVE, value, 0, 0, unsigned(what));
    }
    bool observed() const { return observed_; }
    bool reachable() const { return reachable_; }
    uint32_t size() const { return words_.size(); }

    // ---- labels
    Label new_label();
    void bind(Label label);
    // For a label that jumps further down go back to; `live`: some of them are reachable.
    void bind_backward(Label label, bool live) {
        labels_[label.id].used = live;
        bind(label);
    }

    // ---- positions of what is emitted next
    void set_span(const Span& span) { span_ = span; }
    const Span& span() const { return span_; }
    // The words of the last instruction before its landing (the lookup of INVOKE) get this one instead.
    void set_lookup_span(const Span& span);

    // ---- registers
    Reg top() const { return top_; }
    bool is_temporary(Reg r) const { return r >= first_temporary_; }
    Reg temp(unsigned count = 1);
    void release(Reg mark) { top_ = mark; }
    bool too_many_registers() const { return too_many_registers_; }

    // ---- constants
    uint32_t constant(const Folded& value);  // for LOAD_CONST and the names of CALL_KW
    uint32_t name(const Identifier* id);     // for names and codes: small indices
    uint32_t code(Code* code);
    bool too_many_constants() const { return names_.size() > 0xffff; }

    // ---- exceptions
    HandlerId new_handler(Reg reg);
    HandlerId handler() const { return handler_; }
    void set_handler(HandlerId id);
    // The landing pad comes first: something will be emitted under the handler.
    void expect_handler(HandlerId id) { handlers_[id].used = true; }
    // Begins the landing pad; unreachable when nothing was emitted under the handler.
    void bind_handler(HandlerId id);

    // Resolves everything. The spans of `parts` refer to memory of the arena.
    void finish(CodeParts& parts, bool resumable);

  private:
    struct LabelState {
        uint32_t pc = UINT32_MAX;
        bool used = false;
    };
    struct Fixup {
        uint32_t pc;
        uint32_t label;
    };
    struct Handler {
        Label target;
        Reg reg = 0;
        bool used = false;
    };
    struct Range {
        uint32_t pc;
        HandlerId handler;
    };
    struct Entry {  // of the constant index
        uint32_t hash = 0, index = 0;
        std::string_view key;
    };

    struct NameEntry {
        const Identifier* name = nullptr;
        uint32_t index = 0;
    };

    void put(Instruction first, uint32_t extra = 0);
    bool pair_with_last_move(Instruction second);
    void note_position();
    void lengthen_jumps();
    uint32_t* find_constant(std::string_view key, bool& is_new);

    ConstantPool& pool_;
    Arena& arena_;
    ArenaVector<Instruction> words_;
    ArenaVector<LabelState> labels_;
    ArenaVector<Fixup> fixups_;
    ArenaVector<PositionEntry> positions_;
    ArenaVector<Handler> handlers_;
    ArenaVector<Range> ranges_;
    ArenaVector<Value> names_, constants_;
    Seq<NameEntry> name_table_;  // open addressing by Identifier::serial
    uint32_t name_count_ = 0;
    Seq<Entry> table_;
    Span span_;
    Reg first_temporary_, top_, registers_;
    HandlerId handler_ = 0;
    uint32_t last_bound_ = UINT32_MAX;
    uint32_t last_move_ = UINT32_MAX;  // where the words ended after the last MOVE
    bool reachable_ = true;
    bool too_many_registers_ = false;
    bool observed_ = false;
};

}  // namespace gen
