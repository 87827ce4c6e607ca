// asyncio.Lock and asyncio.Event; the other ones are asyncio/locks.gen.
#include "runtime/modules/asyncio.h"

namespace gen {

namespace {

struct AsyncLock : Object {  // Event has the same layout: `locked` is whether it is set
    Fifo waiters;            // NativeCoroutines; the one that was woken stays until it has run
    Value locked;            // bool
    Value loop;              // that it was used in first, or None
    Value rest;
};
static_assert(sizeof(AsyncLock) == sizeof(Record));

AsyncLock* lock_of(Value v) { return v.as<AsyncLock>(); }

void wake_first(VM& vm, AsyncLock* l) {
    if (!l->waiters.size()) return;
    auto* c = l->waiters.peek(vm, l).as<NativeCoroutine>();
    if (c->state == NativeCoroutine::kWaiting) wake_coroutine(vm, c, NativeCoroutine::kWoken);
}
bool all_cancelled(const AsyncLock* l) {
    bool all = true;
    l->waiters.each([&](Value& v) { return all = v.as_object()->state == NativeCoroutine::kCancelled; });
    return all;
}

}  // namespace

Outcome await_lock(VM& vm, NativeCoroutine* c) {
    AsyncLock* l = lock_of(c->owner);
    const bool event = c->operation() == NativeCoroutine::kEventWait;
    Value result = c->operation() == NativeCoroutine::kLockEnter ? Value::none() : Value::true_();
    if (c->state == NativeCoroutine::kWoken ||
        (event ? l->locked.is_true() : l->locked.is_false() && all_cancelled(l))) {
        if (c->state == NativeCoroutine::kWoken) l->waiters.remove(vm, l, Value::object(c));
        if (!event) l->locked = Value::true_();
        c->state = NativeCoroutine::kClosed;
        vm.returned = result;
        return Outcome::stop();
    }
    if (!is_event_loop(vm.fiber->loop)) return vm.raise(kShapeRuntimeError, "no running event loop");
    if (l->loop.is_none()) {
        l->loop = vm.fiber->loop;
        vm.heap.write(l);
    }
    if (!l->loop.is(vm.fiber->loop))
        return raise_with_repr(vm, kShapeRuntimeError, "%R is bound to a different event loop", c->owner);
    c->state = NativeCoroutine::kWaiting;
    l->waiters.push(vm, l, Value::object(c));
    return Value::object(c);
}

void abandon_lock(VM& vm, NativeCoroutine* c) {
    AsyncLock* l = lock_of(c->owner);
    l->waiters.remove(vm, l, Value::object(c));
    if (c->operation() != NativeCoroutine::kEventWait && l->locked.is_false()) wake_first(vm, l);
}

namespace {

template <BuiltinShape shape>
Outcome lock_new(VM& vm, Value* args) {  // cls, args, kwargs
    Class* cls = checked_class(vm, args[0], shape);
    if (!cls) return Outcome::raised();
    auto* l = static_cast<AsyncLock*>(allocate_instance(vm, cls));
    l->waiters.init();
    l->locked = Value::false_();
    l->loop = Value::none();
    return Value::object(l);
}
Outcome lock_init(VM& vm, Value* args) {  // self, keywords
    if (args[1].is_unbound() || !dict_length(args[1].as<Dict>())) return Value::none();
    uint32_t position = 0;
    Value name = next_entry(args[1].as<Dict>(), position)->key;
    return vm.type_error("%s.__init__() got an unexpected keyword argument '%s'", vm.type_name(args[0]),
                         name.as<Str>()->data());
}
template <NativeCoroutine::Operation operation>
Outcome wait(VM& vm, Value* args) {
    return native_coroutine(vm, operation, args[0], Value::none());
}
Outcome lock_release(VM& vm, Value* args) {
    AsyncLock* l = lock_of(args[0]);
    if (!l->locked.is_true()) return vm.raise(kShapeRuntimeError, "Lock is not acquired.");
    l->locked = Value::false_();
    wake_first(vm, l);
    return Value::none();
}
Outcome is_locked(VM&, Value* args) { return lock_of(args[0])->locked; }
Outcome lock_exit(VM& vm, Value* args) {
    Outcome o = lock_release(vm, args);
    return o.is_value() ? Outcome(async_state(vm).done_future) : o;
}
Outcome event_set(VM& vm, Value* args) {
    AsyncLock* l = lock_of(args[0]);
    if (l->locked.is_true()) return Value::none();
    l->locked = Value::true_();
    l->waiters.each([&](Value& v) {
        auto* c = v.as<NativeCoroutine>();
        if (c->state == NativeCoroutine::kWaiting) wake_coroutine(vm, c, NativeCoroutine::kWoken);
        return true;
    });
    return Value::none();
}
Outcome event_clear(VM&, Value* args) {
    lock_of(args[0])->locked = Value::false_();
    return Value::none();
}
template <bool event>
Outcome repr(VM& vm, Value* args) {
    AsyncLock* l = lock_of(args[0]);
    StringBuilder out(vm.heap);
    append_default_repr(vm, out, args[0]);
    out.truncate(out.size() - 1);
    out.append(l->locked.is_true() ? event ? " [set" : " [locked" : event ? " [unset" : " [unlocked");
    if (l->waiters.size()) out.append(", waiters:" + std::to_string(l->waiters.size()));
    out.append("]>");
    return finish(vm, out);
}
Outcome get_waiters(VM& vm, Value self) {
    List* out = make_list(vm.heap);
    lock_of(self)->waiters.each([&](Value& v) {
        v.as_object()->flags &= uint8_t(~kOwned);
        return list_append(vm.heap, out, v);
    });
    return Value::object(out);
}
Outcome get_locked(VM&, Value self) { return lock_of(self)->locked; }
Outcome get_loop(VM&, Value self) { return lock_of(self)->loop; }
Outcome set_loop(VM& vm, Value self, Value v) {
    lock_of(self)->loop = v.is_unbound() ? Value::none() : v;
    vm.heap.write(self.as_object());
    return Value::none();
}

const NativeDef kLockMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)",
     .fn = lock_new<kShapeAsyncLock>,
     .flags = kStaticNative},
    {.signature = "__init__(self, **kwargs)", .fn = lock_init},
    {.signature = "acquire(self)", .fn = wait<NativeCoroutine::kLockAcquire>, .doc = "Acquire a lock."},
    {.signature = "release(self)", .fn = lock_release, .doc = "Release a lock."},
    {.signature = "locked(self)", .fn = is_locked, .doc = "Return True if lock is acquired."},
    {.signature = "__aenter__(self)", .fn = wait<NativeCoroutine::kLockEnter>},
    {.signature = "__aexit__(self, exc_type, exc, tb)", .fn = lock_exit},
    {.signature = "__repr__(self, /)", .fn = repr<false>},
};
const AttributeDef kLockAttributes[] = {
    {"_waiters", get_waiters}, {"_locked", get_locked}, {"_loop", get_loop, set_loop}};
