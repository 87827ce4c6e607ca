// callable, delattr, dir, getattr, globals, hasattr, isinstance, issubclass, locals, setattr, vars.
#include "runtime/types/attributes.h"
#include "runtime/types/builtins.h"
#include "runtime/types/core_types.h"
#include "runtime/types/list_sort.h"

namespace gen {

static Outcome getattr_fn(VM& vm, Value* args) {
    Str* name = attribute_name(vm, args[1]);
    if (!name) return Outcome::raised();
    if (args[2].is_unbound()) return op_getattr(vm, args[0], name);
    Outcome o = op_getattr_or_stop(vm, args[0], name);
    if (o.is_stop()) return args[2];
    return o.is_call() ? Outcome::unhandled() : o;
}
static Outcome getattr_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_getattr_or_stop(vm, frame[0], attribute_name(vm, frame[1])));
    }
    return frame.result().is_unbound() ? frame[2] : frame.result();
}

static Outcome hasattr_fn(VM& vm, Value* args) {
    Str* name = attribute_name(vm, args[1]);
    if (!name) return Outcome::raised();
    Outcome o = op_getattr_or_stop(vm, args[0], name);
    if (o.is_value()) return Value::true_();
    if (o.is_stop()) return Value::false_();
    return o.is_call() ? Outcome::unhandled() : o;
}
static Outcome hasattr_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_getattr_or_stop(vm, frame[0], attribute_name(vm, frame[1])));
    }
    return Value::boolean(!frame.result().is_unbound());
}

static Outcome setattr_step(VM& vm, NativeFrame& frame) {
    Str* name = nullptr;
    switch (frame.step_state()) {
        case 0:
            name = attribute_name(vm, frame[1]);
            if (!name) return Outcome::raised();
            AWAIT(1, op_setattr(vm, frame[0], name, frame[2]));
    }
    return Value::none();
}
static Outcome setattr_fn(VM& vm, Value* args) {
    Str* name = attribute_name(vm, args[1]);
    if (!name) return Outcome::raised();
    Outcome o = op_setattr(vm, args[0], name, args[2]);
    if (o.is_value()) return Value::none();
    return o.is_call() ? Outcome::unhandled() : o;
}

static Outcome delattr_step(VM& vm, NativeFrame& frame) {
    Str* name = nullptr;
    switch (frame.step_state()) {
        case 0:
            name = attribute_name(vm, frame[1]);
            if (!name) return Outcome::raised();
            AWAIT(1, op_delattr(vm, frame[0], name));
    }
    return Value::none();
}

static Outcome callable_native(VM& vm, Value* args) { return Value::boolean(is_callable(vm, args[0])); }
static Outcome isinstance_native(VM& vm, Value* args) { return op_isinstance(vm, args[0], args[1]); }
static Outcome issubclass_native(VM& vm, Value* args) { return op_issubclass(vm, args[0], args[1]); }

// ---- the names of the calling frame

static Value locals_here(VM& vm) {
    Frame* f = visible_frame(vm);
    return f ? frame_locals(vm, f) : Value::object(vm.dict());
}

static Outcome globals_native(VM& vm, Value*) {
    Frame* f = visible_frame(vm);
    return Value::object(f ? f->fn()->globals : vm.builtins);
}
static Outcome locals_native(VM& vm, Value*) { return locals_here(vm); }

static Outcome vars_fn(VM& vm, Value* args) {
    return args[0].is_unbound() ? Outcome(locals_here(vm)) : Outcome::unhandled();
}
static Outcome vars_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_getattr_or_stop(vm, frame[0], vm.names.dict));
    }
    if (frame.result().is_unbound()) return vm.type_error("vars() argument must have __dict__ attribute");
    return frame.result();
}

