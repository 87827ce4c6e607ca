// all, any, iter, len, max, min, next, sorted, sum, and the asynchronous aiter and anext.
#include "runtime/types/builtins.h"
#include "runtime/types/list_sort.h"

namespace gen {

struct Items {
    Value* at = nullptr;
    size_t size = 0;
};
// The items of an exact list or tuple; `at` is null for anything else.
static Items items_of(Value v) {
    if (is_exact_list(v)) return {v.as<List>()->items->items, v.as<List>()->size};
    if (is_exact_tuple(v)) return {v.as<Tuple>()->items, v.as<Tuple>()->size};
    return {};
}

// ---- all, any: `stopper` is the truth that decides

template <bool stopper>
static Outcome decide_fn(VM& vm, Value* args) {
    if (is_generator(args[0])) return consume(vm, stopper ? Consumer::Any : Consumer::All, args[0]);
    Items items = items_of(args[0]);
    if (!items.at) return Outcome::unhandled();
    for (size_t i = 0; i < items.size; i++) {
        Fast f = fast_truth(items.at[i]);
        if (f == Fast::Unhandled) return Outcome::unhandled();
        if ((f == Fast::True) == stopper) return Value::boolean(stopper);
    }
    charge(vm, items.size / 16);
    return Value::boolean(!stopper);
}
template <bool stopper>
static Outcome decide_step(VM& vm, NativeFrame& frame) {  // iterable
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_iter(vm, frame[0]));
            AWAIT(2, consume(vm, stopper ? Consumer::Any : Consumer::All, frame.result()));
    }
    return frame.result();
}

// ---- sum

// As far as both are ints or floats; false: not so, `total` is as it was.
static bool add_fast(VM& vm, Value& total, Value v) {
    Value sum;
    if (both_int(total, v)) {
        total = Value::add(total, v, sum) ? sum : int_add(vm.heap, total, v);
        return !total.is_unbound();
    }
    if (is_exact_float(total) && (is_exact_float(v) || v.is_int())) {
        total = vm.real(as_float(total) + (v.is_int() ? double(v.as_int()) : as_float(v)));
        return true;
    }
    if (is_exact_float(v) && total.is_int()) {
        total = vm.real(double(total.as_int()) + as_float(v));
        return true;
    }
    return false;
}

// The sum of an arithmetic progression, without walking it.
static Outcome sum_of_range(VM& vm, Range* r, Value start) {
    Heap& heap = vm.heap;
    Value n = range_length(vm, r);
    Value last = range_item(vm, r, int_sub(heap, n, Value::integer(1)));
    Value twice = int_mul(heap, n, int_add(heap, r->start, last));
    return vm.checked(int_add(heap, start, int_floordiv(heap, twice, Value::integer(2))));
}

static Outcome sum_fn(VM& vm, Value* args) {
    if (args[1].is_unbound()) args[1] = Value::integer(0);
    if (is_exact(args[0], kShapeRange) && is_exact_int(args[1]))
        return sum_of_range(vm, args[0].as<Range>(), args[1]);
    if (is_generator(args[0]) && args[1].is_int()) return consume(vm, Consumer::Sum, args[0], args[1]);
    Items items = items_of(args[0]);
    if (!items.at || is_str(args[1]) || is_bytes_like(args[1])) return Outcome::unhandled();  // refused there
    Value total = args[1];
    for (size_t i = 0; i < items.size; i++)
        if (!add_fast(vm, total, items.at[i])) return Outcome::unhandled();
    charge(vm, items.size / 8);
    return total;
}
static Outcome sum_step(VM& vm, NativeFrame& frame) {  // iterable, total; 2 iterator
    switch (frame.step_state()) {
        case 0:
            if (frame[1].is_unbound()) frame[1] = Value::integer(0);
            AWAIT(1, op_iter(vm, frame[0]));
            frame[2] = frame.result();
            if (is_str(frame[1])) return vm.type_error("sum() can't sum strings [use ''.join(seq) instead]");
            if (is_bytes(frame[1])) return vm.type_error("sum() can't sum bytes [use b''.join(seq) instead]");
            if (is_bytearray(frame[1]))
                return vm.type_error("sum() can't sum bytearray [use b''.join(seq) instead]");
            AWAIT(2, consume(vm, Consumer::Sum, frame[2], frame[1]));
    }
    return frame.result();
}

// ---- max, min. Slots: key, default, *args

template <bool greatest>
static constexpr const char* kName = greatest ? "max" : "min";

