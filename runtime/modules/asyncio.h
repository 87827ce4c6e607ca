// asyncio's objects, as C++ sees them: futures, tasks, handles, the event loop, and coroutines written in C++.
//
// A task is stepped by the fiber that runs its loop. What stands in the loop's queue is, in the order of call_soon():
//   Task               its next step: with what its waiter has become, if it waited
//   Handle             a callback of the script
//   NativeCoroutine    a sleep whose time has come
//   GatheringFuture    followed by the child that is done
// A future that one task waits for holds that task itself as its callback, and a coroutine written in C++ that waits (for an
// item, a lock, a time) is itself the future that its task waits for.
#pragma once
#include "runtime/modules/contextvars.h"
#include "runtime/modules/modules.h"
#include "runtime/types/attributes.h"
#include "runtime/types/support.h"

namespace gen {

// First in, first out. Blocks of at most kBlock values, linked by their last item, so that a store touches little old memory. What
// the last one links to is empty, for later.
struct Fifo {
    Value head, tail;  // Arrays, or unbound
    Value packed;      // int: number of values, then where the first stands and where the next goes
    static constexpr uint64_t kBlock = 120;

    void init() {
        head = tail = Value::unbound();
        packed = Value::integer(0);
    }
    uint64_t size() const { return uint64_t(packed.as_int()) >> 20; }
    void push(VM& vm, Object* holder, Value v) {
        const uint64_t p = uint64_t(packed.as_int()), end = p & 1023;
        if (p >> 20) {
            Array* a = tail.as<Array>();
            if (end + 1 != a->capacity) [[likely]] {
                a->items[end] = v;
                vm.heap.write(a);
                packed = Value::integer(int64_t(p + (1 << 20) + 1));
                return;
            }
        }
        push_slow(vm, holder, v);
    }
    Value pop(VM& vm, Object* holder) {  // size() > 0
        const uint64_t p = uint64_t(packed.as_int()), first = p >> 10 & 1023;
        Array* a = head.as<Array>();
        if (first + 1 != a->capacity) [[likely]] {
            Value v = a->items[first];
            if (!v.is_unbound()) [[likely]] {
                a->items[first] = Value::unbound();
                packed = Value::integer(int64_t(p - (1 << 20) + (1 << 10)));
                return v;
            }
        }
        return pop_slow(vm, holder);
    }
    Value peek(VM&, Object* holder);            // what pop() will give
    bool remove(VM&, Object* holder, Value v);  // false: it is not there
    void push_slow(VM&, Object* holder, Value v);
    Value pop_slow(VM&, Object* holder);
    template <class F>
    void each(F f) const {  // until it answers false
        uint64_t n = size(), at = uint64_t(packed.as_int()) >> 10 & 1023;
        for (Array* a = head.as<Array>(); n;) {
            if (at + 1 == a->capacity) {
                a = a->items[at].as<Array>();
                at = 0;
                continue;
            }
            Value& v = a->items[at++];
            if (v.is_unbound()) continue;
            if (!f(v)) return;
            n--;
        }
    }
};

struct Future : Object {
    Value loop;  // unbound: __init__ has not run
    Value
        callbacks;  // unbound, or an entry, or a List of entries: a Task that waits, a GatheringFuture, or a Tuple of callback and context
    Value result;   // or the exception; of a Task that is not done: what it waits for, or unbound
    Value message;  // of cancel(), or None
    Value
        error;  // failed: the traceback that the exception came with; cancelled: what is to be raised once, or unbound
    Value count;  // see below
    enum State : uint8_t { kPending, kFinished, kCancelled };
    enum Aux : uint8_t { kFailed = 1, kBlocking = 2, kLogTraceback = 4, kMustCancel = 8, kQuietEnd = 16 };
    bool done() const { return state != kPending; }
};
struct Task : Future {  // count: cancel() calls less uncancel(), and where it stands in the block
    Value coroutine;
    Value name;     // Str, or the number of Task-N
    Value context;  // or a snapshot, see contextvars.h
    Value block;    // where it stands among all tasks that are not done

    // Until it is done:
    Value& waiter() { return result; }  // what it waits for, or unbound
    Value waiter() const { return done() ? Value::unbound() : result; }
    Value& thrown() { return error; }  // to be thrown into the coroutine at its next step, or unbound

