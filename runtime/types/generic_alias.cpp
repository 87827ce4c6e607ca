// types.GenericAlias (list[int]) and types.UnionType (int | str). What has to ask type variables lies in
// prelude_generic.gen.
#include "runtime/types/attributes.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"
#include "vm/exec/repr.h"
#include "vm/exec/special.h"

namespace gen {

static GenericAlias* alias_of(Value v) { return v.as<GenericAlias>(); }
static bool is_alias(Value v) { return v.is_object() && v.as_object()->kind == Kind::GenericAlias; }
static bool is_union(Value v) { return v.is_object() && v.as_object()->kind == Kind::UnionType; }
static Tuple* union_args(Value v) { return v.as<UnionType>()->args.as<Tuple>(); }

// ---- GenericAlias

static Outcome alias_new(VM& vm, Value* args) {  // cls, origin, args
    if (!is_class(args[0]) || !vm.is_subclass(args[0].as<Class>(), vm.type(kShapeGenericAlias)))
        return vm.type_error("GenericAlias.__new__(X): X is not a subtype of GenericAlias");
    Object* o = allocate_instance(vm, args[0].as<Class>());
    if (!o) return vm.out_of_memory();
    auto* alias = static_cast<GenericAlias*>(o);
    alias->origin = args[1];
    alias->args = is_tuple(args[2]) ? args[2] : vm.tuple({args[2]});
    alias->parameters = Value::unbound();
    return Value::object(alias);
}

// origin(*args, **kwargs), which is told what it was made by if it takes attributes.
static Outcome alias_call(VM& vm, NativeFrame& frame) {  // self, *args, **kwargs
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, vm.call_with(alias_of(frame[0])->origin, frame[1], frame[2]));
            frame[3] = frame.result();
            AWAIT_CATCHING(2, op_setattr(vm, frame[3], vm.intern("__orig_class__"), frame[0]));
            if (frame.result().is_unbound() && !vm.is_instance(vm.caught, kShapeAttributeError) &&
                !vm.is_instance(vm.caught, kShapeTypeError))
                return raise_again(vm, vm.caught);
    }
    return frame[3];
}

static Outcome alias_getattribute(VM& vm, Value* args) {
    Str* name = attribute_name(vm, args[1]);
    return name ? plain_getattribute(vm, args[0], name) : Outcome::raised();
}

static Outcome alias_getitem(VM& vm, Value* args) {
    return vm.call_prelude(vm.intern("_alias_getitem"), {args[0], args[1]});
}

static Outcome alias_eq(VM&, Value* args) {
    return is_alias(args[1]) ? Outcome::unhandled() : Value::not_implemented();
}
static Outcome alias_eq_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            if ((alias_of(frame[0])->state ^ alias_of(frame[1])->state) & kStarredAlias)
                return Value::false_();
            AWAIT(1, op_equal(vm, alias_of(frame[0])->origin, alias_of(frame[1])->origin));
            if (!frame.result().is_true()) return frame.result();
            AWAIT(2, op_equal(vm, alias_of(frame[0])->args, alias_of(frame[1])->args));
    }
    return frame.result();
}

static Outcome alias_hash(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_hash(vm, alias_of(frame[0])->origin));
            frame[1] = frame.result();
            AWAIT(2, op_hash(vm, alias_of(frame[0])->args));
    }
    return hash_value(vm, hash_of_int(frame[1]) ^ hash_of_int(frame.result()));
}

static Outcome no_instance_check(VM& vm, Value*) {
    return vm.type_error("isinstance() argument 2 cannot be a parameterized generic");
}
static Outcome no_subclass_check(VM& vm, Value*) {
    return vm.type_error("issubclass() argument 2 cannot be a parameterized generic");
}

static Outcome alias_mro_entries(VM& vm, Value* args) { return vm.tuple({alias_of(args[0])->origin}); }
static Outcome alias_reduce(VM& vm, Value* args) {
    Value origin_and_args = vm.tuple({alias_of(args[0])->origin, alias_of(args[0])->args});
    return vm.tuple({Value::object(vm.type(kShapeGenericAlias)), origin_and_args});
}

