// A machine that assembled bytecode runs on, without the compiler, and the natives that its programs call.
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "runtime/runtime.h"
#include "vm/code/assembler.h"
#include "vm/code/verify.h"
#include "vm/exec/define.h"
#include "vm/exec/exec.h"
#include "vm/exec/step.h"

namespace gen {

// collect(major) for programs: a collection right here, with everything that runs in place.
inline Outcome collect_step(VM& vm, NativeFrame& frame) {
    collect_garbage(vm, &frame, frame[0].is_true() ? Heap::Extent::Major : Heap::Extent::Minor);
    return Value::none();
}
inline constinit const NativeDef kCollect = {.signature = "collect(major)", .step = collect_step};

// twice(f): calls f two times and adds the results; a step native with a local.
inline Outcome twice_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, vm.call(frame[0], {}));
            frame[1] = frame.result();
            AWAIT(2, vm.call(frame[0], {}));
    }
    return op_binary(vm, BinaryOp::Add, frame[1], frame.result());
}
inline constinit const NativeDef kTwice = {.signature = "twice(f)", .step = twice_step, .locals = 1};

// attempt(f): what f raises, as a value.
inline Outcome attempt_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT_CATCHING(1, vm.call(frame[0], {}));
    }
    return frame.result().is_unbound() ? vm.caught : frame.result();
}
inline constinit const NativeDef kAttempt = {.signature = "attempt(f)", .step = attempt_step};

// nested(f): a plain native, as a host's function is, that enters the interpreter once more.
inline Outcome nested(VM& vm, Value* args) { return vm.run(args[0], {}); }
inline constinit const NativeDef kNestedCall = {.signature = "nested(f)", .fn = nested};

class ExecTest : public testing::Test {
  protected:
    ExecTest() {
        install_runtime(vm, host);
        globals = vm.dict();
        vm.roots.push_back(Value::object(globals));
        vm.set(globals, vm.names.name, vm.str("test"));
        for (const NativeDef* def : {&kCollect, &kTwice, &kAttempt, &kNestedCall}) {
            std::string_view text = def->signature.text;
            vm.set(globals, text.substr(0, text.find('(')), make_native(vm, *def));
        }
    }

    // Runs the first code of the text as a module; a global is how it shares things with others.
    Outcome run(std::string_view text) {
        AssembleResult r = assemble(builder, text);
        EXPECT_EQ(r.error, "");
        if (!r.code) return Value::unbound();
        EXPECT_EQ(verify(*r.code), "");
        return vm.run_code(r.code, globals, Value::none());
    }
    // The result as text: 12, 1.5, 'abc', None, (1, 2); exceptions as "ValueError: text".
    std::string show(std::string_view text) {
        Outcome o = run(text);
        return o.is_value() ? repr(o.value()) : raised();
    }
    std::string repr(Value v) {
        vm.roots.push_back(v);
        Outcome o = vm.run(vm.get(vm.builtins, vm.intern("repr")), {v});
        vm.roots.pop_back();
        return o.is_value() ? std::string(o.value().as<Str>()->view()) : raised();
    }
    std::string raised() {
        Value e = vm.exception;
        vm.exception = Value::unbound();
        if (!e.is_object()) return "nothing was raised";
        std::string text = vm.type_name(e);
        vm.roots.push_back(e);
        Outcome o = vm.run(vm.get(vm.builtins, vm.intern("str")), {e});
        vm.roots.pop_back();
        if (o.is_value() && o.value().as<Str>()->size)
            text += ": " + std::string(o.value().as<Str>()->view());
        return text;
    }
    Value global(std::string_view name) { return vm.get(globals, vm.intern(name)); }
    Outcome call(Value f, std::initializer_list<Value> args) { return vm.run(f, args); }
    Outcome next(Value g) { return call(vm.get(vm.builtins, vm.intern("next")), {g}); }
    void collect(Heap::Extent extent) { collect_garbage(vm, vm.frame, extent); }

    RuntimeHost host;
    VM vm;
    CodeBuilder builder{vm.heap, vm.strings};
    Dict* globals = nullptr;
};

}  // namespace gen
