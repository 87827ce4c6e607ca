#include "runtime/types/set_operations.h"
#include "runtime/types/support.h"
#include "runtime/types/types.h"
#include "vm/exec/tables.h"

namespace gen {

static Dict* self_of(Value* args) { return args[0].as<Dict>(); }

static Outcome dict_new(VM& vm, Value* args) {
    Class* cls = checked_class(vm, args[0], kShapeDict);
    if (!cls) return Outcome::raised();
    if (is_builtin(vm, cls, kShapeDict)) return vm.checked(Value::object(make_dict(vm.heap)));
    auto* d = static_cast<Dict*>(allocate_instance(vm, cls));
    if (!d) return vm.no_room();
    d->version = vm.heap.next_version();
    return Value::object(d);
}

// ---- update(self, /, *args, **kwargs), also for __init__

static Outcome update_step(VM& vm, NativeFrame& frame, const char* name) {
    auto* args = frame[1].as<Tuple>();
    switch (frame.step_state()) {
        case 0:
            if (args->size > 1)
                return vm.type_error("%s expected at most 1 argument, got %zu", name, size_t(args->size));
            if (args->size == 1) {
                AWAIT(1, op_dict_update(vm, frame[0].as<Dict>(), args->items[0]));
            }
            if (!frame[2].is_unbound()) {
                AWAIT(2, op_dict_merge(vm, frame[0].as<Dict>(), frame[2]));
            }
    }
    return Value::none();
}
static Outcome dict_init_step(VM& vm, NativeFrame& frame) { return update_step(vm, frame, "dict"); }
static Outcome dict_update_step(VM& vm, NativeFrame& frame) { return update_step(vm, frame, "update"); }

static Outcome dict_update_fn(VM& vm, Value* args) {
    auto* given = args[1].as<Tuple>();
    if (given->size > 1 || (given->size == 1 && !is_exact_dict(given->items[0]))) return Outcome::unhandled();
    if (given->size == 1) {
        if (!args[2].is_unbound()) return Outcome::unhandled();
        return op_dict_update(vm, self_of(args), given->items[0]);
    }
    return args[2].is_unbound() ? Outcome(Value::none()) : op_dict_merge(vm, self_of(args), args[2]);
}

// The keys of a set or dict have their hashes already.
static Outcome fromkeys_fn(VM& vm, Value* args) {
    if (!args[0].is(Value::object(vm.type(kShapeDict)))) return Outcome::unhandled();
    DictTable* keys = is_exact(args[1], kShapeSet) || is_exact(args[1], kShapeFrozenSet)
                          ? args[1].as<Set>()->table
                      : is_exact_dict(args[1]) ? args[1].as<Dict>()->table
                                               : nullptr;
    if (!keys) return Outcome::unhandled();
    Dict* d = make_dict(vm.heap, keys->live);
    if (!d) return vm.no_room();
    uint32_t position = 0;
    while (DictEntry* e = next_entry(keys, position))
        if (!dict_insert_new(vm.heap, d, e->key, e->hash, args[2].is_unbound() ? Value::none() : args[2]))
            return vm.no_room();
    charge(vm, keys->live / 8);
    return Value::object(d);
}

static Outcome fromkeys_step(VM& vm, NativeFrame& frame) {  // cls, iterable, value; 3 dict, 4 iterator
    switch (frame.step_state()) {
        case 0:
            if (frame[2].is_unbound()) frame[2] = Value::none();
            AWAIT(1, vm.call(frame[0], {}));
            frame[3] = frame.result();
            AWAIT(2, op_iter(vm, frame[1]));
            frame[4] = frame.result();
            for (;;) {
                PAUSE(3);
                AWAIT(4, op_next(vm, frame[4]));
                if (frame.result().is_unbound()) return frame[3];
                AWAIT(5, op_setitem(vm, frame[3], frame.result(), frame[2]));
            }
    }
    return frame[3];
}

// ---- single keys

static Outcome get_fn(VM& vm, Value* args) {
    Outcome o = op_dict_get(vm, self_of(args), args[1]);
    if (o.is_stop()) return args[2].is_unbound() ? Value::none() : args[2];
    return o.is_call() ? Outcome::unhandled() : o;
}
static Outcome get_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_dict_get(vm, frame[0].as<Dict>(), frame[1]));
    }
    if (!frame.result().is_unbound()) return frame.result();
    return frame[2].is_unbound() ? Value::none() : frame[2];
}

