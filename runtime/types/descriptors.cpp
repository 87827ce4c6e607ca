// property, classmethod, staticmethod; the descriptors of built-in classes; mappingproxy.
#include "runtime/types/attributes.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"
#include "vm/exec/lookup.h"

namespace gen {

static Value or_none(Value v) { return v.is_unbound() ? Value::none() : v; }
static Value none_as_unbound(Value v) { return v.is_none() ? Value::unbound() : v; }

// A new instance of a class of descriptors, whose fields __init__ fills.
template <BuiltinShape shape>
static Outcome descriptor_new(VM& vm, Value* args) {  // cls, *args, **kwargs
    Class* cls = checked_class(vm, args[0], shape);
    if (!cls) return Outcome::raised();
    Object* o = allocate_instance(vm, cls);
    if (!o) return vm.out_of_memory();
    return Value::object(o);
}

// ---- property

static Property* property_of(Value v) { return v.as<Property>(); }
constexpr uint8_t kDocOfGetter = 1;  // Object::aux: the text was the getter's, and changes with it

static Outcome property_init_step(VM& vm, NativeFrame& frame) {  // self, fget, fset, fdel, doc
    auto* p = property_of(frame[0]);
    switch (frame.step_state()) {
        case 0:
            p->get = none_as_unbound(frame[1]);
            p->set = none_as_unbound(frame[2]);
            p->del = none_as_unbound(frame[3]);
            p->doc = none_as_unbound(frame[4]);
            p->name = Value::unbound();
            vm.heap.write(p);
            if (p->doc.is_unbound() && !p->get.is_unbound()) {
                AWAIT(1, op_getattr_or_stop(vm, p->get, vm.names.doc));
                p = property_of(frame[0]);
                if (frame.result().is_unbound()) return Value::none();
                p->aux |= kDocOfGetter;
                p->doc = none_as_unbound(frame.result());
                vm.heap.write(p);
                // A subclass keeps the text among the attributes of the instance, since __doc__ of the class hides this one.
                if (p->shape != kShapeProperty) {
                    AWAIT(2, op_setattr(vm, frame[0], vm.names.doc,
                                        p->doc.is_unbound() ? Value::none() : p->doc));
                }
            }
    }
    return Value::none();
}

static Outcome property_get(VM& vm, Value* args) {  // self, instance, owner
    if (binds_nothing(vm, args)) return Outcome::raised();
    return args[1].is_none() ? Outcome(args[0]) : get_property(vm, property_of(args[0]), args[1]);
}
static Outcome property_set(VM& vm, Value* args) {
    return set_property(vm, property_of(args[0]), args[1], args[2]);
}
static Outcome property_delete(VM& vm, Value* args) {
    return set_property(vm, property_of(args[0]), args[1], Value::unbound());
}

// finish_getter(property): takes the text of its new getter.
static Outcome finish_getter_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_getattr_or_stop(vm, or_none(property_of(frame[0])->get), vm.names.doc));
    }
    property_of(frame[0])->doc = none_as_unbound(frame.result());
    vm.heap.write(property_of(frame[0]));
    return frame[0];
}
static const NativeDef kFinishGetter = {.signature = "finish_getter(property, /)",
                                        .step = finish_getter_step};

// A copy with one accessor replaced: made by calling the class, so that subclasses are kept.
enum class Accessor : uint8_t { Get, Set, Del };
template <Accessor which>
static Outcome property_with(VM& vm, Value* args) {
    auto* p = property_of(args[0]);
    Value get = which == Accessor::Get ? args[1] : or_none(p->get);
    Value set = which == Accessor::Set ? args[1] : or_none(p->set);
    Value del = which == Accessor::Del ? args[1] : or_none(p->del);
    // The text is taken from the getter again, unless it was given.
    Value doc = (p->aux & kDocOfGetter) && !get.is_none() && p->shape != kShapeProperty ? Value::none()
                                                                                        : or_none(p->doc);
    if (p->shape == kShapeProperty) {
        auto* copy = static_cast<Property*>(allocate_instance(vm, vm.type(kShapeProperty)));
        if (!copy) return vm.out_of_memory();
        copy->get = none_as_unbound(get);
        copy->set = none_as_unbound(set);
        copy->del = none_as_unbound(del);
        copy->doc = none_as_unbound(doc);
        copy->name = p->name;
        copy->aux = p->aux;
        if (which != Accessor::Get || !(p->aux & kDocOfGetter)) return Value::object(copy);
        return call_internal(vm, kFinishGetter, {Value::object(copy)});
    }
    return vm.call(Value::object(vm.class_of(args[0])), {get, set, del, doc});
}

