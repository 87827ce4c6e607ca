// gc: collections on demand, and weak references.
#include "runtime/modules/modules.h"
#include "runtime/types/core_types.h"
#include "runtime/types/support.h"
#include "vm/exec/class_parts.h"
#include "vm/exec/exec.h"

namespace gen {

// ---- gc

// collect(generation): a whole collection; then the finalisers that it found run, before it answers.
static Outcome collect_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            collect_garbage(vm, &frame, Heap::Extent::Major);
            vm.prompt_collections = 256;  // and let_go() starts anew
            while (!vm.dying.empty() && !vm.finalizing) {
                vm.finalizing = true;
                AWAIT(1, vm.call(vm.natives.run_finalizers, {}));
            }
    }
    return Value::integer(0);
}
static Outcome nothing(VM&, Value*) { return Value::none(); }
static Outcome enable(VM& vm, Value*) {
    vm.set(vm.get(vm.modules, vm.intern("gc")).as<Module>()->dict, "_enabled", Value::true_());
    return Value::none();
}
static Outcome disable(VM& vm,
                       Value*) {  // memory is managed all the same; programs only want to see the switch
    vm.set(vm.get(vm.modules, vm.intern("gc")).as<Module>()->dict, "_enabled", Value::false_());
    return Value::none();
}
static Outcome isenabled(VM& vm, Value*) {
    return vm.get(vm.get(vm.modules, vm.intern("gc")).as<Module>()->dict, vm.intern("_enabled"));
}
static Outcome get_count(VM& vm, Value*) {
    return vm.tuple({Value::integer(0), Value::integer(0), Value::integer(0)});
}
static Outcome get_threshold(VM& vm, Value*) {
    return vm.tuple({Value::integer(700), Value::integer(10), Value::integer(10)});
}
static Outcome get_stats(VM& vm, Value*) {
    const Heap::Statistics& s = vm.heap.statistics();
    Value list = vm.list();
    for (uint64_t n : {s.minor, s.major}) {
        Dict* d = vm.dict();
        vm.set(d, "collections", vm.integer(int64_t(n)));
        vm.set(d, "collected", Value::integer(0));
        vm.set(d, "uncollectable", Value::integer(0));
        list_append(vm.heap, list.as<List>(), Value::object(d));
    }
    return list;
}
static Outcome get_objects_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            collect_garbage(vm, &frame, Heap::Extent::Major);
    }
    List* list = make_list(vm.heap);
    std::vector<Object*> found;
    vm.heap.each_old([&](Object* o) {
        switch (o->kind) {
            case Kind::List:
            case Kind::Tuple:
            case Kind::Dict:
            case Kind::Set:
            case Kind::Function:
            case Kind::Instance:
            case Kind::Class:
            case Kind::Module:
            case Kind::Exception:
            case Kind::BoundMethod:
            case Kind::Generator:
                found.push_back(o);
                break;
            default:
                break;
        }
    });
    for (Object* o : found) {
        if (o->kind == Kind::Generator) o->flags &= ~kHeldOnce;
        if (!list_append(vm.heap, list, Value::object(o))) return vm.out_of_memory();
    }
    return Value::object(list);
}
static Outcome is_tracked(VM&, Value* args) {
    return Value::boolean(args[0].is_object() && !is_str(args[0]) && !is_int_object(args[0]) &&
                          !is_float(args[0]) && !is_bytes(args[0]));
}
static Outcome empty_list(VM& vm, Value*) { return vm.list(); }

static const NativeDef kGcFunctions[] = {
    {.signature = "collect(generation=2)", .step = collect_step, .doc = "Run the garbage collector."},
    {.signature = "enable()", .fn = enable},
    {.signature = "disable()", .fn = disable},
    {.signature = "isenabled()", .fn = isenabled},
    {.signature = "get_count()", .fn = get_count},
    {.signature = "get_threshold()", .fn = get_threshold},
    {.signature = "set_threshold(*thresholds)", .fn = nothing},
    {.signature = "get_debug()", .fn = nothing},
    {.signature = "set_debug(flags, /)", .fn = nothing},
    {.signature = "get_stats()", .fn = get_stats},
    {.signature = "get_objects(generation=None)", .step = get_objects_step},
    {.signature = "is_tracked(object, /)", .fn = is_tracked},
    {.signature = "is_finalized(object, /)",
     .fn = [](VM&, Value* args) -> Outcome {
         return Value::boolean(args[0].is_object() && (args[0].as_object()->flags & kFinalized));
     }},
    {.signature = "get_referrers(*objects)", .fn = empty_list},
    {.signature = "get_referents(*objects)", .fn = empty_list},
    {.signature = "freeze()", .fn = nothing},
    {.signature = "unfreeze()", .fn = nothing},
};
static void init_gc(VM& vm, Module* m) {
    vm.set(m->dict, "_enabled", Value::true_());
    vm.set(m->dict, "garbage", vm.list());
    vm.set(m->dict, "callbacks", vm.list());
}
const ModuleDef kGcModule = {.name = "gc",
                             .functions = kGcFunctions,
                             .init = init_gc,
                             .doc = "This module provides access to the garbage collector."};

// ---- weak references: the class ReferenceType; everything else of weakref is in weakref.gen