template <bool greatest>
static Outcome extreme_fn(VM& vm, Value* args) {
    auto* given = args[2].as<Tuple>();
    if (given->size == 0) return vm.type_error("%s expected at least 1 argument, got 0", kName<greatest>);
    if (given->size > 1 && !args[1].is_unbound())
        return vm.type_error("Cannot specify a default for %s() with multiple positional arguments",
                             kName<greatest>);
    if (!args[0].is_unbound() && !args[0].is_none()) return Outcome::unhandled();
    Items items = given->size > 1 ? Items{given->items, given->size} : items_of(given->items[0]);
    if (!items.at || items.size == 0) return Outcome::unhandled();
    Value best = items.at[0];
    for (size_t i = 1; i < items.size; i++) {
        Fast better = greatest ? fast_gt(items.at[i], best) : fast_lt(items.at[i], best);
        if (better == Fast::Unhandled) return Outcome::unhandled();
        if (better == Fast::True) best = items.at[i];
    }
    charge(vm, items.size / 16);
    return best;
}

// 3 iterator, 4 best item, 5 its key, 6 item, 7 its key
template <bool greatest>
static Outcome extreme_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_iter(vm, frame[2].as<Tuple>()->size > 1 ? frame[2] : frame[2].as<Tuple>()->items[0]));
            frame[3] = frame.result();
            if (frame[0].is_unbound() || frame[0].is_none()) {
                AWAIT(2, consume(vm, greatest ? Consumer::Max : Consumer::Min, frame[3]));
                frame[4] = frame.result();
            } else {
                for (;;) {
                    PAUSE(3);
                    AWAIT(4, op_next(vm, frame[3]));
                    if (frame.result().is_unbound()) break;
                    frame[6] = frame.result();
                    AWAIT(5, vm.call(frame[0], {frame[6]}));
                    frame[7] = frame.result();
                    if (!frame[4].is_unbound()) {
                        AWAIT(6,
                              op_compare(vm, greatest ? CompareOp::Gt : CompareOp::Lt, frame[7], frame[5]));
                        AWAIT(7, op_truth(vm, frame.result()));
                        if (!frame.result().is_true()) continue;
                    }
                    frame[4] = frame[6];
                    frame[5] = frame[7];
                }
            }
            if (!frame[4].is_unbound()) return frame[4];
            if (!frame[1].is_unbound()) return frame[1];
    }
    return vm.value_error("%s() arg is an empty sequence", kName<greatest>);
}

// ---- sorted

static Outcome sorted_step(VM& vm, NativeFrame& frame) {  // key, reverse, *iterable (just one); 3 list
    switch (frame.step_state()) {
        case 0:
            if (frame[2].as<Tuple>()->size != 1)
                return vm.type_error("sorted expected 1 argument, got %zu",
                                     size_t(frame[2].as<Tuple>()->size));
            AWAIT(1, op_list(vm, frame[2].as<Tuple>()->items[0]));
            frame[3] = frame.result();
            if (frame[0].is_unbound()) frame[0] = Value::none();
            if (frame[1].is_unbound()) frame[1] = Value::false_();
            AWAIT(2, call_internal(vm, kSortList, {frame[3], frame[0], frame[1]}));
    }
    return frame[3];
}

// ---- iter, next, len

static Outcome iter_native(VM& vm, Value* args) {
    if (args[1].is_unbound()) return op_iter(vm, args[0]);
    if (!is_callable(vm, args[0])) return vm.type_error("iter(v, w): v must be callable");
    return Value::object(make_iterator(vm, kShapeCallableIterator, args[0], args[1]));
}

static Outcome next_fn(VM& vm, Value* args) {
    if (!args[1].is_unbound()) {
        if (is_exact(args[0], kShapeMap)) return Outcome::unhandled();  // would answer with a call
        Outcome o = fast_next(vm, args[0]);
        if (o.is_stop()) return args[1];
        return o.is_value() || o.is_raised() ? o : Outcome::unhandled();
    }
    Outcome o = op_next(vm, args[0]);
    if (o.is_call())
        vm.request.stops = Request::Stops::Never;  // the caller is to see the StopIteration, and its value
    return o;
}
static Outcome next_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_next(vm, frame[0]));
    }
    return frame.result().is_unbound() ? frame[1] : frame.result();
}

static Outcome len_native(VM& vm, Value* args) { return op_len(vm, args[0]); }

// ---- aiter, anext