static Outcome property_set_name(VM& vm, Value* args) {  // self, *(owner, name)
    auto* given = args[1].as<Tuple>();
    if (given->size != 2)
        return vm.type_error("__set_name__() takes 2 positional arguments but %zu were given",
                             size_t(given->size));
    property_of(args[0])->name = given->items[1];
    vm.heap.write(property_of(args[0]));
    return Value::none();
}

static Outcome get_fget(VM&, Value self) { return or_none(property_of(self)->get); }
static Outcome get_fset(VM&, Value self) { return or_none(property_of(self)->set); }
static Outcome get_fdel(VM&, Value self) { return or_none(property_of(self)->del); }
static Outcome get_property_doc(VM&, Value self) { return or_none(property_of(self)->doc); }
static Outcome set_property_doc(VM& vm, Value self, Value v) {
    property_of(self)->doc = none_as_unbound(v);
    vm.heap.write(property_of(self));
    return Value::none();
}

// True if any of the accessors is abstract.
static Outcome property_abstract_step(VM& vm, NativeFrame& frame) {  // self; 1 counter
    Value part;
    switch (frame.step_state()) {
        case 0:
            frame[1] = Value::integer(0);
            while (frame[1].as_int() < 3) {
                part = (&property_of(frame[0])->get)[frame[1].as_int()];
                if (!part.is_unbound()) {
                    AWAIT(1, op_getattr_or_stop(vm, part, vm.intern("__isabstractmethod__")));
                    if (!frame.result().is_unbound()) {
                        AWAIT(2, op_truth(vm, frame.result()));
                        if (frame.result().is_true()) return Value::true_();
                    }
                }
                frame[1] = Value::integer(frame[1].as_int() + 1);
            }
    }
    return Value::false_();
}
static const NativeDef kPropertyAbstract = {
    .signature = "isabstract(self, /)", .step = property_abstract_step, .locals = 1};
static Outcome get_property_abstract(VM& vm, Value self) {
    return call_internal(vm, kPropertyAbstract, {self});
}

static const NativeDef kPropertyMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)",
     .fn = descriptor_new<kShapeProperty>,
     .flags = kStaticNative},
    {.signature = "__init__(self, fget=None, fset=None, fdel=None, doc=None)", .step = property_init_step},
    {.signature = "__get__(self, instance, owner=None, /)",
     .fn = property_get,
     .doc = "Return an attribute of instance, which is of type owner."},
    {.signature = "__set__(self, instance, value, /)",
     .fn = property_set,
     .doc = "Set an attribute of instance to value."},
    {.signature = "__delete__(self, instance, /)",
     .fn = property_delete,
     .doc = "Delete an attribute of instance."},
    {.signature = "getter(self, fget, /)",
     .fn = property_with<Accessor::Get>,
     .doc = "Descriptor to obtain a copy of the property with a different getter."},
    {.signature = "setter(self, fset, /)",
     .fn = property_with<Accessor::Set>,
     .doc = "Descriptor to obtain a copy of the property with a different setter."},
    {.signature = "deleter(self, fdel, /)",
     .fn = property_with<Accessor::Del>,
     .doc = "Descriptor to obtain a copy of the property with a different deleter."},
    {.signature = "__set_name__(self, /, *args)",
     .fn = property_set_name,
     .doc = "Method to set name of a property."},
};
static const AttributeDef kPropertyAttributes[] = {
    {"fget", get_fget, read_only},
    {"fset", get_fset, read_only},
    {"fdel", get_fdel, read_only},
    {"__doc__", get_property_doc, set_property_doc},
    {"__isabstractmethod__", get_property_abstract},
};

// ---- classmethod and staticmethod

