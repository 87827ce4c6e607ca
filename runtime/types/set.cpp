// set and frozenset. Operations go by whole tables as long as no comparison has to ask the script, else item by item.
#include "runtime/types/set_operations.h"
#include "runtime/types/support.h"
#include "runtime/types/types.h"
#include "vm/exec/tables.h"

namespace gen {

// ---- set_operations.h

// In a set, an item that is a set itself is unhashable; `in` takes it for the frozenset.
static Outcome contains(VM& vm, Value container, Value item) {
    return is_set(container) ? op_set_contains(vm, container.as<Set>(), item)
                             : base_contains(vm, container, item);
}

static Outcome select_step(VM& vm,
                           NativeFrame& frame) {  // iterable, container, wanted, into; 4 iterator, 5 item
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, is_set(frame[0]) ? base_iter(vm, frame[0]) : op_iter(vm, frame[0]));
            frame[4] = frame.result();
            for (;;) {
                PAUSE(2);
                AWAIT(3, op_next(vm, frame[4]));
                if (frame.result().is_unbound()) return frame[3];
                frame[5] = frame.result();
                AWAIT(4, contains(vm, frame[1], frame[5]));
                if (frame.result().is(frame[2])) {
                    AWAIT(5, op_set_add(vm, frame[3].as<Set>(), frame[5]));
                }
            }
    }
    return frame[3];
}
static const NativeDef kSelect = {
    .signature = "select(iterable, container, wanted, into, /)", .step = select_step, .locals = 2};

Outcome select_items(VM& vm, Value iterable, Value container, bool wanted, Value into) {
    return call_internal(vm, kSelect, {iterable, container, Value::boolean(wanted), into});
}

static Outcome all_items_step(VM& vm,
                              NativeFrame& frame) {  // iterable, container, wanted, negate; 4 iterator
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_iter(vm, frame[0]));
            frame[4] = frame.result();
            for (;;) {
                PAUSE(2);
                AWAIT(3, op_next(vm, frame[4]));
                if (frame.result().is_unbound()) return Value::boolean(!frame[3].is_true());
                AWAIT(4, contains(vm, frame[1], frame.result()));
                if (!frame.result().is(frame[2])) return frame[3];
            }
    }
    return frame[3];
}
static const NativeDef kAllItems = {
    .signature = "all(iterable, container, wanted, negate, /)", .step = all_items_step, .locals = 1};

Outcome all_items(VM& vm, Value iterable, Value container, bool wanted, bool negate) {
    return call_internal(vm, kAllItems,
                         {iterable, container, Value::boolean(wanted), Value::boolean(negate)});
}

// ---- sets

static Set* self_of(Value* args) { return args[0].as<Set>(); }
static BuiltinShape base_shape(VM& vm, Value set) { return BuiltinShape(built_in_base(vm, set)->root_shape); }

static Value new_set(VM& vm, BuiltinShape shape) { return Value::object(make_set(vm.heap, 0, shape)); }
static Outcome copy_as(VM& vm, Value set, BuiltinShape shape) {
    charge(vm, set_length(set.as<Set>()) / 8);
    return vm.checked(Value::object(set_copy(vm.heap, set.as<Set>(), shape)));
}

// A table to work on at once: of a set, or of a dict for its keys.
static DictTable* table_of(VM& vm, Value v) {
    if (is_set(v) && inherits_special(vm, v, Special::Iter)) return v.as<Set>()->table;
    if (is_exact_dict(v)) return v.as<Dict>()->table;
    return nullptr;
}

// ---- one set and one iterable: a new set

using Combine = Store (*)(Heap&, const DictTable*, const DictTable*, uint32_t, Set*&);

static Outcome combine_fast(VM& vm, Combine combine, Value a, Value b, BuiltinShape shape) {
    DictTable *x = a.as<Set>()->table, *y = table_of(vm, b);
    if (!y) return Outcome::unhandled();
    charge(vm, (uint64_t(x->live) + y->live) / 8);
    Set* out = nullptr;
    switch (combine(vm.heap, x, y, shape, out)) {
        case Store::Done:
            return Value::object(out);
        case Store::NoMemory:
            return vm.no_room();
        case Store::Ask:
            break;
    }
    return Outcome::unhandled();
}

