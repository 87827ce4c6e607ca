// range and slice.
#include "runtime/types/support.h"
#include "runtime/types/types.h"

namespace gen {

static Outcome read_only(VM& vm, Value, Value) {
    return vm.raise(kShapeAttributeError, "readonly attribute");
}

static Range* range_of(Value v) { return v.as<Range>(); }

static Outcome new_range(VM& vm, Value start, Value stop, Value step) {
    if (int_is_zero(step)) return vm.value_error("range() arg 3 must not be zero");
    return Value::object(
        make_range(vm, int_exact(vm.heap, start), int_exact(vm.heap, stop), int_exact(vm.heap, step)));
}

// With one argument it is the stop.
static Outcome range_from(VM& vm, Value* args) {
    if (args[2].is_unbound()) return new_range(vm, Value::integer(0), args[1], Value::integer(1));
    return new_range(vm, args[1], args[2], args[3].is_unbound() ? Value::integer(1) : args[3]);
}
static Outcome range_new(VM& vm, Value* args) {
    if (!checked_class(vm, args[0], kShapeRange)) return Outcome::raised();
    for (int i = 1; i < 4; i++)
        if (!args[i].is_unbound() && !is_int_like(args[i])) return Outcome::unhandled();
    return range_from(vm, args);
}
static Outcome range_new_step(VM& vm, NativeFrame& frame) {  // cls, start, stop, step; 4 which
    switch (frame.step_state()) {
        case 0:
            for (frame[4] = Value::integer(1); frame[4].as_int() < 4;
                 frame[4] = Value::integer(frame[4].as_int() + 1)) {
                if (frame[size_t(frame[4].as_int())].is_unbound()) continue;
                AWAIT(1, op_index(vm, frame[size_t(frame[4].as_int())]));
                frame[size_t(frame[4].as_int())] = frame.result();
            }
    }
    return range_from(vm, &frame[0]);
}

static Outcome range_len(VM& vm, Value* args) {
    Value n = range_length(vm, range_of(args[0]));
    int64_t length;
    if (n.is_unbound()) return vm.out_of_memory();
    if (!int_to_int64(n, length))
        return vm.raise(kShapeOverflowError, "Python int too large to convert to C ssize_t");
    return n;
}
static Outcome range_bool(VM& vm, Value* args) {
    return Value::boolean(!int_is_zero(range_length(vm, range_of(args[0]))));
}

static Outcome range_compare(VM& vm, CompareOp op, Value a, Value b) {
    if (!b.is_object() || b.as_object()->kind != Kind::Range) return Value::not_implemented();
    if (op != CompareOp::Eq && op != CompareOp::Ne) return Value::not_implemented();
    Range *x = range_of(a), *y = range_of(b);
    Value n = range_length(vm, x);
    bool same = int_equal(n, range_length(vm, y));
    if (same && !int_is_zero(n)) {
        same =
            int_equal(x->start, y->start) && (int_equal(n, Value::integer(1)) || int_equal(x->step, y->step));
    }
    return Value::boolean(same == (op == CompareOp::Eq));
}

static Outcome range_hash(VM& vm, Value* args) {
    Range* r = range_of(args[0]);
    Value n = range_length(vm, r);
    bool empty = int_is_zero(n), one = int_equal(n, Value::integer(1));
    return op_hash(vm,
                   vm.tuple({n, empty ? Value::none() : r->start, empty || one ? Value::none() : r->step}));
}

// Items equal to a value that is no int are looked for one by one. range, value, counting; 3 iterator, 4 position
static Outcome range_search_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            frame[4] = Value::integer(0);
            AWAIT(1, base_iter(vm, frame[0]));
            frame[3] = frame.result();
            for (;;) {
                PAUSE(2);
                AWAIT(3, op_next(vm, frame[3]));
                if (frame.result().is_unbound()) break;
                AWAIT(4, op_equal(vm, frame.result(), frame[1]));
                if (frame.result().is(frame[2])) {
                    frame[4] = Value::integer(frame[4].as_int() + 1);
                } else if (frame.result().is_true()) {
                    return frame[4];
                }
            }
            if (frame[2].is_true()) return frame[4];
    }
    return vm.value_error("sequence.index(x): x not in sequence");
}
// `counting` True: how many are equal, else the first one's index: every other comparison moves on.
static const NativeDef kRangeSearch = {
    .signature = "search(range, value, counting, /)", .step = range_search_step, .locals = 2};