template <class T>
static Value& function_of(Value v) {
    return v.as<T>()->function;
}

// The wrapped function's names are copied, as functools.wraps would.
template <class T>
static Outcome wrapper_init_step(VM& vm, NativeFrame& frame) {  // self, function; 2 counter
    Str* const names[] = {vm.names.module, vm.names.name, vm.names.qualname, vm.names.doc};
    switch (frame.step_state()) {
        case 0:
            function_of<T>(frame[0]) = frame[1];
            vm.heap.write(frame[0].as_object());
            frame[2] = Value::integer(0);
            while (frame[2].as_int() < 4) {
                AWAIT(1, op_getattr_or_stop(vm, frame[1], names[frame[2].as_int()]));
                if (!frame.result().is_unbound())
                    set_instance_attribute(vm, frame[0].as_object(), names[frame[2].as_int()],
                                           frame.result());
                frame[2] = Value::integer(frame[2].as_int() + 1);
            }
    }
    return Value::none();
}
// The common case: of a plain function nothing is copied before someone asks.
template <class T>
static Outcome wrapper_init(VM& vm, Value* args) {
    if (!args[1].is_object() || args[1].as_object()->kind != Kind::Function) return Outcome::unhandled();
    if (args[0].as_object()->shape >= kBuiltinShapes) return Outcome::unhandled();
    function_of<T>(args[0]) = args[1];
    vm.heap.write(args[0].as_object());
    return Value::none();
}

static Outcome classmethod_get(VM& vm, Value* args) {  // self, instance, owner
    if (binds_nothing(vm, args)) return Outcome::raised();
    Value owner = args[2].is_unbound() || args[2].is_none() ? Value::object(vm.class_of(args[1])) : args[2];
    Value f = function_of<ClassMethod>(args[0]);
    if (f.is_unbound()) return vm.raise(kShapeRuntimeError, "uninitialized classmethod object");
    const bool function = f.is_object() && f.as_object()->kind == Kind::Function;
    return !function && is_descriptor(vm, f) ? descriptor_get(vm, f, owner, owner)
                                             : Outcome(vm.bound_method(f, owner));
}
static Outcome static_function(VM& vm, Value self) {
    Value f = function_of<StaticMethod>(self);
    return f.is_unbound() ? vm.raise(kShapeRuntimeError, "uninitialized staticmethod object") : Outcome(f);
}
static Outcome staticmethod_get(VM& vm, Value* args) {  // self, instance, owner
    return binds_nothing(vm, args) ? Outcome::raised() : static_function(vm, args[0]);
}
static Outcome staticmethod_call(VM& vm, Value* args) {  // self, *args, **kwargs
    Outcome f = static_function(vm, args[0]);
    return f.is_raised() ? f : vm.call_with(f.value(), args[1], args[2]);
}

template <class T>
static Outcome get_function(VM&, Value self) {
    return or_none(function_of<T>(self));
}
static bool is_wrapper(Value v) {
    const Kind kind = v.is_object() ? v.as_object()->kind : Kind::kCount;
    return kind == Kind::ClassMethod || kind == Kind::StaticMethod;
}
static Value unwrapped(Value wrapper) {
    return wrapper.as_object()->kind == Kind::ClassMethod ? function_of<ClassMethod>(wrapper)
                                                          : function_of<StaticMethod>(wrapper);
}

static Outcome get_abstract(VM& vm, Value self) {
    while (is_wrapper(self)) self = unwrapped(self);
    const Kind kind = self.is_object() ? self.as_object()->kind : Kind::kCount;
    Str* name = vm.intern("__isabstractmethod__");
    if (kind == Kind::Property) return op_getattr(vm, self, name);
    Value own =
        kind == Kind::Function ? get_instance_attribute(vm, self.as_object(), name) : Value::unbound();
    return own.is_unbound() ? Value::false_() : own;
}
// Attributes of the function, unless a wrapper has its own.
template <Str* Names::*name>
static Outcome get_of_function(VM& vm, Value self) {
    for (; is_wrapper(self); self = unwrapped(self)) {
        Value own = get_instance_attribute(vm, self.as_object(), vm.names.*name);
        if (!own.is_unbound()) return own;
    }
    return op_getattr(vm, or_none(self), vm.names.*name);
}
template <Str* Names::*name>
static Outcome set_own(VM& vm, Value self, Value v) {
    if (!set_instance_attribute(vm, self.as_object(), vm.names.*name, v))
        return vm.raisef(kShapeAttributeError, "'%s' object attribute '%s' is read-only", vm.type_name(self),
                         (vm.names.*name)->data());
    return Value::none();
}

