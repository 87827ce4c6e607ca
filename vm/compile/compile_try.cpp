// try and with: landing pads, handlers, and the exits of blocks.
//
// A landing pad finds the exception in a register r; PUSH_HANDLED r makes it the handled one (the one before
// stays in r + 1) until POP_HANDLED r. While it is, a second pad catches what the handler raises, pops, and
// unwinds further. The body of `finally` is compiled once for each way out: falling through, an exception,
// and each return, break and continue.
#include "vm/compile/compiler.h"

namespace gen {

using namespace ast;

void Compiler::no_position() { e().set_span({}); }

// Emits the exits of the blocks around, up to but without `until`, for a jump out of them.
void Compiler::leave_blocks(Block* until) {
    Block* saved = unit_->block;
    HandlerId handler = e().handler();
    for (Block* b = saved; b != until && e().reachable(); b = b->outer) leave(b);
    unit_->block = saved;
    e().set_handler(handler);
}

void Compiler::leave(Block* b) {
    unit_->block = b->outer;
    e().set_handler(b->outer_handler);
    switch (b->kind) {
        case Block::Kind::Try:
            return;
        case Block::Kind::Loop:
            if (b->iterator != kNoRegister)
                e().emit(Op::CLOSE_ITER, b->iterator, 0, e().top(), b->close_flags);
            return;
        case Block::Kind::FinallyTry: {
            Temporaries temporaries(*this);
            Span span = e().span();
            block(b->finalbody);
            e().set_span(span);
            return;
        }
        case Block::Kind::FinallyEnd:
            return e().emit(Op::POP_HANDLED, b->reg);
        case Block::Kind::Handler:
            e().emit(Op::POP_HANDLED, b->reg);
            if (b->name) unbind_symbol(b->name);
            return;
        case Block::Kind::With: {
            At at(*this, b->with);
            return call_exit(b->reg, b->is_async);
        }
    }
}

void Compiler::try_stmt(Stmts body, Seq<ExceptHandler*> handlers, Stmts orelse, Stmts finalbody,
                        const StmtNode* s) {
    if (finalbody.empty()) {
        if (is<TryStar>(s)) return try_star(body, handlers, orelse);
        return try_except(body, handlers, orelse);
    }
    Reg exception = e().temp(2), second = e().temp();
    HandlerId outer = e().handler(), pad = e().new_handler(exception), cleanup = e().new_handler(second);
    Merge m(arena_, bound());
    {
        Block finally(Block::Kind::FinallyTry);
        finally.finalbody = finalbody;
        Enter enter(*this, finally);
        e().set_handler(pad);
        if (handlers.empty())
            block(body);
        else if (is<TryStar>(s))
            try_star(body, handlers, orelse);
        else
            try_except(body, handlers, orelse);
        e().set_handler(outer);
    }
    Label end = e().new_label();
    block(finalbody);
    merge(m);
    e().jump(end);

    no_position();
    e().bind_handler(pad);
    e().emit(Op::PUSH_HANDLED, exception);
    {
        Block handler(Block::Kind::FinallyEnd);
        handler.reg = exception;
        Enter enter(*this, handler);
        e().set_handler(cleanup);
        block(finalbody);
        e().set_handler(outer);
    }
    no_position();
    e().emit(Op::POP_HANDLED, exception);
    e().emit(Op::RERAISE, exception);
    bound().undo(m.mark);
    handler_cleanup(cleanup, exception, second);
    e().bind(end);
    m.apply(bound());
}

// The pad for what a handler raises.
void Compiler::handler_cleanup(HandlerId cleanup, Reg handled, Reg exception) {
    no_position();
    e().bind_handler(cleanup);
    e().emit(Op::POP_HANDLED, handled);
    e().emit(Op::RERAISE, exception);
}

void Compiler::try_except(Stmts body, Seq<ExceptHandler*> handlers, Stmts orelse) {
    Reg exception = e().temp(2), second = e().temp();
    HandlerId outer = e().handler(), pad = e().new_handler(exception), cleanup = e().new_handler(second);
    Label end = e().new_label();
    Merge m(arena_, bound());
    {
        Block block_of_try(Block::Kind::Try);
        Enter enter(*this, block_of_try);
        e().set_handler(pad);
        block(body);
        e().set_handler(outer);
    }
    block(orelse);
    merge(m);
    e().jump(end);

    no_position();
    e().bind_handler(pad);
    e().emit(Op::PUSH_HANDLED, exception);
    for (ExceptHandler* h : handlers) {
        Label next = e().new_label();
        e().set_handler(cleanup);
        e().set_span(h->span);
        if (h->type) {
            Temporaries temporaries(*this);
            e().emit_jump(Op::JUMP_IF_NOT_MATCH, next, exception, value(h->type));
        } else {
            e().emit_jump(Op::JUMP_IF_NOT_MATCH, next, exception, exception, 1);
        }
        except_body(h, exception, second, outer);
        merge(m);
        e().jump(end);
        if (h->name) named_cleanup(h, exception, second);
        e().bind(next);
    }
    e().set_handler(outer);
    no_position();
    e().emit(Op::POP_HANDLED, exception);
    e().emit(Op::RERAISE, exception);
    handler_cleanup(cleanup, exception, second);
    e().bind(end);
    m.apply(bound());
}

// One handler, up to where the exception is no longer handled.
void Compiler::except_body(const ExceptHandler* h, Reg exception, Reg second, HandlerId outer) {
    Symbol* name = h->name ? symbol_of(h->name) : nullptr;
    if (name) {
        store_symbol(name, exception);
        named_pad_ = e().new_handler(second);
        e().set_handler(named_pad_);
    }
    HandlerId pad = named_pad_;
    {
        Block handler(Block::Kind::Handler);
        handler.reg = exception;
        handler.name = name;
        Enter enter(*this, handler);
        handler.outer_handler = outer;
        block(h->body);
    }
    named_pad_ = pad;
    e().set_handler(outer);
    no_position();
    e().emit(Op::POP_HANDLED, exception);
    if (name) unbind_symbol(name);
}

// What the body of `except … as name` raises: the name goes first.
void Compiler::named_cleanup(const ExceptHandler* h, Reg exception, Reg second) {
    e().bind_handler(named_pad_);
    e().emit(Op::POP_HANDLED, exception);
    unbind_symbol(symbol_of(h->name));
    e().emit(Op::RERAISE, second);
}

// except*: every clause takes its part of the group; what they raise and what is left over is raised at the
// end.
void Compiler::try_star(Stmts body, Seq<ExceptHandler*> handlers, Stmts orelse) {
    Reg exception = e().temp(2), second = e().temp();
    Reg raised = e().temp(), pair = e().temp(2), handled = e().temp(2);
    Reg rest = pair + 1;
    HandlerId outer = e().handler(), pad = e().new_handler(exception), cleanup = e().new_handler(second);
    Label end = e().new_label();
    Merge m(arena_, bound());
    {
        Block block_of_try(Block::Kind::Try);
        Enter enter(*this, block_of_try);
        e().set_handler(pad);
        block(body);
        e().set_handler(outer);
    }
    block(orelse);
    merge(m);
    e().jump(end);

    no_position();
    e().bind_handler(pad);
    e().emit(Op::PUSH_HANDLED, exception);
    e().set_handler(cleanup);
    e().emit(Op::BUILD_LIST, raised, e().top(), 0);
    e().emit(Op::MOVE, rest, exception);
    Block group(Block::Kind::FinallyEnd);
    group.reg = exception;
    Enter enter_group(*this, group);
    group.outer_handler = outer;
    for (ExceptHandler* h : handlers) {
        Label next = e().new_label();
        e().set_span(h->span);
        e().emit_jump(Op::JUMP_IF_NONE, next, rest);
        {
            Temporaries temporaries(*this);
            Reg window = e().temp(2);
            e().emit(Op::MOVE, window, rest);
            into(h->type, window + 1);
            e().emit(Op::INTRINSIC, window, window, 2, unsigned(Intrinsic::GROUP_MATCH));
            e().emit(Op::UNPACK, pair, window, 2);
        }
        e().emit_jump(Op::JUMP_IF_NONE, next, pair);
        e().emit(Op::MOVE, handled, pair);
        e().emit(Op::PUSH_HANDLED, handled);
        Symbol* name = h->name ? symbol_of(h->name) : nullptr;
        if (name) store_symbol(name, handled);
        HandlerId clause = e().new_handler(second);
        e().set_handler(clause);
        {
            Block handler(Block::Kind::Handler);
            handler.reg = handled;
            handler.name = name;
            Enter enter(*this, handler);
            handler.outer_handler = cleanup;
            block(h->body);
        }
        e().set_handler(cleanup);
        no_position();
        e().emit(Op::POP_HANDLED, handled);
        if (name) unbind_symbol(name);
        bound().undo(m.mark);
        e().jump(next);
        e().bind_handler(clause);
        e().emit(Op::POP_HANDLED, handled);
        if (name) unbind_symbol(name);
        e().emit(Op::LIST_APPEND, raised, second);
        e().bind(next);
    }
    no_position();
    Label nothing_left = e().new_label(), done = e().new_label();
    e().emit_jump(Op::JUMP_IF_NONE, nothing_left, rest);
    e().emit(Op::LIST_APPEND, raised, rest);
    e().bind(nothing_left);
    Reg window = e().temp(2);
    e().emit(Op::MOVE, window, exception);
    e().emit(Op::MOVE, window + 1, raised);
    e().emit(Op::INTRINSIC, window, window, 2, unsigned(Intrinsic::GROUP_RERAISE));
    e().set_handler(outer);
    e().emit(Op::POP_HANDLED, exception);
    e().emit_jump(Op::JUMP_IF_NONE, done, window);
    e().emit(Op::RERAISE, window);
    e().bind(done);
    merge(m);
    e().jump(end);
    handler_cleanup(cleanup, exception, second);
    e().bind(end);
    m.apply(bound());
}

// ---- with

// R[exit](None, None, None), its result dropped.
void Compiler::call_exit(Reg exit, bool is_async) {
    Temporaries temporaries(*this);
    Reg window = e().temp(4);
    e().emit(Op::MOVE, window, exit);
    for (Reg r = 1; r < 4; r++) load_special(window + r, Value::none());
    e().emit(Op::CALL, window, window, 3);
    if (is_async) await_register(window, 2);
}

// Awaits R[r]; the result takes its place. `where`: X of GET_AWAITABLE.
void Compiler::await_register(Reg r, unsigned where) {
    Temporaries temporaries(*this);
    Reg v = e().temp();
    e().emit(Op::GET_AWAITABLE, r, r, v, where);
    delegate(v, r, true);
    e().emit(Op::MOVE, r, v);
}

// One manager; those behind it, and the body, are what it guards.
void Compiler::with_stmt(Seq<withitem*> items, Stmts body, bool is_async, const StmtNode* s) {
    Temporaries temporaries(*this);
    Reg exit = e().temp(2);
    Reg exception = e().temp(2), second = e().temp();
    e().set_span(s->span);
    {
        Temporaries inner(*this);
        e().emit(Op::WITH_ENTER, exit, value(items[0]->context_expr), 0, is_async);
    }
    if (is_async) await_register(exit + 1, 1);
    HandlerId outer = e().handler(), pad = e().new_handler(exception), cleanup = e().new_handler(second);
    Label end = e().new_label(), swallowed = e().new_label();
    Merge m(arena_, bound());
    {
        Block with(Block::Kind::With);
        with.reg = exit;
        with.with = s;
        with.is_async = is_async;
        Enter enter(*this, with);
        e().set_handler(pad);
        if (items[0]->optional_vars) store(items[0]->optional_vars, exit + 1);
        if (items.size() > 1 && !result_.error)  // which ends a recursion as deep as there are managers
            with_stmt(items.slice(1, items.size()), body, is_async, s);
        else
            block(body);
        e().set_handler(outer);
    }
    e().set_span(s->span);
    call_exit(exit, is_async);
    merge(m);
    e().jump(end);

    e().bind_handler(pad);
    e().emit(Op::PUSH_HANDLED, exception);
    {
        Temporaries inner(*this);
        Block handler(Block::Kind::FinallyEnd);
        handler.reg = exception;
        Enter enter(*this, handler);
        e().set_handler(cleanup);
        Reg result = e().temp();
        e().emit(Op::WITH_EXCEPT, result, exit, exception);
        if (is_async) await_register(result, 2);
        jump_if_register(result, true, swallowed);
        e().set_handler(outer);
    }
    e().emit(Op::POP_HANDLED, exception);
    e().emit(Op::RERAISE, exception);
    e().bind(swallowed);
    e().emit(Op::POP_HANDLED, exception);
    merge(m);
    e().jump(end);
    handler_cleanup(cleanup, exception, second);
    e().bind(end);
    m.apply(bound());
}

}  // namespace gen