static Outcome setdefault(VM& vm, Value* args) {
    return op_dict_setdefault(vm, self_of(args), args[1], args[2].is_unbound() ? Value::none() : args[2]);
}

static Outcome pop_fn(VM& vm, Value* args) {
    if (dict_length(self_of(args)) == 0)
        return args[2].is_unbound() ? vm.key_error(args[1]) : Outcome(args[2]);
    Outcome o = op_dict_del(vm, self_of(args), args[1]);
    if (o.is_stop()) return args[2].is_unbound() ? vm.key_error(args[1]) : Outcome(args[2]);
    return o.is_call() ? Outcome::unhandled() : o;
}
static Outcome pop_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_dict_del(vm, frame[0].as<Dict>(), frame[1]));
    }
    if (!frame.result().is_unbound()) return frame.result();
    return frame[2].is_unbound() ? vm.key_error(frame[1]) : Outcome(frame[2]);
}

static Outcome popitem(VM& vm, Value* args) {
    Dict* d = self_of(args);
    int64_t last = dict_last(d);
    if (last < 0) return vm.raise(kShapeKeyError, "popitem(): dictionary is empty");
    Value pair = vm.tuple({d->table->entries[last].key, d->table->entries[last].value});
    dict_delete_at(vm.heap, d, uint32_t(last));
    return pair;
}

static Outcome clear(VM& vm, Value* args) {
    return dict_clear(vm.heap, self_of(args)) ? Outcome(Value::none()) : vm.no_room();
}
static Outcome copy(VM& vm, Value* args) {
    charge(vm, dict_length(self_of(args)) / 8);
    return vm.checked(Value::object(dict_copy(vm.heap, self_of(args))));
}

// ---- operators

static Outcome merged_step(VM& vm, NativeFrame& frame) {  // a, b; 2 the copy of a
    switch (frame.step_state()) {
        case 0:
            frame[2] = Value::object(dict_copy(vm.heap, frame[0].as<Dict>()));
            if (frame[2].is_unbound()) return vm.no_room();
            AWAIT(1, op_dict_merge(vm, frame[2].as<Dict>(), frame[1]));
    }
    return frame[2];
}
static const NativeDef kMerged = {.signature = "or(a, b, /)", .step = merged_step, .locals = 1};

static Outcome merged(VM& vm, Value a, Value b) {
    if (!is_dict(a) || !is_dict(b)) return Value::not_implemented();
    return call_internal(vm, kMerged, {a, b});
}
static Outcome dict_or(VM& vm, Value* args) { return merged(vm, args[0], args[1]); }
static Outcome dict_ror(VM& vm, Value* args) { return merged(vm, args[1], args[0]); }
static Outcome dict_ior_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_dict_update(vm, frame[0].as<Dict>(), frame[1]));
    }
    return frame[0];
}

static Outcome dict_len(VM&, Value* args) { return Value::integer(dict_length(self_of(args))); }

template <DictView::Which which>
static Outcome view(VM& vm, Value* args) {
    constexpr BuiltinShape kShapes[] = {kShapeDictKeys, kShapeDictValues, kShapeDictItems};
    auto* v = vm.heap.make<DictView>(Kind::DictView, kShapes[which]);
    v->aux = which;
    v->dict = self_of(args);
    return Value::object(v);
}

