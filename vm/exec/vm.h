// The virtual machine: one heap, its classes, its fibers. Any number of VMs live in a process, each used by one thread at
// a time. There is no global state.
#pragma once
#include "vm/data/dict.h"
#include "vm/data/float.h"
#include "vm/data/hash.h"
#include "vm/data/heap.h"
#include "vm/data/int.h"
#include "vm/data/list.h"
#include "vm/data/string.h"
#include "vm/exec/consume.h"
#include "vm/exec/frame_pool.h"
#include "vm/exec/native.h"
#include "vm/exec/shape.h"
#include "vm/sched/clock.h"
#include "vm/sched/reactor.h"
#include "vm/sched/scheduler.h"

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace gen {

struct Names {
#define NAME(id, text) Str* id;
#include "vm/exec/names.def"
#undef NAME
    Str* special[int(Special::kCount)];
};

// Natives that the VM itself calls.
struct Natives {
    Value call_attribute, type_call, finish_class, getattr_with_hook, getattr_or_stop,
        run_finalizers;                  // step natives of core_natives.cpp
    Value close_generator, throw_level;  // step natives of the runtime
    Value generator_send, exception_new, exception_init;
    Value type_call_method, object_init, object_new, type_new;  // what plain classes inherit
};

// What becomes of a call's result, as far as the compiler knows.
enum Use : uint8_t {
    kUsedAnyhow,
    kUsedOnce,  // one loop, delegation or `await` holds it: a generator is owned
    kDiscarded,
};

// What an Outcome::call() asks for.
struct Request {
    enum class Kind : uint8_t { Call, Resume };
    enum class Resume : uint8_t { Send, Throw };
    static constexpr unsigned kInline = 8;

    Kind kind;
    Resume mode;  // Kind::Resume: `callee` is the Generator, args[0] what is sent or thrown
    enum class Stops : uint8_t { Never, Answers, Raises, Returns } stops;   // what means "exhausted" (or absent) to whoever
                                                                   // awaits: nothing; stop() only; StopIteration, too;
                                                                   // the end of the generator, see resume_to_end()
    Use use;  // X of CALL
    Value callee;
    uint32_t count = 0;  // positional arguments in args
    Value args[kInline];
    Value tuple;     // further positional arguments (Tuple, List) or unbound
    Value keywords;  // Dict, or Tuple of names for the last `count` args, or unbound
};

enum class BinaryOp : uint8_t {
    Add,
    Sub,
    Mul,
    MatMul,
    TrueDiv,
    FloorDiv,
    Mod,
    Pow,
    LShift,
    RShift,
    And,
    Or,
    Xor,
    DivMod
};
enum class CompareOp : uint8_t { Lt, Le, Eq, Ne, Gt, Ge };

// kInterruptShow ends nothing: `show_fibers` is called.
enum Interrupt : uint32_t {
    kInterruptKeyboard = 1,
    kInterruptStop = 2,
    kInterruptTerminate = 4,
    kInterruptShow = 8
};

// An exception that passes `except` by: see Limits.
inline bool is_termination(Value exception) {
    return exception.is_object() && exception.as_object()->shape == kShapeTerminated;
}

// Memory and stack raise MemoryError and RecursionError, which the script may catch. Steps, deadline and interrupts of the host
// terminate: `except` is passed by, `finally` and `with` get a grace of kGrace steps in all, then nothing runs any more.
struct Limits {
    static constexpr uint64_t kGrace = 20'000;

    size_t memory = 0;                  // bytes of the heap; 0: none
    size_t stack = size_t{1} << 30;     // bytes of frames; 0: none
    int64_t depth = 0;                  // sys.setrecursionlimit; 0: none
    uint64_t steps = 0;                 // steps_now() at which the script is terminated; 0: none
    int64_t deadline = 0;               // the same, of the clock; 0: none
    size_t int_digits = kMaxIntDigits;  // of conversions from and to decimal text
};

// The main fiber lets the others run, for so long: see VM::run_others().
struct Turn {
    uint64_t end = 0;               // steps_now() at which it is over; 0: none
    std::function<bool()> is_over;  // asked at every safepoint; empty: no
    bool over = false;
    bool idle = false;  // it was over because all others wait, or have ended
};

class GeneratorObserver;

class VM {
  public:
    explicit VM(
        std::optional<uint64_t> seed = {});  // with a seed: hashes and identities are those of every such run
    ~VM();
    VM(const VM&) = delete;
    VM& operator=(const VM&) = delete;

    // ---- state that the interpreter and the natives share
    Heap heap;
    Identities identities;  // of seeded VMs
    HashKey hash_key;
    StringTable strings;
    Shapes shapes;
    FramePool frames;
    Names names;
    Natives natives;
    Class* classes[kBuiltinShapes] = {};
    Value zero, minus_zero;  // boxed floats
    Str* empty_string;
    Tuple* empty_tuple;
    Array* empty_array;
    Value exception;   // raised and not caught yet, while Outcome::raised() is on its way
    Value caught;      // given to a native frame that awaits catching
    Value returned;    // by the generator that a native frame has resumed, see resume_to_end()
    Value handled;     // being handled by the running fiber, or None: sys.exc_info()
    Value run_result;  // of the run loop that was left; unbound: `exception` is set
    Traceback* last_traceback = nullptr;  // made by the unwinding that is going on
    Frame* run_base = nullptr;            // base frame of the innermost run loop
    Value accumulator;                    // sent to the generator that is resumed
    Request request;
    Outcome pending = Outcome::raised();  // see NativeFrame::await
    Frame* frame = nullptr;               // the innermost frame, valid in natives
    Fiber* fiber = nullptr;
    Fiber* main_fiber = nullptr;
    unsigned nested = 0;   // run loops on the C stack
    Turn* turn = nullptr;  // that the main fiber has given to the others, and waits for
    Scheduler scheduler;
    std::unique_ptr<Clock> clock;
    std::unique_ptr<Reactor> reactor;  // null: nothing but time can be waited for
    std::string (*describe_wait)(VM&, const Fiber*) =
        nullptr;                         // what the host knows about a wait, "\n    ..." each line
    void (*show_fibers)(VM&) = nullptr;  // says what all are doing, on request: see describe_fibers()
    Dict* builtins = nullptr;            // of the module builtins
    Dict* modules = nullptr;             // sys.modules
    Dict* prelude = nullptr;             // globals of prelude.gen
    Value consumers[size_t(Consumer::kCount)]{};  // made when first needed; see consume.h
    Limits limits;
    int64_t budget = 0;                  // safepoints until the VM looks around
    int64_t slice = 0;                   // the budget it began with
    std::atomic<uint32_t> interrupt{0};  // bits of Interrupt, set by any thread
    uint64_t dict_versions = 1;
    uint64_t steps = 0;            // safepoints passed before the current slice
    uint64_t steps_at_switch = 0;  // steps_now() when the running fiber took over
    uint64_t steps_now() const { return steps + uint64_t(slice - budget); }
    const char* termination = nullptr;    // why the current run is being terminated
    uint64_t grace_end = 0;               // steps_now() from which not even `finally` runs
    uint64_t stress_rounds = 0;           // of stress builds
    unsigned held_slices = 0;             // that the loops of natives have kept others waiting
    uint64_t next_depth_check = 0;        // steps_now() at which levels are counted again
    size_t next_stack_check = 0;          // bytes in use at which the running chain is measured again
    Heap::Tracer class_tracer = nullptr;  // of the layout proper
    struct MethodCacheEntry {
        const Class* cls;
        const Str* name;
        Cell* cell;
    };
    static constexpr size_t kMethodCache = 1024;
    std::unique_ptr<MethodCacheEntry[]> method_cache;
    // Where attributes were found lately, for instructions that meet objects of several shapes: see attribute_cache.cpp.
    struct PlaceEntry {
        const Str* name;
        uint32_t shape;
        bool is_slot, settable;
        uint64_t at;  // offset of the slot in the object; or the Cell of the class
    };
    static constexpr size_t kPlaces = 512;
    std::unique_ptr<PlaceEntry[]> places;
    PlaceEntry& place_entry(uint32_t shape, const Str* name) const {
        return places[(shape * 13 ^ reinterpret_cast<uintptr_t>(name) >> 4) % kPlaces];
    }
    const PlaceEntry* known_place(uint32_t shape, const Str* name) const {
        const PlaceEntry& e = place_entry(shape, name);
        return e.shape == shape && e.name == name ? &e : nullptr;
    }
    void clear_method_cache();  // and the places
    // Which entries of both are to be cleared; there is no room for many: then all are.
    void note_filled(const MethodCacheEntry& e) { note_filled(size_t(&e - method_cache.get())); }
    void note_filled(const PlaceEntry& e) { note_filled(kMethodCache + size_t(&e - places.get())); }
    void note_filled(size_t entry) {
        if (filled_count < kFewFilled) filled[filled_count] = uint16_t(entry);
        filled_count++;
    }
    static constexpr size_t kFewFilled = 128;
    size_t filled_count = 0;
    uint16_t filled[kFewFilled];
    std::vector<Code*> codes;  // all that may hold inline caches
    size_t old_codes = 0;      // of them: survived a collection
    void* host = nullptr;      // the runtime's own state
    Value asyncio;             // asyncio's own state, or unbound
    // A step of awaiting one of the built-in awaitables (is_native_awaitable): the value that it yields; or stop(), its result being
    // in `returned`; or raised(). The awaitable stands in a register, where another one may take its place for the next step.
    Outcome (*await_native)(VM&, Value* awaitable) = nullptr;
    GeneratorObserver* observer = nullptr;  // see observer.h
    std::vector<Value> roots;               // further values kept alive (natives' tables)

    // ---- types
    Class* class_of(Value v) const {
        if (v.is_object()) return shapes[v.as_object()->shape].cls;
        return class_of_immediate(v);
    }
    Class* class_of_immediate(Value v) const;
    Class* type(BuiltinShape id) const { return classes[id]; }
    const char* type_name(Value v) const;  // as error messages name it
    std::string_view class_name(const Class* c) const;
    Value lookup(Class* cls, Str* name);       // through the MRO; no descriptors; unbound: absent
    Cell* lookup_cell(Class* cls, Str* name);  // where that value is kept; null: absent
    Value special(Value v, Special s) const { return class_of(v)->specials[int(s)]; }
    bool is_subclass(const Class* cls, const Class* base) const;  // real inheritance, no hooks
    bool is_instance(Value v, BuiltinShape id) const { return is_subclass(class_of(v), classes[id]); }

    // ---- making values. Small ones always succeed, see heap.h; others answer unbound when memory is short.
    Str* intern(std::string_view text);
    Value str(std::string_view utf8);
    Value real(double d);
    Value integer(int64_t i) { return Value::fits(i) ? Value::integer(i) : make_int(heap, i); }
    Value tuple(std::initializer_list<Value> items);
    Value list(std::initializer_list<Value> items = {});
    Value checked_tuple(const Value* items, size_t n);  // None when out of memory
    Dict* dict();
    Value bound_method(Value function, Value self);
    Module* module(std::string_view name);  // makes it and enters it into sys.modules

    // ---- dictionaries with str keys (never calls out)
    Value get(Dict* d, Str* key) const;    // unbound: absent
    bool set(Dict* d, Str* key, Value v);  // false: out of memory
    bool set(Dict* d, std::string_view key, Value v) { return set(d, intern(key), v); }

    // ---- raising: each makes the exception, sets `exception` and answers Outcome::raised()
    Outcome raise(Value exception_object);
    Outcome raise(BuiltinShape cls, std::string_view message);
    Outcome raise(BuiltinShape cls, std::initializer_list<Value> args);
    [[gnu::format(printf, 3, 4)]] Outcome raisef(BuiltinShape cls, const char* format, ...);
    [[gnu::format(printf, 2, 3)]] Outcome type_error(const char* format, ...);
    [[gnu::format(printf, 2, 3)]] Outcome value_error(const char* format, ...);
    Outcome key_error(Value key);
    Outcome raise_name_error(Str* name);
    Outcome out_of_memory();
    // For natives, before their first side effect, when heap.reserve() says no: collect() at first, then MemoryError.
    Outcome no_room();
    bool retrying = false;                  // what found no room is done once more, after a collection
    const Instruction* retry_pc = nullptr;  // by the instruction here; null: not by one
    Value make_exception(BuiltinShape cls, std::initializer_list<Value> args);
    // A result that is unbound when memory was short: see no_room(). Only where nothing has been changed yet.
    Outcome checked(Value v) { return v.is_unbound() ? no_room() : Outcome(v); }

    // ---- requests
    Outcome call(Value callee, std::initializer_list<Value> args);
    Outcome call_with(Value callee, Value tuple,
                      Value keywords = Value::unbound());                // callee(*tuple, **keywords)
    Outcome call_prelude(Str* name, std::initializer_list<Value> args);  // a function of the prelude
    Value prelude_value(Str* name);  // unbound: there is none, or it cannot be loaded (exception set)
    bool (*load_prelude)(VM&, Str* name) = nullptr;  // the prelude's parts are compiled when first needed
    Outcome resume(Frame* generator, Request::Resume mode, Value v);
    // The same, to be awaited catching: when the generator returns, result() and `caught` are unbound and `returned` is bound.
    Outcome resume_to_end(Frame* generator, Request::Resume mode, Value v);
    // Looks the special method up on the type and calls it with self and args; unhandled() where there is none.
    Outcome call_special(Special s, Value self, std::initializer_list<Value> args = {});

    // ---- finalisers: o's __del__ (or close(), for a generator) is called once nobody refers to it
    void register_finalizer(Object* o);
    void start_finalizers();  // on a fiber of their own
    void report_unraisable(Value error, Value object);
    Value asyncgen_finalizer(Object* generator);                   // takes it off; unbound: it has none
    void (*unraisable)(VM&, Value error, Value object) = nullptr;  // the host's hook
    std::vector<Object*> finalizable;  // registered and not called yet, oldest first
    size_t old_finalizable = 0;        // of them: survived a collection
    std::vector<std::pair<Object*, Value>>
        asyncgen_finalizers;  // the hook of each that an event loop saw begin
    // How many levels of its callers are noted of each coroutine, and what was: (file, line, function) of each, the innermost first.
    int64_t origin_depth = 0;
    std::vector<std::pair<Object*, Value>> coroutine_origins;
    std::deque<Object*> dying;          // unreachable, to be finalised (or a WeakRef whose callback is due)
    unsigned prompt_collections = 256;  // that let_go() may still ask for; more as steps are taken
    uint64_t prompt_steps = 0;          // steps_now() when that was looked at last
    std::vector<WeakRef*> weak_references;
    size_t old_weak_references = 0;  // of them: survived a collection, and so did their targets
    std::unordered_map<const Object*, WeakRef*>
        plain_references;  // target -> its one weakref.ref without a callback
    bool finalizing = false;

    // ---- collection; see safepoint.cpp
    void mark_roots(Marker&, bool major);
    void after_mark(Marker&, bool major);
    void (*trace_host)(VM&, Marker&) = nullptr;
    std::vector<Frame*> running_generators;  // seen by the last scan

    // Called once when object and type have their methods.
    void note_core_types();

    // ---- running, for hosts; see run.cpp
    // Runs `callee(*args)` to its end on the current fiber, in a nested loop. A value or raised().
    Outcome run(Value callee, std::initializer_list<Value> args);
    Outcome run(Value callee, Value tuple, Value keywords = Value::unbound());
    // Runs a module's code with `globals`. Namespace code (see Code::kNamespace) gets `locals`.
    Outcome run_code(Code* code, Dict* globals, Value locals);
    // The main fiber waits while the others run, until the turn is over: its budget is spent, or they all wait. Only where no run
    // loop is on the C stack. Raised: by an interrupt or a limit, which hit the main fiber.
    Outcome run_others(Turn& turn);
    Function* make_function_of(Code* code, Dict* globals);  // with the builtins that `globals` names
    Function* make_function_of(Code* code, Dict* globals, Value own_builtins);
    // Code of the library is read when it is first called or looked into: see vm/code/image.h. False: out of memory, and said so.
    bool read(Code* code);
    void safepoint_soon() {
        slice -= budget;
        budget = 0;
    }  // steps_now() stays what it is
};

// Objects of asyncio that `await` drives without a call: futures, tasks, and coroutines written in C++.
inline bool is_native_awaitable(Value v) {
    return v.is_object() && (v.as_object()->shape - kShapeFuture <= kShapeGatheringFuture - kShapeFuture ||
                             v.as_object()->shape == kShapeNativeCoroutine);
}

}  // namespace gen
