// _asyncio.Task: a coroutine that a loop steps.
#include "runtime/modules/asyncio.h"

#include "vm/exec/exec.h"

namespace gen {

namespace {

Task* task_of(Value v) { return v.as<Task>(); }
bool is_task(VM& vm, Value v) {
    return v.is_object() && v.as_object()->kind == Kind::MediumRecord && vm.is_instance(v, kShapeTask);
}
bool is_future(VM& vm, Value v) { return is_exact_future(v) || vm.is_instance(v, kShapeFuture); }

// ---- all tasks

// They stand in blocks, each an Array: how many are in it, the next block, then the tasks. One that is done leaves a hole, which
// costs no write barrier; empty blocks are dropped when there are many.
constexpr uint64_t kBlock = 120, kFirst = 2;

void drop_empty_blocks(VM& vm, AsyncState& s) {
    Array* kept = nullptr;
    int64_t blocks = 0;
    Value next;
    for (Value v = s.first; v.is_object(); v = next) {
        auto* block = v.as<Array>();
        next = block->items[1];
        if (!block->items[0].as_int() && next.is_object()) continue;
        if (!kept) {
            s.first = v;
        } else if (!kept->items[1].is(v)) {
            kept->items[1] = v;
            vm.heap.write(kept);
        }
        kept = block;
        blocks++;
    }
    s.blocks = Value::integer(blocks);
    s.block_limit = Value::integer(2 * blocks + 8);
    vm.heap.write(&s);
}

void link(VM& vm, Task* t) {
    AsyncState& s = async_state(vm);
    if (s.last.is_unbound() || s.filled.as_int() == int64_t(kBlock)) {
        auto* block = make_array(vm.heap, kBlock);
        block->items[0] = Value::integer(0);
        Value v = Value::object(block);
        if (s.last.is_unbound()) {
            s.first = v;
        } else {
            s.last.as<Array>()->items[1] = v;
            vm.heap.write(s.last.as_object());
        }
        s.last = v;
        s.filled = Value::integer(kFirst);
        s.blocks = Value::integer(s.blocks.as_int() + 1);
        vm.heap.write(&s);
        if (s.blocks.as_int() > s.block_limit.as_int()) drop_empty_blocks(vm, s);
    }
    auto* block = s.last.as<Array>();
    t->block = s.last;
    t->set_place(s.filled.as_int());
    block->items[s.filled.as_int()] = Value::object(t);
    vm.heap.write(block);
    vm.heap.write(t);
    block->items[0] = Value::integer(block->items[0].as_int() + 1);
    s.filled = Value::integer(s.filled.as_int() + 1);
}
void unlink(VM&, Task* t) {
    if (t->block.is_unbound()) return;  // it is not there
    auto* block = t->block.as<Array>();
    block->items[t->place()] = Value::unbound();
    block->items[0] = Value::integer(block->items[0].as_int() - 1);
    t->block = Value::unbound();
}

void init_task(VM& vm, Task* t, Value coroutine, Value loop, Value name, Value context) {
    init_future(t, loop);
    t->coroutine = coroutine;
    // It will be awaited: see is_unawaited().
    if (coroutine.is_object() && coroutine.as_object()->shape == kShapeCoroutine &&
        coroutine.as_object()->state == kCreated)
        coroutine.as_object()->aux = 1;
    t->block = Value::unbound();
    if (name.is_none() || name.is_unbound()) {
        AsyncState& s = async_state(vm);
        s.number = Value::integer(s.number.as_int() + 1);
        t->name = s.number;
    } else {
        t->name = name;
    }
    t->context = is_context(context) || is_exact(context, kShapeDict) ? context : context_snapshot(vm);
    vm.heap.write(t);
}

}  // namespace

Task* make_task(VM& vm, Class* cls, Value coroutine, Value loop, Value name, Value context) {
    Task* t;
    if (cls == vm.type(kShapeTask)) {
        t = vm.heap.make<Task>(Kind::MediumRecord, kShapeTask, sizeof(Task) + sizeof(Value));
        *slots_of(vm.shapes[kShapeTask], t) = Value::unbound();
    } else {
        t = static_cast<Task*>(allocate_instance(vm, cls));
    }
    init_task(vm, t, coroutine, loop, name, context);
    return t;
}

bool is_coroutine(VM&, Value v, bool& known) {
    known = true;
    if (is_native_coroutine(v) || is_exact(v, kShapeAsyncGenSend) || is_exact(v, kShapeAsyncGenThrow))
        return true;
    if (v.is_object() && v.as_object()->kind == Kind::Generator) {
        if (v.as_object()->shape == kShapeCoroutine || v.as_object()->shape == kShapeGenerator) return true;
    }
    if (!v.is_object() || v.as_object()->shape < kBuiltinShapes) return false;
    return known = false;
}

Outcome register_task(VM& vm, Task* t) {
    link(vm, t);
    if (!is_plain_loop(t->loop)) return call_helper(vm, "schedule_step", {Value::object(t), t->loop});
    push_ready(vm, t->loop.as<EventLoop>(), Value::object(t));
    return Value::none();
}

// ---- cancelling

Cancelled cancel_waiting(VM& vm, Value v, Value message, List*& foreign) {
    constexpr uint8_t kSeen = 64;  // of Object::aux, for the time being
    foreign = nullptr;
    bool any = false, first = true, cycle = false;
    std::vector<Value> todo{v};
    std::vector<Task*> seen;
    while (!todo.empty()) {
        Value at = todo.back();
        todo.pop_back();
        bool cancelled = false;
        if (is_native_coroutine(at)) {
            auto* c = at.as<NativeCoroutine>();
            cancelled = c->state == NativeCoroutine::kWaiting;
            if (cancelled) {
                c->item = message;
                vm.heap.write(c);
                wake_coroutine(vm, c, NativeCoroutine::kCancelled);
            }
        } else if (is_task(vm, at)) {
            Task* t = task_of(at);
            t->aux &= uint8_t(~Future::kLogTraceback);
            if (t->aux & kSeen) {
                cycle = true;
                break;
            }
            if (!t->done()) {
                seen.push_back(t);
                t->aux |= kSeen;
                cancelled = true;
                t->set_cancels(t->cancels() + 1);
                Value w = t->waiter();
                bool asked = false;
                if (is_native_coroutine(w)) {
                    asked = w.as<NativeCoroutine>()->state == NativeCoroutine::kWaiting;
                } else if (is_exact_future(w)) {
                    asked = !w.as<Future>()->done();
                    // A gathering with nothing left to cancel refuses.
                    if (asked && w.as_object()->shape == kShapeGatheringFuture) {
                        asked = false;
                        List* children = w.as<GatheringFuture>()->children.as<List>();
                        for (size_t i = 0; i < children->size && !asked; i++)
                            asked = !children->items->items[i].as<Future>()->done();
                    }
                } else if (w.is_object()) {
                    if (!foreign) foreign = make_list(vm.heap);
                    list_append(vm.heap, foreign, at);
                    asked = true;  // its own answer decides
                    w = Value::unbound();
                }
                if (!asked) {
                    t->aux |= Future::kMustCancel;
                    t->message = message;
                    vm.heap.write(t);
                } else if (!w.is_unbound()) {
                    todo.push_back(w);
                }
            }
        } else if (is_exact(at, kShapeGatheringFuture)) {
            auto* g = at.as<GatheringFuture>();
            g->aux &= uint8_t(~Future::kLogTraceback);
            if (!g->done()) {
                List* children = g->children.as<List>();
                for (size_t i = children->size; i-- > 0;) {
                    if (children->items->items[i].as<Future>()->done()) continue;
                    todo.push_back(children->items->items[i]);
                    cancelled = true;
                }
                // If any child was cancelled, the outer one is: see child_is_done().
                if (cancelled) g->cancel_requested = Value::true_();
            }
        } else {
            auto* f = at.as<Future>();
            f->aux &= uint8_t(~Future::kLogTraceback);
            if (!f->done() && !f->loop.is_unbound()) {
                cancelled = true;
                cancel_future(vm, f, message);
            }
        }
        if (first) any = cancelled;
        first = false;
    }
    for (Task* t : seen) t->aux &= uint8_t(~kSeen);
    if (!cycle) return any ? Cancelled::Yes : Cancelled::No;
    vm.raise(kShapeRecursionError, "maximum recursion depth exceeded: tasks wait for each other");
    return Cancelled::Cycle;
}

// ---- steps

bool awaits_directly(Value coroutine, Value waiter) {
    while (coroutine.is_object() && coroutine.as_object()->kind == Kind::Generator) {
        Frame* g = coroutine.as<Frame>();
        Frame* leaf = g->state == kDelegating ? g->link : g;
        if (!leaf || leaf->state != kSuspended) return false;
        coroutine = delegated_to(leaf);
    }
    return coroutine.is(waiter);
}

Outcome begin_step(VM& vm, Task* t) {
    Value waiter = t->waiter(), thrown = t->thrown();
    t->waiter() = t->thrown() = Value::unbound();
    if (t->aux & Future::kMustCancel) {
        t->aux &= uint8_t(~Future::kMustCancel);
        // What it waited for may have been cancelled before: then that is what arrives.
        if (is_exact_future(waiter)) {
            auto* f = waiter.as<Future>();
            if (f->state == Future::kCancelled)
                thrown = cancelled_error(vm, f);
            else if (f->aux & Future::kFailed)
                thrown = exception_of(vm, f);
        }
        bool comes_of_itself =
            is_native_coroutine(waiter) && waiter.as_object()->state == NativeCoroutine::kCancelled;
        if (comes_of_itself)
            thrown = Value::unbound();
        else if (thrown.is_unbound() ||
                 !vm.is_subclass(vm.class_of(thrown), async_state(vm).cancelled_error.as<Class>()))
            thrown = cancelled_error(vm, t);
    } else if (thrown.is_unbound() && is_exact_future(waiter)) {
        auto* f = waiter.as<Future>();
        bool ok = f->state == Future::kFinished && !(f->aux & Future::kFailed);
        if (!ok && f->done() && !awaits_directly(t->coroutine, waiter))
            thrown = f->state == Future::kCancelled ? cancelled_error(vm, f) : exception_of(vm, f);
    }
    Value c = t->coroutine;
    if (is_native_coroutine(c)) {
        Outcome o = thrown.is_unbound() ? await_coroutine(vm, &c)
                                        : throw_into_coroutine(vm, c.as<NativeCoroutine>(), thrown);
        vm.caught = Value::unbound();
        return o;
    }
    auto mode = thrown.is_unbound() ? Request::Resume::Send : Request::Resume::Throw;
    Value v = thrown.is_unbound() ? Value::none() : thrown;
    if (c.is_object() && c.as_object()->kind == Kind::Generator)
        return vm.resume_to_end(c.as<Frame>(), mode, v);
    Str* name = thrown.is_unbound() ? vm.names.send : vm.names.throw_;
    return vm.call(vm.natives.call_attribute, {c, Value::object(name), vm.tuple({v})});
}

static Outcome step_again(VM& vm, Task* t, Value thrown) {
    t->thrown() = thrown;
    if (thrown.is_object()) vm.heap.write(t);
    if (!is_plain_loop(t->loop)) return call_helper(vm, "schedule_step", {Value::object(t), t->loop});
    push_ready(vm, t->loop.as<EventLoop>(), Value::object(t));
    return Value::none();
}

Outcome end_step(VM& vm, Task* t, Value yielded) {
    if (yielded.is_unbound()) {
        Value caught = vm.caught, returned = vm.returned;
        vm.caught = Value::unbound();
        if (caught.is_object() && is_stop_iteration(vm, caught)) {
            returned = stop_value(vm, caught);
            caught = Value::unbound();
        }
        unlink(vm, t);
        if (!caught.is_object()) {
            if (t->aux & Future::kMustCancel) {  // just before the end
                t->aux &= uint8_t(~Future::kMustCancel);
                return cancel_future(vm, t, t->message, Value::none());
            }
            return set_future_result(vm, t, returned);
        }
        if (vm.is_subclass(vm.class_of(caught), async_state(vm).cancelled_error.as<Class>())) {
            t->error = caught;
            return cancel_future(vm, t, Value::none(), Value::none());
        }
        Outcome o = set_future_exception(vm, t, caught);
        if (o.is_value() &&
            (vm.is_instance(caught, kShapeKeyboardInterrupt) || vm.is_instance(caught, kShapeSystemExit)))
            return raise_again(vm, caught);
        return o;
    }
    if (is_native_coroutine(yielded) && yielded.as<NativeCoroutine>()->state == NativeCoroutine::kWaiting &&
        yielded.as<NativeCoroutine>()->task.is_unbound() && is_event_loop(t->loop)) {
        task_waits_in(vm, t, yielded.as<NativeCoroutine>());
    } else if (yielded.is_none()) {
        return step_again(vm, t, Value::unbound());
    } else if (is_exact_future(yielded)) {
        auto* f = yielded.as<Future>();
        if (!(f->aux & Future::kBlocking)) return call_helper(vm, "bad_yield", {Value::object(t), yielded});
        if (f == t || !f->loop.is(t->loop)) return call_helper(vm, "bad_yield", {Value::object(t), yielded});
        if (!f->done() && !add_callback(vm, f, Value::object(t), Value::unbound())) {
            f->aux &= uint8_t(~Future::kBlocking);
            return step_again(vm, t, memory_error(vm));
        }
        f->aux &= uint8_t(~Future::kBlocking);
        t->waiter() = yielded;
        vm.heap.write(t);
        if (f->done()) return step_again(vm, t, Value::unbound());
    } else {
        return call_helper(vm, "wait_for_foreign", {Value::object(t), yielded});
    }
    if (t->aux & Future::kMustCancel) {
        List* foreign = nullptr;
        Cancelled cancelled = cancel_waiting(vm, t->waiter(), t->message, foreign);
        if (cancelled == Cancelled::Cycle) return Outcome::raised();
        if (cancelled == Cancelled::Yes) t->aux &= uint8_t(~Future::kMustCancel);
    }
    return Value::none();
}

namespace {

// ---- a step outside the loop's own queue: for loops of other kinds

Outcome step_step(VM& vm,
                  NativeFrame& frame) {  // self, future or exception; 2 previous context, 3 previous task
    Task* t = task_of(frame[0]);
    switch (frame.step_state()) {
        case 0:
            if (t->done())
                return vm.raise(
                    make_error(vm, async_state(vm).invalid_state_error, vm.str("_step(): already done")));
            frame[2] = vm.fiber->context;
            if (vm.is_instance(frame[1], kShapeBaseException)) t->thrown() = frame[1];
            if (frame[1].is_object() && t->thrown().is_unbound() && !is_exact_future(frame[1])) {
                AWAIT_CATCHING(5, vm.call(vm.natives.call_attribute,
                                          {frame[1], vm.str("result"), Value::object(vm.empty_tuple)}));
                t = task_of(frame[0]);
                t->thrown() = frame.result().is_unbound() ? vm.caught : Value::unbound();
            }
            vm.heap.write(t);
            if (is_context(t->context) && t->context.is(vm.fiber->context))
                frame[2] = Value::unbound();  // the loop has entered it
            else
                vm.fiber->context = t->context;
            AWAIT(1, call_helper(vm, "enter_task", {t->loop, frame[0]}));
            AWAIT_CATCHING(2, begin_step(vm, task_of(frame[0])));
            t = task_of(frame[0]);
            if (!frame[2].is_unbound()) {
                t->context = vm.fiber->context;
                vm.fiber->context = frame[2];
            }
            AWAIT_CATCHING(3, end_step(vm, t, frame.result()));
            frame[1] = frame.result().is_unbound() ? vm.caught : Value::none();
            AWAIT(4, call_helper(vm, "leave_task", {task_of(frame[0])->loop, frame[0]}));
    }
    return frame[1].is_none() ? Outcome(frame[1]) : raise_again(vm, frame[1]);
}

Outcome task_new(VM& vm, Value* args) {
    Class* cls = checked_class(vm, args[0], kShapeTask);
    if (!cls) return Outcome::raised();
    Task* t = make_task(vm, cls, Value::none(), Value::unbound(), Value::integer(0), Value::none());
    t->coroutine = Value::none();
    return Value::object(t);
}
Outcome task_init_step(VM& vm, NativeFrame& frame) {  // self, coro, loop, name, context
    bool known;
    switch (frame.step_state()) {
        case 0:
            if (frame[2].is_unbound() || frame[2].is_none()) frame[2] = vm.fiber->loop;
            if (frame[2].is_none()) {
                AWAIT(1, call_helper(vm, "loop_of_constructor", {}));
                frame[2] = frame.result();
            }
            if (!is_coroutine(vm, frame[1], known)) {
                if (known) {
                    frame.result() = Value::false_();
                } else {
                    AWAIT(2, call_helper(vm, "iscoroutine", {frame[1]}));
                }
                if (!frame.result().is_true()) {
                    frame[2] = Value::unbound();
                    return raise_with_repr(vm, kShapeTypeError, "a coroutine was expected, got %R", frame[1]);
                }
            }
            if (!frame[3].is_unbound() && !frame[3].is_none() && !is_exact(frame[3], kShapeStr)) {
                AWAIT(3, op_str(vm, frame[3]));
                frame[3] = frame.result();
            }
    }
    unlink(vm, task_of(frame[0]));
    init_task(vm, task_of(frame[0]), frame[1], frame[2], frame[3], frame[4]);
    return register_task(vm, task_of(frame[0]));
}
bool is_ready(VM& vm, Value v) {
    if (!task_of(v)->loop.is_unbound()) return true;
    vm.raise(kShapeRuntimeError, "Task object is not initialized.");
    return false;
}
Outcome task_cancel_step(VM& vm, NativeFrame& frame) {  // self, msg; 2 foreign, 3 index
    List* foreign;
    Cancelled cancelled;
    switch (frame.step_state()) {
        case 0:
            if (!is_ready(vm, frame[0])) return Outcome::raised();
            if (frame[1].is_unbound()) frame[1] = Value::none();
            cancelled = cancel_waiting(vm, frame[0], frame[1], foreign);
            if (cancelled == Cancelled::Cycle) return Outcome::raised();
            if (cancelled == Cancelled::No) return Value::false_();
            if (!foreign) return Value::true_();
            frame[2] = Value::object(foreign);
            frame[3] = Value::integer(0);
            while (frame[3].as_int() < int64_t(frame[2].as<List>()->size)) {
                AWAIT(1, call_helper(vm, "cancel_foreign",
                                     {task_of(frame[2].as<List>()->items->items[frame[3].as_int()])->waiter(),
                                      frame[1]}));
                if (!frame.result().is_true()) {
                    Task* t = task_of(frame[2].as<List>()->items->items[frame[3].as_int()]);
                    t->aux |= Future::kMustCancel;
                    t->message = frame[1];
                    vm.heap.write(t);
                }
                frame[3] = Value::integer(frame[3].as_int() + 1);
            }
    }
    return Value::true_();
}
Outcome task_cancelling(VM&, Value* args) { return Value::integer(task_of(args[0])->cancels()); }
Outcome task_uncancel(VM&, Value* args) {
    Task* t = task_of(args[0]);
    if (t->cancels() > 0) t->set_cancels(t->cancels() - 1);
    return Value::integer(t->cancels());
}
Outcome task_get_name(VM& vm, Value* args) {
    Task* t = task_of(args[0]);
    if (t->name.is_int()) {
        t->name = vm.str("Task-" + std::to_string(t->name.as_int()));
        vm.heap.write(t);
    }
    return t->name;
}
Outcome task_set_name_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_str(vm, frame[1]));
    }
    task_of(frame[0])->name = frame.result();
    vm.heap.write(frame[0].as_object());
    return Value::none();
}
Outcome task_get_coro(VM&, Value* args) { return task_of(args[0])->coroutine; }
Outcome task_set_result(VM& vm, Value*) {
    return vm.raise(kShapeRuntimeError, "Task does not support set_result operation");
}
Outcome task_set_exception(VM& vm, Value*) {
    return vm.raise(kShapeRuntimeError, "Task does not support set_exception operation");
}
Outcome task_get_stack(VM& vm, Value* args) {
    return call_helper(vm, "task_get_stack", {args[0], args[1].is_unbound() ? Value::none() : args[1]});
}
Outcome task_print_stack(VM& vm, Value* args) {
    auto or_none = [](Value v) { return v.is_unbound() ? Value::none() : v; };
    return call_helper(vm, "task_print_stack", {args[0], or_none(args[1]), or_none(args[2])});
}
Outcome task_repr(VM& vm, Value* args) { return call_helper(vm, "task_repr", {args[0]}); }
Outcome task_make_cancelled_error(VM& vm, Value* args) { return cancelled_error(vm, task_of(args[0])); }
// wait_for(waiter): what a step of it waits for; its callback was added by the caller.
Outcome task_set_waiter(VM& vm, Value* args) {
    Task* t = task_of(args[0]);
    if (t->done()) return Value::none();
    t->waiter() = args[1].is_none() ? Value::unbound() : args[1];
    vm.heap.write(t);
    return Value::none();
}
Outcome task_step_again(VM& vm, Value* args) {
    return step_again(vm, task_of(args[0]), args[1].is_none() ? Value::unbound() : args[1]);
}