    int64_t cancels() const { return count.as_int() >> 8; }
    void set_cancels(int64_t n) { count = Value::integer(n << 8 | place()); }
    int64_t place() const { return count.as_int() & 255; }
    void set_place(int64_t n) { count = Value::integer(cancels() << 8 | n); }
};
struct GatheringFuture : Future {               // count: how many of the children are done
    Value children;                             // List
    Value return_exceptions, cancel_requested;  // bools
    Value rest;
};
struct Handle : Object {
    Value callback, arguments;  // None once cancelled
    Value context;
    Value loop;
    Value when;   // TimerHandle: float; else unbound
    Value order;  // TimerHandle: int
    enum State : uint8_t {
        kCancelled = 1,
        kScheduled = 2,
        kQueued = 4
    };  // kQueued: by the reactor, and it has not run yet
};
struct NativeCoroutine : Object {
    Value owner;  // queue, lock or event; of sleep(): the loop once it waits
    Value item;   // to be put; what sleep() gives; once it is cancelled: the message
    Value task;   // that waits in it, or unbound
    Value
        when;  // of sleep(): its delay; once it waits: its number among the timers; of streams: how much has been looked at
    enum State : uint8_t { kCreated, kWaiting, kWoken, kCancelled, kClosed };
    enum Operation : uint8_t {
        kSleep,
        kQueueGet,
        kQueuePut,
        kLockAcquire,
        kLockEnter,
        kEventWait,
        kStreamRead,
        kStreamLine,
        kStreamUntil,
        kStreamExactly,
        kStreamDrain,
        kTurn,   // sleep(0) that is awaited where it is made: all of them are one object
        kAnswer  // what is there already, awaited where it is asked for: likewise
    };
    // aux: the operation; kAtOnce: made as the operand of an await, where nobody else can have it
    static constexpr uint8_t kAtOnce = 64;
    Operation operation() const { return Operation(aux & ~kAtOnce); }
};
struct EventLoop : Object {
    Fifo ready;
    Value timers;  // Array: a heap of pairs, when and TimerHandle or NativeCoroutine
    Value timer_count, cancelled_timers, order;  // ints
    Value current;                               // task whose step runs, or None
    Value fiber;                                 // that runs it, or None
    Value task_factory;                          // or None
    Value rest[4];
    enum State : uint8_t { kStopping = 1, kClosed = 2, kDebug = 4 };
    enum Aux : uint8_t {
        kIsLoop = 128,
        kPlain = 1,
        kOwnTime = 2
    };  // kPlain: call_soon() and the like are not overridden
};
struct AsyncState : Object {                     // VM::asyncio
    Value cancelled_error, invalid_state_error;  // classes
    Value helpers;      // Dict: what is written in the language, see asyncio/_helpers.gen
    Value first, last;  // tasks that are not done, see asyncio_task.cpp
    Value filled, blocks, block_limit;
    Value number;        // of the last task without a name
    Value done_future;   // what __aexit__() of a lock answers
    Value turn, answer;  // NativeCoroutines, see there
    Value rest[2];
};
static_assert(sizeof(Future) == sizeof(Record) && sizeof(Handle) == sizeof(Record) &&
              sizeof(NativeCoroutine) == sizeof(SmallRecord));
static_assert(sizeof(Task) == sizeof(MediumRecord) && sizeof(GatheringFuture) == sizeof(MediumRecord));
static_assert(sizeof(EventLoop) == sizeof(LargeRecord) && sizeof(AsyncState) == sizeof(LargeRecord));

inline AsyncState& async_state(VM& vm) { return *vm.asyncio.as<AsyncState>(); }
// A function of asyncio/_helpers.gen, called.
Outcome call_helper(VM&, const char* name, std::initializer_list<Value> args);

inline bool is_exact_future(Value v) {
    return is_exact(v, kShapeFuture) || is_exact(v, kShapeTask) || is_exact(v, kShapeGatheringFuture);
}
inline bool is_native_coroutine(Value v) { return is_exact(v, kShapeNativeCoroutine); }
inline bool is_event_loop(Value v) {
    return v.is_object() && v.as_object()->kind == Kind::LargeRecord &&
           v.as_object()->aux & EventLoop::kIsLoop;
}
// Does everything of it happen in C++?
inline bool is_plain_loop(Value v) { return is_event_loop(v) && v.as_object()->aux & EventLoop::kPlain; }

// ---- asyncio_future.cpp
Future* make_future(VM&, Value loop);
void init_future(Future*, Value loop);
Value make_error(VM&, Value cls,
                 Value message);      // an exception of a class without __init__; None: no message
Value cancelled_error(VM&, Future*);  // what result() of a cancelled one raises
Value exception_of(VM&, Future*);     // of a failed one: to be raised, and seen by that
// Each answers `answer`, or a request that does so.
Outcome set_future_result(VM&, Future*, Value result, Value answer = Value::none());
Outcome set_future_exception(VM&, Future*, Value exception, Value answer = Value::none());
Outcome cancel_future(VM&, Future*, Value message,
                      Value answer = Value::true_());  // not of a task: of its future part
Value memory_error(VM&);                               // that nobody has raised yet
[[nodiscard]] bool add_callback(VM&, Future*, Value callback,
                                Value context);  // false: no room, nothing has changed
[[nodiscard]] bool add_entry(VM&, Future*, Value entry);
bool has_callback(const Future*, Value callback);
Outcome await_future(VM&, Future*);
Value await_iterator(VM&, Value awaited);  // what __await__() of a future or native coroutine answers

// ---- asyncio_task.cpp
Task* make_task(VM&, Class*, Value coroutine, Value loop, Value name,
                Value context);                // to be scheduled by the caller
bool is_coroutine(VM&, Value v, bool& known);  // known: false when the classes of the script have to be asked
Outcome register_task(VM&, Task*);             // among all tasks, and its first step
// Cancels tasks, futures and native coroutines down to what they wait for. `foreign`: tasks whose waiter is an object of the script's own.
enum class Cancelled { No, Yes, Cycle };  // Cycle: they wait for each other (raised)
Cancelled cancel_waiting(VM&, Value v, Value message, List*& foreign);
// Is the coroutine suspended in an await of `waiter` itself? Then the await raises what that has become.
bool awaits_directly(Value coroutine, Value waiter);
// A step: first begin_step(), then the coroutine runs, then end_step().
Outcome begin_step(VM&, Task*);
Outcome end_step(VM&, Task*, Value yielded);  // `yielded` unbound: vm.caught, or vm.returned
Outcome step_is_over(VM&, Task*, Value result);

// ---- asyncio_gather.cpp
Outcome child_is_done(VM&, GatheringFuture*, Future* child);
Outcome gather(VM&, Value* args);

// ---- asyncio_handle.cpp
Handle* make_handle(VM&, Value callback, Value arguments, Value context, Value loop);

// ---- asyncio_loop.cpp
EventLoop* running_loop(VM&);  // null: none, or not a plain one
double loop_time(VM&);
void push_ready(VM&, EventLoop*, Value entry);  // and wakes the fiber that runs it
bool add_timer(VM&, EventLoop*, Value entry,
               double when);  // TimerHandle or NativeCoroutine; false: out of memory
void timer_cancelled(VM&, EventLoop*);
double deadline_of(const NativeCoroutine*);  // of a sleep() that waits
Outcome check_open(VM&, EventLoop*);         // None, or RuntimeError

// ---- asyncio_report.cpp
void install_task_reports(VM&);  // reports of the VM tell of tasks
// With an observer of the scheduler: what stands in the queue now, is a task about to run, has run.
void observe_ready(VM&, Value entry);
void observe_step(VM&, const Task*);
void observe_step_end(VM&, const Task*);

// ---- asyncio_wait.cpp
NativeCoroutine* make_native_coroutine(VM&, NativeCoroutine::Operation, Value owner, Value item);
// The answer of a native function that stands for a coroutine function.
Outcome native_coroutine(VM&, NativeCoroutine::Operation, Value owner, Value item,
                         Value when = Value::unbound());
// Does the value of the native that runs now go to an await, as its operand, and nowhere else?
bool is_awaited_at_once(VM&);
Value answer_at_once(VM&, Value result);  // then: a coroutine that is done
Outcome await_coroutine(VM&, Value* at);  // as VM::await_native
void task_waits_in(VM&, Task*, NativeCoroutine*);
Outcome throw_into_coroutine(VM&, NativeCoroutine*, Value exception);
Outcome send_to_coroutine(VM&, NativeCoroutine*, Value v);  // as send() of it
void close_coroutine(VM&, NativeCoroutine*);
void wake_coroutine(VM&, NativeCoroutine*, NativeCoroutine::State);  // from kWaiting

// ---- asyncio_queue.cpp, asyncio_locks.cpp: the operations on them. `again`: it was woken (or cancelled, when that is its state)
Outcome await_queue(VM&, NativeCoroutine*);
Outcome await_lock(VM&, NativeCoroutine*);
void abandon_queue(VM&, NativeCoroutine*);  // it waited, and shall not any more
void abandon_lock(VM&, NativeCoroutine*);
void define_async_queue(VM&, Module*);
void define_async_locks(VM&, Module*);
void define_futures(VM&, Module*);
void define_tasks(VM&, Module*);
void define_gather(VM&, Module*);
void define_handles(VM&, Module*);
void define_event_loop(VM&, Module*);
void define_native_coroutines(VM&, Module*);

}  // namespace gen