static const NativeDef kMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)",
     .fn = dict_new,
     .flags = kStaticNative,
     .doc = "Create and return a new object.  See help(type) for accurate signature."},
    {.signature = "__init__(self, /, *args, **kwargs)",
     .fn = dict_update_fn,
     .step = dict_init_step,
     .flags = kConsumes,
     .doc = "Initialize self.  See help(type(self)) for accurate signature."},
    {.signature = "clear(self, /)", .fn = clear, .doc = "D.clear() -> None.  Remove all items from D."},
    {.signature = "copy(self, /)", .fn = copy, .doc = "D.copy() -> a shallow copy of D"},
    {.signature = "fromkeys(cls, iterable, value=None, /)",
     .fn = fromkeys_fn,
     .step = fromkeys_step,
     .locals = 2,
     .flags = kClassNative | kConsumes,
     .doc = "Create a new dictionary with keys from iterable and values set to value."},
    {.signature = "get(self, key, default=None, /)",
     .fn = get_fn,
     .step = get_step,
     .doc = "Return the value for key if key is in the dictionary, else default."},
    {.signature = "items(self, /)",
     .fn = view<DictView::kItems>,
     .doc = "D.items() -> a set-like object providing a view on D's items"},
    {.signature = "keys(self, /)",
     .fn = view<DictView::kKeys>,
     .doc = "D.keys() -> a set-like object providing a view on D's keys"},
    {.signature = "values(self, /)",
     .fn = view<DictView::kValues>,
     .doc = "D.values() -> an object providing a view on D's values"},
    {.signature = "pop(self, key, default=None, /)",
     .fn = pop_fn,
     .step = pop_step,
     .doc = "D.pop(k[,d]) -> v, remove specified key and return the corresponding value.\n\n"
            "If the key is not found, return the default if given; otherwise,\nraise a KeyError."},
    {.signature = "popitem(self, /)",
     .fn = popitem,
     .doc = "Remove and return a (key, value) pair as a 2-tuple.\n\n"
            "Pairs are returned in LIFO (last-in, first-out) order.\nRaises KeyError if the dict is empty."},
    {.signature = "setdefault(self, key, default=None, /)",
     .fn = setdefault,
     .doc = "Insert key with a value of default if key is not in the dictionary.\n\n"
            "Return the value for key if key is in the dictionary, else default."},
    {.signature = "update(self, /, *args, **kwargs)",
     .fn = dict_update_fn,
     .step = dict_update_step,
     .flags = kConsumes,
     .doc = "D.update([E, ]**F) -> None.  Update D from dict/iterable E and F."},
    {.signature = "__or__(self, value, /)", .fn = dict_or},
    {.signature = "__ror__(self, value, /)", .fn = dict_ror},
    {.signature = "__ior__(self, value, /)", .step = dict_ior_step, .flags = kConsumes},
    {.signature = "__len__(self, /)", .fn = dict_len},
    {.signature = "__getitem__(self, key, /)", .fn = base_getitem_native},
    {.signature = "__setitem__(self, key, value, /)", .fn = base_setitem_native},
    {.signature = "__delitem__(self, key, /)", .fn = base_delitem_native},
    {.signature = "__contains__(self, key, /)",
     .fn = base_contains_native,
     .doc = "True if the dictionary has the specified key, else False."},
    {.signature = "__iter__(self, /)", .fn = base_iter_native},
    {.signature = "__reversed__(self, /)",
     .fn = base_reversed_native,
     .doc = "Return a reverse iterator over the dict keys."},
    {.signature = "__repr__(self, /)", .fn = repr_native},
    {.signature = "__eq__(self, value, /)", .fn = compare_native<CompareOp::Eq, dict_compare>},
    {.signature = "__ne__(self, value, /)", .fn = compare_native<CompareOp::Ne, dict_compare>},
    {.signature = "__lt__(self, value, /)", .fn = compare_native<CompareOp::Lt, dict_compare>},
    {.signature = "__le__(self, value, /)", .fn = compare_native<CompareOp::Le, dict_compare>},
    {.signature = "__gt__(self, value, /)", .fn = compare_native<CompareOp::Gt, dict_compare>},
    {.signature = "__ge__(self, value, /)", .fn = compare_native<CompareOp::Ge, dict_compare>},
    {.signature = kClassGetitem, .fn = generic_alias, .flags = kClassNative, .doc = "See PEP 585"},
};

