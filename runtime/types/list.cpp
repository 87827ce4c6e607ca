#include "runtime/types/list_sort.h"
#include "runtime/types/support.h"
#include "runtime/types/types.h"
#include "vm/data/sort.h"

namespace gen {

static List* self_of(Value* args) { return args[0].as<List>(); }

static Outcome list_new(VM& vm, Value* args) {
    Class* cls = checked_class(vm, args[0], kShapeList);
    if (!cls) return Outcome::raised();
    return vm.checked(Value::object(allocate_instance(vm, cls)));
}

// ---- extending

// Appends the items of exact built-in containers at once; unhandled() for everything else.
static Outcome extend_fast(VM& vm, List* l, Value items) {
    if (!items.is_object() || !inherits_special(vm, items, Special::Iter)) return Outcome::unhandled();
    bool done;
    if (is_list(items)) {
        done = list_extend(vm.heap, l, items.as<List>()->items->items, items.as<List>()->size);
        charge(vm, items.as<List>()->size / 16);
    } else if (is_tuple(items)) {
        done = list_extend(vm.heap, l, items.as<Tuple>()->items, items.as<Tuple>()->size);
        charge(vm, items.as<Tuple>()->size / 16);
    } else if (is_dict(items) || is_set(items)) {
        DictTable* t = is_dict(items) ? items.as<Dict>()->table : items.as<Set>()->table;
        done = list_grow(vm.heap, l, l->size + t->live);
        uint32_t position = 0;
        if (done)
            while (DictEntry* e = next_entry(t, position)) list_append(vm.heap, l, e->key);
        charge(vm, t->live / 8);
    } else {
        return Outcome::unhandled();
    }
    return done ? Outcome(Value::none()) : vm.no_room();
}

static Outcome list_extend_fn(VM& vm, Value* args) {
    if (is_generator(args[1])) return consume(vm, Consumer::Extend, args[1], args[0]);
    return extend_fast(vm, self_of(args), args[1]);
}

// list, iterable; 2 iterator
static Outcome list_extend_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_iter(vm, frame[1]));
            frame[2] = frame.result();
            AWAIT(2, op_length_hint(vm, frame[1], 8));
            AWAIT(3, consume(vm, Consumer::Extend, frame[2], frame[0]));
    }
    return Value::none();
}

static const NativeDef kExtend = {.signature = "extend(self, iterable, /)",
                                  .fn = list_extend_fn,
                                  .step = list_extend_step,
                                  .locals = 1,
                                  .flags = kConsumes,
                                  .doc = "Extend list by appending elements from the iterable."};

// Keywords are for subclasses with a __new__ of their own, which then get here too.
static bool refuses_keywords(VM& vm, Value self, Value keywords) {
    if (keywords.is_unbound()) return false;
    Value own = vm.special(self, Special::New);
    if (!own.is(vm.type(kShapeList)->specials[int(Special::New)])) return false;
    vm.type_error("list() takes no keyword arguments");
    return true;
}

static Outcome list_init_step(VM& vm, NativeFrame& frame) {  // self, iterable, keywords
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, call_internal(vm, kExtend, {frame[0], frame[1]}));
    }
    return Value::none();
}

static Outcome list_init(VM& vm, Value* args) {
    if (refuses_keywords(vm, args[0], args[2])) return Outcome::raised();
    list_clear(vm.heap, self_of(args));
    if (args[1].is_unbound()) return Value::none();
    return list_extend_fn(vm, args);
}

static Outcome list_iadd_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, call_internal(vm, kExtend, {frame[0], frame[1]}));
    }
    return frame[0];
}

static Outcome list_iadd(VM& vm, Value* args) {
    Outcome o = extend_fast(vm, self_of(args), args[1]);
    return o.is_value() ? Outcome(args[0]) : o;
}

// ---- single items

static Outcome list_append_fn(VM& vm, Value* args) {
    return list_append(vm.heap, self_of(args), args[1]) ? Outcome(Value::none()) : vm.no_room();
}

