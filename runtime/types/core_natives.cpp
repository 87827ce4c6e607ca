// Natives that only the prelude calls.
#include "runtime/types/core_types.h"
#include "vm/exec/define.h"
#include "vm/exec/exec.h"

namespace gen {

namespace {

Outcome sys_modules(VM& vm, Value*) { return Value::object(vm.modules); }

Outcome report_unraisable(VM& vm, Value* a) {
    vm.report_unraisable(a[0], a[1]);
    return Value::none();
}

Outcome is_coroutine(VM&, Value* a) {
    if (!a[0].is_object() || a[0].as_object()->kind != Kind::Generator) return Value::false_();
    Frame* g = a[0].as<Frame>();
    return Value::boolean(g->shape == kShapeCoroutine || (g->code()->code_flags & Code::kIterableCoroutine));
}

Outcome awaitable_iterator(VM& vm, Value* a) { return get_awaitable(vm, a[0], 0); }

Outcome calculate(VM& vm, Value* a) {
    Class* c = calculate_metaclass(vm, a[0].as<Class>(), a[1].as<Tuple>());
    return c ? Outcome(Value::object(c)) : Outcome::raised();
}

Outcome check_class_cell(VM& vm, Value* a) {
    if (!a[1].is_object() || a[1].as_object()->kind != Kind::Cell) return Value::none();
    Value content = a[1].as<Cell>()->value;
    auto* cls = a[0].as<Class>();
    if (content.is_unbound())
        return vm.raisef(
            kShapeRuntimeError,
            "__class__ not set defining '%s' as <class '%s'>. Was __classcell__ propagated to type.__new__?",
            std::string(vm.class_name(cls)).c_str(), cls->qualname.as<Str>()->data());
    if (!content.is(a[0]))
        return vm.type_error("__class__ set to <class '%s'> defining '%s' as <class '%s'>",
                             vm.type_name(content), std::string(vm.class_name(cls)).c_str(),
                             std::string(vm.class_name(cls)).c_str());
    return Value::none();
}

// For _delegate_throw, which the delegating generator called: the exception is that generator's own, so that StopIteration is
// not taken for the end of its delegate, and only what that generator handles becomes the context.
Outcome raise_at_yield(VM& vm, Value* a) {
    Frame* delegator = vm.frame->parent;
    vm.exception = a[0];
    if (delegator->pc->x() & kDelegateStepwise) {
        handle_again(vm, delegator);
        set_context(vm, vm.exception);
    }
    delegator->pc++;  // from DELEGATE to the YIELD behind it
    return Outcome::raised();
}

const NativeDef kNatives[] = {
    {"_raise_at_yield(error, /)", raise_at_yield},
    {"_sys_modules()", sys_modules},
    {"_report_unraisable(error, object, /)", report_unraisable},
    {"_is_coroutine(object, /)", is_coroutine},
    {"_get_awaitable(object, /)", awaitable_iterator},
    {"_calculate_metaclass(metaclass, bases, /)", calculate},
    {"_check_class_cell(cls, cell, /)", check_class_cell},
};

}  // namespace

void define_core_natives(VM& vm) {
    for (const NativeDef& def : kNatives) {
        std::string_view text = def.signature.text;
        vm.set(vm.prelude, text.substr(0, text.find('(')), make_native(vm, def));
    }
}

}  // namespace gen
