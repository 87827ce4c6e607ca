// _asyncio._EventLoop: the queue of what is ready, the timers, and the native that runs them. The rest of an event loop is
// asyncio/base_events.gen.
//
// One round, as in CPython: timers whose time has come join the queue; then exactly those run that are in the queue now. The steps of
// tasks need no Handle and no call: the coroutine is resumed as an awaited request of the loop's own frame.
#include "runtime/modules/asyncio_stream.h"

#include <cmath>

namespace gen {

static EventLoop* loop_of(Value v) { return v.as<EventLoop>(); }

double loop_time(VM& vm) { return vm.clock ? double(vm.clock->now()) / 1e9 : 0; }

EventLoop* running_loop(VM& vm) { return is_plain_loop(vm.fiber->loop) ? loop_of(vm.fiber->loop) : nullptr; }

Outcome check_open(VM& vm, EventLoop* l) {
    return l->state & EventLoop::kClosed ? vm.raise(kShapeRuntimeError, "Event loop is closed")
                                         : Outcome(Value::none());
}

static void wake_loop(VM& vm, EventLoop* l) {
    if (!l->fiber.is_object()) return;
    auto* f = l->fiber.as<Fiber>();
    if (f->state == Fiber::kParked && f->wait == Wait::Loop) vm.scheduler.wake(f, f->epoch, Value::none());
}

void push_ready(VM& vm, EventLoop* l, Value entry) {
    l->ready.push(vm, l, entry);
    if (vm.scheduler.observer) observe_ready(vm, entry);
    wake_loop(vm, l);  // the reactor may push while the fiber that ran last, and parked, is the loop's own
}

// ---- timers: a binary heap

namespace {

double time_of(Value when) { return when.is_int() ? double(when.as_int()) : as_float(when); }
int64_t order_of(Value entry) {
    return is_native_coroutine(entry) ? entry.as<NativeCoroutine>()->when.as_int()
                                      : entry.as<Handle>()->order.as_int();
}
bool is_stale(Value entry) {
    return is_native_coroutine(entry) ? entry.as_object()->state != NativeCoroutine::kWaiting
                                      : entry.as_object()->state & Handle::kCancelled;
}
bool sooner(const Value* a, const Value* b) {
    double x = time_of(a[0]), y = time_of(b[0]);
    return x != y ? x < y : order_of(a[1]) < order_of(b[1]);
}
void exchange(Value* a, Value* b) {
    std::swap(a[0], b[0]);
    std::swap(a[1], b[1]);
}
void sift_down(Value* t, size_t n, size_t i) {
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && sooner(t + 2 * (child + 1), t + 2 * child)) child++;
        if (!sooner(t + 2 * child, t + 2 * i)) return;
        exchange(t + 2 * child, t + 2 * i);
    }
}

// Removes the first.
Value pop_timer(EventLoop* l) {
    Value* t = l->timers.as<Array>()->items;
    size_t n = size_t(l->timer_count.as_int()) - 1;
    Value entry = t[1];
    t[0] = t[2 * n];
    t[1] = t[2 * n + 1];
    t[2 * n] = t[2 * n + 1] = Value::unbound();
    l->timer_count = Value::integer(int64_t(n));
    sift_down(t, n, 0);
    if (!is_native_coroutine(entry)) entry.as_object()->state &= uint8_t(~Handle::kScheduled);
    return entry;
}

void drop_stale_timers(EventLoop* l) {
    Value* t = l->timers.as<Array>()->items;
    size_t n = size_t(l->timer_count.as_int()), kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (is_stale(t[2 * i + 1])) {
            if (!is_native_coroutine(t[2 * i + 1]))
                t[2 * i + 1].as_object()->state &= uint8_t(~Handle::kScheduled);
            continue;
        }
        t[2 * kept] = t[2 * i];
        t[2 * kept + 1] = t[2 * i + 1];
        kept++;
    }
    for (size_t i = 2 * kept; i < 2 * n; i++) t[i] = Value::unbound();
    for (size_t i = kept / 2; i-- > 0;) sift_down(t, kept, i);
    l->timer_count = Value::integer(int64_t(kept));
    l->cancelled_timers = Value::integer(0);
}

