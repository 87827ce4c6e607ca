// Exceptions on their way out: from frame to frame, to a handler, into a native that asked, or out of the run loop.
#include "vm/exec/exec.h"

namespace gen {

bool is_stop_iteration(VM& vm, Value exception) {
    return exception.is_object() && vm.is_subclass(vm.class_of(exception), vm.type(kShapeStopIteration));
}

Value stop_value(VM& vm, Value exception) {
    Value v = get_instance_attribute(vm, exception.as_object(), vm.names.value);
    return v.is_unbound() ? Value::none() : v;
}

// PEP 3134: what was being handled becomes the context, and never one's own context.
void set_context(VM& vm, Value exception) {
    Value handled = vm.handled;
    if (!handled.is_object() || handled.is(exception)) return;
    auto* e = exception.as<Exception>();
    // Break a cycle that the new link would close. Only an exception that is somebody's context can be in the chain, which
    // may be long.
    Value slow = handled;
    bool step = false;
    for (Value at = e->state & Exception::kIsContext ? handled : Value::none(); at.is_object();) {
        Value context = at.as<Exception>()->context;
        if (context.is(exception)) {
            at.as<Exception>()->context = Value::none();
            vm.heap.write(at.as_object());
            break;
        }
        at = context;
        if (step) slow = slow.as<Exception>()->context;
        step = !step;
        if (at.is(slow)) break;
    }
    e->context = handled;
    handled.as<Exception>()->state |= Exception::kIsContext;
    vm.heap.write(e);
}

void add_traceback(VM& vm, Value exception, Frame* fr) {
    const Code* code = fr->code();
    if (code->code_flags & Code::kHidden) return;
    auto* e = exception.as<Exception>();
    int64_t offset = fr->pc - code->entry();
    uint32_t pc = offset < 0 ? ~uint32_t{0} : uint32_t(offset);
    if (e->traceback.is_object()) {
        auto* last = e->traceback.as<Traceback>();
        if (last == vm.last_traceback && last->code == code && last->pc == pc &&
            last->repeat < ~uint32_t{0}) {
            last->repeat++;
            return;
        }
    }
    auto* t = vm.heap.make<Traceback>(Kind::Traceback, kShapeTraceback);
    t->next = e->traceback;
    t->code = const_cast<Code*>(code);
    t->function = Value::object(fr->function);
    t->locals = Value::unbound();
    t->pc = pc;
    t->repeat = 0;
    e->traceback = Value::object(t);
    vm.heap.write(e);
    vm.last_traceback = t;
}

// fr, which stands at a stepwise DELEGATE, goes on in the handler that it is in.
void handle_again(VM& vm, const Frame* fr) {
    if (fr->pc[1].op() == Op::POP_HANDLED) vm.handled = fr->registers[fr->pc[1].a()];
}

Frame* iteration_ended(VM& vm, Frame* consumer, Value v) {
    switch (consumer->pc->op()) {
        case Op::FOR_ITER:
        case Op::FOR_ITER_GEN:
        case Op::FOR_ITER_LIST:
        case Op::FOR_ITER_RANGE: {
            const unsigned b = consumer->pc->b();
            Value it = consumer->registers[b];
            consumer->pc += 2;
            const bool temporary = b >= consumer->code()->locals->size;
            if (!temporary || !it.is_object() ||
                (it.as_object()->kind != Kind::Iterator && it.as_object()->kind != Kind::Instance))
                return consumer;
            consumer->registers[b] = Value::unbound();
            return let_go(vm, consumer, it, b);
        }
        case Op::DELEGATE:
            if (consumer->pc->x() & kDelegateStepwise) handle_again(vm, consumer);
            consumer->registers[consumer->pc->a()] = v;
            consumer->pc += consumer->pc->sc();
            return consumer;
        default:
            break;
    }
    if (consumer->is_native() && (consumer->aux & (kAwaitsNext | kAwaitsStop | kAwaitsReturn))) {
        if (consumer->aux & kAwaitsReturn) {
            vm.returned = v;
            vm.caught = Value::unbound();
        }
        consumer->registers[0] = Value::unbound();
        consumer->pc++;
        return consumer;
    }
    if (v.is_none())
        vm.raise(kShapeStopIteration, std::initializer_list<Value>{});
    else
        vm.raise(kShapeStopIteration, {v});
    return unwind(vm, consumer);
}

namespace {

// PEP 479: StopIteration that leaves a generator's frame is an error of the generator.
void convert_stop_iteration(VM& vm, Frame* g) {
    Value e = vm.exception;
    const char* raised;
    if (is_stop_iteration(vm, e))
        raised = "StopIteration";
    else if (g->shape == kShapeAsyncGenerator &&
             vm.is_subclass(vm.class_of(e), vm.type(kShapeStopAsyncIteration)))
        raised = "StopAsyncIteration";
    else
        return;
    Value handled = vm.handled;
    vm.handled = e;
    vm.raisef(kShapeRuntimeError, "%s raised %s", generator_kind(g), raised);
    vm.handled = handled;
    auto* error = vm.exception.as<Exception>();
    error->cause = e;
    error->state |= Exception::kSuppressContext;
}

// Takes the frame off the chain; the one that the exception arrives at next.
Frame* leave(VM& vm, Frame* fr) {
    if (!fr->is_generator()) {
        Frame* parent = fr->parent;
        const bool comprehension = fr->code()->code_flags & Code::kComprehension;
        pop_frame(vm, fr);
        // The generator that a comprehension owned is gone.
        if (comprehension && !parent->is_native() && parent->pc->op() >= Op::CALL &&
            parent->pc->op() <= Op::CALL_FUNCTION)
            parent->registers[parent->pc->b() + 1] = Value::unbound();
        return parent;
    }
    convert_stop_iteration(vm, fr);
    if (vm.observer) [[unlikely]]
        observe(vm, fr, Observed::Raises, vm.exception);
    Frame* root = fr->link;
    Frame* parent = fr->parent;
    fr->state = kDone;
    fr->link = fr;
    if (root != fr) {
        parent->state = kRunning;
        if (parent->flags & kClean) touch(vm, parent);
        pair(vm, root, parent);
    }
    if (fr->flags & kOwned) {
        Op op = parent->pc->op();
        if (op == Op::FOR_ITER_GEN || op == Op::FOR_ITER || op == Op::DELEGATE) {
            parent->registers[parent->pc->b()] = Value::unbound();
            free_owned(vm, fr);
        }
    }
    return parent;
}

// An AttributeError of the script's own (__getattr__, a property) learns what was looked for, so that a traceback can suggest
// a name.
void note_missing_attribute(VM& vm, Frame* fr) {
    Class* cls = vm.class_of(vm.exception);
    if (!vm.is_subclass(cls, vm.type(kShapeAttributeError))) return;
    const Instruction* at = fr->pc;
    if (at->op() == Op::LANDING) at -= at->x();
    if (at->op() < Op::GET_ATTR || at->op() > Op::GET_ATTR_MODULE) return;
    Object* e = vm.exception.as_object();
    if (!get_instance_attribute(vm, e, vm.names.name_attribute).is_unbound() ||
        !get_instance_attribute(vm, e, vm.names.obj).is_unbound())
        return;
    set_instance_attribute(vm, e, vm.names.name_attribute, fr->code()->constants->items[at->c()]);
    set_instance_attribute(vm, e, vm.names.obj, fr->registers[at->b()]);
}

}  // namespace

static bool sees_termination(const Frame* fr) {
    return static_cast<const NativeFrame*>(fr)->native()->def->flags & kSeesTermination;
}

Frame* unwind(VM& vm, Frame* fr, bool reraise) {
    vm.last_traceback = nullptr;
    bool made_generators = false;  // by a frame that is left
    for (;;) {
        if (fr->flags & kClean) touch(vm, fr);
        if (fr->is_native()) {
            if (fr->aux & kBaseFrame) {
                fr->registers[0] = Value::unbound();
                vm.frame = fr;
                return fiber_ended(vm, fr);
            }
            bool stop = (fr->aux & kAwaitsNext) && is_stop_iteration(vm, vm.exception);
            const bool catches =
                (fr->aux & kAwaitsCatching) && (!is_termination(vm.exception) || sees_termination(fr));
            if (stop || catches) {
                if (!stop) vm.caught = vm.exception;
                vm.exception = Value::unbound();
                fr->registers[0] = Value::unbound();
                fr->pc = kNativeStub + 1;
                return fr;
            }
            Frame* parent = fr->parent;
            pop_frame(vm, fr);
            fr = parent;
            reraise = false;
            continue;
        }
        Op op = fr->pc < fr->code()->entry() ? Op::NOP : fr->pc->op();
        if (op >= Op::FOR_ITER && op <= Op::FOR_ITER_RANGE
                ? is_stop_iteration(vm, vm.exception)
                : op == Op::DELEGATE && is_stop_iteration(vm, vm.exception)) {
            Value v = stop_value(vm, vm.exception);
            vm.exception = Value::unbound();
            return iteration_ended(vm, fr, v);
        }
        if (op == Op::DELEGATE && (fr->pc->x() & kDelegateStepwise)) handle_again(vm, fr);
        if (!reraise) {
            add_traceback(vm, vm.exception, fr);
            if (op == Op::LANDING) note_missing_attribute(vm, fr);
        }
        reraise = false;
        int64_t offset = fr->pc - fr->code()->entry();
        const bool grace_is_over = vm.termination && vm.steps_now() >= vm.grace_end;
        // What went wrong in a `finally` or a finaliser is not why the script ends.
        if (grace_is_over && !is_termination(vm.exception)) begin_termination(vm, vm.termination);
        if (offset >= 0 && !grace_is_over) {
            if (const ExceptionEntry* entry = handler_of(*fr->code(), uint32_t(offset))) {
                fr->registers[entry->reg] = vm.exception;
                vm.exception = Value::unbound();
                fr->pc = fr->code()->entry() + entry->target;
                return made_generators ? let_go_of_frame(vm, fr, Value::none(), false, false) : fr;
            }
        }
        made_generators |= fr->kind == Kind::Frame && (fr->aux & kMadeGenerators);
        fr = leave(vm, fr);
    }
}

}  // namespace gen