static Outcome aiter_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            if (vm.special(frame[0], Special::Aiter).is_unbound())
                return vm.type_error("'%s' object is not an async iterable", vm.type_name(frame[0]));
            AWAIT(1, vm.call_special(Special::Aiter, frame[0]));
    }
    if (vm.special(frame.result(), Special::Anext).is_unbound())
        return vm.type_error("aiter() returned not an async iterator of type '%s'",
                             vm.type_name(frame.result()));
    return frame.result();
}

static Outcome anext_native(VM& vm, Value* args) {
    if (vm.special(args[0], Special::Anext).is_unbound())
        return vm.type_error("'%s' object is not an async iterator", vm.type_name(args[0]));
    if (args[1].is_unbound()) return vm.call_special(Special::Anext, args[0]);
    return vm.call_prelude(vm.intern("_anext_or"), {args[0], args[1]});
}

static const NativeDef kFunctions[] = {
    {.signature = "aiter(async_iterable, /)",
     .step = aiter_step,
     .doc = "Return an AsyncIterator for an AsyncIterable object."},
    {.signature = "all(iterable, /)",
     .fn = decide_fn<false>,
     .step = decide_step<false>,
     .flags = kConsumes,
     .doc = "Return True if bool(x) is True for all values x in the iterable.\n\n"
            "If the iterable is empty, return True."},
    {.signature = "anext(aiterator, default=None, /)",
     .fn = anext_native,
     .doc = "async anext(aiterator[, default])\n\n"
            "Return the next item from the async iterator.  If default is given and the async\n"
            "iterator is exhausted, it is returned instead of raising StopAsyncIteration."},
    {.signature = "any(iterable, /)",
     .fn = decide_fn<true>,
     .step = decide_step<true>,
     .flags = kConsumes,
     .doc = "Return True if bool(x) is True for any x in the iterable.\n\n"
            "If the iterable is empty, return False."},
    {.signature = "iter(object, sentinel=None, /)",
     .fn = iter_native,
     .doc = "iter(iterable) -> iterator\niter(callable, sentinel) -> iterator\n\n"
            "Get an iterator from an object.  In the first form, the argument must\n"
            "supply its own iterator, or be a sequence.\n"
            "In the second form, the callable is called until it returns the sentinel."},
    {.signature = "len(obj, /)", .fn = len_native, .doc = "Return the number of items in a container."},
    {.signature = "max(*args, key=None, default=None)",
     .fn = extreme_fn<true>,
     .step = extreme_step<true>,
     .locals = 5,
     .flags = kConsumes,
     .doc = "max(iterable, *[, default=obj, key=func]) -> value\n"
            "max(arg1, arg2, *args, *[, key=func]) -> value\n\n"
            "With a single iterable argument, return its biggest item. The\n"
            "default keyword-only argument specifies an object to return if\n"
            "the provided iterable is empty.\n"
            "With two or more arguments, return the largest argument."},
    {.signature = "min(*args, key=None, default=None)",
     .fn = extreme_fn<false>,
     .step = extreme_step<false>,
     .locals = 5,
     .flags = kConsumes,
     .doc = "min(iterable, *[, default=obj, key=func]) -> value\n"
            "min(arg1, arg2, *args, *[, key=func]) -> value\n\n"
            "With a single iterable argument, return its smallest item. The\n"
            "default keyword-only argument specifies an object to return if\n"
            "the provided iterable is empty.\n"
            "With two or more arguments, return the smallest argument."},
    {.signature = "next(iterator, default=None, /)",
     .fn = next_fn,
     .step = next_step,
     .flags = kConsumes,
     .doc = "next(iterator[, default])\n\n"
            "Return the next item from the iterator. If default is given and the iterator\n"
            "is exhausted, it is returned instead of raising StopIteration."},
    {.signature = "sorted(*iterable, key=None, reverse=False)",
     .step = sorted_step,
     .locals = 1,
     .flags = kConsumes,
     .doc = "Return a new list containing all items from the iterable in ascending order.\n\n"
            "A custom key function can be supplied to customize the sort order, and the\n"
            "reverse flag can be set to request the result in descending order."},
    {.signature = "sum(iterable, /, start=0)",
     .fn = sum_fn,
     .step = sum_step,
     .locals = 1,
     .flags = kConsumes,
     .doc = "Return the sum of a 'start' value (default: 0) plus an iterable of numbers\n\n"
            "When the iterable is empty, return the start value.\n"
            "This function is intended specifically for use with numeric values and may\n"
            "reject non-numeric types."},
};
std::span<const NativeDef> iteration_functions() { return kFunctions; }

}  // namespace gen