// Moves what is due at `now` to the ready ones.
void fire_timers(VM& vm, EventLoop* l, double now) {
    if (l->cancelled_timers.as_int() > 100 && 2 * l->cancelled_timers.as_int() > l->timer_count.as_int())
        drop_stale_timers(l);
    while (l->timer_count.as_int()) {
        Value* t = l->timers.as<Array>()->items;
        bool stale = is_stale(t[1]);
        if (!stale && time_of(t[0]) >= now + 1e-9) return;
        Value entry = pop_timer(l);
        if (!stale)
            l->ready.push(vm, l, entry);
        else if (l->cancelled_timers.as_int())
            l->cancelled_timers = Value::integer(l->cancelled_timers.as_int() - 1);
    }
}

}  // namespace

bool add_timer(VM& vm, EventLoop* l, Value entry, double when) {
    size_t n = size_t(l->timer_count.as_int());
    if (!l->timers.is_object() || l->timers.as<Array>()->capacity < 2 * (n + 1)) {
        Array* a = make_array(vm.heap, n < 8 ? 16 : 4 * n);
        if (!a) return false;
        if (n) std::memcpy(a->items, l->timers.as<Array>()->items, 2 * n * sizeof(Value));
        l->timers = Value::object(a);
        vm.heap.write(l);
    }
    Value order = l->order, w = vm.real(when);
    l->order = Value::integer(order.as_int() + 1);
    if (is_native_coroutine(entry)) {
        entry.as<NativeCoroutine>()->when = order;
    } else {
        entry.as<Handle>()->order = order;
        entry.as_object()->state |= Handle::kScheduled;
    }
    vm.heap.write(entry.as_object());
    Value* t = l->timers.as<Array>()->items;
    t[2 * n] = w;
    t[2 * n + 1] = entry;
    for (size_t i = n; i && sooner(t + 2 * i, t + 2 * ((i - 1) / 2)); i = (i - 1) / 2)
        exchange(t + 2 * i, t + 2 * ((i - 1) / 2));
    vm.heap.write(l->timers.as_object());
    l->timer_count = Value::integer(int64_t(n + 1));
    if (vm.fiber != l->fiber.as<Fiber>()) wake_loop(vm, l);
    return true;
}

double deadline_of(const NativeCoroutine* c) {
    auto* l = c->owner.as<EventLoop>();
    const Value* t = l->timers.as<Array>()->items;
    for (int64_t i = 0; i < l->timer_count.as_int(); i++)
        if (t[2 * i + 1].is(Value::object(c))) return time_of(t[2 * i]);
    return 0;  // it has come
}

void timer_cancelled(VM&, EventLoop* l) {
    l->cancelled_timers = Value::integer(l->cancelled_timers.as_int() + 1);
}