// Takes the items of an iterable out of the set. set, iterable; 2 iterator
static Outcome discard_all_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_iter(vm, frame[1]));
            frame[2] = frame.result();
            for (;;) {
                PAUSE(2);
                AWAIT(3, op_next(vm, frame[2]));
                if (frame.result().is_unbound()) return Value::none();
                AWAIT(4, op_set_discard(vm, frame[0].as<Set>(), frame.result()));
            }
    }
    return Value::none();
}
static const NativeDef kDiscardAll = {
    .signature = "difference_update(set, iterable, /)", .step = discard_all_step, .locals = 1};

static Outcome discard_all(VM& vm, Set* s, Value iterable) {
    if (iterable.is(Value::object(s))) return set_clear(vm.heap, s) ? Outcome(Value::none()) : vm.no_room();
    return call_internal(vm, kDiscardAll, {Value::object(s), iterable});
}

static Outcome difference_step(VM& vm, NativeFrame& frame) {  // a, iterable, frozen; 3 result
    switch (frame.step_state()) {
        case 0:
            frame[3] = Value::object(
                set_copy(vm.heap, frame[0].as<Set>(), frame[2].is_true() ? kShapeFrozenSet : kShapeSet));
            if (frame[3].is_unbound()) return vm.no_room();
            AWAIT(1, discard_all(vm, frame[3].as<Set>(), frame[1]));
    }
    return frame[3];
}
static const NativeDef kDifference = {
    .signature = "difference(a, iterable, frozen, /)", .step = difference_step, .locals = 1};

// For each distinct item of b: takes it out of the set, or adds it. set, set of b; 2 iterator, 3 item
static Outcome toggle_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, base_iter(vm, frame[1]));
            frame[2] = frame.result();
            for (;;) {
                PAUSE(2);
                AWAIT(3, op_next(vm, frame[2]));
                if (frame.result().is_unbound()) return Value::none();
                frame[3] = frame.result();
                AWAIT(4, op_set_discard(vm, frame[0].as<Set>(), frame[3]));
                if (!frame.result().is_true()) {
                    AWAIT(5, op_set_add(vm, frame[0].as<Set>(), frame[3]));
                }
            }
    }
    return Value::none();
}
static const NativeDef kToggle = {.signature = "toggle(set, other, /)", .step = toggle_step, .locals = 2};

static Outcome symmetric_step(VM& vm, NativeFrame& frame) {  // a, iterable, frozen; 3 result
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_set(vm, frame[1], frame[2].is_true() ? kShapeFrozenSet : kShapeSet));
            frame[3] = frame.result();
            AWAIT(2, call_internal(vm, kToggle, {frame[3], frame[0]}));
    }
    return frame[3];
}
static const NativeDef kSymmetric = {
    .signature = "symmetric_difference(a, iterable, frozen, /)", .step = symmetric_step, .locals = 1};

static Outcome united_step(VM& vm, NativeFrame& frame) {  // a, iterable, frozen; 3 result
    switch (frame.step_state()) {
        case 0:
            frame[3] = Value::object(
                set_copy(vm.heap, frame[0].as<Set>(), frame[2].is_true() ? kShapeFrozenSet : kShapeSet));
            if (frame[3].is_unbound()) return vm.no_room();
            AWAIT(1, op_set_update(vm, frame[3].as<Set>(), frame[1]));
    }
    return frame[3];
}
static const NativeDef kUnited = {
    .signature = "union(a, iterable, frozen, /)", .step = united_step, .locals = 1};