Outcome get_coro(VM&, Value self) { return task_of(self)->coroutine; }
Outcome get_waiter(VM&, Value self) {
    const Task* t = task_of(self);
    Value w = t->waiter();
    if (w.is_unbound()) return Value::none();
    w.as_object()->flags &= uint8_t(~kOwned);
    return w;
}
Outcome get_must_cancel(VM&, Value self) { return Value::boolean(task_of(self)->aux & Future::kMustCancel); }
Outcome set_must_cancel(VM&, Value self, Value v) {
    if (v.is_true())
        task_of(self)->aux |= Future::kMustCancel;
    else
        task_of(self)->aux &= uint8_t(~Future::kMustCancel);
    return Value::none();
}
Outcome get_log_destroy(VM&, Value self) { return Value::boolean(!(task_of(self)->aux & Future::kQuietEnd)); }
Outcome set_log_destroy(VM& vm, Value self, Value v) {
    bool on = true;
    Outcome failure = Value::none();
    if (v.is_unbound()) return vm.raise(kShapeAttributeError, "cannot delete attribute");
    if (!get_flag(vm, v, on, failure)) return failure;
    if (on)
        task_of(self)->aux &= uint8_t(~Future::kQuietEnd);
    else
        task_of(self)->aux |= Future::kQuietEnd;
    return Value::none();
}
Outcome get_task_context(VM& vm, Value self) {
    Task* t = task_of(self);
    if (!is_context(t->context)) {
        t->context = Value::object(context_of(vm, t->context));
        vm.heap.write(t);
    }
    return t->context;
}