template <class T>
constexpr AttributeDef kWrapperAttributes[] = {
    {"__func__", get_function<T>},
    {"__wrapped__", get_function<T>},
    {"__isabstractmethod__", get_abstract},
    {"__name__", get_of_function<&Names::name>, set_own<&Names::name>},
    {"__qualname__", get_of_function<&Names::qualname>, set_own<&Names::qualname>},
    {"__module__", get_of_function<&Names::module>, set_own<&Names::module>},
    {"__doc__", get_of_function<&Names::doc>, set_own<&Names::doc>},
    {"__annotations__", get_of_function<&Names::annotations>, set_own<&Names::annotations>},
};

static const NativeDef kClassMethodMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)",
     .fn = descriptor_new<kShapeClassMethod>,
     .flags = kStaticNative},
    {.signature = "__init__(self, function, /)",
     .fn = wrapper_init<ClassMethod>,
     .step = wrapper_init_step<ClassMethod>,
     .locals = 1},
    {.signature = "__get__(self, instance, owner=None, /)", .fn = classmethod_get},
    {.signature = "__repr__(self, /)", .fn = repr_native},
};
static const NativeDef kStaticMethodMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)",
     .fn = descriptor_new<kShapeStaticMethod>,
     .flags = kStaticNative},
    {.signature = "__init__(self, function, /)",
     .fn = wrapper_init<StaticMethod>,
     .step = wrapper_init_step<StaticMethod>,
     .locals = 1},
    {.signature = "__get__(self, instance, owner=None, /)", .fn = staticmethod_get},
    {.signature = "__call__(self, /, *args, **kwargs)", .fn = staticmethod_call},
    {.signature = "__repr__(self, /)", .fn = repr_native},
};

// ---- members: attributes that slots or natives keep

static Class* member_owner(Value self) { return self.as<Member>()->owner.as<Class>(); }

static Outcome member_get(VM& vm, Value* args) {
    if (binds_nothing(vm, args)) return Outcome::raised();
    if (args[1].is_none() && member_owner(args[0]) != vm.type(kShapeNone_)) return args[0];
    return get_member(vm, args[0].as<Member>(), args[1]);
}
static Outcome member_set(VM& vm, Value* args) {
    return set_member(vm, args[0].as<Member>(), args[1], args[2]);
}
static Outcome member_delete(VM& vm, Value* args) {
    return set_member(vm, args[0].as<Member>(), args[1], Value::unbound());
}
static Outcome get_member_name(VM&, Value self) { return self.as<Member>()->name; }
static Outcome get_member_owner(VM&, Value self) { return self.as<Member>()->owner; }
static Outcome get_member_qualname(VM& vm, Value self) {
    StringBuilder out(vm.heap);
    out.append(member_owner(self)->qualname.as<Str>());
    out.append('.');
    out.append(self.as<Member>()->name.as<Str>());
    return finish(vm, out);
}
static Outcome get_member_doc(VM& vm, Value self) {
    auto* def = self.as<Member>()->def;
    return def && *def->doc ? vm.str(def->doc) : Value::none();
}

static const NativeDef kMemberMethods[] = {
    {.signature = "__get__(self, instance, owner=None, /)", .fn = member_get},
    {.signature = "__set__(self, instance, value, /)", .fn = member_set},
    {.signature = "__delete__(self, instance, /)", .fn = member_delete},
    {.signature = "__repr__(self, /)", .fn = repr_native},
};
static const AttributeDef kMemberAttributes[] = {
    {"__name__", get_member_name},
    {"__qualname__", get_member_qualname},
    {"__objclass__", get_member_owner},
    {"__doc__", get_member_doc},
};

// ---- mappingproxy: everything is asked of the mapping; that of a class shows its attributes' values