static Outcome combined(VM& vm, Combine combine, const NativeDef& slow, Value a, Value b,
                        BuiltinShape shape) {
    Outcome o = combine_fast(vm, combine, a, b, shape);
    if (!o.is_unhandled()) return o;
    return call_internal(vm, slow, {a, b, Value::boolean(shape == kShapeFrozenSet)});
}
// The same where the result is a selection of the items of one of the two.
static Outcome selected(VM& vm, Combine combine, Value a, Value b, BuiltinShape shape, Value from,
                        Value container, bool wanted) {
    Outcome o = combine_fast(vm, combine, a, b, shape);
    return o.is_unhandled() ? select_items(vm, from, container, wanted, new_set(vm, shape)) : o;
}

static Outcome united(VM& vm, Value a, Value b, BuiltinShape shape) {
    return combined(vm, set_union, kUnited, a, b, shape);
}
static Outcome intersection(VM& vm, Value a, Value b, BuiltinShape shape) {
    bool larger = is_set(b) && set_length(b.as<Set>()) > set_length(a.as<Set>());
    return selected(vm, set_intersection, a, b, shape, larger ? a : b, larger ? b : a, true);
}
static Outcome difference(VM& vm, Value a, Value b, BuiltinShape shape) {
    if (is_set(b) || is_dict(b)) return selected(vm, set_difference, a, b, shape, a, b, false);
    return call_internal(vm, kDifference, {a, b, Value::boolean(shape == kShapeFrozenSet)});
}
static Outcome symmetric_difference(VM& vm, Value a, Value b, BuiltinShape shape) {
    return combined(vm, set_symmetric_difference, kSymmetric, a, b, shape);
}

// ---- methods with any number of iterables: self, others; 2 result so far, 3 position

using Operation = Outcome (*)(VM&, Value a, Value b, BuiltinShape shape);

template <Operation operation>
static Outcome many_fn(VM& vm, Value* args) {
    auto* others = args[1].as<Tuple>();
    if (others->size == 0) return copy_as(vm, args[0], base_shape(vm, args[0]));
    if (others->size == 1) return operation(vm, args[0], others->items[0], base_shape(vm, args[0]));
    return Outcome::unhandled();
}
template <Operation operation>
static Outcome many_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            frame[2] = frame[0];
            for (frame[3] = Value::integer(0); frame[3].as_int() < int64_t(frame[1].as<Tuple>()->size);
                 frame[3] = Value::integer(frame[3].as_int() + 1)) {
                AWAIT(1, operation(vm, frame[2], frame[1].as<Tuple>()->items[frame[3].as_int()],
                                   base_shape(vm, frame[0])));
                frame[2] = frame.result();
            }
    }
    return frame[2];
}

// The same in place: the result of the operation becomes the content.
template <Operation operation>
static Outcome assign_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            frame[2] = frame[0];
            for (frame[3] = Value::integer(0); frame[3].as_int() < int64_t(frame[1].as<Tuple>()->size);
                 frame[3] = Value::integer(frame[3].as_int() + 1)) {
                AWAIT(1, operation(vm, frame[2], frame[1].as<Tuple>()->items[frame[3].as_int()], kShapeSet));
                frame[2] = frame.result();
            }
            if (!frame[2].is(frame[0]) && !set_assign(vm.heap, frame[0].as<Set>(), frame[2].as<Set>()))
                return vm.out_of_memory();
    }
    return Value::none();
}

using InPlace = Outcome (*)(VM&, Set*, Value);

template <InPlace operation>
static Outcome each_step(VM& vm, NativeFrame& frame) {  // self, others; 2 position
    switch (frame.step_state()) {
        case 0:
            for (frame[2] = Value::integer(0); frame[2].as_int() < int64_t(frame[1].as<Tuple>()->size);
                 frame[2] = Value::integer(frame[2].as_int() + 1)) {
                AWAIT(1, operation(vm, frame[0].as<Set>(), frame[1].as<Tuple>()->items[frame[2].as_int()]));
            }
    }
    return Value::none();
}
template <InPlace operation>
static Outcome each_fn(VM& vm, Value* args) {
    auto* others = args[1].as<Tuple>();
    if (others->size == 0) return Value::none();
    return others->size == 1 ? operation(vm, self_of(args), others->items[0]) : Outcome::unhandled();
}

