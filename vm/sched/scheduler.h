// Which fiber runs next: a queue of ready ones and a heap of timers.
//
// The interpreter asks it at safepoints and when a fiber parks or ends. A parked fiber is woken with the epoch at which it began to
// wait; a wake-up for an older epoch is dropped.
#pragma once
#include "vm/sched/fiber.h"

#include <initializer_list>
#include <string>
#include <vector>

namespace gen {

class VM;
class Marker;
class RunObserver;

class Scheduler {
  public:
    // A fiber that will call `callee(*args)`. It is ready at once. Null: out of memory (exception set).
    Fiber* spawn(VM&, Value callee, std::initializer_list<Value> args = {});
    Fiber* make_fiber(VM&);  // without a frame: fiber 0
    void ended(Fiber*);
    void drop_others(Fiber*);  // every other fiber is gone, wherever it stood

    void ready(Fiber*);  // to the end of the queue
    // The running fiber waits; the native then answers Outcome::park(). `on` is what it waits for, if that has a name. When
    // `deadline` passes first, `otherwise` is the result. In `queue` it is found by wake_first().
    void park(VM&, Wait why, int64_t deadline = kForever, Value on = Value::unbound(),
              Value otherwise = Value::none(), WaitList* queue = nullptr);
    bool wake(Fiber*, uint64_t epoch, Value result);  // false: it no longer waits for that
    Fiber* wake_first(WaitList&, Value result);       // null: nobody waits
    void throw_into(Fiber*,
                    Value exception);  // ends its wait, if any; it goes on, first of all, with the exception

    bool has_ready() const { return ready_count_ != 0; }
    // Takes the next ready fiber, waiting for timers and the reactor where need be. Null: nobody is ready and nothing
    // can wake anyone (a deadlock), or the VM was interrupted.
    Fiber* next(VM&);
    void look_around(VM&);          // wakes those whose time has come, or whose input is there
    void end_turn(VM&, bool idle);  // of the others: the main fiber goes on, first of all; see Turn
    int64_t first_deadline();       // of those who wait; kForever: none has any

    RunObserver* observer = nullptr;  // see run_observer.h
    bool wakes_by_itself() const {
        return by_itself_;
    }  // a timer or the reactor is at it, not the running fiber

    // With a seed, any of the ready fibers may be next: the same one for the same seed.
    void shuffle(uint64_t seed) { random_ = seed | 1; }

    void trace(Marker&) const;
    const std::vector<Fiber*>& fibers() const { return fibers_; }  // that have not ended
    uint64_t ended_count() const { return ended_count_; }          // how many have

  private:
    struct Timer {
        int64_t deadline;
        uint64_t order;
        Fiber* fiber;
        uint64_t epoch;
    };
    static bool later(const Timer& a, const Timer& b);
    static bool is_stale(const Timer&);
    void drop_stale_timers();
    void drop_stale_front();  // those that would be the next
    void fire_timers(VM&);
    Fiber* take_ready();
    void put_first(Fiber*);
    Fiber* wait_for_ready(VM&);
    static void leave_queue(Fiber*);

    std::vector<Fiber*> ready_;  // a ring, as large as there are fibers
    size_t ready_first_ = 0, ready_count_ = 0;
    std::vector<Timer> timers_;  // a heap, soonest first
    size_t stale_timers_ = 0;    // of them, about: their fibers were woken before
    std::vector<Fiber*> fibers_;
    uint64_t next_id_ = 0, next_order_ = 0, ended_count_ = 0;
    uint64_t random_ = 0;
    bool by_itself_ = false;
    bool first_is_next_ = false;  // whatever the seed says
};

bool is_past_deadline(VM&);  // that of its limits

// What every live fiber is doing: where it stands, through calls and delegates, and what it waits for. Lines without a newline
// at the end. VM::describe_wait may add what stands behind a wait (the tasks of an event loop).
std::string describe_fibers(VM&);
std::string describe_wait(VM&, const Fiber*);  // "waits for a lock", and for which
// Adds "\n" + indent + 'File "x.gen", line 7, in f' for each function of a chain of frames, innermost first; those of the library
// are left out.
void describe_calls(std::string&, const Frame* innermost, const char* indent);
// The same for a generator or coroutine that is suspended: its own place, and those of all that it delegates to.
void describe_delegates(std::string&, const Frame* generator, const char* indent);

}  // namespace gen