static Outcome range_count(VM& vm, Value* args) {
    if (!is_exact_int(args[1]) && !args[1].is_bool())
        return call_internal(vm, kRangeSearch, {args[0], args[1], Value::true_()});
    Outcome o = base_contains(vm, args[0], args[1]);
    return Value::integer(o.value().is_true());
}
static Outcome range_index(VM& vm, Value* args) {
    if (!is_exact_int(args[1]) && !args[1].is_bool())
        return call_internal(vm, kRangeSearch, {args[0], args[1], Value::false_()});
    Outcome o = base_contains(vm, args[0], args[1]);
    Range* r = range_of(args[0]);
    if (o.value().is_true())
        return vm.checked(int_floordiv(vm.heap, int_sub(vm.heap, args[1], r->start), r->step));
    return raise_with_repr(vm, kShapeValueError, "%R is not in range", args[1]);
}

static Outcome range_reduce(VM& vm, Value* args) {
    Range* r = range_of(args[0]);
    return vm.tuple({Value::object(vm.type(kShapeRange)), vm.tuple({r->start, r->stop, r->step})});
}

static const NativeDef kRangeMethods[] = {
    {.signature = "__new__(cls, start, stop=None, step=1, /)",
     .fn = range_new,
     .step = range_new_step,
     .locals = 1,
     .flags = kStaticNative,
     .doc = "Create and return a new object.  See help(type) for accurate signature."},
    {.signature = "count(self, value, /)",
     .fn = range_count,
     .doc = "rangeobject.count(value) -> integer -- return number of occurrences of value"},
    {.signature = "index(self, value, /)",
     .fn = range_index,
     .doc = "rangeobject.index(value) -> integer -- return index of value.\nRaise ValueError if the value is "
            "not present."},
    {.signature = "__reduce__(self, /)", .fn = range_reduce, .doc = "Return state information for pickling."},
    {.signature = "__len__(self, /)", .fn = range_len},
    {.signature = "__bool__(self, /)", .fn = range_bool},
    {.signature = "__getitem__(self, key, /)", .fn = base_getitem_native},
    {.signature = "__contains__(self, key, /)", .fn = base_contains_native},
    {.signature = "__iter__(self, /)", .fn = base_iter_native},
    {.signature = "__reversed__(self, /)", .fn = base_reversed_native, .doc = "Return a reverse iterator."},
    {.signature = "__repr__(self, /)", .fn = repr_native},
    {.signature = "__hash__(self, /)", .fn = range_hash},
    {.signature = "__eq__(self, value, /)", .fn = compare_native<CompareOp::Eq, range_compare>},
    {.signature = "__ne__(self, value, /)", .fn = compare_native<CompareOp::Ne, range_compare>},
    {.signature = "__lt__(self, value, /)", .fn = compare_native<CompareOp::Lt, range_compare>},
    {.signature = "__le__(self, value, /)", .fn = compare_native<CompareOp::Le, range_compare>},
    {.signature = "__gt__(self, value, /)", .fn = compare_native<CompareOp::Gt, range_compare>},
    {.signature = "__ge__(self, value, /)", .fn = compare_native<CompareOp::Ge, range_compare>},
};
static const AttributeDef kRangeAttributes[] = {
    {.name = "start",
     .get = [](VM&, Value self) -> Outcome { return range_of(self)->start; },
     .set = read_only},
    {.name = "stop",
     .get = [](VM&, Value self) -> Outcome { return range_of(self)->stop; },
     .set = read_only},
    {.name = "step",
     .get = [](VM&, Value self) -> Outcome { return range_of(self)->step; },
     .set = read_only},
};

void define_range(VM& vm) {
    define_type(vm, {.shape = kShapeRange,
                     .methods = kRangeMethods,
                     .attributes = kRangeAttributes,
                     .doc = "range(stop) -> range object\nrange(start, stop[, step]) -> range object\n\n"
                            "Return an object that produces a sequence of integers from start (inclusive)\n"
                            "to stop (exclusive) by step.  range(i, j) produces i, i+1, i+2, ..., j-1.\n"
                            "start defaults to 0, and stop is omitted!  range(4) produces 0, 1, 2, 3.\n"
                            "These are exactly the valid indices for a list of 4 elements.\n"
                            "When step is given, it specifies the increment (or decrement)."});
    vm.type(kShapeRange)->class_flags |= Class::kFinal;
}