static Outcome list_insert_fn(VM& vm, Value* args) {
    if (!is_int_like(args[1])) return Outcome::unhandled();
    int64_t i;
    Outcome failure = Outcome::raised();
    if (!get_size(vm, args[1], i, failure)) return failure;
    i = from_end(i, self_of(args)->size);
    if (i > int64_t(self_of(args)->size)) i = int64_t(self_of(args)->size);
    charge(vm, (self_of(args)->size - size_t(i)) / 64);
    return list_insert(vm.heap, self_of(args), size_t(i), args[2]) ? Outcome(Value::none()) : vm.no_room();
}

static Outcome list_insert_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_index(vm, frame[1]));
    }
    Value args[] = {frame[0], frame.result(), frame[2]};
    return list_insert_fn(vm, args);
}

static Outcome pop_at(VM& vm, List* l, Value index) {
    int64_t i;
    Outcome failure = Outcome::raised();
    if (!get_size(vm, index, i, failure)) return failure;
    if (l->size == 0) return vm.raise(kShapeIndexError, "pop from empty list");
    if (i < 0) i += int64_t(l->size);
    if (i < 0 || i >= int64_t(l->size)) return vm.raise(kShapeIndexError, "pop index out of range");
    charge(vm, (l->size - size_t(i)) / 64);
    return list_pop(l, size_t(i));
}

static Outcome list_pop_fn(VM& vm, Value* args) {
    if (args[1].is_unbound()) return pop_at(vm, self_of(args), Value::integer(-1));
    return is_int_like(args[1]) ? pop_at(vm, self_of(args), args[1]) : Outcome::unhandled();
}

static Outcome list_pop_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_index(vm, frame[1]));
    }
    return pop_at(vm, frame[0].as<List>(), frame.result());
}

static Outcome list_clear_fn(VM& vm, Value* args) {
    list_clear(vm.heap, self_of(args));
    return Value::none();
}

static Outcome list_copy(VM& vm, Value* args) {
    List* l = self_of(args);
    charge(vm, l->size / 16);
    return vm.checked(Value::object(make_list(vm.heap, l->items->items, l->size)));
}

static Outcome list_reverse_fn(VM& vm, Value* args) {
    list_reverse(vm.heap, self_of(args));
    charge(vm, self_of(args)->size / 16);
    return Value::none();
}

// ---- searching. list, value, start, stop; index works for tuples too

struct Items {
    Value* at;
    size_t size;
};
static Items items_of(Value v) {
    if (is_list(v)) return {v.as<List>()->items->items, v.as<List>()->size};
    return {v.as<Tuple>()->items, v.as<Tuple>()->size};
}

Outcome sequence_index_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            if (frame[2].is_unbound()) frame[2] = Value::integer(0);
            if (frame[3].is_unbound()) frame[3] = Value::integer(Value::kMaxInt);
            for (frame[4] = Value::integer(2); frame[4].as_int() < 4;
                 frame[4] = Value::integer(frame[4].as_int() + 1)) {
                if (!is_int_like(frame[size_t(frame[4].as_int())]) &&
                    vm.special(frame[size_t(frame[4].as_int())], Special::Index).is_unbound())
                    return vm.type_error("slice indices must be integers or have an __index__ method");
                AWAIT(1, op_index(vm, frame[size_t(frame[4].as_int())]));
                frame[size_t(frame[4].as_int())] = Value::integer(
                    std::min(from_end(int_clamp(frame.result()), items_of(frame[0]).size), Value::kMaxInt));
            }
            for (; frame[2].as_int() < frame[3].as_int(); frame[2] = Value::integer(frame[2].as_int() + 1)) {
                PAUSE(2);
                if (uint64_t(frame[2].as_int()) >= items_of(frame[0]).size) break;
                AWAIT(3, op_equal(vm, items_of(frame[0]).at[frame[2].as_int()], frame[1]));
                if (frame.result().is_true()) return frame[2];
            }
            if (is_tuple(frame[0])) return vm.value_error("tuple.index(x): x not in tuple");
            AWAIT(4, raise_with_repr(vm, kShapeValueError, "%R is not in list", frame[1]));
    }
    return frame.result();
}