static Outcome dir_step(VM& vm, NativeFrame& frame) {  // object; 1 the names
    switch (frame.step_state()) {
        case 0:
            if (frame[0].is_unbound()) {
                frame[1] = locals_here(vm);
                if (!is_exact_dict(frame[1])) {  // exec and eval take any mapping
                    AWAIT(4, vm.call(vm.natives.call_attribute, {frame[1], Value::object(vm.names.keys),
                                                                 Value::object(vm.empty_tuple)}));
                    frame[1] = frame.result();
                }
            } else {
                AWAIT(1, vm.call_special(Special::Dir, frame[0]));
                frame[1] = frame.result();
            }
            AWAIT(2, op_list(vm, frame[1]));
            frame[1] = frame.result();
            AWAIT(3, call_internal(vm, kSortList, {frame[1], Value::none(), Value::false_()}));
    }
    return frame[1];
}

static const NativeDef kFunctions[] = {
    {.signature = "callable(obj, /)",
     .fn = callable_native,
     .doc = "Return whether the object is callable (i.e., some kind of function).\n\n"
            "Note that classes are callable, as are instances of classes with a\n__call__() method."},
    {.signature = "delattr(obj, name, /)",
     .step = delattr_step,
     .doc = "Deletes the named attribute from the given object.\n\ndelattr(x, 'y') is equivalent to ``del "
            "x.y``"},
    {.signature = "dir(object=None, /)",
     .step = dir_step,
     .locals = 1,
     .doc = "dir([object]) -> list of strings\n\n"
            "If called without an argument, return the names in the current scope.\n"
            "Else, return an alphabetized list of names comprising (some of) the attributes\n"
            "of the given object, and of attributes reachable from it."},
    {.signature = "getattr(object, name, default=None, /)",
     .fn = getattr_fn,
     .step = getattr_step,
     .doc = "getattr(object, name[, default]) -> value\n\n"
            "Get a named attribute from an object; getattr(x, 'y') is equivalent to x.y.\n"
            "When a default argument is given, it is returned when the attribute doesn't\n"
            "exist; without it, an exception is raised in that case."},
    {.signature = "globals()",
     .fn = globals_native,
     .doc = "Return the dictionary containing the current scope's global variables.\n\n"
            "NOTE: Updates to this dictionary *will* affect name lookups in the current\nglobal scope and "
            "vice-versa."},
    {.signature = "hasattr(obj, name, /)",
     .fn = hasattr_fn,
     .step = hasattr_step,
     .doc = "Return whether the object has an attribute with the given name.\n\n"
            "This is done by calling getattr(obj, name) and catching AttributeError."},
    {.signature = "isinstance(obj, class_or_tuple, /)",
     .fn = isinstance_native,
     .doc = "Return whether an object is an instance of a class or of a subclass thereof.\n\n"
            "A tuple, as in ``isinstance(x, (A, B, ...))``, may be given as the target to\n"
            "check against. This is equivalent to ``isinstance(x, A) or isinstance(x, B)\nor ...`` etc."},
    {.signature = "issubclass(cls, class_or_tuple, /)",
     .fn = issubclass_native,
     .doc = "Return whether 'cls' is derived from another class or is the same class.\n\n"
            "A tuple, as in ``issubclass(x, (A, B, ...))``, may be given as the target to\n"
            "check against. This is equivalent to ``issubclass(x, A) or issubclass(x, B)\nor ...``."},
    {.signature = "locals()",
     .fn = locals_native,
     .doc = "Return a dictionary containing the current scope's local variables."},
    {.signature = "setattr(obj, name, value, /)",
     .fn = setattr_fn,
     .step = setattr_step,
     .doc = "Sets the named attribute on the given object to the specified value.\n\n"
            "setattr(x, 'y', v) is equivalent to ``x.y = v``"},
    {.signature = "vars(object=None, /)",
     .fn = vars_fn,
     .step = vars_step,
     .doc = "vars([object]) -> dictionary\n\n"
            "Without arguments, equivalent to locals().\nWith an argument, equivalent to object.__dict__."},
};
std::span<const NativeDef> attribute_functions() { return kFunctions; }

}  // namespace gen
