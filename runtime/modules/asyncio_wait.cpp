// Coroutines written in C++: sleep(), Queue.get() and the like. One of them waits without a future or a frame of its own: the task
// that awaits it, at whatever depth, is noted in it and woken by whoever sees to it.
#include "runtime/modules/asyncio_stream.h"
#include "vm/exec/exec.h"

namespace gen {

NativeCoroutine* make_native_coroutine(VM& vm, NativeCoroutine::Operation operation, Value owner,
                                       Value item) {
    auto* c = vm.heap.make<NativeCoroutine>(Kind::SmallRecord, kShapeNativeCoroutine);
    c->aux = uint8_t(operation | (is_awaited_at_once(vm) ? NativeCoroutine::kAtOnce : 0));
    c->state = NativeCoroutine::kCreated;
    c->owner = owner;
    c->item = item;
    c->task = c->when = Value::unbound();
    return c;
}

Outcome native_coroutine(VM& vm, NativeCoroutine::Operation operation, Value owner, Value item, Value when) {
    NativeCoroutine* c = make_native_coroutine(vm, operation, owner, item);
    c->when = when;
    const bool dropped = vm.frame && !vm.frame->is_native() && discards(vm.frame->pc);
    return dropped ? warn_unawaited(vm, c) : Outcome(Value::object(c));
}

bool is_awaited_at_once(VM& vm) {
    const Frame* f = vm.frame;
    if (!f || f->is_native()) return false;
    const Instruction* landing = f->pc;
    return landing[1].op() == Op::GET_AWAITABLE && landing[1].b() == landing->a();
}

Value answer_at_once(VM& vm, Value result) {
    auto* c = async_state(vm).answer.as<NativeCoroutine>();
    c->item = result;
    vm.heap.write(c);
    return Value::object(c);
}

void task_waits_in(VM& vm, Task* t, NativeCoroutine* c) {
    c->task = Value::object(t);
    vm.heap.write(c);
    t->waiter() = Value::object(c);
    vm.heap.write(t);
    // The await is its only holder, this task and whoever wakes it apart.
    if (c->aux & NativeCoroutine::kAtOnce && awaits_directly(t->coroutine, Value::object(c)))
        c->flags |= kOwned;
}

void wake_coroutine(VM& vm, NativeCoroutine* c, NativeCoroutine::State state) {
    c->state = state;
    if (state == NativeCoroutine::kCancelled && c->operation() == NativeCoroutine::kSleep)
        timer_cancelled(vm, c->owner.as<EventLoop>());
    Value task = c->task;
    c->task = Value::unbound();
    if (task.is_object() && is_event_loop(task.as<Task>()->loop))
        push_ready(vm, task.as<Task>()->loop.as<EventLoop>(), task);
}

static Outcome finished(VM& vm, NativeCoroutine* c, Value result) {
    c->state = NativeCoroutine::kClosed;
    vm.returned = result;
    return Outcome::stop();
}

static Outcome await_sleep(VM& vm, NativeCoroutine* c) {
    if (c->state == NativeCoroutine::kWoken) return finished(vm, c, c->item);
    double delay = is_float(c->when) ? as_float(c->when) : double(int_clamp(c->when));
    if (delay <= 0) {
        c->state = NativeCoroutine::kWoken;
        return Value::none();
    }
    EventLoop* l = running_loop(vm);
    if (!l) return vm.raise(kShapeRuntimeError, "no running event loop");
    if (!(delay < 1e300)) delay = 1e300;
    if (!add_timer(vm, l, Value::object(c), loop_time(vm) + delay)) return vm.out_of_memory();
    c->owner = Value::object(l);
    vm.heap.write(c);
    c->state = NativeCoroutine::kWaiting;
    return Value::object(c);
}

static void abandon(VM& vm, NativeCoroutine* c) {
    switch (c->operation()) {
        case NativeCoroutine::kSleep:
            if (c->state == NativeCoroutine::kWaiting) timer_cancelled(vm, c->owner.as<EventLoop>());
            break;
        case NativeCoroutine::kQueueGet:
        case NativeCoroutine::kQueuePut:
            abandon_queue(vm, c);
            break;
        case NativeCoroutine::kStreamRead:
        case NativeCoroutine::kStreamLine:
        case NativeCoroutine::kStreamUntil:
        case NativeCoroutine::kStreamExactly:
            abandon_stream(vm, c);
            break;
        case NativeCoroutine::kStreamDrain:
            abandon_drain(vm, c);
            break;
        default:
            abandon_lock(vm, c);
            break;
    }
}

static Outcome await_operation(VM& vm, NativeCoroutine* c) {
    switch (c->state) {
        case NativeCoroutine::kClosed:
            return vm.raise(kShapeRuntimeError, "cannot reuse already awaited coroutine");
        case NativeCoroutine::kWaiting:
            if (!c->task.is_unbound())
                return vm.raise(kShapeRuntimeError, "coroutine is being awaited already");
            return vm.raise(kShapeRuntimeError, "await wasn't used with future");
        case NativeCoroutine::kCancelled:
            abandon(vm, c);
            c->state = NativeCoroutine::kClosed;
            return vm.raise(make_error(vm, async_state(vm).cancelled_error, c->item));
        default:
            break;
    }
    switch (c->operation()) {
        case NativeCoroutine::kSleep:
            return await_sleep(vm, c);
        case NativeCoroutine::kQueueGet:
        case NativeCoroutine::kQueuePut:
            return await_queue(vm, c);
        case NativeCoroutine::kStreamRead:
        case NativeCoroutine::kStreamLine:
        case NativeCoroutine::kStreamUntil:
        case NativeCoroutine::kStreamExactly:
            return await_stream(vm, c);
        case NativeCoroutine::kStreamDrain:
            return await_drain(vm, c);
        default:
            return await_lock(vm, c);
    }
}

static bool is_shared(const NativeCoroutine* c) { return c->operation() >= NativeCoroutine::kTurn; }

Outcome await_coroutine(VM& vm, Value* at) {
    auto* c = at->as<NativeCoroutine>();
    if (is_shared(c)) {
        if (c->operation() == NativeCoroutine::kTurn) {
            *at = async_state(vm).answer;
            return Value::none();
        }
        vm.returned = c->item;
        c->item = Value::none();
        return Outcome::stop();
    }
    Outcome o = await_operation(vm, c);
    if (o.is_stop() && c->flags & kOwned) {
        *at = Value::unbound();
        vm.heap.release(c, Heap::size_class(sizeof(NativeCoroutine)));
    }
    return o;
}

Outcome throw_into_coroutine(VM& vm, NativeCoroutine* c, Value exception) {
    if (is_shared(c)) return raise_again(vm, exception);
    if (c->state == NativeCoroutine::kClosed)
        return vm.raise(kShapeRuntimeError, "cannot reuse already awaited coroutine");
    if (c->state != NativeCoroutine::kCreated) abandon(vm, c);
    c->state = NativeCoroutine::kClosed;
    c->task = Value::unbound();
    return raise_again(vm, exception);
}

Outcome send_to_coroutine(VM& vm, NativeCoroutine* c, Value v) {
    if (c->state == NativeCoroutine::kCreated && !v.is_none())
        return vm.type_error("can't send non-None value to a just-started coroutine");
    Value at = Value::object(c);
    Outcome o = await_coroutine(vm, &at);
    if (!o.is_stop()) return o;
    if (vm.returned.is_none()) return vm.raise(kShapeStopIteration, std::initializer_list<Value>{});
    return vm.raise(kShapeStopIteration, {vm.returned});
}

void close_coroutine(VM& vm, NativeCoroutine* c) {
    if (is_shared(c)) return;
    if (c->state != NativeCoroutine::kClosed && c->state != NativeCoroutine::kCreated) abandon(vm, c);
    c->state = NativeCoroutine::kClosed;
}

namespace {

NativeCoroutine* coroutine_of(Value v) { return v.as<NativeCoroutine>(); }

Outcome send(VM& vm, Value* args) { return send_to_coroutine(vm, coroutine_of(args[0]), args[1]); }
Outcome await(VM& vm, Value* args) { return await_iterator(vm, args[0]); }
Outcome throw_step(VM& vm, NativeFrame& frame) {  // self, type, value, traceback
    switch (frame.step_state()) {
        case 0:
            if (is_class(frame[1]) && frame[1].as<Class>()->class_flags & Class::kException) {
                if (vm.is_instance(frame[2], kShapeBaseException)) {
                    frame.result() = frame[2];
                } else {
                    AWAIT(1, frame[2].is_unbound() || frame[2].is_none() ? vm.call(frame[1], {})
                                                                         : vm.call(frame[1], {frame[2]}));
                }
            } else if (vm.is_instance(frame[1], kShapeBaseException)) {
                frame.result() = frame[1];
            } else {
                return vm.type_error(
                    "exceptions must be classes or instances deriving from BaseException, not %s",
                    vm.type_name(frame[1]));
            }
    }
    return throw_into_coroutine(vm, coroutine_of(frame[0]), frame.result());
}
Outcome close(VM& vm, Value* args) {
    close_coroutine(vm, coroutine_of(args[0]));
    return Value::none();
}

// What a task waits for looks like a future in its _fut_waiter.
Outcome is_done(VM&, Value* args) {
    return Value::boolean(coroutine_of(args[0])->state >= NativeCoroutine::kWoken);
}
Outcome is_cancelled(VM&, Value* args) {
    return Value::boolean(coroutine_of(args[0])->state == NativeCoroutine::kCancelled);
}

const char* const kNames[][2] = {{"sleep", "sleep"},
                                 {"get", "Queue.get"},
                                 {"put", "Queue.put"},
                                 {"acquire", "Lock.acquire"},
                                 {"__aenter__", "Lock.__aenter__"},
                                 {"wait", "Event.wait"},
                                 {"read", "StreamReader.read"},
                                 {"readline", "StreamReader.readline"},
                                 {"readuntil", "StreamReader.readuntil"},
                                 {"readexactly", "StreamReader.readexactly"},
                                 {"drain", "StreamWriter.drain"},
                                 {"sleep", "sleep"},
                                 {"sleep", "sleep"}};
Outcome get_name(VM& vm, Value self) {
    return Value::object(vm.intern(kNames[self.as<NativeCoroutine>()->operation()][0]));
}
Outcome get_qualname(VM& vm, Value self) {
    return Value::object(vm.intern(kNames[self.as<NativeCoroutine>()->operation()][1]));
}
Outcome get_none(VM&, Value) { return Value::none(); }
Outcome get_false(VM&, Value) { return Value::false_(); }
Outcome repr(VM& vm, Value* args) {
    StringBuilder out(vm.heap);
    out.append("<coroutine object ");
    out.append(kNames[args[0].as<NativeCoroutine>()->operation()][1]);
    out.append(" at ");
    append_address(vm, out, args[0]);
    out.append('>');
    return finish(vm, out);
}

const NativeDef kMethods[] = {
    {.signature = "send(self, value, /)", .fn = send},
    {.signature = "throw(self, type, value=None, traceback=None, /)", .step = throw_step},
    {.signature = "close(self, /)", .fn = close},
    {.signature = "done(self, /)", .fn = is_done},
    {.signature = "cancelled(self, /)", .fn = is_cancelled},
    {.signature = "__await__(self, /)", .fn = await},
    {.signature = "__repr__(self, /)", .fn = repr},
};
const AttributeDef kAttributes[] = {
    {"__name__", get_name},      {"__qualname__", get_qualname}, {"cr_await", get_none},
    {"cr_frame", get_none},      {"cr_origin", get_none},        {"cr_running", get_false},
    {"cr_suspended", get_false},
};

Outcome sleep(VM& vm, Value* args) {  // delay, result
    Value result = args[1].is_unbound() ? Value::none() : args[1];
    bool simple = is_int_like(args[0]) || (is_float(args[0]) && as_float(args[0]) == as_float(args[0]));
    if (!simple || (!vm.fiber->loop.is_none() && !running_loop(vm)))
        return call_helper(vm, "sleep", {args[0], result});
    if (args[0].is(Value::integer(0)) && result.is_none() && is_awaited_at_once(vm))
        return async_state(vm).turn;
    return native_coroutine(vm, NativeCoroutine::kSleep, Value::none(), result, args[0]);
}
const NativeDef kSleep = {.signature = "sleep(delay, result=None)",
                          .fn = sleep,
                          .doc = "Coroutine that completes after a given time (in seconds)."};

}  // namespace

void define_native_coroutines(VM& vm, Module* m) {
    define_type(vm, {.shape = kShapeNativeCoroutine, .methods = kMethods, .attributes = kAttributes});
    vm.type(kShapeNativeCoroutine)->class_flags |= Class::kFinal | Class::kNoInstances;
    vm.set(m->dict, "_Coroutine", Value::object(vm.type(kShapeNativeCoroutine)));
    vm.set(m->dict, "sleep", make_native(vm, kSleep, vm.str("asyncio.tasks")));
}

}  // namespace gen