Outcome sequence_count_step(VM& vm, NativeFrame& frame) {  // 2 position, 3 count
    switch (frame.step_state()) {
        case 0:
            frame[3] = Value::integer(0);
            for (frame[2] = Value::integer(0); uint64_t(frame[2].as_int()) < items_of(frame[0]).size;
                 frame[2] = Value::integer(frame[2].as_int() + 1)) {
                PAUSE(1);
                if (uint64_t(frame[2].as_int()) >= items_of(frame[0]).size) break;
                AWAIT(2, op_equal(vm, items_of(frame[0]).at[frame[2].as_int()], frame[1]));
                if (frame.result().is_true()) frame[3] = Value::integer(frame[3].as_int() + 1);
            }
    }
    return frame[3];
}

static Outcome list_remove_step(VM& vm, NativeFrame& frame) {  // 2 position
    switch (frame.step_state()) {
        case 0:
            for (frame[2] = Value::integer(0);; frame[2] = Value::integer(frame[2].as_int() + 1)) {
                PAUSE(1);
                if (uint64_t(frame[2].as_int()) >= frame[0].as<List>()->size)
                    return vm.value_error("list.remove(x): x not in list");
                AWAIT(2, op_equal(vm, frame[0].as<List>()->items->items[frame[2].as_int()], frame[1]));
                if (!frame.result().is_true()) continue;
                if (uint64_t(frame[2].as_int()) < frame[0].as<List>()->size)
                    list_erase(frame[0].as<List>(), size_t(frame[2].as_int()), 1);
                return Value::none();
            }
    }
    return Value::none();
}

// ---- sorting

// list; keywords key, reverse. While it runs the list is empty, as CPython has it; whatever happens, it gets its items back.
// 3 the items (Array), 4 how many, 5 keys (Array) or None, 6 the sort job, 7 the stand-in for the items, 8 position, then 8 and 9
// what is compared
static Outcome put_back(VM& vm, NativeFrame& frame, Outcome o) {
    auto* l = frame[0].as<List>();
    bool modified = Value::object(l->items).bits() != frame[7].bits() || l->size != 0;
    l->items = frame[3].as<Array>();
    l->size = uint64_t(frame[4].as_int());
    vm.heap.write(l);
    if (modified && o.is_value()) return vm.value_error("list modified during sort");
    return o;
}

