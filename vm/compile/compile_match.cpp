// match: patterns are tests that jump to the next case; what they capture stays in temporaries until the
// whole pattern has succeeded, and is stored then, before the guard.
#include "vm/compile/compiler.h"

namespace gen {

using namespace ast;

struct Compiler::Captures {
    struct Item {
        const Identifier* name;
        Reg reg;
    };
    explicit Captures(Arena& arena) : items(arena) {}
    ArenaVector<Item> items;
};

static bool is_wildcard(const PatternNode* p) {
    auto* as_pattern = as_if<MatchAs>(p);
    return as_pattern && !as_pattern->pattern && !as_pattern->name;
}

void Compiler::match_stmt(const Match* s) {
    Reg subject = e().temp();
    into(s->subject, subject);
    Label end = e().new_label();
    Merge m(arena_, bound());
    for (match_case* c : s->cases) {
        if (!e().reachable()) break;
        Label next = e().new_label();
        {
            Temporaries temporaries(*this);
            Captures captures(arena_);
            e().set_span(c->pattern->span);
            pattern(c->pattern, subject, captures, next);
            e().set_span(c->pattern->span);
            for (auto& item : captures.items) store_symbol(symbol_of(item.name), item.reg);
            if (c->guard) jump_if(c->guard, false, next);
        }
        block(c->body);
        merge(m);
        e().jump(end);
        e().bind(next);
    }
    merge(m);
    e().bind(end);
    m.apply(bound());
}

void Compiler::capture(const Identifier* name, Reg v, Captures& c) {
    if (name) c.items.push_back({name, v});
}

void Compiler::pattern(const PatternNode* p, Reg subject, Captures& c, Label fail) {
    e().set_span(p->span);
    switch (p->kind) {
        case NodeKind::MatchValue: {
            Temporaries temporaries(*this);
            return emit_compare_jump(CompareOperator::Eq, subject, operand(as<MatchValue>(p)->value), false,
                                     fail);
        }
        case NodeKind::MatchSingleton: {
            Temporaries temporaries(*this);
            Operand constant{fold_literal(arena_, as<MatchSingleton>(p)->value), kNoRegister};
            return emit_compare_jump(CompareOperator::Is, subject, constant, false, fail);
        }
        case NodeKind::MatchSequence:
            return pattern_sequence(as<MatchSequence>(p), subject, c, fail);
        case NodeKind::MatchMapping:
            return pattern_mapping(as<MatchMapping>(p), subject, c, fail);
        case NodeKind::MatchClass:
            return pattern_class(as<MatchClass>(p), subject, c, fail);
        case NodeKind::MatchAs: {
            auto* n = as<MatchAs>(p);
            if (n->pattern) pattern(n->pattern, subject, c, fail);
            return capture(n->name, subject, c);
        }
        case NodeKind::MatchOr:
            return pattern_or(as<MatchOr>(p), subject, c, fail);
        default:
            return;
    }
}

// The items are unpacked at once, but taken one by one around a `*_`, whose part nobody looks at.
void Compiler::pattern_sequence(const MatchSequence* p, Reg subject, Captures& c, Label fail) {
    uint32_t size = p->patterns.size(), star = UINT32_MAX;
    bool star_is_wildcard = false, all_wildcards = true;
    for (uint32_t i = 0; i < size; i++) {
        auto* starred = as_if<MatchStar>(p->patterns[i]);
        if (starred) {
            star = i;
            star_is_wildcard = !starred->name;
        }
        all_wildcards &= starred ? !starred->name : is_wildcard(p->patterns[i]);
    }
    bool has_star = star != UINT32_MAX;
    if (has_star && (star > 255 || size - star - 1 > 255))
        return error(p, "too many expressions in star-unpacking sequence pattern");
    Reg length = e().temp();
    e().emit(Op::INTRINSIC, length, subject, 1, unsigned(Intrinsic::MATCH_SEQUENCE));
    jump_if_register(length, false, fail);
    if (!has_star || size > 1) {
        auto* wanted = arena_.make<Folded>();
        wanted->kind = Folded::Kind::Int;
        wanted->integer = has_star ? size - 1 : size;
        e().emit(Op::INTRINSIC, length, subject, 1, unsigned(Intrinsic::LENGTH));
        Temporaries temporaries(*this);
        emit_compare_jump(has_star ? CompareOperator::GtE : CompareOperator::Eq, length,
                          {wanted, kNoRegister}, false, fail);
    }
    if (all_wildcards) return;
    if (!has_star || !star_is_wildcard) {
        Reg items = e().temp(size);
        if (has_star)
            e().emit(Op::UNPACK_STAR, items, subject, star | (size - star - 1) << 8);
        else
            e().emit(Op::UNPACK, items, subject, size);
        for (uint32_t i = 0; i < size; i++) {
            if (i == star)
                capture(as<MatchStar>(p->patterns[i])->name, items + i, c);
            else
                pattern(p->patterns[i], items + i, c, fail);
        }
        return;
    }
    for (uint32_t i = 0; i < size; i++) {
        if (i == star || is_wildcard(p->patterns[i])) continue;
        e().set_span(p->span);
        Reg item = e().temp();
        if (i < star)
            e().emit_wide(Op::LOAD_INT, item, int32_t(i));
        else
            e().emit(Op::ADD_INT, item, length, uint16_t(-int32_t(size - i)), 2);
        e().emit(Op::GET_ITEM, item, subject, item);
        pattern(p->patterns[i], item, c, fail);
    }
}

void Compiler::pattern_mapping(const MatchMapping* p, Reg subject, Captures& c, Label fail) {
    uint32_t size = p->keys.size();
    Reg t = e().temp();
    e().emit(Op::INTRINSIC, t, subject, 1, unsigned(Intrinsic::MATCH_MAPPING));
    jump_if_register(t, false, fail);
    if (!size && !p->rest) return;
    if (size) {
        auto* wanted = arena_.make<Folded>();
        wanted->kind = Folded::Kind::Int;
        wanted->integer = size;
        e().emit(Op::INTRINSIC, t, subject, 1, unsigned(Intrinsic::LENGTH));
        Temporaries temporaries(*this);
        emit_compare_jump(CompareOperator::GtE, t, {wanted, kNoRegister}, false, fail);
    }
    Reg window = e().temp(2), keys = window + 1;
    ast::Tuple all{};
    all.kind = NodeKind::Tuple;
    all.elts = p->keys;
    {
        Temporaries temporaries(*this);
        tuple_display(p->keys, &all, keys);
    }
    Reg values = e().temp(size ? size : 1);
    e().emit(Op::MOVE, window, subject);
    if (size) {
        e().emit(Op::INTRINSIC, t, window, 2, unsigned(Intrinsic::MATCH_KEYS));
        e().emit_jump(Op::JUMP_IF_NONE, fail, t);
        e().emit(Op::UNPACK, values, t, size);
    }
    if (p->rest) {
        e().emit(Op::INTRINSIC, t, window, 2, unsigned(Intrinsic::MATCH_REST));
        capture(p->rest, t, c);
    }
    for (uint32_t i = 0; i < size; i++) pattern(p->patterns[i], values + i, c, fail);
}

void Compiler::pattern_class(const MatchClass* p, Reg subject, Captures& c, Label fail) {
    uint32_t positional = p->patterns.size(), size = positional + p->kwd_patterns.size();
    auto* names = arena_.make_array<const Folded*>(p->kwd_attrs.size());
    for (uint32_t i = 0; i < p->kwd_attrs.size(); i++)
        names[i] = text_constant(p->kwd_attrs[i]->text).constant;
    auto* tuple = arena_.make<Folded>();
    tuple->kind = Folded::Kind::Tuple;
    tuple->items = {names, p->kwd_attrs.size()};
    Reg items = e().temp(size ? size : 1);
    {
        Temporaries temporaries(*this);
        Reg window = e().temp(4);
        into(p->cls, window + 1);
        e().set_span(p->span);
        e().emit(Op::MOVE, window, subject);
        e().emit_wide(Op::LOAD_INT, window + 2, int32_t(positional));
        load_constant(window + 3, *tuple);
        e().emit(Op::INTRINSIC, window, window, 4, unsigned(Intrinsic::MATCH_CLASS));
        e().emit_jump(Op::JUMP_IF_NONE, fail, window);
        if (size) e().emit(Op::UNPACK, items, window, size);
    }
    for (uint32_t i = 0; i < size; i++)
        pattern(i < positional ? p->patterns[i] : p->kwd_patterns[i - positional], items + i, c, fail);
}

// Every alternative binds the same names, in an order of its own: they meet in common registers.
void Compiler::pattern_or(const MatchOr* p, Reg subject, Captures& c, Label fail) {
    Label matched = e().new_label();
    ArenaVector<Captures::Item> common(arena_);
    Reg slots = e().top();
    for (uint32_t i = 0; i < p->patterns.size(); i++) {
        bool last = i + 1 == p->patterns.size();
        Label next = last ? fail : e().new_label();
        Captures own(arena_);
        if (i == 0) {
            // The first alternative tells the names; its registers are moved down to where all will meet.
            uint32_t names = count_captures(p->patterns[0]);
            slots = e().temp(names);
            pattern(p->patterns[0], subject, own, next);
            for (uint32_t n = 0; n < own.items.size(); n++) {
                e().emit(Op::MOVE, slots + n, own.items[n].reg);
                common.push_back({own.items[n].name, slots + n});
            }
        } else {
            pattern(p->patterns[i], subject, own, next);
            for (auto& item : own.items)
                for (auto& slot : common)
                    if (slot.name == item.name) e().emit(Op::MOVE, slot.reg, item.reg);
        }
        if (!last) {
            e().jump(matched);
            e().bind(next);
        }
    }
    e().bind(matched);
    for (auto& item : common) c.items.push_back(item);
}

uint32_t Compiler::count_captures(const PatternNode* p) {
    uint32_t n = 0;
    auto all = [&](Seq<PatternNode*> list) {
        for (PatternNode* item : list) n += count_captures(item);
    };
    switch (p->kind) {
        case NodeKind::MatchSequence:
            all(as<MatchSequence>(p)->patterns);
            return n;
        case NodeKind::MatchMapping:
            all(as<MatchMapping>(p)->patterns);
            return n + !!as<MatchMapping>(p)->rest;
        case NodeKind::MatchClass:
            all(as<MatchClass>(p)->patterns);
            all(as<MatchClass>(p)->kwd_patterns);
            return n;
        case NodeKind::MatchStar:
            return !!as<MatchStar>(p)->name;
        case NodeKind::MatchAs:
            return !!as<MatchAs>(p)->name +
                   (as<MatchAs>(p)->pattern ? count_captures(as<MatchAs>(p)->pattern) : 0);
        case NodeKind::MatchOr:
            return count_captures(as<MatchOr>(p)->patterns[0]);
        default:
            return 0;
    }
}

}  // namespace gen