// ---- views

static DictView* view_of_self(Value v) { return v.as<DictView>(); }

static Outcome view_len(VM&, Value* args) { return Value::integer(dict_length(view_of_self(args[0])->dict)); }

// Compares as sets: other may be a set, or a view of keys or items.
static bool is_set_like(Value v) {
    if (is_set(v)) return true;
    return v.is_object() && v.as_object()->kind == Kind::DictView && v.as_object()->aux != DictView::kValues;
}

static int64_t set_like_length(Value v) {
    return is_set(v) ? set_length(v.as<Set>()) : dict_length(view_of_self(v)->dict);
}

static Outcome view_compare(VM& vm, CompareOp op, Value a, Value b) {
    if (!is_set_like(b)) return Value::not_implemented();
    if (op == CompareOp::Gt || op == CompareOp::Ge) {
        std::swap(a, b);
        op = reflected(op);
    }
    int64_t n = set_like_length(a), m = set_like_length(b);
    bool negate = op == CompareOp::Ne;
    bool possible = op == CompareOp::Lt ? n < m : op == CompareOp::Le ? n <= m : n == m;
    if (!possible) return Value::boolean(negate);
    return all_items(vm, a, b, true, negate);
}

// a op b, by way of a set of a: frame[2] is the name of the method that does it in place.
static Outcome view_binary_step(VM& vm, NativeFrame& frame) {  // a, b, method; 3 the set
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_set(vm, frame[0]));
            frame[3] = frame.result();
            AWAIT(2, op_getattr(vm, frame[3], frame[2].as<Str>()));
            AWAIT(3, vm.call(frame.result(), {frame[1]}));
    }
    return frame[3];
}
static const NativeDef kViewBinary = {
    .signature = "combine(a, b, method, /)", .step = view_binary_step, .locals = 1};

template <bool reflected>
static Outcome view_binary(VM& vm, Value* args, const char* method) {
    Value a = args[reflected], b = args[!reflected];
    return call_internal(vm, kViewBinary, {a, b, Value::object(vm.intern(method))});
}
template <bool reflected>
static Outcome view_or(VM& vm, Value* args) {
    return view_binary<reflected>(vm, args, "update");
}
template <bool reflected>
static Outcome view_sub(VM& vm, Value* args) {
    return view_binary<reflected>(vm, args, "difference_update");
}

// Those items of one that are in the other, which is a view: so no value is hashed without need.
static Outcome view_and(VM& vm, Value* args) {
    Value view = args[0], other = args[1];
    // The larger one is asked; of two of the same size, a set.
    int64_t more = is_set_like(other) ? set_like_length(other) - set_like_length(view) : -1;
    if (more > 0 || (more == 0 && is_exact(other, kShapeSet))) std::swap(view, other);
    return select_items(vm, other, view, true, Value::object(make_set(vm.heap)));
}

// Two views of items: what one has and the other has not.
static Outcome items_xor_step(VM& vm, NativeFrame& frame) {  // a, b
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, select_items(vm, frame[0], frame[1], false, Value::object(make_set(vm.heap))));
            AWAIT(2, select_items(vm, frame[1], frame[0], false, frame.result()));
    }
    return frame.result();
}
static const NativeDef kItemsXor = {.signature = "xor(a, b, /)", .step = items_xor_step};

template <bool reflected>
static Outcome view_xor(VM& vm, Value* args) {
    if (is_exact(args[0], kShapeDictItems) && is_exact(args[1], kShapeDictItems))
        return call_internal(vm, kItemsXor, {args[0], args[1]});
    return view_binary<reflected>(vm, args, "symmetric_difference_update");
}

static Outcome view_isdisjoint(VM& vm, Value* args) { return all_items(vm, args[1], args[0], false); }