static Outcome list_sort_step(VM& vm, NativeFrame& frame) {
    Value a, b, less;
    Array* job;
    switch (frame.step_state()) {
        case 0:
            if (frame[1].is_unbound()) frame[1] = Value::none();
            if (frame[2].is_unbound()) frame[2] = Value::false_();
            AWAIT(1, op_index(vm, frame[2]));
            frame[2] = Value::boolean(!int_is_zero(frame.result()));
            {
                auto* l = frame[0].as<List>();
                Array* empty = make_array(vm.heap, 0);
                frame[3] = Value::object(l->items);
                frame[4] = Value::integer(int64_t(l->size));
                frame[7] = Value::object(empty);
                l->items = empty;
                l->size = 0;
                vm.heap.write(l);
            }
            frame[5] = Value::none();
            if (!frame[1].is_none()) {
                if (Array* keys = make_array(vm.heap, size_t(frame[4].as_int())))
                    frame[5] = Value::object(keys);
                else
                    return put_back(vm, frame, vm.out_of_memory());
                for (frame[8] = Value::integer(0); frame[8].as_int() < frame[4].as_int();
                     frame[8] = Value::integer(frame[8].as_int() + 1)) {
                    PAUSE(2);
                    AWAIT_CATCHING(3, vm.call(frame[1], {frame[3].as<Array>()->items[frame[8].as_int()]}));
                    if (frame.result().is_unbound()) return put_back(vm, frame, raise_again(vm, vm.caught));
                    {
                        Value* key = &frame[5].as<Array>()->items[frame[8].as_int()];
                        *key = frame.result();
                        vm.heap.write(frame[5].as_object(), key);
                    }
                }
            }
            {
                auto n = size_t(frame[4].as_int());
                auto* items = frame[3].as<Array>();
                Array* keys = frame[5].is_none() ? items : frame[5].as<Array>();
                charge(vm, n * 2);
                bool done =
                    sort_fast(keys->items, keys == items ? nullptr : items->items, n, frame[2].is_true());
                vm.heap.write(items);
                if (done) return put_back(vm, frame, Value::none());
                job = make_sort(vm.heap, keys, keys == items ? nullptr : items, n, frame[2].is_true());
                if (!job) return put_back(vm, frame, vm.out_of_memory());
                frame[6] = Value::object(job);
            }
            while (sort_run(vm.heap, frame[6].as<Array>(), a, b, 100'000)) {
                if (a.is_unbound()) {
                    vm.budget -= 100'000;
                    PAUSE(4);
                    continue;
                }
                less = direct_comparison(vm, CompareOp::Lt, a, b);
                if (less.is_unbound()) {
                    AWAIT_CATCHING(5, op_compare(vm, CompareOp::Lt, a, b));
                } else {
                    frame[8] = a;
                    frame[9] = b;
                    AWAIT_CATCHING(7, vm.call(less, {a, b}));
                    if (frame.result().is_not_implemented()) {
                        AWAIT_CATCHING(8, compare_otherwise(vm, CompareOp::Lt, frame[8], frame[9]));
                    }
                }
                if (frame.result().is_unbound()) break;
                if (!frame.result().is_bool()) {
                    AWAIT_CATCHING(6, op_truth(vm, frame.result()));
                    if (frame.result().is_unbound()) break;
                }
                sort_feed(vm.heap, frame[6].as<Array>(), frame.result().is_true());
                frame.result() = Value::none();
            }
            job = frame[6].as<Array>();
            frame[3] = Value::object(sort_values(job));
            return put_back(
                vm, frame, frame.result().is_unbound() ? raise_again(vm, vm.caught) : Outcome(Value::none()));
    }
    return Outcome::raised();
}

const NativeDef kSortList = {.signature = "sort(list, key, reverse, /)", .step = list_sort_step, .locals = 7};

static const NativeDef kListSort = {
    .signature = "sort(self, /, *, key=None, reverse=False)",
    .step = list_sort_step,
    .locals = 7,
    .doc =
        "Sort the list in ascending order and return None.\n\n"
        "The sort is in-place (i.e. the list itself is modified) and stable (i.e. the\n"
        "order of two equal elements is maintained).\n\n"
        "If a key function is given, apply it once to each list item and sort them,\n"
        "ascending or descending, according to their function values.\n\n"
        "The reverse flag can be set to sort in descending order."};

// ---- operators

static Outcome list_add(VM& vm, Value* args) {
    if (!is_list(args[1]))
        return vm.type_error("can only concatenate list (not \"%s\") to list", vm.type_name(args[1]));
    charge(vm, (self_of(args)->size + args[1].as<List>()->size) / 16);
    return vm.checked(Value::object(list_concat(vm.heap, self_of(args), args[1].as<List>())));
}

static Outcome repeat(VM& vm, Value list, Value count, bool in_place) {
    int64_t n;
    if (!int_to_int64(count, n))
        return vm.raise(kShapeOverflowError, "cannot fit 'int' into an index-sized integer");
    auto* l = list.as<List>();
    charge(vm, n > 0 ? l->size * uint64_t(std::min(n, int64_t{1} << 30)) / 16 : 0);
    if (in_place) return list_repeat_in_place(vm.heap, l, n) ? Outcome(list) : vm.no_room();
    return vm.checked(Value::object(list_repeat(vm.heap, l, n)));
}

template <bool in_place>
static Outcome list_mul(VM& vm, Value* args) {
    return is_int_like(args[1]) ? repeat(vm, args[0], args[1], in_place) : Outcome::unhandled();
}
template <bool in_place>
static Outcome list_mul_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_index(vm, frame[1]));
    }
    return repeat(vm, frame[0], frame.result(), in_place);
}

// ---- special methods

static Outcome len(VM&, Value* args) { return Value::integer(int64_t(self_of(args)->size)); }

