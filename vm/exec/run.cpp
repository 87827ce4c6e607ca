// Entering the interpreter from C++.
#include "vm/code/image.h"
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

// A run loop of its own, for what `begin` asks for.
template <class Begin>
static Outcome nest(VM& vm, Begin begin) {
    constexpr unsigned kMaxNested = 100;  // run loops on the C stack
    if (vm.nested >= kMaxNested)
        return vm.raise(kShapeRecursionError, "maximum recursion depth exceeded in calls from the host");
    Frame* base = make_base_frame(vm);
    if (!base) return Outcome::raised();
    base->parent = vm.frame;
    Frame* outer_base = vm.run_base;
    Frame* outer_frame = vm.frame;
    vm.run_base = base;
    vm.nested++;
    vm.frame = base;
    Value outer_handled = vm.handled;
    interpret(vm, land(vm, base, begin(), kBaseStub));
    vm.nested--;
    if (!vm.nested) vm.termination = nullptr;
    vm.run_base = outer_base;
    vm.frame = outer_frame;
    if (outer_frame && outer_frame->flags & kClean) touch(vm, outer_frame);  // it goes on, without a landing
    vm.handled = outer_handled;
    vm.frames.release(base, base->shape);
    Value result = vm.run_result;
    vm.run_result = Value::unbound();
    return result.is_unbound() ? Outcome::raised() : Outcome(result);
}

Outcome VM::run(Value callee, Value tuple, Value keywords) {
    return nest(*this, [&] { return call_with(callee, tuple, keywords); });
}

Outcome VM::run_others(Turn& given) {
    turn = &given;
    begin_slice(*this);
    Outcome o = nest(*this, [&] {
        scheduler.park(*this, Wait::Host);
        return Outcome::park();
    });
    turn = nullptr;
    return o;
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
    f->aux = call_shape(code);
    return f;
}

uint8_t call_shape(const Code* code) {
    if (!code->is_read()) return Function::kUnread;
    bool plain = code->positional <= kMaxCallArguments && !code->keyword_only &&
                 !(code->code_flags & (Code::kVarArgs | Code::kVarKeywords)) &&
                 !(code->code_flags & (Code::kCoroutine | Code::kAsyncGenerator)) &&
                 (code->frame_class || !(code->code_flags & Code::kGenerator));
    unsigned positional = code->code_flags & Code::kNamespace ? 1 : code->positional;
    return plain ? uint8_t(positional | (code->code_flags & Code::kGenerator ? Function::kGeneratorBit : 0))
                 : uint8_t(Function::kComplex);
}

bool VM::read(Code* code) {
    if (code->is_read()) return true;
    if (!read_code(heap, strings, code)) {
        out_of_memory();
        return false;
    }
    if (code->state && code->caches) codes.push_back(code);
    return true;
}

Outcome VM::run_code(Code* code, Dict* globals, Value locals) {
    Function* f = make_function_of(code, globals);
    if (code->code_flags & Code::kNamespace) return run(Value::object(f), {locals});
    return run(Value::object(f), {});
}

}  // namespace gen