// *list[int] in a subscript: one alias that says so.
static Outcome alias_iter(VM& vm, Value* args) {
    auto* starred = vm.heap.make<GenericAlias>(Kind::GenericAlias, kShapeGenericAlias);
    starred->origin = alias_of(args[0])->origin;
    starred->args = alias_of(args[0])->args;
    starred->parameters = Value::unbound();
    starred->state |= kStarredAlias;
    return op_iter(vm, vm.tuple({Value::object(starred)}));
}

static Outcome alias_origin(VM&, Value self) { return alias_of(self)->origin; }
static Outcome alias_args(VM&, Value self) { return alias_of(self)->args; }
static Outcome alias_parameters(VM& vm, Value self) {
    return vm.call_prelude(vm.intern("_parameters"), {alias_of(self)->args});
}
static Outcome alias_unpacked(VM&, Value self) {
    return Value::boolean(alias_of(self)->state & kStarredAlias);
}
static Outcome alias_unpacked_args(VM& vm, Value self) {
    bool tuple = (alias_of(self)->state & kStarredAlias) &&
                 alias_of(self)->origin.is(Value::object(vm.type(kShapeTuple)));
    return tuple ? alias_of(self)->args : Value::none();
}

// ---- unions

static bool is_union_member(Value v) { return v.is_none() || is_class(v) || is_alias(v) || is_union(v); }

static bool same_member(Value a, Value b) {
    if (a.is(b)) return true;
    if (!is_alias(a) || !is_alias(b)) return false;
    return alias_of(a)->origin.is(alias_of(b)->origin) &&
           fast_eq(alias_of(a)->args, alias_of(b)->args) == Fast::True;
}

Outcome make_union(VM& vm, Value a, Value b) {
    if (!is_union_member(a) || !is_union_member(b)) return Value::not_implemented();
    List* members = make_list(vm.heap);
    auto add = [&](Value v) {
        if (v.is_none()) v = Value::object(vm.type(kShapeNone_));
        for (uint64_t i = 0; i < members->size; i++)
            if (same_member(members->items->items[i], v)) return;
        list_append(vm.heap, members, v);
    };
    for (Value v : {a, b}) {
        if (!is_union(v)) {
            add(v);
            continue;
        }
        for (uint64_t i = 0; i < union_args(v)->size; i++) add(union_args(v)->items[i]);
    }
    if (members->size == 1) return members->items->items[0];
    Tuple* args = make_tuple(vm.heap, members->items->items, members->size);
    if (!args) return vm.out_of_memory();
    auto* u = vm.heap.make<UnionType>(Kind::UnionType, kShapeUnionType);
    u->args = Value::object(args);
    return Value::object(u);
}
static Outcome union_or(VM& vm, Value* args) { return make_union(vm, args[0], args[1]); }
static Outcome union_ror(VM& vm, Value* args) { return make_union(vm, args[1], args[0]); }

static Outcome union_eq(VM& vm, Value* args) {  // whatever the order
    if (!is_union(args[1])) return Value::not_implemented();
    return vm.call_prelude(vm.intern("_same_members"),
                           {args[0].as<UnionType>()->args, args[1].as<UnionType>()->args});
}
static Outcome union_hash(VM& vm, Value* args) {
    return vm.call_prelude(vm.intern("_members_hash"), {args[0].as<UnionType>()->args});
}
static Outcome union_getitem(VM& vm, Value* args) {
    return vm.call_prelude(vm.intern("_union_getitem"), {args[0], args[1]});
}
static Outcome union_instancecheck(VM& vm, Value* args) {
    return op_isinstance(vm, args[1], args[0].as<UnionType>()->args);
}
static Outcome union_subclasscheck(VM& vm, Value* args) {
    return op_issubclass(vm, args[1], args[0].as<UnionType>()->args);
}
static Outcome get_union_args(VM&, Value self) { return self.as<UnionType>()->args; }
static Outcome get_union_parameters(VM& vm, Value self) {
    return vm.call_prelude(vm.intern("_parameters"), {self.as<UnionType>()->args});
}

