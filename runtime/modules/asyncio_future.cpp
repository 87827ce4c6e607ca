// _asyncio.Future.
#include "runtime/modules/asyncio.h"

#include "vm/exec/exec.h"

namespace gen {

void Fifo::push_slow(VM& vm, Object* holder, Value v) {
    uint64_t p = uint64_t(packed.as_int()), n = p >> 20, first = p >> 10 & 1023, end = p & 1023;
    if (!head.is_object()) {
        head = tail = Value::object(make_array(vm.heap, 6));
        vm.heap.write(holder);
    } else if (!n) {
        head = tail;
        first = end = 0;
    }
    Array* a = tail.as<Array>();
    if (end + 1 == a->capacity) {
        if (!a->items[end].is_object()) {
            a->items[end] = Value::object(make_array(vm.heap, std::min<uint64_t>(a->capacity * 4, kBlock)));
            vm.heap.write(a);
        }
        tail = a->items[end];
        vm.heap.write(holder);
        a = tail.as<Array>();
        end = 0;
    }
    a->items[end] = v;
    vm.heap.write(a);
    packed = Value::integer(int64_t((n + 1) << 20 | first << 10 | (end + 1)));
}

Value Fifo::pop_slow(VM& vm, Object* holder) {
    uint64_t p = uint64_t(packed.as_int()), n = p >> 20, first = p >> 10 & 1023, end = p & 1023;
    Array* a = head.as<Array>();
    Value v;
    do {
        if (first + 1 == a->capacity) {
            Value empty = head;
            head = a->items[first];
            a->items[first] = Value::unbound();
            // It is the next one behind the tail, if that has none: a queue that stays as long as it is needs no memory.
            Array* last = tail.as<Array>();
            if (last->items[last->capacity - 1].is_unbound()) {
                last->items[last->capacity - 1] = empty;
                vm.heap.write(last);
            }
            vm.heap.write(holder);
            a = head.as<Array>();
            first = 0;
        }
        v = a->items[first];
        a->items[first++] = Value::unbound();
    } while (v.is_unbound());  // removed before its turn
    packed = Value::integer(int64_t((n - 1) << 20 | first << 10 | end));
    return v;
}

Value Fifo::peek(VM& vm, Object* holder) {
    Value v = pop(vm, holder);
    // It stood just before the place of the next one.
    uint64_t p = uint64_t(packed.as_int()), first = (p >> 10 & 1023) - 1;
    head.as<Array>()->items[first] = v;
    packed = Value::integer(int64_t(((p >> 20) + 1) << 20 | first << 10 | (p & 1023)));
    return v;
}

bool Fifo::remove(VM& vm, Object* holder, Value v) {
    if (!size()) return false;
    if (peek(vm, holder).is(v)) {
        pop(vm, holder);
        return true;
    }
    bool found = false;
    each([&](Value& at) {
        if (!at.is(v)) return true;
        at = Value::unbound();
        found = true;
        return false;
    });
    if (found) packed = Value::integer(packed.as_int() - (int64_t{1} << 20));
    return found;
}

Outcome call_helper(VM& vm, const char* name, std::initializer_list<Value> args) {
    Value helpers = async_state(vm).helpers;
    Value f = helpers.is_object() ? vm.get(helpers.as<Dict>(), vm.intern(name)) : Value::unbound();
    if (f.is_unbound()) return vm.raisef(kShapeRuntimeError, "asyncio is not imported: %s", name);
    return vm.call(f, args);
}

void init_future(Future* f, Value loop) {
    f->state = Future::kPending;
    f->aux = 0;
    f->loop = loop;
    f->callbacks = f->result = f->error = Value::unbound();
    f->count = Value::integer(0);
    f->message = Value::none();
}

Future* make_future(VM& vm, Value loop) {
    auto* f = vm.heap.make<Future>(Kind::Record, kShapeFuture, sizeof(Future) + sizeof(Value));
    init_future(f, loop);
    *slots_of(vm.shapes[kShapeFuture], f) = Value::unbound();
    return f;
}

Value make_error(VM& vm, Value cls, Value message) {
    auto* e = static_cast<Exception*>(allocate_instance(vm, cls.as<Class>()));
    if (!message.is_none()) e->args = vm.tuple({message});
    return Value::object(e);
}

static Outcome invalid_state(VM& vm, const char* text) {
    return vm.raise(make_error(vm, async_state(vm).invalid_state_error, vm.str(text)));
}

Value cancelled_error(VM& vm, Future* f) {
    Value e = Value::unbound();
    if (f->state == Future::kCancelled) std::swap(e, f->error);
    return e.is_unbound() ? make_error(vm, async_state(vm).cancelled_error, f->message) : e;
}

Value exception_of(VM& vm, Future* f) {
    f->aux &= uint8_t(~Future::kLogTraceback);
    auto* e = f->result.as<Exception>();
    e->traceback = f->error;
    vm.heap.write(e);
    return f->result;
}

// ---- callbacks

// Calls f for each entry: with its callback, and with its context, unbound for a task or a gathering.
template <class F>
static void each_entry(Value callbacks, F f) {
    auto one = [&](Value entry) {
        if (is_exact_tuple(entry))
            f(entry.as<Tuple>()->items[0], entry.as<Tuple>()->items[1]);
        else
            f(entry, Value::unbound());
    };
    if (!is_exact_list(callbacks)) return one(callbacks);
    for (size_t i = 0; i < callbacks.as<List>()->size; i++) one(callbacks.as<List>()->items->items[i]);
}

// Pairs of callback and context, as the language sees them; a task that waits gives a callable.
static Value callback_pairs(VM& vm, Future* f) {
    List* pairs = make_list(vm.heap);
    auto add = [&](Value callback, Value context) {
        if (context.is_unbound()) {
            if (callback.as_object()->shape != kShapeGatheringFuture)
                callback =
                    vm.bound_method(vm.lookup(vm.type(kShapeTask), vm.intern("task_wakeup")), callback);
            context = Value::none();
        } else if (!is_context(context)) {
            context = Value::object(context_of(vm, context));
        }
        list_append(vm.heap, pairs, vm.tuple({callback, context}));
    };
    Value callbacks = f->callbacks;
    if (callbacks.is_unbound()) return Value::object(pairs);
    each_entry(callbacks, add);
    return Value::object(pairs);
}

static Outcome schedule_callbacks(VM& vm, Future* f, Value answer) {
    Value callbacks = f->callbacks;
    if (callbacks.is_unbound()) return answer;
    if (!is_plain_loop(f->loop)) {
        Value pairs = callback_pairs(vm, f);
        f->callbacks = Value::unbound();
        return call_helper(vm, "schedule_callbacks", {Value::object(f), pairs, answer});
    }
    f->callbacks = Value::unbound();
    auto* loop = f->loop.as<EventLoop>();
    Outcome open = check_open(vm, loop);
    if (open.is_raised()) return open;
    auto push = [&](Value callback, Value context) {
        if (context.is_unbound()) {
            push_ready(vm, loop, callback);
            if (callback.as_object()->shape == kShapeGatheringFuture) push_ready(vm, loop, Value::object(f));
        } else {
            push_ready(
                vm, loop,
                Value::object(make_handle(vm, callback, vm.tuple({Value::object(f)}), context, f->loop)));
        }
    };
    each_entry(callbacks, push);
    return answer;
}

Value memory_error(VM& vm) {
    Value before = vm.exception;
    vm.out_of_memory();
    Value error = vm.exception;
    vm.exception = before;
    return error;
}

bool has_callback(const Future* f, Value callback) {
    bool found = false;
    if (!f->callbacks.is_unbound())
        each_entry(f->callbacks, [&](Value c, Value) { found = found || c.is(callback); });
    return found;
}

bool add_callback(VM& vm, Future* f, Value callback, Value context) {
    return add_entry(vm, f, context.is_unbound() ? callback : vm.tuple({callback, context}));
}

bool add_entry(VM& vm, Future* f, Value entry) {
    if (f->callbacks.is_unbound()) {
        f->callbacks = entry;
        vm.heap.write(f);
        return true;
    }
    if (!is_exact_list(f->callbacks)) {
        f->callbacks = Value::object(make_list(vm.heap, &f->callbacks, 1));
        vm.heap.write(f);
    }
    return list_append(vm.heap, f->callbacks.as<List>(), entry);
}

Outcome set_future_result(VM& vm, Future* f, Value result, Value answer) {
    f->result = result;
    f->state = Future::kFinished;
    if (result.is_object()) vm.heap.write(f);
    return schedule_callbacks(vm, f, answer);
}

Outcome set_future_exception(VM& vm, Future* f, Value exception, Value answer) {
    f->result = exception;
    f->error = exception.as<Exception>()->traceback;
    f->state = Future::kFinished;
    f->aux |= Future::kFailed | Future::kLogTraceback;
    vm.heap.write(f);
    if (!(f->flags & kFinalizer)) vm.register_finalizer(f);  // tells when nobody asks for it
    return schedule_callbacks(vm, f, answer);
}

Outcome cancel_future(VM& vm, Future* f, Value message, Value answer) {
    f->aux &= uint8_t(~Future::kLogTraceback);
    f->state = Future::kCancelled;
    f->message = message;
    vm.heap.write(f);
    return schedule_callbacks(vm, f, answer);
}

// The outcome of a done future: its result, or raised().
static Outcome result_of(VM& vm, Future* f) {
    if (f->state == Future::kCancelled) return vm.raise(cancelled_error(vm, f));
    if (f->aux & Future::kFailed) return vm.raise(exception_of(vm, f));
    return f->result;
}

Value await_iterator(VM& vm, Value awaited) {
    auto* r = vm.heap.make<Record>(Kind::Record, kShapeFutureIter);
    for (Value& v : r->fields) v = Value::unbound();
    r->fields[0] = awaited;
    return Value::object(r);
}

Outcome await_future(VM& vm, Future* f) {
    if (f->done()) {
        Outcome o = result_of(vm, f);
        if (!o.is_value()) return o;
        vm.returned = o.value();
        return Outcome::stop();
    }
    if (f->loop.is_unbound()) return vm.raise(kShapeRuntimeError, "Future object is not initialized.");
    if (f->aux & Future::kBlocking) {
        f->aux &= uint8_t(~Future::kBlocking);
        return vm.raise(kShapeRuntimeError, "await wasn't used with future");
    }
    f->aux |= Future::kBlocking;
    return Value::object(f);
}

namespace {

Future* future_of(Value v) { return v.as<Future>(); }
bool is_ready(VM& vm, Future* f) {
    if (!f->loop.is_unbound()) return true;
    vm.raisef(kShapeRuntimeError, "%s object is not initialized.",
              f->kind == Kind::MediumRecord ? "Task" : "Future");
    return false;
}
#define NEED_INIT(v) \
    if (!is_ready(vm, future_of(v))) return Outcome::raised()

Outcome future_new(VM& vm, Value* args) {  // cls, args, kwargs
    Class* cls = checked_class(vm, args[0], kShapeFuture);
    if (!cls) return Outcome::raised();
    if (cls == vm.type(kShapeFuture)) return Value::object(make_future(vm, Value::unbound()));
    auto* f = static_cast<Future*>(allocate_instance(vm, cls));
    init_future(f, Value::unbound());
    return Value::object(f);
}
Outcome future_init_step(VM& vm, NativeFrame& frame) {  // self, loop
    Value running;
    switch (frame.step_state()) {
        case 0:
            running = frame[1].is_unbound() || frame[1].is_none() ? vm.fiber->loop : frame[1];
            if (running.is_none()) {
                AWAIT(1, call_helper(vm, "loop_of_constructor", {}));
                running = frame.result();
            }
    }
    init_future(future_of(frame[0]), running);
    vm.heap.write(frame[0].as_object());
    return Value::none();
}
Outcome future_result(VM& vm, Value* args) {
    Future* f = future_of(args[0]);
    if (!f->done()) return invalid_state(vm, "Result is not set.");
    return result_of(vm, f);
}
Outcome future_exception(VM& vm, Value* args) {
    Future* f = future_of(args[0]);
    if (f->state == Future::kCancelled) return vm.raise(cancelled_error(vm, f));
    if (!f->done()) return invalid_state(vm, "Exception is not set.");
    if (!(f->aux & Future::kFailed)) return Value::none();
    f->aux &= uint8_t(~Future::kLogTraceback);
    return f->result;
}
Outcome future_set_result(VM& vm, Value* args) {
    NEED_INIT(args[0]);
    if (future_of(args[0])->done()) return invalid_state(vm, "invalid state");
    return set_future_result(vm, future_of(args[0]), args[1]);
}
Outcome future_set_exception_step(VM& vm, NativeFrame& frame) {  // self, exception
    NEED_INIT(frame[0]);
    switch (frame.step_state()) {
        case 0:
            if (future_of(frame[0])->done()) return invalid_state(vm, "invalid state");
            if (is_class(frame[1]) && frame[1].as<Class>()->class_flags & Class::kException) {
                AWAIT(1, vm.call(frame[1], {}));
                frame[1] = frame.result();
            }
    }
    if (!vm.is_instance(frame[1], kShapeBaseException)) return vm.type_error("invalid exception object");
    if (vm.is_instance(frame[1], kShapeStopIteration))
        return vm.type_error(
            "StopIteration interacts badly with generators and cannot be raised into a Future");
    if (future_of(frame[0])->done()) return invalid_state(vm, "invalid state");
    return set_future_exception(vm, future_of(frame[0]), frame[1]);
}
Outcome future_add_done_callback(VM& vm, Value* args) {  // self, fn, context
    Future* f = future_of(args[0]);
    NEED_INIT(args[0]);
    Value context = args[2].is_unbound() || args[2].is_none() ? context_snapshot(vm) : args[2];
    if (!f->done()) {
        return add_callback(vm, f, args[1], context) ? Outcome(Value::none()) : vm.no_room();
    }
    if (!is_plain_loop(f->loop))
        return call_helper(vm, "call_soon_with",
                           {f->loop, args[1], args[0], Value::object(current_context(vm))});
    Outcome open = check_open(vm, f->loop.as<EventLoop>());
    if (open.is_raised()) return open;
    push_ready(vm, f->loop.as<EventLoop>(),
               Value::object(make_handle(vm, args[1], vm.tuple({args[0]}), context, f->loop)));
    return Value::none();
}
Outcome future_remove_done_callback(VM& vm, Value* args) {
    NEED_INIT(args[0]);
    if (future_of(args[0])->callbacks.is_unbound()) return Value::integer(0);
    return call_helper(vm, "remove_done_callback", {args[0], args[1]});
}
Outcome future_cancel(VM& vm, Value* args) {  // self, msg
    NEED_INIT(args[0]);
    Future* f = future_of(args[0]);
    f->aux &= uint8_t(~Future::kLogTraceback);
    if (f->done()) return Value::false_();
    return cancel_future(vm, f, args[1].is_unbound() ? Value::none() : args[1]);
}
Outcome future_cancelled(VM&, Value* args) {
    return Value::boolean(future_of(args[0])->state == Future::kCancelled);
}
Outcome future_done(VM&, Value* args) { return Value::boolean(future_of(args[0])->done()); }
Outcome future_get_loop(VM& vm, Value* args) {
    NEED_INIT(args[0]);
    return future_of(args[0])->loop;
}
Outcome future_make_cancelled_error(VM& vm, Value* args) { return cancelled_error(vm, future_of(args[0])); }
Outcome future_repr(VM& vm, Value* args) { return call_helper(vm, "future_repr", {args[0]}); }
Outcome future_del(VM& vm, Value* args) {
    Future* f = future_of(args[0]);
    if (!(f->aux & Future::kLogTraceback)) return Value::none();
    f->aux &= uint8_t(~Future::kLogTraceback);
    return call_helper(vm, "report_never_retrieved", {args[0], f->result});
}
Outcome future_iter(VM& vm, Value* args) {
    NEED_INIT(args[0]);
    return await_iterator(vm, args[0]);
}
Outcome future_callback_pairs(VM& vm, Value* args) { return callback_pairs(vm, future_of(args[0])); }
// keep_callbacks(flags): those of the pairs that remain.
Outcome future_keep_callbacks(VM& vm, Value* args) {
    Future* f = future_of(args[0]);
    if (!is_exact_list(args[1])) return vm.type_error("a list is wanted");
    if (f->callbacks.is_unbound()) return Value::none();
    List* old = is_exact_list(f->callbacks) ? f->callbacks.as<List>() : nullptr;
    List* flags = args[1].as<List>();
    List* kept = make_list(vm.heap);
    for (size_t i = 0; i < (old ? old->size : 1); i++) {
        if (i < flags->size && flags->items->items[i].is_false()) continue;
        list_append(vm.heap, kept, old ? old->items->items[i] : f->callbacks);
    }
    f->callbacks = kept->size ? Value::object(kept) : Value::unbound();
    vm.heap.write(f);
    return Value::none();
}

Outcome get_state(VM& vm, Value self) {
    const char* const kNames[] = {"PENDING", "FINISHED", "CANCELLED"};
    return Value::object(vm.intern(kNames[future_of(self)->state]));
}
Outcome get_loop(VM&, Value self) {
    return future_of(self)->loop.is_unbound() ? Value::none() : future_of(self)->loop;
}
Outcome get_callbacks(VM& vm, Value self) {
    if (future_of(self)->callbacks.is_unbound()) return Value::none();
    return future_callback_pairs(vm, &self);
}
Outcome get_result(VM&, Value self) {
    Future* f = future_of(self);
    return !f->done() || f->result.is_unbound() || f->aux & Future::kFailed ? Value::none() : f->result;
}
Outcome get_exception(VM&, Value self) {
    return future_of(self)->aux & Future::kFailed ? future_of(self)->result : Value::none();
}
Outcome get_message(VM&, Value self) { return future_of(self)->message; }
Outcome set_message(VM& vm, Value self, Value v) {
    future_of(self)->message = v.is_unbound() ? Value::none() : v;
    vm.heap.write(self.as_object());
    return Value::none();
}
Outcome get_blocking(VM&, Value self) { return Value::boolean(future_of(self)->aux & Future::kBlocking); }
Outcome set_blocking(VM& vm, Value self, Value v) {
    if (v.is_unbound()) return vm.raise(kShapeAttributeError, "cannot delete attribute");
    bool on = false;
    Outcome failure = Value::none();
    if (!get_flag(vm, v, on, failure)) return failure;
    if (on)
        future_of(self)->aux |= Future::kBlocking;
    else
        future_of(self)->aux &= uint8_t(~Future::kBlocking);
    return Value::none();
}
Outcome get_log_traceback(VM&, Value self) {
    return Value::boolean(future_of(self)->aux & Future::kLogTraceback);
}
Outcome set_log_traceback(VM& vm, Value self, Value v) {
    if (v.is_unbound()) return vm.raise(kShapeAttributeError, "cannot delete attribute");
    bool on = false;
    Outcome failure = Value::none();
    if (!get_flag(vm, v, on, failure)) return failure;
    if (on) return vm.value_error("_log_traceback can only be set to False");
    future_of(self)->aux &= uint8_t(~Future::kLogTraceback);
    return Value::none();
}
Outcome get_none(VM&, Value) { return Value::none(); }

const NativeDef kMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)", .fn = future_new, .flags = kStaticNative},
    {.signature = "__init__(self, *, loop=None)", .step = future_init_step},
    {.signature = "result(self, /)", .fn = future_result, .doc = "Return the result this future represents."},
    {.signature = "exception(self, /)",
     .fn = future_exception,
     .doc = "Return the exception that was set on this future."},
    {.signature = "set_result(self, result, /)",
     .fn = future_set_result,
     .doc = "Mark the future done and set its result."},
    {.signature = "set_exception(self, exception, /)",
     .step = future_set_exception_step,
     .doc = "Mark the future done and set an exception."},
    {.signature = "add_done_callback(self, fn, /, *, context=None)",
     .fn = future_add_done_callback,
     .doc = "Add a callback to be run when the future becomes done."},
    {.signature = "remove_done_callback(self, fn, /)",
     .fn = future_remove_done_callback,
     .doc = "Remove all instances of a callback from the \"call when done\" list."},
    {.signature = "cancel(self, /, msg=None)",
     .fn = future_cancel,
     .doc = "Cancel the future and schedule callbacks."},
    {.signature = "cancelled(self, /)",
     .fn = future_cancelled,
     .doc = "Return True if the future was cancelled."},
    {.signature = "done(self, /)", .fn = future_done, .doc = "Return True if the future is done."},
    {.signature = "get_loop(self, /)",
     .fn = future_get_loop,
     .doc = "Return the event loop the Future is bound to."},
    {.signature = "_make_cancelled_error(self, /)", .fn = future_make_cancelled_error},
    {.signature = "_callback_pairs(self, /)", .fn = future_callback_pairs},
    {.signature = "_keep_callbacks(self, flags, /)", .fn = future_keep_callbacks},
    {.signature = "__iter__(self, /)", .fn = future_iter},
    {.signature = "__await__(self, /)", .fn = future_iter},
    {.signature = "__repr__(self, /)", .fn = future_repr},
    {.signature = "__del__(self, /)", .fn = future_del},
    {.signature = kClassGetitem, .fn = generic_alias, .flags = kClassNative},
};
const AttributeDef kAttributes[] = {
    {"_state", get_state},
    {"_loop", get_loop},
    {"_callbacks", get_callbacks},
    {"_result", get_result},
    {"_exception", get_exception},
    {"_cancel_message", get_message, set_message},
    {"_asyncio_future_blocking", get_blocking, set_blocking},
    {"_log_traceback", get_log_traceback, set_log_traceback},
    {"_source_traceback", get_none},
};

