// BaseExceptionGroup and ExceptionGroup (PEP 654). What walks the tree of a group is in prelude_exceptions.gen.
#include "runtime/types/attributes.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"

namespace gen {

static Value field(VM& vm, Value self, const char* name) {
    Value v = get_instance_attribute(vm, self.as_object(), vm.intern(name));
    return v.is_unbound() ? Value::none() : v;
}

static Outcome group_new_step(VM& vm, NativeFrame& frame) {  // cls, *args, **kwargs; 3 the exceptions
    Class* cls = checked_class(vm, frame[0], kShapeBaseExceptionGroup);
    if (!cls) return Outcome::raised();
    Tuple* t = frame[1].as<Tuple>();
    Tuple* members = nullptr;
    bool any_base = false;
    Exception* group = nullptr;
    switch (frame.step_state()) {
        case 0:
            if (t->size != 2)
                return vm.type_error("BaseExceptionGroup.__new__() takes exactly 2 arguments (%zu given)",
                                     size_t(t->size));
            if (!is_str(t->items[0]))
                return vm.type_error("BaseExceptionGroup.__new__() argument 1 must be str, not %s",
                                     vm.type_name(t->items[0]));
            if (vm.special(t->items[1], Special::Getitem).is_unbound() || is_dict(t->items[1]))
                return vm.type_error("second argument (exceptions) must be a sequence");
            AWAIT(1, op_tuple(vm, t->items[1]));
    }
    members = frame.result().as<Tuple>();
    if (!members->size) return vm.value_error("second argument (exceptions) must be a non-empty sequence");
    for (uint64_t i = 0; i < members->size; i++) {
        if (!vm.is_instance(members->items[i], kShapeBaseException))
            return vm.value_error("Item %zu of second argument (exceptions) is not an exception", size_t(i));
        any_base |= !vm.is_instance(members->items[i], kShapeException);
    }
    if (cls == vm.type(kShapeBaseExceptionGroup)) {
        if (!any_base) cls = vm.type(kShapeExceptionGroup);
    } else if (any_base && vm.is_subclass(cls, vm.type(kShapeException))) {
        if (cls == vm.type(kShapeExceptionGroup))
            return vm.type_error("Cannot nest BaseExceptions in an ExceptionGroup");
        return vm.type_error("Cannot nest BaseExceptions in '%s'", std::string(vm.class_name(cls)).c_str());
    }
    group = static_cast<Exception*>(allocate_instance(vm, cls));
    if (!group) return vm.out_of_memory();
    group->args = frame[1];
    if (!set_instance_attribute(vm, group, vm.intern("message"), t->items[0]) ||
        !set_instance_attribute(vm, group, vm.intern("exceptions"), Value::object(members)))
        return vm.out_of_memory();
    return Value::object(group);
}

static Outcome group_init(VM& vm, Value* args) {
    if (!args[2].is_unbound() && dict_length(args[2].as<Dict>()))
        return vm.type_error("%s() takes no keyword arguments", vm.type_name(args[0]));
    args[0].as<Exception>()->args = args[1];
    vm.heap.write(args[0].as_object());
    return Value::none();
}

static Outcome group_str(VM& vm, Value* args) {
    Value message = field(vm, args[0], "message"), members = field(vm, args[0], "exceptions");
    size_t n = is_tuple(members) ? size_t(members.as<Tuple>()->size) : 0;
    std::string text(is_str(message) ? message.as<Str>()->view() : "");
    return vm.checked(vm.str(text + " (" + std::to_string(n) + " sub-exception" + (n == 1 ? ")" : "s)")));
}

static Outcome derive(VM& vm, Value* args) {
    return vm.call(Value::object(vm.type(kShapeBaseExceptionGroup)),
                   {field(vm, args[0], "message"), args[1]});
}
static Outcome split(VM& vm, Value* args) {
    return vm.call_prelude(vm.intern("_group_split"), {args[0], args[1]});
}
static Outcome subgroup(VM& vm, Value* args) {
    return vm.call_prelude(vm.intern("_group_subgroup"), {args[0], args[1]});
}

static Outcome get_message(VM& vm, Value self) { return field(vm, self, "message"); }
static Outcome get_exceptions(VM& vm, Value self) { return field(vm, self, "exceptions"); }

static const NativeDef kMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)", .step = group_new_step, .flags = kStaticNative},
    {.signature = "__init__(self, /, *args, **kwargs)", .fn = group_init},
    {.signature = "__str__(self, /)", .fn = group_str},
    {.signature = "derive(self, exceptions, /)", .fn = derive},
    {.signature = "split(self, condition, /)", .fn = split},
    {.signature = "subgroup(self, condition, /)", .fn = subgroup},
    {.signature = kClassGetitem, .fn = generic_alias, .flags = kClassNative},
};
static const AttributeDef kAttributes[] = {
    {"message", get_message, nullptr, "exception message"},
    {"exceptions", get_exceptions, nullptr, "nested exceptions"},
};

void define_exception_groups(VM& vm) {
    define_type(vm, {.shape = kShapeBaseExceptionGroup,
                     .methods = kMethods,
                     .attributes = kAttributes,
                     .doc = "A combination of multiple unrelated exceptions."});
}

}  // namespace gen