const NativeDef kEventMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)",
     .fn = lock_new<kShapeAsyncEvent>,
     .flags = kStaticNative},
    {.signature = "__init__(self, **kwargs)", .fn = lock_init},
    {.signature = "is_set(self)",
     .fn = is_locked,
     .doc = "Return True if and only if the internal flag is true."},
    {.signature = "set(self)", .fn = event_set, .doc = "Set the internal flag to true."},
    {.signature = "clear(self)", .fn = event_clear, .doc = "Reset the internal flag to false."},
    {.signature = "wait(self)",
     .fn = wait<NativeCoroutine::kEventWait>,
     .doc = "Block until the internal flag is true."},
    {.signature = "__repr__(self, /)", .fn = repr<true>},
};
const AttributeDef kEventAttributes[] = {
    {"_waiters", get_waiters}, {"_value", get_locked}, {"_loop", get_loop, set_loop}};

}  // namespace

void define_async_locks(VM& vm, Module* m) {
    define_type(vm, {.shape = kShapeAsyncLock,
                     .methods = kLockMethods,
                     .attributes = kLockAttributes,
                     .doc = "Primitive lock objects."});
    define_type(vm, {.shape = kShapeAsyncEvent,
                     .methods = kEventMethods,
                     .attributes = kEventAttributes,
                     .doc = "Asynchronous equivalent to threading.Event."});
    vm.set(m->dict, "Lock", Value::object(vm.type(kShapeAsyncLock)));
    vm.set(m->dict, "Event", Value::object(vm.type(kShapeAsyncEvent)));
    // What __aexit__() of a lock answers: an awaitable that is done at once, the same one every time.
    Future* done = make_future(vm, Value::none());
    done->state = Future::kFinished;
    done->result = Value::none();
    async_state(vm).done_future = Value::object(done);
}

}  // namespace gen