static bool can_be_referenced(VM& vm, Value v) {
    if (!v.is_object()) return false;
    const Class* cls = vm.class_of(v);
    switch (v.as_object()->kind) {
        case Kind::Instance:
            return cls->class_flags & Class::kHeapType ? takes_weakrefs(cls) : cls != vm.type(kShapeObject);
        case Kind::Class:
        case Kind::Function:
        case Kind::BoundMethod:
        case Kind::Module:
        case Kind::Generator:
        case Kind::Set:
        case Kind::Native:
        case Kind::Code:
        case Kind::ByteArray:
        case Kind::MemoryView:
            return true;
        default:
            return takes_weakrefs(cls);
    }
}

static Outcome ref_new(VM& vm, Value* args) {  // cls, object, callback
    Class* cls = checked_class(vm, args[0], kShapeWeakRef);
    if (!cls) return Outcome::raised();
    if (!can_be_referenced(vm, args[1]))
        return vm.type_error("cannot create weak reference to '%s' object", vm.type_name(args[1]));
    Value callback = args[2].is_unbound() ? Value::none() : args[2];
    const bool plain = callback.is_none() && cls == vm.type(kShapeWeakRef);
    if (plain && (args[1].as_object()->flags & kWeaklyReferenced)) {
        auto known = vm.plain_references.find(args[1].as_object());
        if (known != vm.plain_references.end()) return Value::object(known->second);
    }
    WeakRef* w = cls == vm.type(kShapeWeakRef) ? vm.heap.make<WeakRef>(Kind::WeakRef, kShapeWeakRef)
                                               : static_cast<WeakRef*>(allocate_instance(vm, cls));
    if (!w) return vm.out_of_memory();
    w->target = args[1];
    w->callback = callback;
    w->hash = 0;
    args[1].as_object()->flags |= kWeaklyReferenced;
    vm.weak_references.push_back(w);
    if (plain) vm.plain_references[args[1].as_object()] = w;
    return Value::object(w);
}
static Outcome ref_init(VM&, Value*) { return Value::none(); }
static WeakRef* ref_of(Value v) { return v.as<WeakRef>(); }
static Outcome ref_call(VM&, Value* args) { return ref_of(args[0])->target; }

static Outcome ref_hash_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            if (ref_of(frame[0])->hash) return hash_value(vm, ref_of(frame[0])->hash - 1);
            if (ref_of(frame[0])->target.is_none()) return vm.type_error("weak object has gone away");
            AWAIT(1, op_hash(vm, ref_of(frame[0])->target));
    }
    ref_of(frame[0])->hash = hash_of_int(frame.result()) + 1;
    return frame.result();
}
template <CompareOp op>
static Outcome ref_compare(VM& vm, Value* args) {
    if (!args[1].is_object() || args[1].as_object()->kind != Kind::WeakRef) return Value::not_implemented();
    Value a = ref_of(args[0])->target, b = ref_of(args[1])->target;
    if (a.is_none() || b.is_none()) return Value::boolean(args[0].is(args[1]) == (op == CompareOp::Eq));
    return op_compare(vm, op, a, b);
}
static Outcome get_callback(VM&, Value self) { return ref_of(self)->callback; }

static const NativeDef kRefMethods[] = {
    {.signature = "__new__(cls, object, callback=None, /, *args, **kwargs)",
     .fn = ref_new,
     .flags = kStaticNative},
    {.signature = "__init__(self, /, *args, **kwargs)", .fn = ref_init},
    {.signature = "__call__(self)", .fn = ref_call},
    {.signature = "__hash__(self, /)", .step = ref_hash_step},
    {.signature = "__eq__(self, value, /)", .fn = ref_compare<CompareOp::Eq>},
    {.signature = "__ne__(self, value, /)", .fn = ref_compare<CompareOp::Ne>},
    {.signature = "__repr__(self, /)", .fn = repr_native},
    {.signature = kClassGetitem, .fn = generic_alias, .flags = kClassNative},
};
static const AttributeDef kRefAttributes[] = {{"__callback__", get_callback}};

void define_weakref(VM& vm) {
    define_type(vm, {.shape = kShapeWeakRef, .methods = kRefMethods, .attributes = kRefAttributes});
}

static List* references_to(VM& vm, Value v) {
    List* list = make_list(vm.heap);
    for (WeakRef* w : vm.weak_references)
        if (w->target.is(v)) list_append(vm.heap, list, Value::object(w));
    return list;
}
static Outcome getweakrefcount(VM& vm, Value* args) {
    return Value::integer(int64_t(references_to(vm, args[0])->size));
}
static Outcome getweakrefs(VM& vm, Value* args) { return Value::object(references_to(vm, args[0])); }

static const NativeDef kWeakrefFunctions[] = {
    {.signature = "getweakrefcount(object, /)", .fn = getweakrefcount},
    {.signature = "getweakrefs(object, /)", .fn = getweakrefs},
};
static void init_weakref(VM& vm, Module* m) { vm.set(m->dict, "ref", Value::object(vm.type(kShapeWeakRef))); }
const ModuleDef kWeakrefModule = {.name = "_weakref", .functions = kWeakrefFunctions, .init = init_weakref};

}  // namespace gen