static const NativeDef kSetLikeMethods[] = {
    {.signature = "__len__(self, /)", .fn = view_len},
    {.signature = "__contains__(self, key, /)", .fn = base_contains_native},
    {.signature = "__iter__(self, /)", .fn = base_iter_native},
    {.signature = "__reversed__(self, /)",
     .fn = base_reversed_native,
     .doc = "Return a reverse iterator over the dict view."},
    {.signature = "__repr__(self, /)", .fn = repr_native},
    {.signature = "__eq__(self, value, /)", .fn = compare_native<CompareOp::Eq, view_compare>},
    {.signature = "__ne__(self, value, /)", .fn = compare_native<CompareOp::Ne, view_compare>},
    {.signature = "__lt__(self, value, /)", .fn = compare_native<CompareOp::Lt, view_compare>},
    {.signature = "__le__(self, value, /)", .fn = compare_native<CompareOp::Le, view_compare>},
    {.signature = "__gt__(self, value, /)", .fn = compare_native<CompareOp::Gt, view_compare>},
    {.signature = "__ge__(self, value, /)", .fn = compare_native<CompareOp::Ge, view_compare>},
    {.signature = "__and__(self, value, /)", .fn = view_and},
    {.signature = "__rand__(self, value, /)", .fn = view_and},
    {.signature = "__or__(self, value, /)", .fn = view_or<false>},
    {.signature = "__ror__(self, value, /)", .fn = view_or<true>},
    {.signature = "__sub__(self, value, /)", .fn = view_sub<false>},
    {.signature = "__rsub__(self, value, /)", .fn = view_sub<true>},
    {.signature = "__xor__(self, value, /)", .fn = view_xor<false>},
    {.signature = "__rxor__(self, value, /)", .fn = view_xor<true>},
    {.signature = "isdisjoint(self, other, /)",
     .fn = view_isdisjoint,
     .doc = "Return True if the view and the given iterable have a null intersection."},
};
static const NativeDef kValuesMethods[] = {
    {.signature = "__len__(self, /)", .fn = view_len},
    {.signature = "__iter__(self, /)", .fn = base_iter_native},
    {.signature = "__reversed__(self, /)",
     .fn = base_reversed_native,
     .doc = "Return a reverse iterator over the dict values."},
    {.signature = "__repr__(self, /)", .fn = repr_native},
};

static Outcome view_mapping(VM& vm, Value self) {
    auto* proxy = vm.heap.make<MappingProxy>(Kind::MappingProxy, kShapeMappingProxy);
    proxy->mapping = Value::object(view_of_self(self)->dict);
    return Value::object(proxy);
}
static const AttributeDef kViewAttributes[] = {
    {.name = "mapping", .get = view_mapping, .doc = "dictionary that this view refers to"},
};

void define_dict(VM& vm) {
    define_type(vm, {.shape = kShapeDict,
                     .methods = kMethods,
                     .doc = "dict() -> new empty dictionary\n"
                            "dict(mapping) -> new dictionary initialized from a mapping object's\n"
                            "    (key, value) pairs\n"
                            "dict(iterable) -> new dictionary initialized from the pairs in the iterable\n"
                            "dict(**kwargs) -> new dictionary initialized with the name=value pairs\n"
                            "    in the keyword argument list.  For example:  dict(one=1, two=2)"});
    set_type_attribute(vm, kShapeDict, "__hash__", Value::none());
    define_type(vm, {.shape = kShapeDictKeys, .methods = kSetLikeMethods, .attributes = kViewAttributes});
    define_type(vm, {.shape = kShapeDictItems, .methods = kSetLikeMethods, .attributes = kViewAttributes});
    define_type(vm, {.shape = kShapeDictValues, .methods = kValuesMethods, .attributes = kViewAttributes});
    set_type_attribute(vm, kShapeDictKeys, "__hash__", Value::none());
    set_type_attribute(vm, kShapeDictItems, "__hash__", Value::none());
}

}  // namespace gen