static Outcome proxy_new(VM& vm, Value* args) {
    if (!is_dict(args[1]) &&
        (vm.special(args[1], Special::Getitem).is_unbound() || is_list(args[1]) || is_tuple(args[1])))
        return vm.type_error("mappingproxy() argument must be a mapping, not %s", vm.type_name(args[1]));
    auto* p = vm.heap.make<MappingProxy>(Kind::MappingProxy, kShapeMappingProxy);
    p->mapping = args[1];
    return Value::object(p);
}

// What it stands for, through any number of proxies of proxies: a class, or a mapping.
static Value innermost(Value self) {
    while (self.is_object() && self.as_object()->kind == Kind::MappingProxy)
        self = self.as<MappingProxy>()->mapping;
    return self;
}

static Value proxy_mapping(VM& vm, Value self, Value& out) {  // a dict of its own for a class's attributes
    Value m = innermost(self);
    if (!is_class(m)) return out = m;
    Dict* d = make_dict(vm.heap, dict_length(m.as<Class>()->attributes));
    uint32_t position = 0;
    while (DictEntry* e = next_entry(m.as<Class>()->attributes, position)) {
        Value v = e->value.is_object() && e->value.as_object()->kind == Kind::Cell
                      ? e->value.as<Cell>()->value
                      : e->value;
        if (!v.is_unbound()) vm.set(d, e->key.as<Str>(), v);
    }
    return out = Value::object(d);
}

static Outcome proxy_getitem(VM& vm, Value* args) {
    Value m = innermost(args[0]);
    if (!is_class(m)) return op_getitem(vm, m, args[1]);
    Value v = is_str(args[1]) ? own_attribute(vm, m.as<Class>(), args[1].as<Str>()) : Value::unbound();
    return v.is_unbound() ? vm.key_error(args[1]) : Outcome(v);
}
static Outcome proxy_contains(VM& vm, Value* args) {
    Value m = innermost(args[0]);
    if (!is_class(m)) return op_contains(vm, m, args[1]);
    return Value::boolean(is_str(args[1]) &&
                          !own_attribute(vm, m.as<Class>(), args[1].as<Str>()).is_unbound());
}
static Outcome proxy_len(VM& vm, Value* args) {
    Value m;
    return op_len(vm, proxy_mapping(vm, args[0], m));
}
static Outcome proxy_iter(VM& vm, Value* args) {
    Value m;
    return op_iter(vm, proxy_mapping(vm, args[0], m));
}
static Outcome proxy_reversed(VM& vm, Value* args) {
    Value m;
    proxy_mapping(vm, args[0], m);
    if (is_dict(m)) return base_reversed(vm, m);
    return vm.call_special(Special::Reversed, m);
}

static Outcome call_method(VM& vm, Value self, const char* name, std::initializer_list<Value> args) {
    Tuple* t = make_tuple(vm.heap, args.begin(), args.size());
    return vm.call(vm.natives.call_attribute, {self, Value::object(vm.intern(name)), Value::object(t)});
}
static Outcome proxy_get(VM& vm, Value* args) {
    Value m = innermost(args[0]);
    Value otherwise = or_none(args[2]);
    if (!is_class(m)) return call_method(vm, m, "get", {args[1], otherwise});
    Value v = is_str(args[1]) ? own_attribute(vm, m.as<Class>(), args[1].as<Str>()) : Value::unbound();
    return v.is_unbound() ? otherwise : v;
}
#define PROXY_FORWARD(id, name)                                          \
    static Outcome id(VM& vm, Value* args) {                             \
        Value m;                                                         \
        return call_method(vm, proxy_mapping(vm, args[0], m), name, {}); \
    }
PROXY_FORWARD(proxy_keys, "keys")
PROXY_FORWARD(proxy_values, "values")
PROXY_FORWARD(proxy_items, "items")
PROXY_FORWARD(proxy_copy, "copy")
#undef PROXY_FORWARD

