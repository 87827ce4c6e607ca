// asyncio.Queue itself. Subclasses, whose _get() and _put() may be anything, are served by asyncio/queues.gen: a C++ method that gets
// one of those as self hands over to the helper of the same name.
#include "runtime/modules/asyncio.h"

namespace gen {

namespace {

struct Queue : Object {
    Fifo items, getters, putters;  // those that wait are NativeCoroutines
    Value maxsize;                 // int or float
    Value loop;                    // that it was used in first, or None
    Value unfinished;              // int
    Value finished;                // Future that join() waits for; or unbound: there is none yet
    Value rest;
};
static_assert(sizeof(Queue) == sizeof(LargeRecord));

Queue* queue_of(Value v) { return v.as<Queue>(); }
bool is_plain(Value v) { return v.as_object()->shape == kShapeAsyncQueue; }
bool is_full(const Queue* q) {
    double limit = q->maxsize.is_int() ? double(q->maxsize.as_int()) : as_float(q->maxsize);
    return limit > 0 && double(q->items.size()) >= limit;
}

void wake_next(VM& vm, Queue* q, Fifo& waiters) {
    while (waiters.size()) {
        auto* c = waiters.pop(vm, q).as<NativeCoroutine>();
        if (c->state != NativeCoroutine::kWaiting) continue;
        wake_coroutine(vm, c, NativeCoroutine::kWoken);
        return;
    }
}
void put(VM& vm, Queue* q, Value item) {
    q->items.push(vm, q, item);
    q->unfinished = Value::integer(q->unfinished.as_int() + 1);
    wake_next(vm, q, q->getters);
}
Value take(VM& vm, Queue* q) {
    Value v = q->items.pop(vm, q);
    wake_next(vm, q, q->putters);
    return v;
}

}  // namespace

Outcome await_queue(VM& vm, NativeCoroutine* c) {
    Queue* q = queue_of(c->owner);
    const bool getting = c->operation() == NativeCoroutine::kQueueGet;
    if (getting ? q->items.size() != 0 : !is_full(q)) {
        c->state = NativeCoroutine::kClosed;
        vm.returned = getting ? take(vm, q) : Value::none();
        if (!getting) put(vm, q, c->item);
        return Outcome::stop();
    }
    if (!is_event_loop(vm.fiber->loop)) return vm.raise(kShapeRuntimeError, "no running event loop");
    if (q->loop.is_none()) {
        q->loop = vm.fiber->loop;
        vm.heap.write(q);
    }
    if (!q->loop.is(vm.fiber->loop))
        return raise_with_repr(vm, kShapeRuntimeError, "%R is bound to a different event loop", c->owner);
    c->state = NativeCoroutine::kWaiting;
    (getting ? q->getters : q->putters).push(vm, q, Value::object(c));
    return Value::object(c);
}

void abandon_queue(VM& vm, NativeCoroutine* c) {
    Queue* q = queue_of(c->owner);
    const bool getting = c->operation() == NativeCoroutine::kQueueGet;
    Fifo& waiters = getting ? q->getters : q->putters;
    waiters.remove(vm, q, Value::object(c));
    // It was woken for an item, or a place, that somebody else may have now.
    if (c->state == NativeCoroutine::kWoken && (getting ? q->items.size() != 0 : !is_full(q)))
        wake_next(vm, q, waiters);
}

namespace {

Outcome queue_new(VM& vm, Value* args) {  // cls, args, kwargs
    Class* cls = checked_class(vm, args[0], kShapeAsyncQueue);
    if (!cls) return Outcome::raised();
    auto* q = static_cast<Queue*>(allocate_instance(vm, cls));
    q->items.init();
    q->getters.init();
    q->putters.init();
    q->maxsize = q->unfinished = Value::integer(0);
    q->loop = Value::none();
    return Value::object(q);
}
Outcome queue_init(VM& vm, Value* args) {  // self, maxsize
    if (!is_plain(args[0]))
        return call_helper(vm, "queue_init", {args[0], args[1].is_unbound() ? Value::integer(0) : args[1]});
    Value maxsize = args[1].is_unbound() ? Value::integer(0) : args[1];
    if (!maxsize.is_int() && !is_float(maxsize))
        return vm.type_error("'<=' not supported between instances of '%s' and 'int'", vm.type_name(maxsize));
    queue_of(args[0])->maxsize = maxsize;
    vm.heap.write(args[0].as_object());
    return Value::none();
}
Outcome queue_get(VM& vm, Value* args) {
    if (!is_plain(args[0]) || (!vm.fiber->loop.is_none() && !is_event_loop(vm.fiber->loop)))
        return call_helper(vm, "queue_get", {args[0]});
    Queue* q = queue_of(args[0]);
    if (q->items.size() && is_awaited_at_once(vm)) return answer_at_once(vm, take(vm, q));
    return native_coroutine(vm, NativeCoroutine::kQueueGet, args[0], Value::none());
}
Outcome queue_put(VM& vm, Value* args) {
    if (!is_plain(args[0]) || (!vm.fiber->loop.is_none() && !is_event_loop(vm.fiber->loop)))
        return call_helper(vm, "queue_put", {args[0], args[1]});
    Queue* q = queue_of(args[0]);
    if (!is_full(q) && is_awaited_at_once(vm)) {
        put(vm, q, args[1]);
        return answer_at_once(vm, Value::none());
    }
    return native_coroutine(vm, NativeCoroutine::kQueuePut, args[0], args[1]);
}
Outcome queue_get_nowait(VM& vm, Value* args) {
    if (!is_plain(args[0])) return call_helper(vm, "queue_get_nowait", {args[0]});
    Queue* q = queue_of(args[0]);
    return q->items.size() ? Outcome(take(vm, q)) : call_helper(vm, "queue_is_empty", {});
}
Outcome queue_put_nowait(VM& vm, Value* args) {
    if (!is_plain(args[0])) return call_helper(vm, "queue_put_nowait", {args[0], args[1]});
    if (is_full(queue_of(args[0]))) return call_helper(vm, "queue_is_full", {});
    put(vm, queue_of(args[0]), args[1]);
    return Value::none();
}
Outcome queue_qsize(VM& vm, Value* args) {
    if (!is_plain(args[0])) return call_helper(vm, "queue_qsize", {args[0]});
    return Value::integer(int64_t(queue_of(args[0])->items.size()));
}
Outcome queue_empty(VM& vm, Value* args) {
    if (!is_plain(args[0])) return call_helper(vm, "queue_empty", {args[0]});
    return Value::boolean(!queue_of(args[0])->items.size());
}
Outcome queue_full(VM& vm, Value* args) {
    if (!is_plain(args[0])) return call_helper(vm, "queue_full", {args[0]});
    return Value::boolean(is_full(queue_of(args[0])));
}
Outcome queue_task_done(VM& vm, Value* args) {
    Queue* q = queue_of(args[0]);
    if (q->unfinished.as_int() <= 0) return vm.value_error("task_done() called too many times");
    q->unfinished = Value::integer(q->unfinished.as_int() - 1);
    if (q->unfinished.as_int() || !q->finished.is_object()) return Value::none();
    Value f = q->finished;
    q->finished = Value::unbound();
    return call_helper(vm, "set_event", {f});
}
// The Event that join() waits for.
Outcome queue_finished_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            if (queue_of(frame[0])->finished.is_unbound()) {
                AWAIT(1, call_helper(vm, "make_event", {}));
                queue_of(frame[0])->finished = frame.result();
                vm.heap.write(frame[0].as_object());
            }
    }
    return queue_of(frame[0])->finished;
}
// What a subclass may write anew.
Outcome queue_default_init(VM& vm, Value* args) { return call_helper(vm, "queue_default_init", {args[0]}); }
Outcome queue_default_get(VM& vm, Value* args) { return call_helper(vm, "queue_default_get", {args[0]}); }
Outcome queue_default_put(VM& vm, Value* args) {
    return call_helper(vm, "queue_default_put", {args[0], args[1]});
}
Outcome queue_join(VM& vm, Value* args) { return call_helper(vm, "queue_join", {args[0]}); }
Outcome queue_repr(VM& vm, Value* args) { return call_helper(vm, "queue_repr", {args[0]}); }
Outcome queue_str(VM& vm, Value* args) { return call_helper(vm, "queue_str", {args[0]}); }
Outcome queue_format(VM& vm, Value* args) { return call_helper(vm, "queue_format", {args[0]}); }
Outcome queue_add_unfinished(VM&, Value* args) {
    queue_of(args[0])->unfinished = Value::integer(queue_of(args[0])->unfinished.as_int() + 1);
    return Value::none();
}

