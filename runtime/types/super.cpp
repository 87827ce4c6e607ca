// super as an object. The call `super()` inside a method is an instruction of its own, see CALL_SUPER.
#include "runtime/types/attributes.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"

namespace gen {

static Super* super_of(Value v) { return v.as<Super>(); }

static Outcome super_new(VM& vm, Value* args) {  // cls, *args, **kwargs
    Class* cls = checked_class(vm, args[0], kShapeSuper);
    if (!cls) return Outcome::raised();
    Object* o = allocate_instance(vm, cls);
    return o ? Outcome(Value::object(o)) : vm.out_of_memory();
}

// The class whose MRO is searched; unbound: obj is neither an instance nor a subclass of type.
static Value self_type_of(VM& vm, Class* type, Value obj) {
    if (is_class(obj) && vm.is_subclass(obj.as<Class>(), type)) return obj;
    if (vm.is_subclass(vm.class_of(obj), type)) return Value::object(vm.class_of(obj));
    return Value::unbound();
}

static Outcome bind_super(VM& vm, Super* s, Class* type, Value obj) {
    s->type = Value::object(type);
    s->self = s->self_type = Value::none();
    if (!obj.is_unbound() && !obj.is_none()) {
        Value found = self_type_of(vm, type, obj);
        if (found.is_unbound())
            return vm.type_error("super(type, obj): obj must be an instance or subtype of type");
        s->self = obj;
        s->self_type = found;
    }
    vm.heap.write(s);
    return Value::none();
}

static Outcome super_init(VM& vm, Value* args) {  // self, type, object
    if (args[1].is_unbound()) {
        Frame* f = visible_frame(vm);
        const Code* code = f ? f->code() : nullptr;
        if (!code || !code->positional) return vm.raise(kShapeRuntimeError, "super(): no arguments");
        for (uint64_t i = 0; i < code->free_names->size; i++) {
            if (code->free_names->items[i].as<Str>()->view() != "__class__") continue;
            Value cls = f->fn()->closure.as<Tuple>()->items[i].as<Cell>()->value;
            if (cls.is_unbound()) return vm.raise(kShapeRuntimeError, "super(): empty __class__ cell");
            if (!is_class(cls))
                return vm.raisef(kShapeRuntimeError, "super(): __class__ is not a type (%s)",
                                 vm.type_name(cls));
            Value self = f->registers[0];
            if (self.is_object() && self.as_object()->kind == Kind::Cell) self = self.as<Cell>()->value;
            if (self.is_unbound()) return vm.raise(kShapeRuntimeError, "super(): arg[0] deleted");
            return bind_super(vm, super_of(args[0]), cls.as<Class>(), self);
        }
        return vm.raise(kShapeRuntimeError, "super(): __class__ cell not found");
    }
    if (!is_class(args[1]))
        return vm.type_error("super() argument 1 must be a type, not %s", vm.type_name(args[1]));
    return bind_super(vm, super_of(args[0]), args[1].as<Class>(), args[2]);
}

static Outcome super_get(VM& vm, Value* args) {  // self, instance, owner
    auto* s = super_of(args[0]);
    if (binds_nothing(vm, args)) return Outcome::raised();
    if (args[1].is_none() || (!s->self.is_none() && !s->self.is_unbound())) return args[0];
    if (s->type.is_unbound())  // __init__ has not run
        return vm.type_error("super(type, obj): obj must be an instance or subtype of type");
    if (s->shape != kShapeSuper) return vm.call(Value::object(vm.class_of(args[0])), {s->type, args[1]});
    auto* bound = static_cast<Super*>(allocate_instance(vm, vm.type(kShapeSuper)));
    if (!bound) return vm.out_of_memory();
    Outcome o = bind_super(vm, bound, s->type.as<Class>(), args[1]);
    return o.is_raised() ? o : Outcome(Value::object(bound));
}
static Outcome super_getattribute(VM& vm, Value* args) {
    Str* name = attribute_name(vm, args[1]);
    return name ? plain_getattribute(vm, args[0], name) : Outcome::raised();
}

template <Value Super::*field>
static Outcome get_field(VM&, Value self) {
    Value v = super_of(self)->*field;
    return v.is_unbound() ? Value::none() : v;
}

static const NativeDef kMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)", .fn = super_new, .flags = kStaticNative},
    {.signature = "__init__(self, type=None, object=None, /)", .fn = super_init},
    {.signature = "__get__(self, instance, owner=None, /)", .fn = super_get},
    {.signature = "__getattribute__(self, name, /)", .fn = super_getattribute},
    {.signature = "__repr__(self, /)", .fn = repr_native},
};
static const AttributeDef kAttributes[] = {
    {"__thisclass__", get_field<&Super::type>, read_only, "the class invoking super()"},
    {"__self__", get_field<&Super::self>, read_only, "the instance invoking super(); may be None"},
    {"__self_class__", get_field<&Super::self_type>, read_only,
     "the type of the instance invoking super(); may be None"},
};

void define_super(VM& vm) {
    define_type(vm, {.shape = kShapeSuper,
                     .methods = kMethods,
                     .attributes = kAttributes,
                     .doc = "super() -> same as super(__class__, <first argument>)\n"
                            "super(type) -> unbound super object\n"
                            "super(type, obj) -> bound super object; requires isinstance(obj, type)\n"
                            "super(type, type2) -> bound super object; requires issubclass(type2, type)\n"});
}

}  // namespace gen