namespace {

// ---- the run

// Parks until something is ready, or the first timer is due.
Outcome wait_for_work(VM& vm, EventLoop* l, double now) {
    int64_t deadline = kForever;
    if (l->timer_count.as_int()) {
        double when = time_of(l->timers.as<Array>()->items[0]);
        if (l->aux & EventLoop::kOwnTime) when += loop_time(vm) - now;
        if (when < 9e9) deadline = int64_t(std::ceil(when * 1e9));
    }
    vm.scheduler.park(vm, Wait::Loop, deadline, Value::object(l));
    return Outcome::park();
}

// The step of t is over; `outside` is the context that it was made in.
void leave_step(VM& vm, Task* t, Value outside) {
    Value left = leave_context(vm, outside);
    if (left.is(t->context)) return;
    t->context = left;
    vm.heap.write(t);
}

// run(self): until stop(). 1 entry, 2 how many more in this round, 3 context outside of steps, 4 argument of the entry
Outcome run_step(VM& vm, NativeFrame& frame) {
    EventLoop* l = loop_of(frame[0]);
    Outcome failure = Value::none();
    double now = 0;
    switch (frame.step_state()) {
        case 0:
            frame[3] = vm.fiber->context;
            for (;;) {
                if (l->timer_count.as_int()) {
                    if (l->aux & EventLoop::kOwnTime) {
                        AWAIT(1,
                              vm.call_with(vm.bound_method(
                                               vm.lookup(vm.class_of(frame[0]), vm.intern("time")), frame[0]),
                                           Value::object(vm.empty_tuple)));
                        l = loop_of(frame[0]);
                        if (!get_real(vm, frame.result(), now, failure)) return failure;
                    } else {
                        now = loop_time(vm);
                    }
                    fire_timers(vm, l, now);
                }
                if (!l->ready.size() && !(l->state & EventLoop::kStopping)) {
                    AWAIT(2, wait_for_work(vm, l, now));
                    l = loop_of(frame[0]);
                    continue;
                }
                frame[2] = Value::integer(int64_t(l->ready.size()));
                while (frame[2].as_int() > 0 && l->ready.size()) {
                    frame[2] = Value::integer(frame[2].as_int() - 1);
                    frame[1] = l->ready.pop(vm, l);
                    if (frame[1].as_object()->kind == Kind::MediumRecord &&
                        frame[1].as_object()->shape != kShapeGatheringFuture) {
                        // A task.
                        if (frame[1].as<Task>()->done()) continue;
                        if (!enter_context(vm, frame[1].as<Task>()->context)) {
                            AWAIT_CATCHING(3, raise_entered(vm, frame[1].as<Task>()->context));
                            AWAIT(4, call_helper(vm, "step_failed", {frame[1], vm.caught}));
                            l = loop_of(frame[0]);
                            continue;
                        }
                        l->current = frame[1];
                        vm.heap.write(l);
                        if (vm.scheduler.observer) observe_step(vm, frame[1].as<Task>());
                        AWAIT_CATCHING(5, begin_step(vm, frame[1].as<Task>()));
                        l = loop_of(frame[0]);
                        l->current = Value::none();
                        leave_step(vm, frame[1].as<Task>(), frame[3]);
                        AWAIT(6, end_step(vm, frame[1].as<Task>(), frame.result()));
                        if (vm.scheduler.observer) observe_step_end(vm, frame[1].as<Task>());
                        l = loop_of(frame[0]);
                    } else if (is_exact(frame[1], kShapeHandle) || is_exact(frame[1], kShapeTimerHandle)) {
                        frame[1].as_object()->state &= uint8_t(~Handle::kQueued);
                        if (frame[1].as_object()->state & Handle::kCancelled) continue;
                        if (!enter_context(vm, frame[1].as<Handle>()->context)) {
                            AWAIT_CATCHING(7, raise_entered(vm, frame[1].as<Handle>()->context));
                        } else {
                            AWAIT_CATCHING(8, vm.call_with(frame[1].as<Handle>()->callback,
                                                           frame[1].as<Handle>()->arguments));
                            leave_context(vm, frame[3]);
                        }
                        l = loop_of(frame[0]);
                        if (frame.result().is_unbound()) {
                            if (vm.is_instance(vm.caught, kShapeKeyboardInterrupt) ||
                                vm.is_instance(vm.caught, kShapeSystemExit))
                                return raise_again(vm, vm.caught);
                            AWAIT(9, call_helper(vm, "callback_failed", {frame[1], vm.caught}));
                            l = loop_of(frame[0]);
                        }
                    } else if (is_native_coroutine(frame[1])) {
                        // A sleep is over.
                        if (frame[1].as_object()->state == NativeCoroutine::kWaiting)
                            wake_coroutine(vm, frame[1].as<NativeCoroutine>(), NativeCoroutine::kWoken);
                    } else if (is_exact(frame[1], kShapeGatheringFuture)) {
                        frame[2] = Value::integer(frame[2].as_int() - 1);
                        frame[4] = l->ready.pop(vm, l);
                        AWAIT(10, child_is_done(vm, frame[1].as<GatheringFuture>(), frame[4].as<Future>()));
                        l = loop_of(frame[0]);
                    } else {
                        // A Handle of a subclass.
                        AWAIT(11, vm.call(vm.natives.call_attribute,
                                          {frame[1], vm.str("_run"), Value::object(vm.empty_tuple)}));
                        l = loop_of(frame[0]);
                    }
                    PAUSE(12);
                    l = loop_of(frame[0]);
                }
                if (l->state & EventLoop::kStopping) return Value::none();
            }
    }
    return Value::none();
}

// ---- methods

// Which of the loop's methods has the script written anew?
uint8_t abilities(VM& vm, Class* cls) {
    auto is_own = [&](const char* name) {
        Value v = vm.lookup(cls, vm.intern(name));
        return v.is_object() && v.as_object()->kind == Kind::Native;
    };
    uint8_t aux = EventLoop::kIsLoop;
    if (is_own("call_soon") && is_own("call_later") && is_own("call_at") && is_own("create_future") &&
        is_own("create_task") && is_own("time"))
        aux |= EventLoop::kPlain;
    if (!is_own("time")) aux |= EventLoop::kOwnTime;
    return aux;
}

Outcome loop_new(VM& vm, Value* args) {
    Class* cls = checked_class(vm, args[0], kShapeEventLoop);
    if (!cls) return Outcome::raised();
    auto* l = static_cast<EventLoop*>(allocate_instance(vm, cls));
    l->ready.init();
    l->timer_count = l->cancelled_timers = l->order = Value::integer(0);
    l->current = l->fiber = l->task_factory = Value::none();
    l->aux = abilities(vm, cls);
    return Value::object(l);
}

Outcome check_callback(VM& vm, EventLoop* l, Value callback, const char* method) {
    if (!(l->state & EventLoop::kDebug)) return check_open(vm, l);
    Outcome open = check_open(vm, l);
    return open.is_raised() ? open
                            : call_helper(vm, "check_callback", {Value::object(l), callback, vm.str(method)});
}
// The callback of call_soon(callback, *args) and the tuple of its arguments.
bool split(VM& vm, Value all, size_t skip, const char* name, Value& callback, Value& arguments) {
    Tuple* t = all.as<Tuple>();
    if (t->size <= skip) {
        vm.type_error("%s() missing 1 required positional argument: 'callback'", name);
        return false;
    }
    callback = t->items[skip];
    Tuple* rest =
        t->size == skip + 1 ? vm.empty_tuple : make_tuple(vm.heap, t->items + skip + 1, t->size - skip - 1);
    if (!rest) {
        vm.out_of_memory();
        return false;
    }
    arguments = Value::object(rest);
    return true;
}
Value context_or_snapshot(VM& vm, Value context) {
    return context.is_unbound() || context.is_none() ? context_snapshot(vm) : context;
}

Outcome soon(VM& vm, NativeFrame& frame, const char* name) {  // self, args, context; 3 callback, 4 arguments
    switch (frame.step_state()) {
        case 0:
            if (!split(vm, frame[2], 0, name, frame[3], frame[4])) return Outcome::raised();
            AWAIT(1, check_callback(vm, loop_of(frame[0]), frame[3], name));
    }
    Handle* h = make_handle(vm, frame[3], frame[4], context_or_snapshot(vm, frame[1]), frame[0]);
    push_ready(vm, loop_of(frame[0]), Value::object(h));
    return Value::object(h);
}
// Slots: keyword-only come before *args.
Outcome call_soon(VM& vm, Value* args) {  // self, context, args
    EventLoop* l = loop_of(args[0]);
    if (l->state & EventLoop::kDebug) return Outcome::unhandled();
    Value callback, arguments;
    if (!split(vm, args[2], 0, "call_soon", callback, arguments)) return Outcome::raised();
    Outcome open = check_open(vm, l);
    if (open.is_raised()) return open;
    Handle* h = make_handle(vm, callback, arguments, context_or_snapshot(vm, args[1]), args[0]);
    push_ready(vm, l, Value::object(h));
    return Value::object(h);
}
Outcome call_soon_step(VM& vm, NativeFrame& frame) { return soon(vm, frame, "call_soon"); }
Outcome call_soon_threadsafe_step(VM& vm, NativeFrame& frame) {
    return soon(vm, frame, "call_soon_threadsafe");
}

Outcome at(VM& vm, Value self, double when, Value when_value, Value callback, Value arguments,
           Value context) {
    auto* h = make_handle(vm, callback, arguments, context_or_snapshot(vm, context), self);
    h->shape = kShapeTimerHandle;
    h->when = when_value;
    if (!add_timer(vm, loop_of(self), Value::object(h), when)) return vm.out_of_memory();
    return Value::object(h);
}
Outcome call_at_step(VM& vm, NativeFrame& frame) {  // self, context, args; 3 callback, 4 arguments
    double when;
    Outcome failure = Value::none();
    switch (frame.step_state()) {
        case 0:
            if (frame[2].as<Tuple>()->size < 2)
                return vm.type_error(
                    "call_at() missing required positional arguments: 'when' and 'callback'");
            if (frame[2].as<Tuple>()->items[0].is_none()) return vm.type_error("when cannot be None");
            if (!split(vm, frame[2], 1, "call_at", frame[3], frame[4])) return Outcome::raised();
            AWAIT(1, check_callback(vm, loop_of(frame[0]), frame[3], "call_at"));
    }
    Value v = frame[2].as<Tuple>()->items[0];
    if (!get_real(vm, v, when, failure))
        return failure.is_unhandled() ? vm.type_error("when must be a number") : failure;
    return at(vm, frame[0], when, v, frame[3], frame[4], frame[1]);
}
Outcome call_later_step(VM& vm, NativeFrame& frame) {  // self, context, args; 3 callback, 4 arguments
    double delay, now;
    Outcome failure = Value::none();
    switch (frame.step_state()) {
        case 0:
            if (frame[2].as<Tuple>()->size < 2)
                return vm.type_error(
                    "call_later() missing required positional arguments: 'delay' and 'callback'");
            if (frame[2].as<Tuple>()->items[0].is_none()) return vm.type_error("delay must not be None");
            if (!split(vm, frame[2], 1, "call_later", frame[3], frame[4])) return Outcome::raised();
            AWAIT(1, check_callback(vm, loop_of(frame[0]), frame[3], "call_later"));
            if (loop_of(frame[0])->aux & EventLoop::kOwnTime) {
                AWAIT(2, vm.call(vm.natives.call_attribute,
                                 {frame[0], vm.str("time"), Value::object(vm.empty_tuple)}));
            } else {
                frame.result() = vm.real(loop_time(vm));
            }
    }
    if (!get_real(vm, frame.result(), now, failure) ||
        !get_real(vm, frame[2].as<Tuple>()->items[0], delay, failure))
        return failure.is_unhandled() ? vm.type_error("delay must be a number") : failure;
    return at(vm, frame[0], now + delay, vm.real(now + delay), frame[3], frame[4], frame[1]);
}
Outcome time_native(VM& vm, Value*) { return vm.real(loop_time(vm)); }
Outcome create_future(VM& vm, Value* args) { return Value::object(make_future(vm, args[0])); }

Outcome make_task_in(VM& vm, Value loop, Value coroutine, Value name, Value context) {
    bool known;
    bool plain_name = name.is_unbound() || name.is_none() || is_exact(name, kShapeStr);
    if (!loop_of(loop)->task_factory.is_none() || !is_coroutine(vm, coroutine, known) || !plain_name) {
        auto or_none = [](Value v) { return v.is_unbound() ? Value::none() : v; };
        return call_helper(vm, "create_task", {loop, coroutine, or_none(name), or_none(context)});
    }
    Outcome open = check_open(vm, loop_of(loop));
    if (open.is_raised()) return open;
    Task* t = make_task(vm, vm.type(kShapeTask), coroutine, loop, name, context);
    Outcome o = register_task(vm, t);
    return o.is_value() ? Outcome(Value::object(t)) : o;
}
Outcome create_task(VM& vm, Value* args) { return make_task_in(vm, args[0], args[1], args[2], args[3]); }
// asyncio.create_task(): in the loop that runs.
Outcome create_task_here(VM& vm, Value* args) {  // coro, name, context
    if (running_loop(vm)) return make_task_in(vm, vm.fiber->loop, args[0], args[1], args[2]);
    if (vm.fiber->loop.is_none()) return vm.raise(kShapeRuntimeError, "no running event loop");
    auto or_none = [](Value v) { return v.is_unbound() ? Value::none() : v; };
    return call_helper(vm, "create_task_in", {vm.fiber->loop, args[0], or_none(args[1]), or_none(args[2])});
}

Outcome stop(VM& vm, Value* args) {
    loop_of(args[0])->state |= EventLoop::kStopping;
    wake_loop(vm, loop_of(args[0]));
    return Value::none();
}
Outcome is_running(VM&, Value* args) { return Value::boolean(!loop_of(args[0])->fiber.is_none()); }
Outcome is_closed(VM&, Value* args) { return Value::boolean(loop_of(args[0])->state & EventLoop::kClosed); }
Outcome get_debug(VM&, Value* args) { return Value::boolean(loop_of(args[0])->state & EventLoop::kDebug); }
Outcome set_debug(VM&, Value* args) {
    if (args[1].is_false() || args[1].is_none())
        loop_of(args[0])->state &= uint8_t(~EventLoop::kDebug);
    else
        loop_of(args[0])->state |= EventLoop::kDebug;
    return Value::none();
}
Outcome set_task_factory(VM& vm, Value* args) {
    if (!args[1].is_none() && !is_callable(vm, args[1]))
        return vm.type_error("task factory must be a callable or None");
    loop_of(args[0])->task_factory = args[1];
    vm.heap.write(args[0].as_object());
    return Value::none();
}
Outcome get_task_factory(VM&, Value* args) { return loop_of(args[0])->task_factory; }
Outcome check_closed(VM& vm, Value* args) { return check_open(vm, loop_of(args[0])); }
// The running fiber is the one that runs the loop (True), or no longer (False).
Outcome set_running(VM& vm, Value* args) {
    EventLoop* l = loop_of(args[0]);
    l->fiber = args[1].is_true() ? Value::object(vm.fiber) : Value::none();
    if (!args[1].is_true()) l->state &= uint8_t(~EventLoop::kStopping);
    vm.heap.write(l);
    return Value::none();
}
Outcome drop_all(VM&, Value* args) {  // closes the loop
    EventLoop* l = loop_of(args[0]);
    l->state |= EventLoop::kClosed;
    l->ready.init();
    l->timers = Value::unbound();
    l->timer_count = l->cancelled_timers = Value::integer(0);
    return Value::none();
}
Outcome add_ready(VM& vm, Value* args) {  // a Handle, for those who make their own
    if (!vm.is_instance(args[1], kShapeHandle))
        return vm.type_error("a Handle is wanted, not %s", vm.type_name(args[1]));
    push_ready(vm, loop_of(args[0]), args[1]);
    return Value::none();
}

Outcome get_ready(VM& vm, Value self) {
    List* out = make_list(vm.heap);
    loop_of(self)->ready.each([&](Value& v) {
        v.as_object()->flags &= uint8_t(~kOwned);
        return list_append(vm.heap, out, v);
    });
    return Value::object(out);
}
Outcome get_scheduled(VM& vm, Value self) {
    List* out = make_list(vm.heap);
    for (int64_t i = 0; i < loop_of(self)->timer_count.as_int(); i++) {
        Value v = loop_of(self)->timers.as<Array>()->items[2 * i + 1];
        v.as_object()->flags &= uint8_t(~kOwned);
        if (!list_append(vm.heap, out, v)) return vm.out_of_memory();
    }
    return Value::object(out);
}
Outcome get_thread_id(VM&, Value self) {
    Value f = loop_of(self)->fiber;
    return f.is_object() ? Value::integer(int64_t(f.as<Fiber>()->id) + 1) : Value::none();
}
Outcome get_stopping(VM&, Value self) { return Value::boolean(loop_of(self)->state & EventLoop::kStopping); }
Outcome get_closed(VM&, Value self) { return Value::boolean(loop_of(self)->state & EventLoop::kClosed); }
Outcome get_current(VM&, Value self) { return loop_of(self)->current; }
Outcome set_current(VM& vm, Value self, Value v) {
    loop_of(self)->current = v.is_unbound() ? Value::none() : v;
    vm.heap.write(self.as_object());
    return Value::none();
}

const NativeDef kMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)", .fn = loop_new, .flags = kStaticNative},
    {.signature = "_run(self)", .step = run_step, .locals = 4},
    {.signature = "call_soon(self, *args, context=None)",
     .fn = call_soon,
     .step = call_soon_step,
     .locals = 2},
    {.signature = "call_soon_threadsafe(self, *args, context=None)",
     .fn = call_soon,
     .step = call_soon_threadsafe_step,
     .locals = 2},
    {.signature = "call_at(self, *args, context=None)", .step = call_at_step, .locals = 2},
    {.signature = "call_later(self, *args, context=None)", .step = call_later_step, .locals = 2},
    {.signature = "time(self)", .fn = time_native},
    {.signature = "create_future(self)", .fn = create_future},
    {.signature = "create_task(self, coro, *, name=None, context=None)", .fn = create_task},
    {.signature = "stop(self)", .fn = stop},
    {.signature = "is_running(self)", .fn = is_running},
    {.signature = "is_closed(self)", .fn = is_closed},
    {.signature = "get_debug(self)", .fn = get_debug},
    {.signature = "set_debug(self, enabled)", .fn = set_debug},
    {.signature = "set_task_factory(self, factory)", .fn = set_task_factory},
    {.signature = "get_task_factory(self)", .fn = get_task_factory},
    {.signature = "_check_closed(self)", .fn = check_closed},
    {.signature = "_set_running(self, running, /)", .fn = set_running},
    {.signature = "_drop_all(self)", .fn = drop_all},
    {.signature = "_add_callback(self, handle)", .fn = add_ready},
};
const AttributeDef kAttributes[] = {
    {"_ready", get_ready},       {"_scheduled", get_scheduled}, {"_thread_id", get_thread_id},
    {"_stopping", get_stopping}, {"_closed", get_closed},       {"_current", get_current, set_current},
};

