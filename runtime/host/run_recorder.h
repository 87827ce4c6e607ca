// Turns what the scheduler and event loops tell their VM's observer into a RunHistory.
#pragma once
#include "runtime/host/run_history.h"

#include <unordered_map>

namespace gen {

// To be set as vm.scheduler.observer before the program runs, and to outlive its running.
class RunRecorder : public RunObserver {
  public:
    RunRecorder(VM&, size_t most_events);
    void begins(VM&, const Fiber*) override;
    void runs(VM&, const Fiber*) override;
    void stops(VM&, const Fiber*) override;
    void wakes(const Fiber*, bool by_itself) override;
    void task_ready(VM&, const Object* task, bool begins, bool by_itself) override;
    void task_runs(VM&, const Object* task, const std::string& name) override;
    void task_waits(VM&, const Object* task, WaitsFor, const std::string& what) override;
    void task_ends(VM&, const Object* task) override;
    const RunHistory& history();  // so far

  private:
    static constexpr unsigned kNobody = RunHistory::kNobody;
    struct Known {  // of a fiber
        unsigned lane = kNobody;
        unsigned task = kNobody;  // lane of the task whose step it is in
    };
    unsigned begin_lane(std::string name, bool is_task, unsigned carrier);
    Known& fiber(const Fiber*);
    unsigned running() const;  // the task's lane, or the fiber's
    bool is_full();
    void add(RunHistory::What, unsigned lane, unsigned by = kNobody, WaitsFor = WaitsFor::Turn,
             std::string text = "");

    VM& vm_;
    const size_t most_events_;
    const int64_t start_;
    RunHistory history_;
    std::unordered_map<uint64_t, Known> fibers_;         // by id
    std::unordered_map<const Object*, unsigned> tasks_;  // that have not ended
    Known running_;                                      // lanes of the running fiber
};

}  // namespace gen