// Null: a comparison has to ask, or no memory.
static Set* symmetric_of(VM& vm, const Set* a, const Set* b) {
    Set* out = nullptr;
    return set_symmetric_difference(vm.heap, a->table, b->table, kShapeSet, out) == Store::Done ? out
                                                                                                : nullptr;
}

static Outcome symmetric_update_step(VM& vm, NativeFrame& frame) {  // self, other
    switch (frame.step_state()) {
        case 0:
            if (frame[0].is(frame[1]))
                return set_clear(vm.heap, frame[0].as<Set>()) ? Outcome(Value::none()) : vm.no_room();
            AWAIT(1, op_set(vm, frame[1]));
            if (Set* combined = symmetric_of(vm, frame[0].as<Set>(), frame.result().as<Set>()))
                return set_assign(vm.heap, frame[0].as<Set>(), combined) ? Outcome(Value::none())
                                                                         : vm.out_of_memory();
            AWAIT(2, call_internal(vm, kToggle, {frame[0], frame.result()}));
    }
    return Value::none();
}
static const NativeDef kSymmetricUpdate = {.signature = "symmetric_difference_update(self, other, /)",
                                           .step = symmetric_update_step};

static Outcome symmetric_difference_native(VM& vm, Value* args) {
    return symmetric_difference(vm, args[0], args[1], base_shape(vm, args[0]));
}

// ---- operators: sets only

template <Operation operation>
static Outcome operator_native(VM& vm, Value* args) {
    if (!is_set(args[1])) return Value::not_implemented();
    return operation(vm, args[0], args[1], base_shape(vm, args[0]));
}
template <Operation operation>
static Outcome reflected_native(VM& vm, Value* args) {
    if (!is_set(args[1])) return Value::not_implemented();
    return operation(vm, args[1], args[0], base_shape(vm, args[1]));
}

static Outcome only_sets(VM&, Value* args) {
    return is_set(args[1]) ? Outcome::unhandled() : Outcome(Value::not_implemented());
}
static Outcome update_in_place_step(VM& vm, NativeFrame& frame, Outcome (*operation)(VM&, Value, Value)) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, operation(vm, frame[0], frame[1]));
    }
    return frame[0];
}
static Outcome ior_step(VM& vm, NativeFrame& frame) {
    return update_in_place_step(vm, frame,
                                [](VM& v, Value a, Value b) { return op_set_update(v, a.as<Set>(), b); });
}
static Outcome isub_step(VM& vm, NativeFrame& frame) {
    return update_in_place_step(vm, frame,
                                [](VM& v, Value a, Value b) { return discard_all(v, a.as<Set>(), b); });
}
static Outcome ixor_step(VM& vm, NativeFrame& frame) {
    return update_in_place_step(vm, frame, [](VM& v, Value a, Value b) {
        return call_internal(v, kSymmetricUpdate, {a, b});
    });
}
static Outcome iand_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, intersection(vm, frame[0], frame[1], kShapeSet));
    }
    if (!set_assign(vm.heap, frame[0].as<Set>(), frame.result().as<Set>())) return vm.out_of_memory();
    return frame[0];
}

// ---- single items

static Outcome set_add_native(VM& vm, Value* args) {
    Outcome o = op_set_add(vm, self_of(args), args[1]);
    if (o.is_value()) return Value::none();
    return o.is_call() ? Outcome::unhandled() : o;
}
static Outcome set_add_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_set_add(vm, frame[0].as<Set>(), frame[1]));
    }
    return Value::none();
}

static Outcome set_discard_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_set_discard(vm, frame[0].as<Set>(), frozen_if_set(vm, frame[1])));
    }
    return Value::none();
}
static Outcome set_discard_native(VM& vm, Value* args) {
    Outcome o = op_set_discard(vm, self_of(args), frozen_if_set(vm, args[1]));
    if (o.is_value()) return Value::none();
    return o.is_call() ? Outcome::unhandled() : o;
}
static Outcome set_remove_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_set_discard(vm, frame[0].as<Set>(), frozen_if_set(vm, frame[1])));
    }
    return frame.result().is_true() ? Outcome(Value::none()) : vm.key_error(frame[1]);
}

