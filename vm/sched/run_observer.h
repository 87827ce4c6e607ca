// Whoever watches who runs when: fibers, and the tasks that an event loop runs on one. For `gen --timeline` and `gen --trace`.
//
// Without an observer the scheduler pays a test where it switches, and an event loop one for each step.
#pragma once
#include "vm/sched/fiber.h"

#include <string>

namespace gen {

class VM;

enum class WaitsFor : uint8_t {
    Turn,
    Time,
    Lock,
    Task,
    Outside
};  // Lock: and queues, events ...; Outside: input, other VMs

class RunObserver {
  public:
    virtual ~RunObserver() = default;

    // None of these may run script code, raise, or keep a pointer to follow later. `by_itself`: a timer or the reactor was the
    // reason, not whoever runs.
    virtual void begins(VM&, const Fiber*) = 0;
    virtual void runs(VM&, const Fiber*) = 0;
    virtual void stops(VM&, const Fiber*) = 0;  // its state and wait tell why
    virtual void wakes(const Fiber*, bool by_itself) = 0;

    // Tasks are objects of the host's own. One that can go on, or begin:
    virtual void task_ready(VM&, const Object* task, bool begins, bool by_itself) = 0;
    virtual void task_runs(VM&, const Object* task, const std::string& name) = 0;
    virtual void task_waits(VM&, const Object* task, WaitsFor, const std::string& what) = 0;
    virtual void task_ends(VM&, const Object* task) = 0;
};

}  // namespace gen