static Value unwrapped(VM& vm, Value v) {
    Value m;
    return v.is_object() && v.as_object()->kind == Kind::MappingProxy ? proxy_mapping(vm, v, m) : v;
}
template <CompareOp op>
static Outcome proxy_compare(VM& vm, Value* args) {
    return op_compare(vm, op, unwrapped(vm, args[0]), unwrapped(vm, args[1]));
}
static Outcome proxy_or(VM& vm, Value* args) {
    return op_binary(vm, BinaryOp::Or, unwrapped(vm, args[0]), unwrapped(vm, args[1]));
}
static Outcome proxy_ror(VM& vm, Value* args) {
    return op_binary(vm, BinaryOp::Or, unwrapped(vm, args[1]), unwrapped(vm, args[0]));
}

static Outcome proxy_ior(VM& vm, Value* args) {
    return vm.type_error("'|=' is not supported by %s; use '|' instead", vm.type_name(args[0]));
}

static Outcome proxy_str(VM& vm, Value* args) {
    Value m;
    proxy_mapping(vm, args[0], m);
    return op_str(vm, m);
}

static const NativeDef kProxyMethods[] = {
    {.signature = "__str__(self, /)", .fn = proxy_str, .doc = "Return str(self)."},
    {.signature = "__new__(cls, mapping)", .fn = proxy_new, .flags = kStaticNative},
    {.signature = "__getitem__(self, key, /)", .fn = proxy_getitem},
    {.signature = "__contains__(self, key, /)", .fn = proxy_contains},
    {.signature = "__len__(self, /)", .fn = proxy_len},
    {.signature = "__iter__(self, /)", .fn = proxy_iter},
    {.signature = "__reversed__(self, /)", .fn = proxy_reversed},
    {.signature = "__eq__(self, value, /)", .fn = proxy_compare<CompareOp::Eq>},
    {.signature = "__ne__(self, value, /)", .fn = proxy_compare<CompareOp::Ne>},
    {.signature = "__or__(self, value, /)", .fn = proxy_or},
    {.signature = "__ror__(self, value, /)", .fn = proxy_ror},
    {.signature = "__ior__(self, value, /)", .fn = proxy_ior},
    {.signature = "__repr__(self, /)", .fn = repr_native},
    {.signature = "get(self, key, default=None, /)",
     .fn = proxy_get,
     .doc = "Return the value for key if key is in the mapping, else default."},
    {.signature = "keys(self, /)", .fn = proxy_keys, .doc = "a set-like object providing a view on D's keys"},
    {.signature = "values(self, /)", .fn = proxy_values, .doc = "an object providing a view on D's values"},
    {.signature = "items(self, /)",
     .fn = proxy_items,
     .doc = "a set-like object providing a view on D's items"},
    {.signature = "copy(self, /)", .fn = proxy_copy, .doc = "a shallow copy of D"},
    {.signature = kClassGetitem, .fn = generic_alias, .flags = kClassNative},
};

void define_descriptors(VM& vm) {
    define_type(vm, {.shape = kShapeProperty,
                     .methods = kPropertyMethods,
                     .attributes = kPropertyAttributes,
                     .doc = "Property attribute.\n\n"
                            "  fget\n    function to be used for getting an attribute value\n"
                            "  fset\n    function to be used for setting an attribute value\n"
                            "  fdel\n    function to be used for del'ing an attribute\n"
                            "  doc\n    docstring\n"});
    define_type(vm, {.shape = kShapeClassMethod,
                     .methods = kClassMethodMethods,
                     .attributes = kWrapperAttributes<ClassMethod>,
                     .doc = "classmethod(function) -> method\n\nConvert a function to be a class method."});
    define_type(vm, {.shape = kShapeStaticMethod,
                     .methods = kStaticMethodMethods,
                     .attributes = kWrapperAttributes<StaticMethod>,
                     .doc = "staticmethod(function) -> method\n\nConvert a function to be a static method."});
    define_type(
        vm, {.shape = kShapeMemberDescriptor, .methods = kMemberMethods, .attributes = kMemberAttributes});
    define_type(
        vm, {.shape = kShapeGetSetDescriptor, .methods = kMemberMethods, .attributes = kMemberAttributes});
    define_type(vm, {.shape = kShapeMappingProxy, .methods = kProxyMethods});
    set_type_attribute(vm, kShapeMappingProxy, "__hash__", Value::none());
}

}  // namespace gen