static const NativeDef kMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)",
     .fn = list_new,
     .flags = kStaticNative,
     .doc = "Create and return a new object.  See help(type) for accurate signature."},
    {.signature = "__init__(self, iterable=(), /, **kwargs)",
     .fn = list_init,
     .step = list_init_step,
     .flags = kConsumes,
     .doc = "Initialize self.  See help(type(self)) for accurate signature."},
    {.signature = "append(self, object, /)",
     .fn = list_append_fn,
     .doc = "Append object to the end of the list."},
    {.signature = "clear(self, /)", .fn = list_clear_fn, .doc = "Remove all items from list."},
    {.signature = "copy(self, /)", .fn = list_copy, .doc = "Return a shallow copy of the list."},
    {.signature = "count(self, value, /)",
     .step = sequence_count_step,
     .locals = 2,
     .doc = "Return number of occurrences of value."},
    kExtend,
    {.signature = "index(self, value, start=0, stop=9223372036854775807, /)",
     .step = sequence_index_step,
     .locals = 1,
     .doc = "Return first index of value.\n\nRaises ValueError if the value is not present."},
    {.signature = "insert(self, index, object, /)",
     .fn = list_insert_fn,
     .step = list_insert_step,
     .doc = "Insert object before index."},
    {.signature = "pop(self, index=-1, /)",
     .fn = list_pop_fn,
     .step = list_pop_step,
     .doc = "Remove and return item at index (default last).\n\n"
            "Raises IndexError if list is empty or index is out of range."},
    {.signature = "remove(self, value, /)",
     .step = list_remove_step,
     .locals = 1,
     .doc = "Remove first occurrence of value.\n\nRaises ValueError if the value is not present."},
    {.signature = "reverse(self, /)", .fn = list_reverse_fn, .doc = "Reverse *IN PLACE*."},
    kListSort,
    {.signature = "__add__(self, value, /)", .fn = list_add},
    {.signature = "__iadd__(self, value, /)", .fn = list_iadd, .step = list_iadd_step, .flags = kConsumes},
    {.signature = "__mul__(self, value, /)", .fn = list_mul<false>, .step = list_mul_step<false>},
    {.signature = "__rmul__(self, value, /)", .fn = list_mul<false>, .step = list_mul_step<false>},
    {.signature = "__imul__(self, value, /)", .fn = list_mul<true>, .step = list_mul_step<true>},
    {.signature = "__len__(self, /)", .fn = len},
    {.signature = "__getitem__(self, index, /)", .fn = base_getitem_native},
    {.signature = "__setitem__(self, key, value, /)", .fn = base_setitem_native},
    {.signature = "__delitem__(self, key, /)", .fn = base_delitem_native},
    {.signature = "__contains__(self, key, /)", .fn = base_contains_native},
    {.signature = "__iter__(self, /)", .fn = base_iter_native},
    {.signature = "__reversed__(self, /)",
     .fn = base_reversed_native,
     .doc = "Return a reverse iterator over the list."},
    {.signature = "__repr__(self, /)", .fn = repr_native},
    {.signature = "__eq__(self, value, /)", .fn = compare_native<CompareOp::Eq, sequence_compare>},
    {.signature = "__ne__(self, value, /)", .fn = compare_native<CompareOp::Ne, sequence_compare>},
    {.signature = "__lt__(self, value, /)", .fn = compare_native<CompareOp::Lt, sequence_compare>},
    {.signature = "__le__(self, value, /)", .fn = compare_native<CompareOp::Le, sequence_compare>},
    {.signature = "__gt__(self, value, /)", .fn = compare_native<CompareOp::Gt, sequence_compare>},
    {.signature = "__ge__(self, value, /)", .fn = compare_native<CompareOp::Ge, sequence_compare>},
    {.signature = kClassGetitem, .fn = generic_alias, .flags = kClassNative, .doc = "See PEP 585"},
};

void define_list(VM& vm) {
    define_type(vm, {.shape = kShapeList,
                     .methods = kMethods,
                     .doc = "Built-in mutable sequence.\n\nIf no argument is given, the constructor creates "
                            "a new empty list.\n"
                            "The argument must be an iterable if specified."});
    set_type_attribute(vm, kShapeList, "__hash__", Value::none());
}

}  // namespace gen