// ---- slice

static Slice* slice_of(Value v) { return v.as<Slice>(); }

static Outcome slice_new(VM& vm, Value* args) {
    if (!checked_class(vm, args[0], kShapeSlice)) return Outcome::raised();
    auto* s = vm.heap.make<Slice>(Kind::Slice, kShapeSlice);
    s->start = args[2].is_unbound() ? Value::none() : args[1];
    s->stop = args[2].is_unbound() ? args[1] : args[2];
    s->step = args[3].is_unbound() ? Value::none() : args[3];
    return Value::object(s);
}

static Outcome slice_indices_step(VM& vm, NativeFrame& frame) {  // slice, length
    Value start, stop, step;
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_index(vm, frame[1]));
            frame[1] = frame.result();
            if (int_sign(frame[1]) < 0) return vm.value_error("length should not be negative");
            AWAIT(2, resolve_slice(vm, frame[0]));
    }
    if (slice_indices(vm, slice_of(frame.result()), frame[1], start, stop, step) != SliceState::Ready)
        return Outcome::raised();
    return vm.tuple({start, stop, step});
}

static Value bounds(VM& vm, Value slice) {
    Slice* s = slice_of(slice);
    return vm.tuple({s->start, s->stop, s->step});
}
static Outcome slice_compare(VM& vm, CompareOp op, Value a, Value b) {
    if (!b.is_object() || b.as_object()->kind != Kind::Slice) return Value::not_implemented();
    if (a.is(b)) return Value::boolean(op == CompareOp::Eq || op == CompareOp::Le || op == CompareOp::Ge);
    return sequence_compare(vm, op, bounds(vm, a), bounds(vm, b));
}

static Outcome slice_reduce(VM& vm, Value* args) {
    return vm.tuple({Value::object(vm.type(kShapeSlice)), bounds(vm, args[0])});
}

static const NativeDef kSliceMethods[] = {
    {.signature = "__new__(cls, start, stop=None, step=None, /)",
     .fn = slice_new,
     .flags = kStaticNative,
     .doc = "Create and return a new object.  See help(type) for accurate signature."},
    {.signature = "indices(self, length, /)",
     .step = slice_indices_step,
     .doc = "S.indices(len) -> (start, stop, stride)\n\n"
            "Assuming a sequence of length len, calculate the start and stop\n"
            "indices, and the stride length of the extended slice described by\n"
            "S. Out of bounds indices are clipped in a manner consistent with the\n"
            "handling of normal slices."},
    {.signature = "__reduce__(self, /)", .fn = slice_reduce, .doc = "Return state information for pickling."},
    {.signature = "__repr__(self, /)", .fn = repr_native},
    {.signature = "__eq__(self, value, /)", .fn = compare_native<CompareOp::Eq, slice_compare>},
    {.signature = "__ne__(self, value, /)", .fn = compare_native<CompareOp::Ne, slice_compare>},
    {.signature = "__lt__(self, value, /)", .fn = compare_native<CompareOp::Lt, slice_compare>},
    {.signature = "__le__(self, value, /)", .fn = compare_native<CompareOp::Le, slice_compare>},
    {.signature = "__gt__(self, value, /)", .fn = compare_native<CompareOp::Gt, slice_compare>},
    {.signature = "__ge__(self, value, /)", .fn = compare_native<CompareOp::Ge, slice_compare>},
};
static const AttributeDef kSliceAttributes[] = {
    {.name = "start",
     .get = [](VM&, Value self) -> Outcome { return slice_of(self)->start; },
     .set = read_only},
    {.name = "stop",
     .get = [](VM&, Value self) -> Outcome { return slice_of(self)->stop; },
     .set = read_only},
    {.name = "step",
     .get = [](VM&, Value self) -> Outcome { return slice_of(self)->step; },
     .set = read_only},
};

void define_slice(VM& vm) {
    define_type(vm, {.shape = kShapeSlice,
                     .methods = kSliceMethods,
                     .attributes = kSliceAttributes,
                     .doc = "slice(stop)\nslice(start, stop[, step])\n\n"
                            "Create a slice object.  This is used for extended slicing (e.g. a[0:10:2])."});
    set_type_attribute(vm, kShapeSlice, "__hash__", Value::none());
    vm.type(kShapeSlice)->class_flags |= Class::kFinal;
}

}  // namespace gen
