// Generators: resuming, delegating, throwing into them, and what happens when they are done.
// Sources: PEP 255, 342, 380, 479, 492, 525. The delegation scheme is explained in frame.h.
#include "vm/exec/exec.h"

namespace gen {

namespace {

Frame* raise_in(VM& vm, Frame* fr) { return unwind(vm, fr); }

// The generator that `g`, suspended in DELEGATE, delegates to.
Frame* delegate_of(const Frame* g) { return g->registers[g->pc->b()].as<Frame>(); }

// Starts g running for its consumer, in the frame `leaf`.
Frame* enter(VM& vm, Frame* leaf, Value sent) {
    if (leaf->flags & kClean) touch(vm, leaf);
    leaf->state = kRunning;
    leaf->pc++;
    vm.accumulator = sent;
    return leaf;
}

// Follows the delegates of g down to the frame that has to run. That frame may turn out to be a delegator whose
// delegate was finished, or is running, behind its back; or g itself is running, at the end of this very chain: `end` tells.
enum class End { Leaf, Finished, Executing, SelfExecuting };
Frame* find_leaf(Frame* g, End& end) {
    Frame* p = g;
    end = End::Leaf;
    while (p->state == kDelegating) {
        Frame* inner = delegate_of(p);
        if (inner->state == kDone) {
            end = End::Finished;
            return p;
        }
        if (inner->state == kRunning) {
            // How far up does what runs here reach? parent leads to the delegator only where that was resumed.
            auto resumed_through = [](Frame* x) {
                Frame* up = x->parent;
                return up && up->is_generator() && up->state == kDelegating && delegate_of(up) == x;
            };
            Frame* top = inner;
            while (top != g && resumed_through(top)) top = top->parent;
            end = top == g ? End::SelfExecuting : End::Executing;
            for (p = g; top != g && delegate_of(p) != top;) p = delegate_of(p);
            return p;
        }
        p = inner;
    }
    return p;
}

// Makes the frames from g down to leaf one chain under root.
void link_chain(VM& vm, Frame* root, Frame* g, Frame* leaf) {
    for (Frame* p = g; p != leaf;) {
        Frame* inner = delegate_of(p);
        inner->parent = p;
        p = inner;
    }
    pair(vm, root, leaf);
}

// Runs on in the frame that find_leaf has found, with a value or (exception bound) with an exception.
Frame* resume_leaf(VM& vm, Frame* leaf, End end, Value sent) {
    if (end == End::Leaf) return enter(vm, leaf, sent);
    if (leaf->flags & kClean) touch(vm, leaf);
    leaf->state = kRunning;
    if (end == End::Executing) {
        vm.raisef(kShapeValueError, "%s already executing", generator_kind(delegate_of(leaf)));
        return raise_in(vm, leaf);
    }
    return iteration_ended(vm, leaf, Value::none());
}

// As if `exception` were raised at the place where the leaf is suspended.
Frame* throw_at(VM& vm, Frame* leaf, Value exception) {
    if (leaf->flags & kClean) touch(vm, leaf);
    if (vm.observer) [[unlikely]]
        observe(vm, leaf, Observed::Thrown, exception);
    bool started = leaf->state != kCreated;
    leaf->state = kRunning;
    if (started) {
        const Instruction* at = leaf->pc;
        if (at->op() == Op::YIELD && (at->x() & kYieldDelegating)) {
            // Suspended in `yield from` some other iterator: PEP 380 asks that one first. Its answer lands in DELEGATE.
            // It does not find the exceptions handled that leaf is handling: as in CPython, only resuming leaf itself makes them so.
            Value handled = vm.handled;
            while ((--at)->op() == Op::POP_HANDLED) {
                Value* pair = &leaf->registers[at->a()];
                pair[1] = handled;
                handled = pair[0];
            }
            leaf->pc = at;
            Value iterator = leaf->registers[at->b()];
            vm.frame = leaf;
            return land(vm, leaf, vm.call_prelude(vm.names.delegate_throw, {iterator, exception}), leaf->pc);
        }
    }
    vm.exception = exception;  // its context is what the generator handles, if anything: see RERAISE
    return unwind(vm, leaf);
}

}  // namespace

// A generator that is suspended here, inside try or with, has to be closed if it is abandoned. An owned one is closed by
// the generator whose loop or `yield from` holds it, so that one is registered instead.
static void note_finalizer(VM& vm, Frame* fr) {
    for (; fr->is_generator(); fr = fr->link->parent)
        for (Frame* g : {fr, fr->link}) {  // the frame that runs, and the root of its chain
            if (g->flags & kFinalizer) return;
            if (!(g->flags & kHeldOnce)) return vm.register_finalizer(g);
        }
}

const char* generator_kind(const Frame* g) {
    return g->shape == kShapeCoroutine        ? "coroutine"
           : g->shape == kShapeAsyncGenerator ? "async generator"
                                              : "generator";
}

unsigned live_registers(const Frame* g) {
    const Instruction* yield = g->state == kDelegating ? g->pc + 1 : g->pc;
    return g->state == kCreated || yield->op() != Op::YIELD ? g->code()->registers : yield->a();
}

Value delegated_to(const Frame* g) {
    const Instruction* at = g->pc;
    if (g->state == kDelegating) return g->registers[at->b()];
    if (g->state != kSuspended || at->op() != Op::YIELD || !(at->x() & kYieldDelegating))
        return Value::unbound();
    do at--;
    while (at->op() == Op::POP_HANDLED);
    return g->registers[at->b()];
}

bool is_executing(const Frame* g) {
    if (g->state != kDelegating) return g->state == kRunning;
    if (g->link && g->link->link == g) return g->link->state == kRunning;  // a root and its leaf
    End end;
    find_leaf(const_cast<Frame*>(g), end);
    return end == End::SelfExecuting;
}

void pair(VM& vm, Frame* root, Frame* leaf) {
    root->link = leaf;
    leaf->link = root;
    vm.heap.write(root);
    vm.heap.write(leaf);
}

Frame* touch(VM& vm, Frame* fr) {
    fr->flags &= ~kClean;
    if (fr->is_generator()) vm.heap.write(fr);
    return fr;
}

void free_owned(VM& vm, Frame* g) {
    const Code* code = g->code();
    if (!code->frame_class) return;
#ifdef GEN_STRESS
    std::memset(g->registers, 0xd8,
                code->frame_bytes - sizeof(Frame));  // as the heap does with what it frees
#endif
    vm.heap.release(g, code->frame_class);
}

Frame* resume_generator(VM& vm, Frame* consumer, Frame* g, Request::Resume mode, Value v) {
    const bool throwing = mode == Request::Resume::Throw;
    vm.frame = consumer;
    switch (g->state) {
        case kRunning:
            vm.raisef(kShapeValueError, "%s already executing", generator_kind(g));
            return raise_in(vm, consumer);
        case kDone:
            if (g->shape == kShapeCoroutine) {
                vm.raise(kShapeRuntimeError, "cannot reuse already awaited coroutine");
                return raise_in(vm, consumer);
            }
            if (throwing) {
                vm.exception = v;
                return raise_in(vm, consumer);
            }
            if (g->shape == kShapeAsyncGenerator) {
                vm.raise(kShapeStopAsyncIteration, std::initializer_list<Value>{});
                return raise_in(vm, consumer);
            }
            return iteration_ended(vm, consumer, Value::none());
        case kCreated:
            if (!throwing && !v.is_none()) {
                vm.raisef(kShapeTypeError, "can't send non-None value to a just-started %s",
                          generator_kind(g));
                return raise_in(vm, consumer);
            }
            [[fallthrough]];
        case kSuspended:
            g->parent = consumer;
            g->link = g;  // it may have been a delegate; its delegator finds out
            return throwing ? throw_at(vm, g, v) : enter(vm, g, v);
        default:
            break;
    }
    // Delegating.
    const bool closing = throwing && vm.is_instance(v, kShapeGeneratorExit);
    if (Frame* leaf = g->link; !closing && leaf && leaf->link == g && leaf->state == kSuspended) {
        g->parent = consumer;  // the chain is as the last yield left it
        return throwing ? throw_at(vm, leaf, v) : enter(vm, leaf, v);
    }
    if (closing) {
        // The delegate is closed first; whatever that raises is thrown into g instead.
        Frame* inner = delegate_of(g);
        if (is_executing(g)) {
            vm.raisef(kShapeValueError, "%s already executing", generator_kind(g));
            return raise_in(vm, consumer);
        }
        const Value args[] = {Value::object(g), Value::object(inner), v};
        Frame* pushed = nullptr;
        start_call(vm, consumer, vm.natives.throw_level, args, 3, Value::unbound(), Value::unbound(),
                   kUsedAnyhow, pushed);
        if (!pushed) return raise_in(vm, consumer);
        g->link = g;
        g->state = kRunning;
        return pushed;
    }
    End end;
    Frame* leaf = find_leaf(g, end);
    if (end == End::SelfExecuting) {
        vm.raisef(kShapeValueError, "%s already executing", generator_kind(g));
        return raise_in(vm, consumer);
    }
    g->parent = consumer;
    link_chain(vm, g, g, leaf);
    if (throwing && end == End::Leaf) return throw_at(vm, leaf, v);
    if (throwing) {
        if (end == End::Executing) return resume_leaf(vm, leaf, end, Value::none());
        leaf->state = kRunning;
        vm.exception = v;
        return unwind(vm, leaf);
    }
    return resume_leaf(vm, leaf, end, v);
}

Frame* delegate(VM& vm, Frame* fr, const Instruction* pc) {
    Value it = fr->registers[pc->b()], sent = fr->registers[pc->a()];
    if (!it.is_object() || it.as_object()->kind != Kind::Generator ||
        it.as_object()->shape == kShapeAsyncGenerator) {
        if (is_native_awaitable(it)) {
            Outcome o = vm.await_native(vm, &fr->registers[pc->b()]);
            if (o.is_stop()) {
                fr->registers[pc->a()] = vm.returned;
                fr->pc = pc + pc->sc();
                return fr;
            }
            if (!o.is_value()) return land(vm, fr, o, pc);
            fr->registers[pc->a()] = o.value();
            fr->pc = pc + 1;
            return pc[1].op() == Op::YIELD ? generator_yield(vm, fr, pc + 1) : fr;
        }
        if (sent.is_none()) return land(vm, fr, op_next(vm, it), pc);
        Tuple* args = make_tuple(vm.heap, &sent, 1);
        return land(
            vm, fr,
            vm.call(vm.natives.call_attribute, {it, Value::object(vm.names.send), Value::object(args)}), pc);
    }
    Frame* g = it.as<Frame>();
    if (pc->x() & kDelegateStepwise) return resume_generator(vm, fr, g, Request::Resume::Send, sent);
    switch (g->state) {
        case kRunning:
            vm.raisef(kShapeValueError, "%s already executing", generator_kind(g));
            return raise_in(vm, fr);
        case kDone:
            if (g->shape == kShapeCoroutine) {
                vm.raise(kShapeRuntimeError, "cannot reuse already awaited coroutine");
                return raise_in(vm, fr);
            }
            return iteration_ended(vm, fr, Value::none());
        case kCreated:
            if (!sent.is_none()) {
                vm.raisef(kShapeTypeError, "can't send non-None value to a just-started %s",
                          generator_kind(g));
                return raise_in(vm, fr);
            }
            break;
        default:
            break;
    }
    End end;
    Frame* leaf = find_leaf(g, end);
    if (end == End::SelfExecuting) {
        vm.raisef(kShapeValueError, "%s already executing", generator_kind(g));
        return raise_in(vm, fr);
    }
    if (pc[1].x() & kYieldNeedsFinalizer) note_finalizer(vm, fr);
    Frame* root = fr->link;
    fr->state = kDelegating;
    fr->link = nullptr;
    g->parent = fr;
    link_chain(vm, root, g, leaf);
    return resume_leaf(vm, leaf, end, sent);
}

// An instance may have a close().
static bool delegates_to_instance(Frame* fr) {
    fr->state = kSuspended;
    Value it = delegated_to(fr);
    return it.is_object() && it.as_object()->kind == Kind::Instance;
}

Frame* generator_yield(VM& vm, Frame* fr, const Instruction* pc) {
    const unsigned flags = pc->x();
    if ((flags & kYieldNeedsFinalizer) ||
        ((flags & (kYieldDelegating | kYieldAwait)) == kYieldDelegating && delegates_to_instance(fr)))
        note_finalizer(vm, fr);
    Value v = fr->registers[pc->b()];
    if (vm.observer && (flags & kYieldDelegating)) [[unlikely]]
        observe(vm, fr, Observed::Yields, v);
    Frame* root = fr->link;
    fr->state = kSuspended;
    Frame* consumer = root->parent;
    if (consumer->flags & kClean) touch(vm, consumer);
    if (flags & kYieldAsync) return iteration_ended(vm, consumer, v);
    if (consumer->pc->op() == Op::FOR_ITER_GEN || consumer->pc->op() == Op::FOR_ITER) {
        consumer->registers[consumer->pc->a()] = v;
        consumer->pc += consumer->pc->sc();
        return consumer;
    }
    consumer->registers[consumer->pc->a()] = v;
    consumer->pc++;
    return consumer;
}

Frame* generator_return(VM& vm, Frame* fr, Value v) {
    if (fr->shape == kShapeAsyncGenerator) {
        Frame* consumer = fr->parent;
        fr->state = kDone;
        vm.raise(kShapeStopAsyncIteration, std::initializer_list<Value>{});
        if (consumer->flags & kClean) touch(vm, consumer);
        return unwind(vm, consumer);
    }
    Frame* root = fr->link;
    Frame* parent = fr->parent;
    fr->state = kDone;
    fr->link = fr;
    if (parent->flags & kClean) touch(vm, parent);
    if (root != fr) {
        parent->state = kRunning;
        pair(vm, root, parent);
    }
    if (fr->flags & kOwned) {
        Op op = parent->pc->op();
        if (op == Op::FOR_ITER_GEN || op == Op::FOR_ITER || op == Op::DELEGATE) {
            parent->registers[parent->pc->b()] = Value::unbound();
            free_owned(vm, fr);
        }
    }
    return iteration_ended(vm, parent, v);
}

}  // namespace gen
