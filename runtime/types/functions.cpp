// Functions, bound methods, built-in functions and their attributes.
#include "runtime/types/attributes.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"

namespace gen {

static Value or_none(Value v) { return v.is_unbound() ? Value::none() : v; }

// ---- function

static Function* function_of(Value v) { return v.as<Function>(); }

template <Value Function::*field>
static Outcome get_field(VM&, Value self) {
    return or_none(function_of(self)->*field);
}

template <Value Function::*field>
static Outcome set_text(VM& vm, Value self, Value v) {
    if (v.is_unbound() || !is_str(v))
        return vm.type_error("%s must be set to a string object",
                             field == &Function::name ? "__name__" : "__qualname__");
    function_of(self)->*field = v;
    vm.heap.write(function_of(self));
    return Value::none();
}
template <Value Function::*field>
static Outcome set_anything(VM& vm, Value self, Value v) {
    function_of(self)->*field = or_none(v);
    vm.heap.write(function_of(self));
    return Value::none();
}

static Outcome get_code(VM&, Value self) { return Value::object(function_of(self)->code); }
static Outcome set_code(VM& vm, Value self, Value v) {
    auto* f = function_of(self);
    if (v.is_unbound() || !v.is_object() || v.as_object()->kind != Kind::Code)
        return vm.type_error("__code__ must be set to a code object");
    auto* code = v.as<Code>();
    if (!vm.read(code)) return Outcome::raised();
    size_t has = f->closure.is_unbound() ? 0 : f->closure.as<Tuple>()->size, wants = code->free_names->size;
    if (has != wants)
        return vm.value_error("%s() requires a code object with %zu free vars, not %zu",
                              f->name.as<Str>()->data(), has, wants);
    f->code = code;
    f->aux = vm.make_function_of(code, f->globals)->aux;
    vm.heap.write(f);
    return Value::none();
}

static Outcome get_globals(VM&, Value self) { return Value::object(function_of(self)->globals); }
static Outcome set_defaults(VM& vm, Value self, Value v) {
    if (!v.is_unbound() && !v.is_none() && !is_tuple(v))
        return vm.type_error("__defaults__ must be set to a tuple object");
    return set_anything<&Function::defaults>(vm, self, v);
}
static Outcome set_kwdefaults(VM& vm, Value self, Value v) {
    if (!v.is_unbound() && !v.is_none() && !is_dict(v))
        return vm.type_error("__kwdefaults__ must be set to a dict object");
    return set_anything<&Function::kwdefaults>(vm, self, v);
}
static Outcome get_annotations(VM& vm, Value self) {
    auto* f = function_of(self);
    if (f->annotations.is_unbound() || f->annotations.is_none()) {
        f->annotations = Value::object(vm.dict());
        vm.heap.write(f);
    }
    return f->annotations;
}
static Outcome set_annotations(VM& vm, Value self, Value v) {
    if (!v.is_unbound() && !v.is_none() && !is_dict(v))
        return vm.type_error("__annotations__ must be set to a dict object");
    function_of(self)->annotations = v.is_none() ? Value::unbound() : v;
    vm.heap.write(function_of(self));
    return Value::none();
}

static Outcome get_function_dict(VM& vm, Value self) {
    return Value::object(instance_dict(vm, self.as_object()));
}
static Outcome set_function_dict(VM& vm, Value self, Value v) {
    if (v.is_unbound()) return vm.type_error("cannot delete __dict__");
    if (!is_dict(v))
        return vm.type_error("__dict__ must be set to a dictionary, not a '%s'", vm.type_name(v));
    replace_instance_dict(vm, self.as_object(), v.as<Dict>());
    return Value::none();
}

static Outcome function_new(VM& vm, Value* args) {  // cls, code, globals, name, argdefs, closure
    if (!args[1].is_object() || args[1].as_object()->kind != Kind::Code)
        return vm.type_error("function() argument 'code' must be code, not %s", vm.type_name(args[1]));
    if (!is_dict(args[2]))
        return vm.type_error("function() argument 'globals' must be dict, not %s", vm.type_name(args[2]));
    auto* code = args[1].as<Code>();
    Value name = or_none(args[3]), defaults = or_none(args[4]), closure = or_none(args[5]);
    if (!name.is_none() && !is_str(name)) return vm.type_error("arg 3 (name) must be None or string");
    if (!defaults.is_none() && !is_tuple(defaults))
        return vm.type_error("arg 4 (defaults) must be None or tuple");
    if (!vm.read(code)) return Outcome::raised();
    size_t wants = code->free_names->size;
    if (!is_tuple(closure)) {
        if (wants && closure.is_none()) return vm.type_error("arg 5 (closure) must be tuple");
        if (!closure.is_none()) return vm.type_error("arg 5 (closure) must be None or tuple");
    } else if (closure.as<Tuple>()->size != wants) {
        return vm.value_error("%s requires closure of length %zu, not %zu", code->name.as<Str>()->data(),
                              wants, size_t(closure.as<Tuple>()->size));
    }
    for (size_t i = 0; is_tuple(closure) && i < wants; i++) {
        Value c = closure.as<Tuple>()->items[i];
        if (!c.is_object() || c.as_object()->kind != Kind::Cell)
            return vm.type_error("arg 5 (closure) expected cell, found %s", vm.type_name(c));
    }
    Function* f = vm.make_function_of(code, args[2].as<Dict>());
    if (!name.is_none()) f->name = name;
    f->defaults = defaults;
    if (wants) f->closure = closure;
    return Value::object(f);
}

static Outcome function_get(VM& vm, Value* args) {  // self, instance, owner
    if (binds_nothing(vm, args)) return Outcome::raised();
    return args[1].is_none() ? Outcome(args[0]) : Outcome(vm.bound_method(args[0], args[1]));
}
static Outcome call_self(VM& vm, Value* args) {
    return vm.call_with(args[0], args[1], args[2]);
}  // self, *args, **kwargs

static const NativeDef kFunctionMethods[] = {
    {.signature = "__new__(cls, code, globals, name=None, argdefs=None, closure=None)",
     .fn = function_new,
     .flags = kStaticNative},
    {.signature = "__get__(self, instance, owner=None, /)",
     .fn = function_get,
     .doc = "Return an attribute of instance, which is of type owner."},
    {.signature = "__call__(self, /, *args, **kwargs)", .fn = call_self, .doc = "Call self as a function."},
    {.signature = "__repr__(self, /)", .fn = repr_native},
};
static const AttributeDef kFunctionAttributes[] = {
    {"__code__", get_code, set_code},
    {"__globals__", get_globals, read_only},
    {"__closure__", get_field<&Function::closure>, read_only},
    {"__defaults__", get_field<&Function::defaults>, set_defaults},
    {"__kwdefaults__", get_field<&Function::kwdefaults>, set_kwdefaults},
    {"__name__", get_field<&Function::name>, set_text<&Function::name>},
    {"__qualname__", get_field<&Function::qualname>, set_text<&Function::qualname>},
    {"__module__", get_field<&Function::module>, set_anything<&Function::module>},
    {"__doc__", get_field<&Function::doc>, set_anything<&Function::doc>},
    {"__annotations__", get_annotations, set_annotations},
    {"__builtins__", get_field<&Function::builtins>, read_only},
    {"__dict__", get_function_dict, set_function_dict},
};

// ---- method: a function with its first argument

static BoundMethod* method_of(Value v) { return v.as<BoundMethod>(); }

static Outcome method_new(VM& vm, Value* args) {  // cls, function, instance
    if (!is_callable(vm, args[1])) return vm.type_error("first argument must be callable");
    if (args[2].is_none()) return vm.type_error("instance must not be None");
    return vm.bound_method(args[1], args[2]);
}
static Outcome method_call(VM& vm, Value* args) { return vm.call_with(args[0], args[1], args[2]); }
static Outcome method_eq(VM&, Value* args) {
    if (!args[1].is_object() || args[1].as_object()->kind != Kind::BoundMethod)
        return Value::not_implemented();
    return Value::boolean(method_of(args[0])->self.is(method_of(args[1])->self) &&
                          method_of(args[0])->function.is(method_of(args[1])->function));
}
static Outcome method_ne(VM& vm, Value* args) {
    Outcome o = method_eq(vm, args);
    return o.value().is_not_implemented() ? o : Outcome(Value::boolean(o.value().is_false()));
}
static Outcome method_hash(VM& vm, Value* args) {
    uint64_t h = hash_identity(address_of(vm, method_of(args[0])->self)) ^
                 hash_identity(address_of(vm, method_of(args[0])->function));
    return hash_value(vm, h);
}
static Outcome method_getattribute(VM& vm, Value* args) {
    Str* name = attribute_name(vm, args[1]);
    return name ? plain_getattribute(vm, args[0], name) : Outcome::raised();
}
static Outcome get_func(VM&, Value self) { return method_of(self)->function; }
static Outcome get_self(VM&, Value self) { return method_of(self)->self; }
static Outcome get_method_doc(VM& vm, Value self) {
    return op_getattr(vm, method_of(self)->function, vm.names.doc);
}

static const NativeDef kMethodMethods[] = {
    {.signature = "__new__(cls, function, instance, /)", .fn = method_new, .flags = kStaticNative},
    {.signature = "__call__(self, /, *args, **kwargs)", .fn = method_call, .doc = "Call self as a function."},
    {.signature = "__eq__(self, value, /)", .fn = method_eq},
    {.signature = "__ne__(self, value, /)", .fn = method_ne},
    {.signature = "__hash__(self, /)", .fn = method_hash},
    {.signature = "__getattribute__(self, name, /)", .fn = method_getattribute},
    {.signature = "__repr__(self, /)", .fn = repr_native},
};
static const AttributeDef kMethodAttributes[] = {
    {"__func__", get_func, read_only, "the function (or other callable) implementing a method"},
    {"__self__", get_self, read_only, "the instance to which a method is bound"},
    {"__doc__", get_method_doc},
};

// ---- built-in functions and methods, bound or not

static Native* native_of(Value v) { return v.as<Native>(); }
static std::string_view native_name(Value v) {
    std::string_view text = native_of(v)->def->signature.text;
    return text.substr(0, text.find('('));
}

static Outcome native_call(VM& vm, Value* args) { return vm.call_with(args[0], args[1], args[2]); }
static Outcome get_native_name(VM& vm, Value self) { return vm.str(native_name(self)); }
static Outcome get_native_qualname(VM& vm, Value self) {
    Native* n = native_of(self);
    Class* cls = n->owner.is_object() ? n->owner.as<Class>() : nullptr;
    if (is_class(n->self)) cls = n->self.as<Class>();
    if (!cls) return vm.str(native_name(self));
    std::string text(cls->qualname.as<Str>()->view());
    return vm.str(text + "." + std::string(native_name(self)));
}
static Outcome get_native_doc(VM& vm, Value self) {
    return *native_of(self)->def->doc ? vm.str(native_of(self)->def->doc) : Value::none();
}
static Outcome get_native_module(VM&, Value self) { return or_none(native_of(self)->module); }
static Outcome get_native_self(VM& vm, Value self) {
    Native* n = native_of(self);
    if (!n->self.is_unbound()) return n->self;
    if (n->owner.is_object()) return n->owner;
    Value module = is_str(n->module) ? vm.get(vm.modules, n->module.as<Str>()) : Value::none();
    return or_none(module);
}
static Outcome get_objclass(VM&, Value self) { return or_none(native_of(self)->owner); }
static Outcome get_signature(VM& vm, Value self) {  // with $ before the receiver, as inspect reads it
    std::string_view text = native_of(self)->def->signature.text;
    std::string signature(text.substr(text.find('(')));
    if (native_of(self)->owner.is_object() && signature.size() > 2) signature.insert(1, "$");
    return vm.str(signature);
}
static Outcome native_eq(VM&, Value* args) {
    if (!args[1].is_object() || args[1].as_object()->kind != Kind::Native) return Value::not_implemented();
    return Value::boolean(native_of(args[0])->def == native_of(args[1])->def &&
                          native_of(args[0])->self.is(native_of(args[1])->self));
}
static Outcome native_ne(VM& vm, Value* args) {
    Outcome o = native_eq(vm, args);
    return o.value().is_not_implemented() ? o : Outcome(Value::boolean(o.value().is_false()));
}
static Outcome native_hash(VM& vm, Value* args) {
    std::string_view signature = native_of(args[0])->def->signature.text;
    return hash_value(vm, siphash13(vm.hash_key, signature.data(), signature.size()) ^
                              hash_identity(address_of(vm, native_of(args[0])->self)));
}
static Outcome native_get(VM& vm, Value* args) {  // self, instance, owner
    if (binds_nothing(vm, args)) return Outcome::raised();
    if (args[1].is_none()) return args[0];
    return descriptor_get(vm, args[0], args[1], Value::object(vm.class_of(args[1])));
}

static const NativeDef kNativeMethods[] = {
    {.signature = "__call__(self, /, *args, **kwargs)", .fn = native_call, .doc = "Call self as a function."},
    {.signature = "__repr__(self, /)", .fn = repr_native},
    {.signature = "__eq__(self, value, /)", .fn = native_eq},
    {.signature = "__ne__(self, value, /)", .fn = native_ne},
    {.signature = "__hash__(self, /)", .fn = native_hash},
};
static const NativeDef kDescriptorMethods[] = {
    {.signature = "__call__(self, /, *args, **kwargs)", .fn = native_call, .doc = "Call self as a function."},
    {.signature = "__repr__(self, /)", .fn = repr_native},
    {.signature = "__get__(self, instance, owner=None, /)", .fn = native_get},
};
static const AttributeDef kNativeAttributes[] = {
    {"__name__", get_native_name}, {"__qualname__", get_native_qualname},
    {"__doc__", get_native_doc},   {"__module__", get_native_module},
    {"__self__", get_native_self}, {"__text_signature__", get_signature},
};
static const AttributeDef kDescriptorAttributes[] = {
    {"__name__", get_native_name},  {"__qualname__", get_native_qualname}, {"__doc__", get_native_doc},
    {"__objclass__", get_objclass}, {"__text_signature__", get_signature},
};
static const AttributeDef kWrapperAttributes[] = {
    {"__name__", get_native_name}, {"__qualname__", get_native_qualname},
    {"__doc__", get_native_doc},   {"__objclass__", get_objclass},
    {"__self__", get_native_self}, {"__text_signature__", get_signature},
};

void define_functions(VM& vm) {
    define_type(vm, {.shape = kShapeFunction,
                     .methods = kFunctionMethods,
                     .attributes = kFunctionAttributes,
                     .doc = "Create a function object.\n\n"
                            "  code\n    a code object\n"
                            "  globals\n    the globals dictionary\n"
                            "  name\n    a string that overrides the name from the code object\n"
                            "  argdefs\n    a tuple that specifies the default argument values\n"
                            "  closure\n    a tuple that supplies the bindings for free variables"});
    define_type(vm, {.shape = kShapeMethod,
                     .methods = kMethodMethods,
                     .attributes = kMethodAttributes,
                     .doc = "Create a bound instance method object."});
    define_type(vm,
                {.shape = kShapeBuiltinFunction, .methods = kNativeMethods, .attributes = kNativeAttributes});
    define_type(vm, {.shape = kShapeMethodDescriptor,
                     .methods = kDescriptorMethods,
                     .attributes = kDescriptorAttributes});
    define_type(
        vm, {.shape = kShapeSlotWrapper, .methods = kDescriptorMethods, .attributes = kDescriptorAttributes});
    define_type(vm,
                {.shape = kShapeMethodWrapper, .methods = kNativeMethods, .attributes = kWrapperAttributes});
    for (BuiltinShape s : {kShapeBuiltinFunction, kShapeMethodDescriptor, kShapeSlotWrapper,
                           kShapeMethodWrapper, kShapeMemberDescriptor, kShapeGetSetDescriptor})
        vm.type(s)->class_flags |= Class::kNoInstances;
}

}  // namespace gen