Outcome list_of(VM& vm, const Fifo& fifo) {
    List* l = make_list(vm.heap);
    fifo.each([&](Value& v) {
        if (is_native_coroutine(v)) v.as_object()->flags &= uint8_t(~kOwned);
        return list_append(vm.heap, l, v);
    });
    return Value::object(l);
}
Outcome get_maxsize(VM&, Value self) { return queue_of(self)->maxsize; }
Outcome set_maxsize(VM& vm, Value self, Value v) {
    if (v.is_unbound() || (!v.is_int() && !is_float(v))) return vm.type_error("maxsize must be a number");
    queue_of(self)->maxsize = v;
    vm.heap.write(self.as_object());
    return Value::none();
}
Outcome get_unfinished(VM&, Value self) { return queue_of(self)->unfinished; }
Outcome set_unfinished(VM& vm, Value self, Value v) {
    if (!v.is_int()) return vm.type_error("an int is wanted");
    queue_of(self)->unfinished = v;
    return Value::none();
}
// What subclasses keep in attributes of these names.
template <Fifo Queue::*member>
const char* name_of() {
    return member == &Queue::items ? "_queue" : member == &Queue::getters ? "_getters" : "_putters";
}
template <Fifo Queue::*member>
Outcome get_list(VM& vm, Value self) {
    if (is_plain(self)) return list_of(vm, queue_of(self)->*member);
    Value v = get_instance_attribute(vm, self.as_object(), vm.intern(name_of<member>()));
    return v.is_unbound() ? vm.raisef(kShapeAttributeError, "'%s' object has no attribute '%s'",
                                      vm.type_name(self), name_of<member>())
                          : Outcome(v);
}
template <Fifo Queue::*member>
Outcome set_list(VM& vm, Value self, Value v) {
    if (is_plain(self) || v.is_unbound())
        return vm.raisef(kShapeAttributeError, "attribute '%s' is not writable", name_of<member>());
    return set_instance_attribute(vm, self.as_object(), vm.intern(name_of<member>()), v)
               ? Outcome(Value::none())
               : vm.out_of_memory();
}

