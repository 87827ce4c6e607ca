// Names: locals, cells, closure variables, globals, and entries of a namespace.
#include "vm/compile/compiler.h"

namespace gen {

using namespace ast;

Symbol* Compiler::symbol_of(const Identifier* name) { return unit_->scope->find(arena_, name); }

bool Compiler::is_plain_local(const Symbol* s) const {
    return unit_->scope->is_function() && s && s->kind == NameKind::Local;
}

Reg Compiler::plain_local(const ExprNode* target) {
    auto* name = as_if<Name>(target);
    return name && is_plain_local(name->symbol) ? name->symbol->local : kNoRegister;
}

Operand Compiler::load_name(const Name* n, Reg dst) {
    At at(*this, n);
    if (n->id->text == "__debug__") {
        Literal yes;
        yes.kind = LiteralKind::True;
        return {fold_literal(arena_, yes), kNoRegister};
    }
    return load_symbol(n->symbol, dst);
}

// The result is at dst, or a new temporary; a local stays in place.
Operand Compiler::load_symbol(Symbol* s, Reg dst) {
    uint32_t name = name_constant(s->name);
    bool in_function = unit_->scope->is_function();
    if (in_function && s->kind == NameKind::Local) {
        Reg r = s->local;
        if (!bound().is_bound(r)) {
            e().emit_wide(Op::CHECK_BOUND, r, int32_t(name));
            if (!(s->flags & kSymDeleted)) bound().add(r);
        }
        if (!(s->flags & kSymWalrus)) return {nullptr, r};
        Reg copy = target_of(e().top(), dst);
        e().emit(Op::MOVE, copy, r);
        return {nullptr, copy};
    }
    Reg target = target_of(e().top(), dst);
    bool global = s->kind == NameKind::GlobalExplicit;
    if (in_function && s->kind == NameKind::Cell)
        e().emit(Op::LOAD_CELL, target, s->local, name);
    else if (in_function && s->kind == NameKind::Free)
        e().emit(Op::LOAD_FREE, target, s->free, name);
    else if (s->kind == NameKind::Free)
        e().emit_extra(Op::LOAD_CLASS_FREE, target, unit_->namespace_reg, s->free, name);
    else if (!in_function && !global && unit_->namespace_reg != kNoRegister)
        e().emit(Op::LOAD_NAME, target, unit_->namespace_reg, name);
    else
        e().emit_wide(Op::LOAD_GLOBAL, target, int32_t(name));
    return {nullptr, target};
}

void Compiler::store_symbol(Symbol* s, Reg value) {
    uint32_t name = name_constant(s->name);
    if (unit_->scope->is_function()) {
        switch (s->kind) {
            case NameKind::Local:
                if (value != s->local) e().emit(Op::MOVE, s->local, value);
                if (!(s->flags & kSymDeleted) && e().reachable()) bound().add(s->local);
                return;
            case NameKind::Cell:
                e().emit(Op::STORE_CELL, s->local, value);
                return;
            case NameKind::Free:
                e().emit(Op::STORE_FREE, s->free, value);
                return;
            default:
                e().emit_wide(Op::STORE_GLOBAL, value, int32_t(name));
                return;
        }
    }
    if (s->kind == NameKind::Free && (s->flags & kSymNonlocal))
        e().emit(Op::STORE_FREE, s->free, value);
    else if (s->kind != NameKind::GlobalExplicit && unit_->namespace_reg != kNoRegister)
        e().emit(Op::STORE_NAME, value, unit_->namespace_reg, name);
    else
        e().emit_wide(Op::STORE_GLOBAL, value, int32_t(name));
}

void Compiler::delete_from_scope(Symbol* s) {
    uint32_t name = name_constant(s->name);
    if (unit_->scope->is_function()) {
        switch (s->kind) {
            case NameKind::Local:
                e().emit_wide(Op::DELETE_LOCAL, s->local, int32_t(name));
                return;
            case NameKind::Cell:
                e().emit(Op::DELETE_CELL, s->local, name);
                return;
            case NameKind::Free:
                e().emit(Op::DELETE_FREE, s->free, name);
                return;
            default:
                e().emit_wide(Op::DELETE_GLOBAL, 0, int32_t(name));
                return;
        }
    }
    if (s->kind == NameKind::Free && (s->flags & kSymNonlocal))
        e().emit(Op::DELETE_FREE, s->free, name);
    else if (s->kind != NameKind::GlobalExplicit && unit_->namespace_reg != kNoRegister)
        e().emit(Op::DELETE_NAME, 0, unit_->namespace_reg, name);
    else
        e().emit_wide(Op::DELETE_GLOBAL, 0, int32_t(name));
}

// What it named may be a generator, which perhaps nobody else knows.
void Compiler::delete_symbol(Symbol* s) {
    const bool in_register =
        unit_->scope->is_function() ? s->kind == NameKind::Local : unit_->namespace_reg == kNoRegister;
    if (!in_register) return delete_from_scope(s);
    Temporaries temporaries(*this);
    Reg held = e().temp();
    if (unit_->scope->is_function())
        e().emit(Op::MOVE, held, s->local);
    else
        e().emit_wide(Op::LOAD_GLOBAL, held, int32_t(name_constant(s->name)));
    delete_from_scope(s);
    e().emit(Op::LET_GO, held);
}

// Deleting a name that the program has deleted itself must not raise.
void Compiler::unbind_symbol(Symbol* s) {
    Temporaries temporaries(*this);
    if (is_plain_local(s)) {
        load_special(s->local, Value::unbound());
        return;
    }
    Reg t = e().temp();
    bool in_cell = unit_->scope->is_function() && (s->kind == NameKind::Cell || s->kind == NameKind::Free);
    if (in_cell) {
        load_special(t, Value::unbound());
        store_symbol(s, t);
        return;
    }
    load_special(t, Value::none());
    store_symbol(s, t);
    delete_symbol(s);
}

void Compiler::load_constant(Reg dst, const Folded& f) {
    using Kind = Folded::Kind;
    switch (f.kind) {
        case Kind::None:
            load_special(dst, Value::none());
            return;
        case Kind::True:
            load_special(dst, Value::true_());
            return;
        case Kind::False:
            load_special(dst, Value::false_());
            return;
        case Kind::Ellipsis:
            load_special(dst, Value::ellipsis());
            return;
        default:
            break;
    }
    if (f.is_small_int(INT32_MIN, INT32_MAX))
        e().emit_wide(Op::LOAD_INT, dst, int32_t(f.integer));
    else if (e().reachable())
        e().emit_wide(Op::LOAD_CONST, dst, int32_t(e().constant(f)));
}

Operand Compiler::text_constant(std::string_view text) {
    auto* f = arena_.make<Folded>();
    f->kind = Folded::Kind::Str;
    f->text = text;
    return {f, kNoRegister};
}

void Compiler::load_text(Reg dst, std::string_view text) {
    load_constant(dst, *text_constant(text).constant);
}

}  // namespace gen
