#include "vm/compile/emit.h"

#include <algorithm>

namespace gen {

// ---- constants

Value ConstantPool::value(const Folded& f) {
    using Kind = Folded::Kind;
    switch (f.kind) {
        case Kind::None:
            return Value::none();
        case Kind::False:
            return Value::false_();
        case Kind::True:
            return Value::true_();
        case Kind::Ellipsis:
            return Value::ellipsis();
        case Kind::Int:
            return builder_.integer(f.integer);
        case Kind::BigInt:
            return builder_.integer(f.text, f.base, f.negative);
        case Kind::Float:
            return builder_.real(f.real);
        case Kind::Complex:
            return builder_.complex(f.real, f.imag);
        case Kind::Str: {
            // Texts that look like names are shared by all codes, as in CPython.
            bool is_name = f.text.size() <= 64 && std::all_of(f.text.begin(), f.text.end(), [](char c) {
                               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                      (c >= '0' && c <= '9') || c == '_';
                           });
            return builder_.str(f.text, is_name);
        }
        case Kind::Bytes:
            return builder_.bytes(f.text);
        case Kind::Tuple:
        case Kind::FrozenSet: {
            auto* items = arena_.make_array<Value>(f.items.size());
            for (uint32_t i = 0; i < f.items.size(); i++) items[i] = value(*f.items[i]);
            std::span<const Value> all(items, f.items.size());
            return f.is(Kind::Tuple) ? builder_.tuple(all) : builder_.frozenset(all);
        }
    }
    return Value::none();
}

std::string_view ConstantPool::key(const Folded& f) {
    key_.clear();
    append_key(f, key_);
    return {key_.begin(), key_.size()};
}

uint32_t* Emitter::find_constant(std::string_view key, bool& is_new) {
    if ((constants_.size() + 1) * 4 > table_.size() * 3) {
        uint32_t capacity = table_.empty() ? 16 : table_.size() * 2;
        Seq<Entry> larger{arena_.make_array<Entry>(capacity), capacity};
        for (const Entry& e : table_) {
            if (!e.key.data()) continue;
            uint32_t at = e.hash & (capacity - 1);
            while (larger[at].key.data()) at = (at + 1) & (capacity - 1);
            larger[at] = e;
        }
        table_ = larger;
    }
    uint32_t hash = 2166136261u;
    for (char c : key) hash = (hash ^ uint8_t(c)) * 16777619u;
    uint32_t mask = table_.size() - 1;
    for (uint32_t at = hash & mask;; at = (at + 1) & mask) {
        Entry& e = table_[at];
        if (!e.key.data()) {
            e = {hash, constants_.size(), arena_.copy_text(key)};
            is_new = true;
            return &e.index;
        }
        if (e.hash == hash && e.key == key) {
            is_new = false;
            return &e.index;
        }
    }
}

uint32_t Emitter::constant(const Folded& f) {
    bool is_new;
    uint32_t index = *find_constant(pool_.key(f), is_new);
    if (is_new) constants_.push_back(pool_.value(f));
    return index;
}

uint32_t Emitter::name(const Identifier* id) {
    auto place = [](Seq<NameEntry> table, const Identifier* name) {
        uint32_t mask = table.size() - 1, at = name->serial * 2654435761u >> 7 & mask;
        while (table[at].name && table[at].name != name) at = (at + 1) & mask;
        return &table[at];
    };
    if ((name_count_ + 1) * 4 > name_table_.size() * 3) {
        uint32_t capacity = name_table_.empty() ? 8 : name_table_.size() * 2;
        Seq<NameEntry> larger{arena_.make_array<NameEntry>(capacity), capacity};
        for (const NameEntry& entry : name_table_)
            if (entry.name) *place(larger, entry.name) = entry;
        name_table_ = larger;
    }
    NameEntry* entry = place(name_table_, id);
    if (!entry->name) {
        *entry = {id, names_.size()};
        names_.push_back(pool_.builder().str(id->text, true));
        name_count_++;
    }
    return entry->index;
}

uint32_t Emitter::code(Code* code) {
    names_.push_back(code ? Value::object(code) : Value::none());
    return names_.size() - 1;
}

// ---- instructions

Emitter::Emitter(ConstantPool& pool, unsigned first_temporary)
    : pool_(pool),
      arena_(pool.arena()),
      words_(arena_),
      labels_(arena_),
      fixups_(arena_),
      positions_(arena_),
      handlers_(arena_),
      ranges_(arena_),
      names_(arena_),
      constants_(arena_),
      first_temporary_(first_temporary),
      top_(first_temporary),
      registers_(std::max(first_temporary, 1u)) {
    handlers_.push_back({});
    too_many_registers_ = first_temporary > 0xff00;
}

Reg Emitter::temp(unsigned count) {
    Reg r = top_;
    top_ += count;
    if (top_ > registers_) registers_ = top_;
    if (top_ > 0xff00) {  // reported when the code is finished; registers are meaningless from now on
        too_many_registers_ = true;
        top_ = first_temporary_ > 0xff00 ? 0 : first_temporary_;
        return 0;
    }
    return r;
}

void Emitter::note_position() {
    auto column = [](uint32_t c) {
        return uint16_t(c < PositionEntry::kNoColumn ? c : PositionEntry::kNoColumn);
    };
    PositionEntry e{words_.size(), span_.line, span_.end_line, column(span_.column),
                    column(span_.end_column)};
    if (!positions_.empty()) {
        PositionEntry& last = positions_.back();
        if (last.line == e.line && last.end_line == e.end_line && last.column == e.column &&
            last.end_column == e.end_column)
            return;
        if (last.pc == e.pc) {
            last = e;
            return;
        }
    }
    positions_.push_back(e);
}

// A window of no registers may be named by a register that the frame does not have: it becomes R[0].
static Instruction with_valid_window(Instruction i) {
    switch (i.op()) {
        case Op::BUILD_LIST:
        case Op::BUILD_TUPLE:
        case Op::BUILD_SET:
        case Op::BUILD_MAP:
        case Op::BUILD_STRING:
        case Op::INTRINSIC:
        case Op::MAKE_FUNCTION:
            if (window_of(i).count == 0) i.bits &= ~(uint64_t{0xffff} << 32);
            return i;
        default:
            return i;
    }
}

void Emitter::put(Instruction first, uint32_t extra) {
    if (!reachable_) return;
    if (first.op() == Op::MOVE && pair_with_last_move(first)) return;
    first = with_valid_window(first);
    note_position();
    Instruction words[kMaxWords];
    unsigned count = encode(first, top_, extra, words);
    if (takes_scratch(first.op()) && top_ >= registers_) registers_ = top_ + 1;
    for (unsigned i = 0; i < count; i++) words_.push_back(words[i]);
    if (first.op() == Op::MOVE) last_move_ = words_.size();
    handlers_[handler_].used = true;
    if (op_info(first.op()).flags & ENDS) reachable_ = false;
}

// Two moves to neighbouring registers, which put the arguments of a call in place, are one instruction.
bool Emitter::pair_with_last_move(Instruction second) {
    if (!words_.size() || last_bound_ == words_.size()) return false;
    Instruction& last = words_[words_.size() - 1];
    if (last.op() != Op::MOVE || last_move_ != words_.size() || second.a() != last.a() + 1 ||
        second.b() == last.a())
        return false;
    last = Instruction::abc(Op::MOVE_PAIR, last.a(), last.b(), second.b());
    return true;
}

void Emitter::set_lookup_span(const Span& span) {
    if (!reachable_ || words_.size() < 4) return;
    Span whole = span_;
    uint32_t landing = words_.size() - 1;
    PositionEntry& last = positions_.back();
    auto column = [](uint32_t c) {
        return uint16_t(c < PositionEntry::kNoColumn ? c : PositionEntry::kNoColumn);
    };
    PositionEntry lookup{landing - 3, span.line, span.end_line, column(span.column), column(span.end_column)};
    if (last.pc == lookup.pc)
        last = lookup;
    else
        positions_.push_back(lookup);
    positions_.push_back(
        {landing, whole.line, whole.end_line, column(whole.column), column(whole.end_column)});
}

void Emitter::emit_jump(Op op, Label target, unsigned a, unsigned b, unsigned x) {
    if (!reachable_) return;
    labels_[target.id].used = true;
    fixups_.push_back({words_.size(), target.id});
    if (jump_field(op) == JumpField::D)
        emit_wide(op, a, 0, x);
    else
        emit(op, a, b, 0, x);
}

Label Emitter::new_label() {
    labels_.push_back({});
    return {labels_.size() - 1};
}

void Emitter::bind(Label label) {
    // A jump to the next instruction is not needed, unless something lands between the two.
    if (!reachable_ && !fixups_.empty() && last_bound_ != words_.size()) {
        const Fixup& last = fixups_.back();
        if (last.label == label.id && last.pc + 1 == words_.size() && words_[last.pc].op() == Op::JUMP) {
            words_.pop_back();
            fixups_.pop_back();
            if (!ranges_.empty() && ranges_.back().pc > words_.size()) ranges_.back().pc = words_.size();
            if (!positions_.empty() && positions_.back().pc == words_.size()) positions_.pop_back();
        }
    }
    labels_[label.id].pc = words_.size();
    if (labels_[label.id].used) {
        reachable_ = true;
        last_bound_ = words_.size();
    }
}

// ---- exceptions

HandlerId Emitter::new_handler(Reg reg) {
    handlers_.push_back({new_label(), reg, false});
    return handlers_.size() - 1;
}

void Emitter::set_handler(HandlerId id) {
    if (id == handler_) return;
    handler_ = id;
    if (!ranges_.empty() && ranges_.back().pc == words_.size()) {
        ranges_.back().handler = id;
        return;
    }
    ranges_.push_back({words_.size(), id});
}

void Emitter::bind_handler(HandlerId id) {
    Handler& h = handlers_[id];
    labels_[h.target.id].used = h.used;
    reachable_ = false;
    bind(h.target);
}

// ---- the end

// Jumps in fields of 16 bits that reach too far are directed to a JUMP behind them:
//     JUMP_LT a, b, near;  JUMP over;  near: JUMP far;  over:
void Emitter::lengthen_jumps() {
    constexpr int64_t kNear =
        kMaxShortJump / 3;  // lengthening cannot stretch such a distance beyond the limit
    auto is_far = [this](const Fixup& f) {
        int64_t distance = int64_t(labels_[f.label].pc) - f.pc;
        return jump_field(words_[f.pc].op()) == JumpField::C && (distance > kNear || distance < -kNear);
    };
    if (words_.size() <= kNear || std::none_of(fixups_.begin(), fixups_.end(), is_far)) return;

    std::sort(fixups_.begin(), fixups_.end(), [](const Fixup& a, const Fixup& b) { return a.pc < b.pc; });
    ArenaVector<Instruction> words(arena_);
    ArenaVector<Fixup> fixups(arena_);
    auto* moved = arena_.make_array<uint32_t>(words_.size() + 1);
    uint32_t next = 0;
    for (uint32_t pc = 0; pc < words_.size();) {
        unsigned count = op_words(words_[pc].op());
        for (unsigned i = 0; i < count; i++) {
            moved[pc + i] = words.size();
            words.push_back(words_[pc + i]);
        }
        if (next < fixups_.size() && fixups_[next].pc == pc) {
            Fixup f = fixups_[next++];
            if (!is_far(f)) {
                fixups.push_back({moved[pc], f.label});
            } else {
                labels_.push_back({moved[pc] + count + 1, true});  // in new words: see below
                fixups.push_back({moved[pc], uint32_t(labels_.size() - 1)});
                labels_.push_back({moved[pc] + count + 2, true});
                fixups.push_back({words.size(), uint32_t(labels_.size() - 1)});
                words.push_back(Instruction::ad(Op::JUMP, 0, 0));
                fixups.push_back({words.size(), f.label});
                words.push_back(Instruction::ad(Op::JUMP, 0, 0));
            }
        }
        pc += count;
    }
    moved[words_.size()] = words.size();
    uint32_t new_labels = 0;
    for (const Fixup& f : fixups_) new_labels += is_far(f) ? 2 : 0;
    for (uint32_t i = 0; i + new_labels < labels_.size(); i++)
        if (labels_[i].pc != UINT32_MAX) labels_[i].pc = moved[labels_[i].pc];
    for (PositionEntry& e : positions_) e.pc = moved[e.pc];
    for (Range& r : ranges_) r.pc = moved[r.pc];
    words_ = words;
    fixups_ = fixups;
}

void Emitter::finish(CodeParts& parts, bool resumable) {
    // Who binds a label at the very end, or falls through, returns None.
    bool target_at_end = std::any_of(fixups_.begin(), fixups_.end(),
                                     [this](const Fixup& f) { return labels_[f.label].pc == words_.size(); });
    if (target_at_end) reachable_ = true;
    if (reachable_ && resumable) {
        emit_generator_return_none();
    } else if (reachable_) {
        emit(Op::RETURN_NONE);
    }
    lengthen_jumps();
    for (const Fixup& f : fixups_) set_jump(words_.begin(), f.pc, labels_[f.label].pc);

    uint32_t shift = names_.size();
    for (uint32_t pc = 0; pc < words_.size(); pc += op_words(words_[pc].op())) {
        if (words_[pc].op() == Op::LOAD_CONST)
            words_[pc].bits += uint64_t(shift) << 32;
        else if (words_[pc].op() == Op::CALL_KW)
            words_[pc + 1].bits += uint64_t(shift) << 32;
    }
    for (Value v : constants_) names_.push_back(v);

    ArenaVector<ExceptionEntry> exceptions(arena_);
    for (uint32_t i = 0; i < ranges_.size(); i++) {
        const Range& r = ranges_[i];
        uint32_t end = i + 1 < ranges_.size() ? ranges_[i + 1].pc : words_.size();
        if (!r.handler || r.pc == end) continue;
        ExceptionEntry e{r.pc, end, labels_[handlers_[r.handler].target.id].pc, handlers_[r.handler].reg};
        if (!exceptions.empty() && exceptions.back().end == e.start && exceptions.back().target == e.target &&
            exceptions.back().reg == e.reg)
            exceptions.back().end = e.end;
        else
            exceptions.push_back(e);
    }
    parts.instructions = {words_.begin(), words_.size()};
    parts.constants = {names_.begin(), names_.size()};
    parts.exceptions = {exceptions.begin(), exceptions.size()};
    parts.positions = {positions_.begin(), positions_.size()};
    parts.registers = registers_;
}

}  // namespace gen