const NativeDef kMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)", .fn = task_new, .flags = kStaticNative},
    {.signature = "__init__(self, coro, *, loop=None, name=None, context=None)", .step = task_init_step},
    {.signature = "cancel(self, /, msg=None)",
     .step = task_cancel_step,
     .locals = 2,
     .doc = "Request that this task cancel itself."},
    {.signature = "cancelling(self, /)",
     .fn = task_cancelling,
     .doc = "Return the count of the task's cancellation requests."},
    {.signature = "uncancel(self, /)",
     .fn = task_uncancel,
     .doc = "Decrement the task's count of cancellation requests."},
    {.signature = "get_name(self, /)", .fn = task_get_name},
    {.signature = "set_name(self, value, /)", .step = task_set_name_step},
    {.signature = "get_coro(self, /)", .fn = task_get_coro},
    {.signature = "set_result(self, result, /)", .fn = task_set_result},
    {.signature = "set_exception(self, exception, /)", .fn = task_set_exception},
    {.signature = "get_stack(self, /, *, limit=None)",
     .fn = task_get_stack,
     .doc = "Return the list of stack frames for this task's coroutine."},
    {.signature = "print_stack(self, /, *, limit=None, file=None)",
     .fn = task_print_stack,
     .doc = "Print the stack or traceback for this task's coroutine."},
    {.signature = "_make_cancelled_error(self, /)", .fn = task_make_cancelled_error},
    {.signature = "_step(self, exc=None, /)", .step = step_step, .locals = 2},
    {.signature = "task_wakeup(self, future, /)", .step = step_step, .locals = 2},
    {.signature = "_set_waiter(self, waiter, /)", .fn = task_set_waiter},
    {.signature = "_step_again(self, exc, /)", .fn = task_step_again},
    {.signature = "__repr__(self, /)", .fn = task_repr},
    {.signature = kClassGetitem, .fn = generic_alias, .flags = kClassNative},
};
const AttributeDef kAttributes[] = {
    {"_coro", get_coro},
    {"_fut_waiter", get_waiter},
    {"_must_cancel", get_must_cancel, set_must_cancel},
    {"_log_destroy_pending", get_log_destroy, set_log_destroy},
    {"_context", get_task_context},
};