// ---- FutureIter: what __await__() gives to who asks for it

Outcome iter_send(VM& vm, Value* args) {
    auto* r = args[0].as<Record>();
    if (r->fields[0].is_unbound()) return vm.raise(kShapeStopIteration, std::initializer_list<Value>{});
    if (is_native_coroutine(r->fields[0]))
        return send_to_coroutine(vm, r->fields[0].as<NativeCoroutine>(), args[1]);
    Future* f = future_of(r->fields[0]);
    if (!f->done() && r->fields[1].is_unbound()) {
        r->fields[1] = Value::true_();
        f->aux |= Future::kBlocking;
        return r->fields[0];
    }
    if (!f->done()) return vm.raise(kShapeRuntimeError, "await wasn't used with future");
    r->fields[0] = Value::unbound();
    Outcome o = result_of(vm, f);
    return o.is_value() ? vm.raise(kShapeStopIteration, {o.value()}) : o;
}
// The argument of throw() is checked by those of a generator.
Outcome iter_throw_step(VM& vm, NativeFrame& frame) {  // self, type, value, traceback
    Value type = frame[1];
    switch (frame.step_state()) {
        case 0:
            if (is_class(type) && type.as<Class>()->class_flags & Class::kException) {
                if (vm.is_instance(frame[2], kShapeBaseException)) {
                    frame.result() = frame[2];
                } else {
                    AWAIT(1, frame[2].is_unbound() || frame[2].is_none() ? vm.call(frame[1], {})
                             : is_tuple(frame[2])                        ? vm.call_with(frame[1], frame[2])
                                                                         : vm.call(frame[1], {frame[2]}));
                }
            } else if (vm.is_instance(type, kShapeBaseException)) {
                if (!frame[2].is_unbound() && !frame[2].is_none())
                    return vm.type_error("instance exception may not have a separate value");
                frame.result() = type;
            } else {
                return vm.type_error(
                    "exceptions must be classes deriving BaseException or instances of such a class");
            }
    }
    if (!frame[3].is_unbound() && !frame[3].is_none()) {
        if (!frame[3].is_object() || frame[3].as_object()->kind != Kind::Traceback)
            return vm.type_error("throw() third argument must be a traceback object");
        frame.result().as<Exception>()->traceback = frame[3];
        vm.heap.write(frame.result().as_object());
    }
    Value awaited = frame[0].as<Record>()->fields[0];
    frame[0].as<Record>()->fields[0] = Value::unbound();
    if (is_native_coroutine(awaited))
        return throw_into_coroutine(vm, awaited.as<NativeCoroutine>(), frame.result());
    return raise_again(vm, frame.result());
}
Outcome iter_next(VM& vm, Value* args) {
    Value with_none[] = {args[0], Value::none()};
    return iter_send(vm, with_none);
}
Outcome iter_close(VM& vm, Value* args) {
    if (is_native_coroutine(args[0].as<Record>()->fields[0]))
        close_coroutine(vm, args[0].as<Record>()->fields[0].as<NativeCoroutine>());
    args[0].as<Record>()->fields[0] = Value::unbound();
    return Value::none();
}
const NativeDef kIterMethods[] = {
    {.signature = "send(self, value, /)", .fn = iter_send},
    {.signature = "throw(self, type, value=None, traceback=None, /)", .step = iter_throw_step},
    {.signature = "close(self, /)", .fn = iter_close},
    {.signature = "__next__(self, /)", .fn = iter_next},
    {.signature = "__iter__(self, /)", .fn = same},
};

}  // namespace

void define_futures(VM& vm, Module* m) {
    define_type(vm, {.shape = kShapeFuture,
                     .methods = kMethods,
                     .attributes = kAttributes,
                     .doc = "This class is *almost* compatible with concurrent.futures.Future."});
    define_type(vm, {.shape = kShapeFutureIter, .methods = kIterMethods});
    vm.set(m->dict, "Future", Value::object(vm.type(kShapeFuture)));
}

}  // namespace gen