// ---- tables

static const NativeDef kAliasMethods[] = {
    {.signature = "__new__(cls, origin, args, /)", .fn = alias_new, .flags = kStaticNative},
    {.signature = "__call__(self, /, *args, **kwargs)",
     .step = alias_call,
     .locals = 1,
     .doc = "Call self as a function."},
    {.signature = "__getattribute__(self, name, /)", .fn = alias_getattribute},
    {.signature = "__getitem__(self, key, /)", .fn = alias_getitem, .doc = "Return self[key]."},
    {.signature = "__eq__(self, value, /)",
     .fn = alias_eq,
     .step = alias_eq_step,
     .doc = "Return self==value."},
    {.signature = "__hash__(self, /)", .step = alias_hash, .locals = 1, .doc = "Return hash(self)."},
    {.signature = "__repr__(self, /)", .fn = repr_native, .doc = "Return repr(self)."},
    {.signature = "__or__(self, value, /)", .fn = union_or, .doc = "Return self|value."},
    {.signature = "__ror__(self, value, /)", .fn = union_ror, .doc = "Return value|self."},
    {.signature = "__iter__(self, /)", .fn = alias_iter, .doc = "Implement iter(self)."},
    {.signature = "__instancecheck__(self, instance, /)", .fn = no_instance_check},
    {.signature = "__subclasscheck__(self, subclass, /)", .fn = no_subclass_check},
    {.signature = "__mro_entries__(self, bases, /)", .fn = alias_mro_entries},
    {.signature = "__reduce__(self, /)", .fn = alias_reduce},
};
static const AttributeDef kAliasAttributes[] = {
    {"__origin__", alias_origin},
    {"__args__", alias_args},
    {"__parameters__", alias_parameters, nullptr, "Type variables in the GenericAlias."},
    {"__unpacked__", alias_unpacked},
    {"__typing_unpacked_tuple_args__", alias_unpacked_args},
};

static const NativeDef kUnionMethods[] = {
    {.signature = "__or__(self, value, /)", .fn = union_or, .doc = "Return self|value."},
    {.signature = "__ror__(self, value, /)", .fn = union_ror, .doc = "Return value|self."},
    {.signature = "__eq__(self, value, /)", .fn = union_eq, .doc = "Return self==value."},
    {.signature = "__hash__(self, /)", .fn = union_hash, .doc = "Return hash(self)."},
    {.signature = "__repr__(self, /)", .fn = repr_native, .doc = "Return repr(self)."},
    {.signature = "__getitem__(self, key, /)", .fn = union_getitem, .doc = "Return self[key]."},
    {.signature = "__instancecheck__(self, instance, /)", .fn = union_instancecheck},
    {.signature = "__subclasscheck__(self, subclass, /)", .fn = union_subclasscheck},
};
static const AttributeDef kUnionAttributes[] = {
    {"__args__", get_union_args},
    {"__parameters__", get_union_parameters, nullptr, "Type variables in the types.UnionType."},
};

void define_generic_alias(VM& vm) {
    define_type(vm, {.shape = kShapeGenericAlias,
                     .methods = kAliasMethods,
                     .attributes = kAliasAttributes,
                     .doc = "Represent a PEP 585 generic type\n\nE.g. for t = list[int], t.__origin__ is "
                            "list and t.__args__ is (int,)."});
    define_type(vm, {.shape = kShapeUnionType,
                     .methods = kUnionMethods,
                     .attributes = kUnionAttributes,
                     .doc = "Represent a PEP 604 union type\n\nE.g. for int | str"});
    for (BuiltinShape shape : {kShapeGenericAlias, kShapeUnionType}) vm.type(shape)->module = vm.str("types");
    set_type_attribute(vm, kShapeUnionType, "__module__", vm.str("types"));
    vm.type(kShapeUnionType)->class_flags |= Class::kNoInstances;
}

}  // namespace gen
