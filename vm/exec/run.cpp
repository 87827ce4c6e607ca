// Entering the interpreter from C++.
#include "vm/exec/exec.h"

namespace gen {

Frame* make_base_frame(VM& vm) {
    size_t bytes = frame_bytes(1);
    Frame* f = vm.frames.allocate(bytes);
    if (!f) {
        vm.out_of_memory();
        return nullptr;
    }
    f->shape = uint32_t(bytes);
    f->kind = Kind::NativeFrame;
    f->aux = kBaseFrame;
    f->state = kRunning;
    f->flags = 0;
    f->parent = nullptr;
    f->pc = kBaseStub;
    f->function = nullptr;
    f->link = nullptr;
    f->registers[0] = Value::unbound();
    return f;
}

Outcome VM::run(Value callee, Value tuple, Value keywords) {
    constexpr unsigned kMaxNested = 100;  // run loops on the C stack
    if (nested >= kMaxNested)
        return raise(kShapeRecursionError, "maximum recursion depth exceeded in calls from the host");
    Frame* base = make_base_frame(*this);
    if (!base) return Outcome::raised();
    base->parent = frame;
    Frame* outer_base = run_base;
    Frame* outer_frame = frame;
    run_base = base;
    nested++;
    frame = base;
    Value outer_handled = handled;
    Frame* fr = land(*this, base, call_with(callee, tuple, keywords), kBaseStub);
    interpret(*this, fr);
    nested--;
    if (!nested) termination = nullptr;
    run_base = outer_base;
    frame = outer_frame;
    if (frame && frame->flags & kClean) touch(*this, frame);  // it goes on, without a landing
    handled = outer_handled;
    frames.release(base, base->shape);
    Value result = run_result;
    run_result = Value::unbound();
    return result.is_unbound() ? Outcome::raised() : Outcome(result);
}

Outcome VM::run(Value callee, std::initializer_list<Value> args) { return run(callee, tuple(args)); }

Function* VM::make_function_of(Code* code, Dict* globals) {
    Value own = get(globals, names.builtins);
    if (own.is_object() && own.as_object()->kind == Kind::Module) own = Value::object(own.as<Module>()->dict);
    return make_function_of(
        code, globals,
        own.is_object() && own.as_object()->kind == Kind::Dict ? own : Value::object(builtins));
}

Function* VM::make_function_of(Code* code, Dict* globals, Value own_builtins) {
    if (!code->state) {  // seen for the first time
        code->state = 1;
        if (code->caches) codes.push_back(code);
    }
    auto* f = heap.make<Function>(Kind::Function, kShapeFunction);
    f->code = code;
    f->globals = globals;
    f->builtins = own_builtins;
    f->closure = f->dict = Value::unbound();
    f->defaults = f->kwdefaults = Value::none();
    f->name = code->name;
    f->qualname = code->qualname;
    f->doc = code->doc.is_unbound() ? Value::none() : code->doc;
    f->annotations = Value::unbound();
    Value module = Value::none();
    if (!(code->code_flags & Code::kComprehension)) {  // whose function nobody sees
        module = get(globals, names.name);
        if (module.is_unbound()) module = Value::none();
    }
    f->module = module;
    bool plain = code->positional < 0x7f && !code->keyword_only &&
                 !(code->code_flags & (Code::kVarArgs | Code::kVarKeywords)) &&
                 !(code->code_flags & (Code::kCoroutine | Code::kAsyncGenerator));
    unsigned positional = code->code_flags & Code::kNamespace ? 1 : code->positional;
    f->aux = plain ? uint8_t(positional | (code->code_flags & Code::kGenerator ? Function::kGeneratorBit : 0))
                   : uint8_t(Function::kComplex);
    return f;
}

Outcome VM::run_code(Code* code, Dict* globals, Value locals) {
    Function* f = make_function_of(code, globals);
    if (code->code_flags & Code::kNamespace) return run(Value::object(f), {locals});
    return run(Value::object(f), {});
}

}  // namespace gen