static Outcome set_pop(VM& vm, Value* args) {
    int64_t last = set_last(self_of(args));
    if (last < 0) return vm.raise(kShapeKeyError, "pop from an empty set");
    Value item = self_of(args)->table->entries[last].key;
    set_delete_at(vm.heap, self_of(args), uint32_t(last));
    return item;
}

static Outcome set_clear_native(VM& vm, Value* args) {
    return set_clear(vm.heap, self_of(args)) ? Outcome(Value::none()) : vm.no_room();
}
static Outcome set_copy_native(VM& vm, Value* args) { return copy_as(vm, args[0], kShapeSet); }
static Outcome frozenset_copy(VM& vm, Value* args) {
    return is_exact(args[0], kShapeFrozenSet) ? Outcome(args[0]) : copy_as(vm, args[0], kShapeFrozenSet);
}

// ---- questions

static Outcome isdisjoint(VM& vm, Value* args) {
    Value a = args[0], b = args[1];
    if (DictTable* other = table_of(vm, b)) {
        Fast f = table_disjoint(self_of(args)->table, other);
        if (f != Fast::Unhandled) return Value::boolean(f == Fast::True);
    }
    if (is_set(b) && set_length(b.as<Set>()) > set_length(a.as<Set>())) std::swap(a, b);
    return all_items(vm, b, a, false);
}

static Outcome issubset_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            if (is_set(frame[1])) {
                frame.result() = frame[1];
            } else {
                AWAIT(1, op_set(vm, frame[1]));
            }
            frame[1] = frame.result();
            AWAIT(2, set_compare(vm, CompareOp::Le, frame[0], frame[1]));
    }
    return frame.result();
}
static Outcome issuperset(VM& vm, Value* args) {
    if (is_set(args[1])) return set_compare(vm, CompareOp::Ge, args[0], args[1]);
    return all_items(vm, args[1], args[0], true);
}

static Outcome set_len(VM&, Value* args) { return Value::integer(set_length(self_of(args))); }
static Outcome frozenset_hash(VM& vm, Value* args) { return hash_value(vm, hash_frozenset(self_of(args))); }

// ---- construction

static Outcome set_new(VM& vm, Value* args) {
    Class* cls = checked_class(vm, args[0], kShapeSet);
    if (!cls) return Outcome::raised();
    if (is_builtin(vm, cls, kShapeSet)) return vm.checked(new_set(vm, kShapeSet));
    auto* s = static_cast<Set*>(allocate_instance(vm, cls));
    if (!s) return vm.no_room();
    s->version = vm.heap.next_version();
    return Value::object(s);
}
static Outcome set_init(VM& vm, Value* args) {
    if (!set_clear(vm.heap, self_of(args))) return vm.no_room();
    return args[1].is_unbound() ? Outcome(Value::none()) : op_set_update(vm, self_of(args), args[1]);
}

static Outcome frozenset_new(VM& vm, Value* args) {
    if (!args[0].is(Value::object(vm.type(kShapeFrozenSet))) || !args[2].is_unbound())
        return Outcome::unhandled();
    if (args[1].is_unbound()) return vm.checked(new_set(vm, kShapeFrozenSet));
    return is_exact(args[1], kShapeFrozenSet) ? Outcome(args[1]) : op_set(vm, args[1], kShapeFrozenSet);
}
static Outcome frozenset_new_step(VM& vm, NativeFrame& frame) {  // of a subclass
    Class* cls;
    Set* s;
    switch (frame.step_state()) {
        case 0:
            cls = checked_class(vm, frame[0], kShapeFrozenSet);
            if (!cls || refuses_keywords(vm, cls, kShapeFrozenSet, frame[2])) return Outcome::raised();
            s = static_cast<Set*>(allocate_instance(vm, cls));
            if (!s) return vm.no_room();
            s->version = vm.heap.next_version();
            frame[3] = Value::object(s);
            if (!frame[1].is_unbound()) {
                AWAIT(1, op_set_update(vm, frame[3].as<Set>(), frame[1]));
            }
    }
    return frame[3];
}