// ---- the loop of the running fiber

Outcome get_running_or_none(VM& vm, Value*) { return vm.fiber->loop; }
Outcome set_running_loop(VM& vm, Value* args) {
    vm.fiber->loop = args[0];
    return Value::none();
}
Outcome get_running_loop(VM& vm, Value*) {
    return vm.fiber->loop.is_none() ? vm.raise(kShapeRuntimeError, "no running event loop")
                                    : Outcome(vm.fiber->loop);
}
Outcome get_event_loop(VM& vm, Value*) {
    return vm.fiber->loop.is_none() ? call_helper(vm, "policy_loop", {}) : Outcome(vm.fiber->loop);
}
Outcome current_task(VM& vm, Value* args) {
    Value loop = args[0].is_unbound() || args[0].is_none() ? vm.fiber->loop : args[0];
    if (loop.is_none()) return vm.raise(kShapeRuntimeError, "no running event loop");
    if (is_event_loop(loop)) return loop_of(loop)->current;
    return call_helper(vm, "foreign_current_task", {loop});
}
Outcome set_helpers(VM& vm, Value* args) {  // cancelled error, invalid state error, globals
    AsyncState& s = async_state(vm);
    for (int i = 0; i < 2; i++)
        if (!args[i].is_object() || args[i].as_object()->kind != Kind::Class ||
            !vm.is_subclass(args[i].as<Class>(), vm.type(kShapeBaseException)))
            return vm.type_error("a class of exceptions is wanted, not %s", vm.type_name(args[i]));
    if (!is_exact(args[2], kShapeDict))
        return vm.type_error("a dict is wanted, not %s", vm.type_name(args[2]));
    s.cancelled_error = args[0];
    s.invalid_state_error = args[1];
    s.helpers = args[2];
    vm.heap.write(&s);
    return Value::none();
}

