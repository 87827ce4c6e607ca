// asyncio.gather() of futures, tasks and coroutines of the running loop; the helpers do it for others.
#include "runtime/modules/asyncio.h"

#include <algorithm>
#include <vector>

namespace gen {

// What a child has become, as an item of the results.
static Value outcome_of(VM& vm, Future* child) {
    if (child->state == Future::kCancelled)
        return make_error(vm, async_state(vm).cancelled_error,
                          child->message.is_none() ? Value::object(vm.empty_string) : child->message);
    child->aux &= uint8_t(~Future::kLogTraceback);
    return child->result;
}

Outcome child_is_done(VM& vm, GatheringFuture* g, Future* child) {
    g->count = Value::integer(g->count.as_int() + 1);
    const bool failed = child->aux & Future::kFailed;
    if (g->done()) {
        child->aux &= uint8_t(~Future::kLogTraceback);
        return Value::none();
    }
    if (g->return_exceptions.is_false()) {
        if (child->state == Future::kCancelled)
            return set_future_exception(vm, g, cancelled_error(vm, child));
        if (failed) return set_future_exception(vm, g, exception_of(vm, child));
    }
    List* children = g->children.as<List>();
    if (g->count.as_int() < int64_t(children->size)) return Value::none();
    List* results = make_list(vm.heap, children->size);
    if (!results) return set_future_exception(vm, g, memory_error(vm));
    for (size_t i = 0; i < children->size; i++)
        list_append(vm.heap, results, outcome_of(vm, children->items->items[i].as<Future>()));
    if (g->cancel_requested.is_true())  // with the message that the last of the children has
        return set_future_exception(
            vm, g, cancelled_error(vm, children->items->items[children->size - 1].as<Future>()));
    return set_future_result(vm, g, Value::object(results));
}

namespace {

Outcome gather_native(VM& vm, Value* args) {  // return_exceptions, args
    Tuple* given = args[1].as<Tuple>();
    EventLoop* loop = running_loop(vm);
    bool return_exceptions = false;
    Outcome failure = Value::none();
    bool simple = loop && given->size && !(loop->state & EventLoop::kClosed) &&
                  loop->task_factory.is_none() &&
                  (args[0].is_unbound() || get_flag(vm, args[0], return_exceptions, failure));
    constexpr uint8_t kSeen = 64;  // of Object::aux, for the time being
    std::vector<uint64_t> coroutines;
    coroutines.reserve(given->size);
    size_t looked_at = 0;
    for (; simple && looked_at < given->size; looked_at++) {
        Value v = given->items[looked_at];
        if (is_exact_future(v)) {
            simple = v.as<Future>()->loop.is(Value::object(loop)) && !(v.as_object()->aux & kSeen);
            if (!simple) break;
            v.as_object()->aux |= kSeen;
        } else {
            simple = is_native_coroutine(v) || is_exact(v, kShapeCoroutine);
            coroutines.push_back(v.bits());
        }
    }
    for (size_t i = 0; i < looked_at; i++)
        if (is_exact_future(given->items[i])) given->items[i].as_object()->aux &= uint8_t(~kSeen);
    // Each of them once. (What was made just now stands in rising order, mostly.)
    if (!std::is_sorted(coroutines.begin(), coroutines.end()))
        std::sort(coroutines.begin(), coroutines.end());
    if (std::adjacent_find(coroutines.begin(), coroutines.end()) != coroutines.end()) simple = false;
    if (!simple)
        return call_helper(vm, "gather", {args[1], args[0].is_unbound() ? Value::false_() : args[0]});

    List* children = make_list(vm.heap, given->size);
    if (!children) return vm.out_of_memory();
    auto* g = vm.heap.make<GatheringFuture>(Kind::MediumRecord, kShapeGatheringFuture,
                                            sizeof(GatheringFuture) + sizeof(Value));
    init_future(g, Value::object(loop));
    g->children = Value::object(children);
    g->return_exceptions = Value::boolean(return_exceptions);
    g->cancel_requested = Value::false_();
    g->rest = Value::unbound();
    *slots_of(vm.shapes[kShapeGatheringFuture], g) = Value::unbound();
    for (size_t i = 0; i < given->size; i++) {
        Value v = given->items[i];
        if (!is_exact_future(v)) {
            Task* t =
                make_task(vm, vm.type(kShapeTask), v, Value::object(loop), Value::none(), Value::none());
            t->aux |= Future::kQuietEnd;
            register_task(vm, t);
            v = Value::object(t);
        }
        list_append(vm.heap, children, v);
        if (!v.as<Future>()->done()) {
            if (!add_callback(vm, v.as<Future>(), Value::object(g), Value::unbound()))
                return vm.out_of_memory();
        } else {
            push_ready(vm, loop, Value::object(g));
            push_ready(vm, loop, v);
        }
    }
    return Value::object(g);
}

Outcome gathering_cancel(VM& vm, Value* args) {  // self, msg
    List* foreign;
    Cancelled cancelled =
        cancel_waiting(vm, args[0], args[1].is_unbound() ? Value::none() : args[1], foreign);
    return cancelled == Cancelled::Cycle ? Outcome::raised()
                                         : Outcome(Value::boolean(cancelled == Cancelled::Yes));
}

const NativeDef kMethods[] = {
    {.signature = "cancel(self, /, msg=None)", .fn = gathering_cancel},
};
const NativeDef kGather = {.signature = "gather(*coros_or_futures, return_exceptions=False)",
                           .fn = gather_native,
                           .doc = "Return a future aggregating results from the given coroutines/futures."};

}  // namespace

void define_gather(VM& vm, Module* m) {
    define_type(vm, {.shape = kShapeGatheringFuture, .methods = kMethods});
    vm.set(m->dict, "gather", make_native(vm, kGather, vm.str("asyncio.tasks")));
    vm.set(m->dict, "_GatheringFuture", Value::object(vm.type(kShapeGatheringFuture)));
}

}  // namespace gen