const NativeDef kMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)", .fn = queue_new, .flags = kStaticNative},
    {.signature = "__init__(self, maxsize=0)", .fn = queue_init},
    {.signature = "get(self)", .fn = queue_get, .doc = "Remove and return an item from the queue."},
    {.signature = "put(self, item)", .fn = queue_put, .doc = "Put an item into the queue."},
    {.signature = "get_nowait(self)", .fn = queue_get_nowait},
    {.signature = "put_nowait(self, item)", .fn = queue_put_nowait},
    {.signature = "qsize(self)", .fn = queue_qsize, .doc = "Number of items in the queue."},
    {.signature = "empty(self)", .fn = queue_empty},
    {.signature = "full(self)", .fn = queue_full},
    {.signature = "task_done(self)", .fn = queue_task_done},
    {.signature = "join(self)",
     .fn = queue_join,
     .doc = "Block until all items in the queue have been gotten and processed."},
    {.signature = "_init(self, maxsize)", .fn = queue_default_init},
    {.signature = "_get(self)", .fn = queue_default_get},
    {.signature = "_put(self, item)", .fn = queue_default_put},
    {.signature = "_finished_event(self)", .step = queue_finished_step},
    {.signature = "_format(self)", .fn = queue_format},
    {.signature = "_add_unfinished(self)", .fn = queue_add_unfinished},
    {.signature = "__repr__(self, /)", .fn = queue_repr},
    {.signature = "__str__(self, /)", .fn = queue_str},
    {.signature = kClassGetitem, .fn = generic_alias, .flags = kClassNative},
};
const AttributeDef kAttributes[] = {
    {"maxsize", get_maxsize},
    {"_maxsize", get_maxsize, set_maxsize},
    {"_unfinished_tasks", get_unfinished, set_unfinished},
};
const AttributeDef kLists[] = {
    {"_queue", get_list<&Queue::items>, set_list<&Queue::items>},
    {"_getters", get_list<&Queue::getters>, set_list<&Queue::getters>},
    {"_putters", get_list<&Queue::putters>, set_list<&Queue::putters>},
};

}  // namespace

void define_async_queue(VM& vm, Module* m) {
    define_type(vm, {.shape = kShapeAsyncQueue,
                     .methods = kMethods,
                     .attributes = kAttributes,
                     .doc = "A queue, useful for coordinating producer and consumer coroutines."});
    define_type(vm, {.shape = kShapeAsyncQueue, .attributes = kLists});
    vm.set(m->dict, "Queue", Value::object(vm.type(kShapeAsyncQueue)));
}

}  // namespace gen
