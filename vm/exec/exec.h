// The execution side's own contracts: what the dispatch loop (interp.cpp) hands over to slower code.
//
// All functions here that answer a Frame* answer the frame to go on with, its pc at the *next* instruction to execute; null
// means that the run loop is to be left (vm.run_result says why).
#pragma once
#include "vm/exec/observer.h"
#include "vm/exec/ops.h"

namespace gen {

// The dispatch loop. Runs from `fr` until the frame `base` gets its result or its exception.
void interpret(VM&, Frame* fr);

// ---- land.cpp (`use`: see Use)
// Continues `fr`, whose pc is at its landing, with the outcome of the operation it waits for. `start`: the instruction
// itself, to be run again for Outcome::collect().
Frame* land(VM&, Frame* fr, Outcome o, const Instruction* start);
// Steps the native frame; its pc is at its landing.
Frame* step_native(VM&, Frame* fr);
// A call of `callee` with arguments in registers. fr->pc is at the landing.
Frame* call_window(VM&, Frame* fr, const Instruction* start, Value callee, Value* args, unsigned count,
                   Value names, unsigned use);
// INVOKE of a method that super() has found: self takes the place of the super object, at the window.
Frame* call_of_super(VM&, Frame* fr, Value function, Value self, Value* window, unsigned count, unsigned use);

// ---- call.cpp
// Starts `callee` with the arguments: either a value, raised, call (vm.request set again), ..., or unhandled() after having pushed a
// frame, which is then in `pushed`, its pc at the first instruction.
Outcome start_call(VM&, Frame* caller, Value callee, const Value* args, unsigned count, Value tuple,
                   Value keywords, unsigned use, Frame*& pushed);
// May a native have this receiver? A method of a built-in class takes instances of that class only.
inline bool accepts_receiver(const VM& vm, const Native* native, Value self) {
    if (!native->owner.is_object() || native->def->flags & (kStaticNative | kClassNative | kAnyReceiver))
        return true;
    const Class *owner = native->owner.as<Class>(), *cls = vm.class_of(self);
    return cls == owner || cls->base == owner || vm.is_subclass(cls, owner);
}
// A plain native with `count` arguments, by position only; those that may be missing are left out. unhandled(): call_window() it.
Outcome call_plain_native(VM&, const Native* native, const Value* args, unsigned count);
Frame* push_frame(VM&, Function* f,
                  Frame* parent);  // registers unbound; null: the stack limit (exception set)
// Do instances of cls come from object.__new__, by type.__call__?
inline bool is_plainly_made(const VM& vm, const Class* cls) {
    return cls->shape == kShapeType && cls->instance_kind == Kind::Instance &&
           !(cls->class_flags & (Class::kAbstract | Class::kNoInstances)) &&
           cls->specials[int(Special::New)].is(vm.natives.object_new);
}
// A built-in class whose instances a native __new__ makes, whole.
inline bool is_made_by_native(const VM& vm, const Class* cls) {
    Value make = cls->specials[int(Special::New)];
    return cls->shape == kShapeType &&
           (cls->class_flags & (Class::kBuiltin | Class::kNoInstances)) == Class::kBuiltin &&
           cls->specials[int(Special::Init)].is(vm.natives.object_init) && make.is_object() &&
           make.as_object()->kind == Kind::Native;
}
// A generator, coroutine or async generator; registers unbound. Null: a large one, for which there is no room.
Frame* make_generator(VM&, Function* f);
// The same of a plain generator, where there is room (call_shape() sees to that for CALL_GENERATOR); registers not set.
inline Frame* make_generator_frame(VM& vm, Function* f, const Code* code) {
    auto* g = static_cast<Frame*>(vm.heap.take(code->frame_class, code->frame_bytes));
    if (!g) [[unlikely]]
        g = static_cast<Frame*>(vm.heap.allocate(code->frame_bytes));
    constexpr uint64_t header = kShapeGenerator | uint64_t(Kind::Generator) << 32;
    std::memcpy(static_cast<void*>(g), &header, sizeof header);
    g->parent = nullptr;
    g->pc = code->entry() - 1;
    g->function = f;
    g->link = g;
    return g;
}
// INVOKE of something that is no plain method: `attribute` is the outcome of looking it up.
Frame* invoke_attribute(VM&, Frame* fr, const Instruction* pc, Outcome attribute, Value self, Str* name);
Frame* frame_returned(VM&, Frame* fr, Value v);  // RETURN of a frame that has marks in its `aux`
// Calls the operator's method, when the left operand of the instruction that fr stands at (at its landing) is an instance whose class
// defines it in the plain way; kGeneralWay: it is not. (Null is an answer, too.)
#define kGeneralWay reinterpret_cast<Frame*>(uintptr_t{1})
Frame* call_operator(VM&, Frame* fr);
Frame* operator_declined(VM&, Frame* fr);  // fr, such a frame, has returned NotImplemented
void pop_frame(VM&, Frame* fr);            // gives the memory back
uint8_t call_shape(const Code* code);      // Function::aux
bool bind_arguments(VM&, Function* f, Value* registers, const Value* args, unsigned count, Value tuple,
                    Value keywords);
Outcome recursion_error(VM&, Frame* fr);
Frame* make_base_frame(VM&);  // the end of a chain of frames; null: out of memory

// ---- generator.cpp
// Resumes g for `consumer`, whose pc is at its landing.
Frame* resume_generator(VM&, Frame* consumer, Frame* g, Request::Resume mode, Value v);
Frame* delegate(VM&, Frame* fr, const Instruction* pc);         // DELEGATE
Frame* generator_yield(VM&, Frame* fr, const Instruction* pc);  // YIELD with flags
Frame* generator_return(VM&, Frame* fr, Value v);               // GENERATOR_RETURN
Frame* touch(VM&, Frame* fr);  // fr runs again after a collection has scanned it
void pair(VM&, Frame* root, Frame* leaf);
void free_owned(VM&, Frame* g);
const char* generator_kind(const Frame* g);  // "generator", "coroutine" or "async generator", for messages
unsigned live_registers(const Frame* g);     // of g, which does not run: those from here on are dead
Value delegated_to(const Frame* g);  // what g, suspended, waits for in `yield from` or `await`; else unbound
bool is_executing(const Frame* g);   // gi_running: it, or what it delegates to, is on the running chain

// ---- unwind.cpp
// Unwinds with vm.exception from fr, whose pc is at the instruction that raised. `reraise`: fr is in the traceback already.
Frame* unwind(VM&, Frame* fr, bool reraise = false);
// The consumer's iterator is exhausted. `v`: the value of its StopIteration.
Frame* iteration_ended(VM&, Frame* consumer, Value v);
void handle_again(VM&, const Frame* fr);
bool is_stop_iteration(VM&, Value exception);
Value stop_value(VM&, Value exception);
void set_context(VM&, Value exception);
void add_traceback(VM&, Value exception, Frame* fr);

// ---- safepoint.cpp
bool may_switch(const VM&, const Frame* fr);  // to another fiber, here
Frame* finalize_now(VM&, Frame* fr);          // what is dying, before fr goes on
// A safepoint with fr->pc at the next instruction.
Frame* safepoint(VM&, Frame* fr);
void begin_slice(VM&);                         // a new budget, until the VM has to look around
void begin_termination(VM&, const char* why);  // sets vm.exception; see Limits
void collect_garbage(VM&, Frame* fr, Heap::Extent extent);

// ---- sched/switch.cpp
Frame* preempt(VM&, Frame* fr);            // the running fiber is ready, others are, too
Frame* switch_fiber(VM&, Frame* fr);       // the running fiber has parked
void raise_interrupt(VM&, uint32_t bits);  // what the bits of Interrupt stand for, as vm.exception
Frame* fiber_ended(VM&, Frame* fr);  // with fr, its base frame, holding the result in R[0], or vm.exception

// ---- attribute_cache.cpp: the attribute instructions when their cache misses
Outcome get_attr_miss(VM&, Frame* fr, Instruction* pc, Value v, Str* name);
Outcome set_attr_miss(VM&, Frame* fr, Instruction* pc, Value v, Str* name, Value item);
// False: the attribute itself is in `out` (an outcome); true: *function takes v as its first argument.
// `v` becomes the receiver proper where it was a super object.
bool load_method_miss(VM&, Frame* fr, Instruction* pc, Value& v, Str* name, Outcome& out, Value& function);
void flush_inline_caches(VM&);

// ---- names.cpp
Outcome load_global_miss(VM&, Frame* fr, Instruction* pc);
bool store_global_miss(VM&, Frame* fr, Instruction* pc, Value);  // false: out of memory
Outcome load_name(VM&, Frame* fr, Value mapping, Str* name);
Outcome load_class_free(VM&, Frame* fr, Value mapping, unsigned cell);
Outcome delete_name(VM&, Value mapping, Str* name);
Outcome import_name(VM&, Frame* fr, Str* name, Value fromlist, unsigned level);
Outcome import_from(VM&, Value module, Str* name);

// ---- build.cpp
Outcome build_list(VM&, const Value* items, unsigned count);
Outcome build_set(VM&, const Value* items, unsigned count);
Outcome build_map(VM&, const Value* pairs, unsigned count);
Outcome build_string(VM&, const Value* parts, unsigned count);
Outcome append_after_collecting(VM&, Frame* fr, Value list, Value item);  // the list
Outcome list_extend_with(VM&, Value list, Value iterable,
                         Value callee);  // callee: of `f(*iterable)`, else unbound
Outcome set_update_with(VM&, Value set, Value iterable);
Outcome map_update_with(VM&, Value dict, Value mapping,
                        Value callee);  // callee bound: keywords of a call to it
Outcome format_value(VM&, Value v, unsigned conversion, Value spec);
Outcome unpack_iterable(VM&, Value iterable, unsigned before,
                        int after);  // a tuple with an item for each target

// ---- intrinsics.cpp
Outcome intrinsic(VM&, Frame* fr, Intrinsic which, Value* args, unsigned count);
Outcome raise_value(VM&, Value exception, Value cause);
Outcome exception_matches(VM&, Value exception, Value classes);
Outcome with_enter(VM&, Value manager, Value& exit, bool async);
Outcome with_except(VM&, Value exit, Value exception);
Outcome make_function(VM&, Frame* fr, Code* code, unsigned flags, Value* parts);
Outcome call_super(VM&, Value callee, Value cls, Value self);
Outcome get_yield_from(VM&, Frame* fr, Value v);
Outcome get_awaitable(VM&, Value v, unsigned where);
Outcome get_aiter(VM&, Value v);
Outcome get_anext(VM&, Value v);

// ---- origin.cpp
void note_origin(VM&, Frame* coroutine, Frame* caller);  // see VM::origin_depth
Value origin_of(const VM&, Value coroutine);             // or None
void note_unawaited(
    VM&, Value v);  // v was taken for owned, and is not awaited after all: if a coroutine, it is told
Outcome warn_unawaited(
    VM&, Object* coroutine);  // it has not started, and nobody holds it; to be called, gives None

// ---- owned.cpp
Value lend_generator(VM&, Frame* fr, const Value* window, unsigned count, bool of_method);  // see LEND
// Errors go to sys.unraisablehook. `release`: nothing refers to g, its memory is given back at once.
Outcome close_owned(VM&, Frame* g, bool release = true);
// The script holds v no longer; fr, whose pc is at its next instruction, has nothing in its registers from `dead` on. If that may be the
// end of a generator that is suspended inside try or with, the collector finds out, and such generators are closed.
Frame* let_go(VM&, Frame* fr, Value v, unsigned dead);
Frame* let_go_of_dead(VM&, Frame* fr, unsigned dead);
// A frame that has made generators has returned `result` to next, which goes on. `held`: it held an unfinished generator.
Frame* let_go_of_frame(VM&, Frame* next, Value result, bool held, bool hidden);
// Does the call that lands at pc drop its result?
bool discards(const Instruction* pc);
void note_made_generator(Frame* maker);  // one that is not owned
bool is_unfinished(Value v);             // a generator that is suspended inside try or with
bool is_unawaited(Value v);              // a coroutine that has not started, and is no task's
bool holds_unfinished(VM&, Value v);     // does v itself hold such a generator? (A look at a few objects.)
// The operations on what may be an owned generator, which is closed then.
Outcome owned_iter(VM&, Value v);  // the generator that __iter__ makes is owned
Outcome contains_and_close(VM&, Value v, Value item);
Outcome unpack_and_close(VM&, Value v, unsigned before, int after);

extern const Instruction kNativeStub[2];  // LANDING r0, NATIVE_STEP: where native frames wait
extern const Instruction kBaseStub[2];    // LANDING r0, FIBER_END: where base frames wait

}  // namespace gen
