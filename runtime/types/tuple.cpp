#include "runtime/types/support.h"
#include "runtime/types/types.h"

namespace gen {

static Outcome tuple_from_step(VM& vm, NativeFrame& frame) {  // cls, iterable, keywords
    Class* cls;
    switch (frame.step_state()) {
        case 0:
            cls = checked_class(vm, frame[0], kShapeTuple);
            if (!cls || refuses_keywords(vm, cls, kShapeTuple, frame[2])) return Outcome::raised();
            if (frame[1].is_unbound()) frame[1] = Value::object(vm.empty_tuple);
            AWAIT(1, op_tuple(vm, frame[1]));
    }
    cls = frame[0].as<Class>();
    if (is_builtin(vm, cls, kShapeTuple)) return frame.result();
    auto* items = frame.result().as<Tuple>();
    auto* t = static_cast<Tuple*>(allocate_instance(vm, cls, 8 * items->size));
    if (!t) return vm.out_of_memory();
    std::memcpy(t->items, items->items, 8 * items->size);
    return Value::object(t);
}

static Outcome tuple_new(VM& vm, Value* args) {
    if (!args[0].is(Value::object(vm.type(kShapeTuple))) || !args[2].is_unbound())
        return Outcome::unhandled();
    if (args[1].is_unbound()) return Value::object(vm.empty_tuple);
    return op_tuple(vm, args[1]);
}

static Tuple* tuple_of(Value* args) { return args[0].as<Tuple>(); }

static Outcome tuple_add(VM& vm, Value* args) {
    if (!is_tuple(args[1]))
        return vm.type_error("can only concatenate tuple (not \"%s\") to tuple", vm.type_name(args[1]));
    if (tuple_of(args)->size == 0 && is_exact_tuple(args[1])) return args[1];
    if (args[1].as<Tuple>()->size == 0 && is_exact_tuple(args[0])) return args[0];
    charge(vm, (tuple_of(args)->size + args[1].as<Tuple>()->size) / 16);
    return vm.checked(Value::object(tuple_concat(vm.heap, tuple_of(args), args[1].as<Tuple>())));
}

static Outcome repeat_tuple(VM& vm, Value tuple, Value count) {
    int64_t n;
    if (!int_to_int64(count, n))
        return vm.raise(kShapeOverflowError, "cannot fit 'int' into an index-sized integer");
    auto* t = tuple.as<Tuple>();
    if (is_exact_tuple(tuple) && (n == 1 || t->size == 0)) return tuple;
    if (n <= 0) return Value::object(vm.empty_tuple);
    charge(vm, t->size * uint64_t(std::min(n, int64_t{1} << 30)) / 16);
    return vm.checked(Value::object(tuple_repeat(vm.heap, t, n)));
}
static Outcome tuple_mul(VM& vm, Value* args) {
    return is_int_like(args[1]) ? repeat_tuple(vm, args[0], args[1]) : Outcome::unhandled();
}
static Outcome tuple_mul_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_index(vm, frame[1]));
    }
    return repeat_tuple(vm, frame[0], frame.result());
}

static Outcome tuple_len(VM&, Value* args) { return Value::integer(int64_t(tuple_of(args)->size)); }
static Outcome tuple_hash_native(VM& vm, Value* args) { return tuple_hash(vm, args[0]); }
static Outcome tuple_getnewargs(VM& vm, Value* args) {
    Tuple* copy = make_tuple(vm.heap, tuple_of(args)->items, tuple_of(args)->size);
    return copy ? vm.tuple({Value::object(copy)}) : vm.out_of_memory();
}

static const NativeDef kTupleMethods[] = {
    {.signature = "__new__(cls, iterable=(), /, **kwargs)",
     .fn = tuple_new,
     .step = tuple_from_step,
     .flags = kStaticNative | kConsumes,
     .doc = "Create and return a new object.  See help(type) for accurate signature."},
    {.signature = "count(self, value, /)",
     .step = sequence_count_step,
     .locals = 2,
     .doc = "Return number of occurrences of value."},
    {.signature = "index(self, value, start=0, stop=9223372036854775807, /)",
     .step = sequence_index_step,
     .locals = 1,
     .doc = "Return first index of value.\n\nRaises ValueError if the value is not present."},
    {.signature = "__add__(self, value, /)", .fn = tuple_add},
    {.signature = "__mul__(self, value, /)", .fn = tuple_mul, .step = tuple_mul_step},
    {.signature = "__rmul__(self, value, /)", .fn = tuple_mul, .step = tuple_mul_step},
    {.signature = "__len__(self, /)", .fn = tuple_len},
    {.signature = "__getitem__(self, key, /)", .fn = base_getitem_native},
    {.signature = "__contains__(self, key, /)", .fn = base_contains_native},
    {.signature = "__iter__(self, /)", .fn = base_iter_native},
    {.signature = "__repr__(self, /)", .fn = repr_native},
    {.signature = "__hash__(self, /)", .fn = tuple_hash_native},
    {.signature = "__eq__(self, value, /)", .fn = compare_native<CompareOp::Eq, sequence_compare>},
    {.signature = "__ne__(self, value, /)", .fn = compare_native<CompareOp::Ne, sequence_compare>},
    {.signature = "__lt__(self, value, /)", .fn = compare_native<CompareOp::Lt, sequence_compare>},
    {.signature = "__le__(self, value, /)", .fn = compare_native<CompareOp::Le, sequence_compare>},
    {.signature = "__gt__(self, value, /)", .fn = compare_native<CompareOp::Gt, sequence_compare>},
    {.signature = "__ge__(self, value, /)", .fn = compare_native<CompareOp::Ge, sequence_compare>},
    {.signature = "__getnewargs__(self, /)", .fn = tuple_getnewargs},
    {.signature = kClassGetitem, .fn = generic_alias, .flags = kClassNative, .doc = "See PEP 585"},
};

void define_tuple(VM& vm) {
    define_type(vm, {.shape = kShapeTuple,
                     .methods = kTupleMethods,
                     .doc = "Built-in immutable sequence.\n\nIf no argument is given, the constructor "
                            "returns an empty tuple.\n"
                            "If iterable is specified the tuple is initialized from iterable's items.\n\n"
                            "If the argument is a tuple, the return value is the same object."});
}

}  // namespace gen