// Methods of both classes.
#define SET_METHODS                                                                                       \
    {.signature = "difference(self, /, *others)",                                                         \
     .fn = many_fn<difference>,                                                                           \
     .step = many_step<difference>,                                                                       \
     .locals = 2,                                                                                         \
     .doc =                                                                                               \
         "Return the difference of two or more sets as a new set.\n\n"                                    \
         "(i.e. all elements that are in this set but not the others.)"},                                 \
        {.signature = "intersection(self, /, *others)",                                                   \
         .fn = many_fn<intersection>,                                                                     \
         .step = many_step<intersection>,                                                                 \
         .locals = 2,                                                                                     \
         .doc =                                                                                           \
             "Return the intersection of two sets as a new set.\n\n"                                      \
             "(i.e. all elements that are in both sets.)"},                                               \
        {.signature = "union(self, /, *others)",                                                          \
         .fn = many_fn<united>,                                                                           \
         .step = many_step<united>,                                                                       \
         .locals = 2,                                                                                     \
         .doc = "Return the union of sets as a new set.\n\n(i.e. all elements that are in either set.)"}, \
        {.signature = "symmetric_difference(self, other, /)",                                             \
         .fn = symmetric_difference_native,                                                               \
         .doc =                                                                                           \
             "Return the symmetric difference of two sets as a new set.\n\n"                              \
             "(i.e. all elements that are in exactly one of the sets.)"},                                 \
        {.signature = "isdisjoint(self, other, /)",                                                       \
         .fn = isdisjoint,                                                                                \
         .doc = "Return True if two sets have a null intersection."},                                     \
        {.signature = "issubset(self, other, /)",                                                         \
         .step = issubset_step,                                                                           \
         .doc = "Report whether another set contains this set."},                                         \
        {.signature = "issuperset(self, other, /)",                                                       \
         .fn = issuperset,                                                                                \
         .doc = "Report whether this set contains another set."},                                         \
        {.signature = "__and__(self, value, /)", .fn = operator_native<intersection>},                    \
        {.signature = "__rand__(self, value, /)", .fn = reflected_native<intersection>},                  \
        {.signature = "__or__(self, value, /)", .fn = operator_native<united>},                           \
        {.signature = "__ror__(self, value, /)", .fn = reflected_native<united>},                         \
        {.signature = "__sub__(self, value, /)", .fn = operator_native<difference>},                      \
        {.signature = "__rsub__(self, value, /)", .fn = reflected_native<difference>},                    \
        {.signature = "__xor__(self, value, /)", .fn = operator_native<symmetric_difference>},            \
        {.signature = "__rxor__(self, value, /)", .fn = reflected_native<symmetric_difference>},          \
        {.signature = "__len__(self, /)", .fn = set_len},                                                 \
        {.signature = "__contains__(self, key, /)",                                                       \
         .fn = base_contains_native,                                                                      \
         .doc = "x.__contains__(y) <==> y in x."},                                                        \
        {.signature = "__iter__(self, /)", .fn = base_iter_native},                                       \
        {.signature = "__repr__(self, /)", .fn = repr_native},                                            \
        {.signature = "__eq__(self, value, /)", .fn = compare_native<CompareOp::Eq, set_compare>},        \
        {.signature = "__ne__(self, value, /)", .fn = compare_native<CompareOp::Ne, set_compare>},        \
        {.signature = "__lt__(self, value, /)", .fn = compare_native<CompareOp::Lt, set_compare>},        \
        {.signature = "__le__(self, value, /)", .fn = compare_native<CompareOp::Le, set_compare>},        \
        {.signature = "__gt__(self, value, /)", .fn = compare_native<CompareOp::Gt, set_compare>},        \
        {.signature = "__ge__(self, value, /)", .fn = compare_native<CompareOp::Ge, set_compare>}, {      \
        .signature = kClassGetitem, .fn = generic_alias, .flags = kClassNative, .doc = "See PEP 585"      \
    }