Outcome live_tasks(VM& vm, Value* args) {  // of a loop, or of all with None
    List* l = make_list(vm.heap);
    for (Value v = async_state(vm).first; v.is_object(); v = v.as<Array>()->items[1]) {
        for (uint64_t i = kFirst; i < kBlock; i++) {
            Value t = v.as<Array>()->items[i];
            if (t.is_unbound() || (!args[0].is_none() && !task_of(t)->loop.is(args[0]))) continue;
            if (!list_append(vm.heap, l, t)) return vm.out_of_memory();
        }
    }
    return Value::object(l);
}
// Of a loop, those that will call `callback` when they are done.
Outcome tasks_with(VM& vm, Value* args) {  // loop, callback
    Outcome all = live_tasks(vm, args);
    if (!all.is_value()) return all;
    List* l = all.value().as<List>();
    size_t kept = 0;
    for (size_t i = 0; i < l->size; i++)
        if (has_callback(task_of(l->items->items[i]), args[1])) l->items->items[kept++] = l->items->items[i];
    while (l->size > kept) l->items->items[--l->size] = Value::unbound();
    return all;
}
// As add_done_callback(), of many tasks: `entry`, which is what this answered for another one, serves for this one, too, if it is the
// same and the context is. None: the task is not one that _tasks_with() finds, and nothing was done.
Outcome add_shared_callback(VM& vm, Value* args) {  // task, callback, entry
    if (!is_exact(args[0], kShapeTask) || task_of(args[0])->block.is_unbound() || task_of(args[0])->done())
        return Value::none();
    Value context = context_snapshot(vm), entry = args[2];
    if (!is_exact_tuple(entry) || !entry.as<Tuple>()->items[0].is(args[1]) ||
        !entry.as<Tuple>()->items[1].is(context))
        entry = vm.tuple({args[1], context});
    return add_entry(vm, task_of(args[0]), entry) ? Outcome(entry) : vm.no_room();
}
// Those of a loop that is closed will never run again. A list of them, as long as there is room, without those that end quietly.
Outcome forget_tasks(VM& vm, Value* args) {  // loop
    List* told = make_list(vm.heap);
    bool room = true;
    for (Value v = async_state(vm).first; v.is_object(); v = v.as<Array>()->items[1]) {
        for (uint64_t i = kFirst; i < kBlock; i++) {
            Value t = v.as<Array>()->items[i];
            if (t.is_unbound() || !task_of(t)->loop.is(args[0])) continue;
            unlink(vm, task_of(t));
            if (!task_of(t)->done() && !(task_of(t)->aux & Future::kQuietEnd))
                room = room && list_append(vm.heap, told, t);
        }
    }
    return Value::object(told);
}
Outcome register_native(VM& vm, Value* args) {
    if (is_task(vm, args[0])) {
        unlink(vm, task_of(args[0]));
        link(vm, task_of(args[0]));
    }
    return Value::none();
}
Outcome unregister_native(VM& vm, Value* args) {
    if (is_task(vm, args[0])) unlink(vm, task_of(args[0]));
    return Value::none();
}
Outcome is_known_coroutine(VM& vm, Value* args) {
    bool known;
    return Value::boolean(is_coroutine(vm, args[0], known));
}
Outcome is_future_native(VM& vm, Value* args) { return Value::boolean(is_future(vm, args[0])); }

const NativeDef kFunctions[] = {
    {.signature = "_live_tasks(loop, /)", .fn = live_tasks},
    {.signature = "_tasks_with(loop, callback, /)", .fn = tasks_with},
    {.signature = "_add_shared_callback(task, callback, entry, /)", .fn = add_shared_callback},
    {.signature = "_forget_tasks(loop, /)", .fn = forget_tasks},
    {.signature = "_register_task(task)", .fn = register_native},
    {.signature = "_unregister_task(task)", .fn = unregister_native},
    {.signature = "_is_coroutine(obj, /)", .fn = is_known_coroutine},
    {.signature = "_is_future(obj, /)", .fn = is_future_native},
};

}  // namespace

void define_tasks(VM& vm, Module* m) {
    define_type(vm, {.shape = kShapeTask,
                     .methods = kMethods,
                     .attributes = kAttributes,
                     .doc = "A coroutine wrapped in a Future."});
    vm.set(m->dict, "Task", Value::object(vm.type(kShapeTask)));
    for (const NativeDef& def : kFunctions) {
        std::string_view text = def.signature.text;
        vm.set(m->dict, text.substr(0, text.find('(')), make_native(vm, def, m->name));
    }
}

}  // namespace gen