const NativeDef kFunctions[] = {
    {.signature = "_get_running_loop()", .fn = get_running_or_none},
    {.signature = "_set_running_loop(loop, /)", .fn = set_running_loop},
    {.signature = "get_running_loop()", .fn = get_running_loop},
    {.signature = "get_event_loop()", .fn = get_event_loop},
    {.signature = "current_task(loop=None)", .fn = current_task},
    {.signature = "create_task(coro, *, name=None, context=None)", .fn = create_task_here},
    {.signature = "_set_helpers(cancelled, invalid_state, helpers, /)", .fn = set_helpers},
};

Outcome await_native(VM& vm, Value* at) {
    return at->as_object()->shape == kShapeNativeCoroutine ? await_coroutine(vm, at)
                                                           : await_future(vm, at->as<Future>());
}

void init(VM& vm, Module* m) {
    install_task_reports(vm);
    auto* state = vm.heap.make<AsyncState>(Kind::LargeRecord, kShapeInternal);
    std::fill_n(reinterpret_cast<Record*>(state)->fields, std::size(LargeRecord{}.fields), Value::unbound());
    state->number = state->filled = state->blocks = Value::integer(0);
    state->block_limit = Value::integer(8);
    vm.asyncio = Value::object(state);
    vm.await_native = await_native;
    state->turn =
        Value::object(make_native_coroutine(vm, NativeCoroutine::kTurn, Value::none(), Value::none()));
    state->answer =
        Value::object(make_native_coroutine(vm, NativeCoroutine::kAnswer, Value::none(), Value::none()));
    define_futures(vm, m);
    define_tasks(vm, m);
    define_gather(vm, m);
    define_handles(vm, m);
    define_event_loop(vm, m);
    define_native_coroutines(vm, m);
    define_async_queue(vm, m);
    define_async_locks(vm, m);
    define_streams(vm, m);
    define_transports(vm, m);
    for (BuiltinShape s :
         {kShapeFuture, kShapeTask, kShapeGatheringFuture, kShapeFutureIter, kShapeEventLoop})
        vm.type(s)->module = vm.str("_asyncio");
    for (BuiltinShape s : {kShapeHandle, kShapeTimerHandle}) vm.type(s)->module = vm.str("asyncio.events");
    vm.type(kShapeAsyncQueue)->module = vm.str("asyncio.queues");
    for (BuiltinShape s : {kShapeAsyncLock, kShapeAsyncEvent}) vm.type(s)->module = vm.str("asyncio.locks");
}

}  // namespace

void define_event_loop(VM& vm, Module* m) {
    define_type(vm, {.shape = kShapeEventLoop, .methods = kMethods, .attributes = kAttributes});
    vm.set(m->dict, "_EventLoop", Value::object(vm.type(kShapeEventLoop)));
}

const ModuleDef kAsyncioModule = {.name = "_asyncio",
                                  .functions = kFunctions,
                                  .init = init,
                                  .doc = "Futures, tasks and the event loop's core."};

}  // namespace gen