static const NativeDef kSetMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)",
     .fn = set_new,
     .flags = kStaticNative,
     .doc = "Create and return a new object.  See help(type) for accurate signature."},
    {.signature = "__init__(self, iterable=(), /)",
     .fn = set_init,
     .flags = kConsumes,
     .doc = "Initialize self.  See help(type(self)) for accurate signature."},
    {.signature = "add(self, object, /)",
     .fn = set_add_native,
     .step = set_add_step,
     .doc = "Add an element to a set.\n\nThis has no effect if the element is already present."},
    {.signature = "clear(self, /)", .fn = set_clear_native, .doc = "Remove all elements from this set."},
    {.signature = "copy(self, /)", .fn = set_copy_native, .doc = "Return a shallow copy of a set."},
    {.signature = "discard(self, object, /)",
     .fn = set_discard_native,
     .step = set_discard_step,
     .doc = "Remove an element from a set if it is a member.\n\n"
            "Unlike set.remove(), the discard() method does not raise\n"
            "an exception when an element is missing from the set."},
    {.signature = "pop(self, /)",
     .fn = set_pop,
     .doc = "Remove and return an arbitrary set element.\n\nRaises KeyError if the set is empty."},
    {.signature = "remove(self, object, /)",
     .step = set_remove_step,
     .doc = "Remove an element from a set; it must be a member.\n\nIf the element is not a member, raise a "
            "KeyError."},
    {.signature = "update(self, /, *others)",
     .fn = each_fn<op_set_update>,
     .step = each_step<op_set_update>,
     .locals = 1,
     .flags = kConsumes,
     .doc = "Update a set with the union of itself and others."},
    {.signature = "difference_update(self, /, *others)",
     .fn = each_fn<discard_all>,
     .step = each_step<discard_all>,
     .locals = 1,
     .doc = "Remove all elements of another set from this set."},
    {.signature = "intersection_update(self, /, *others)",
     .step = assign_step<intersection>,
     .locals = 2,
     .doc = "Update a set with the intersection of itself and another."},
    kSymmetricUpdate,
    {.signature = "__iand__(self, value, /)", .fn = only_sets, .step = iand_step},
    {.signature = "__ior__(self, value, /)", .fn = only_sets, .step = ior_step},
    {.signature = "__isub__(self, value, /)", .fn = only_sets, .step = isub_step},
    {.signature = "__ixor__(self, value, /)", .fn = only_sets, .step = ixor_step},
    SET_METHODS,
};

static const NativeDef kFrozenSetMethods[] = {
    {.signature = "__new__(cls, iterable=(), /, **kwargs)",
     .fn = frozenset_new,
     .step = frozenset_new_step,
     .locals = 1,
     .flags = kStaticNative | kConsumes,
     .doc = "Create and return a new object.  See help(type) for accurate signature."},
    {.signature = "copy(self, /)", .fn = frozenset_copy, .doc = "Return a shallow copy of a set."},
    {.signature = "__hash__(self, /)", .fn = frozenset_hash},
    SET_METHODS,
};
#undef SET_METHODS

void define_set(VM& vm) {
    define_type(vm, {.shape = kShapeSet,
                     .methods = kSetMethods,
                     .doc = "set() -> new empty set object\nset(iterable) -> new set object\n\n"
                            "Build an unordered collection of unique elements."});
    set_type_attribute(vm, kShapeSet, "__hash__", Value::none());
    define_type(vm,
                {.shape = kShapeFrozenSet,
                 .methods = kFrozenSetMethods,
                 .doc = "frozenset() -> empty frozenset object\nfrozenset(iterable) -> frozenset object\n\n"
                        "Build an immutable unordered collection of unique elements."});
}

}  // namespace gen
